"""One run of a scenario in one fidelity: what it cannot do is refused, then it runs, then claims.

A fidelity is a package with `running.run(scenario, seed, progress) -> Outcome`, imported when it is
asked for: nobody who runs arrays alone waits for peers, nor the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

from msgspec.structs import replace

from sim.methods.registry import method
from sim.outcome import Outcome, Tell
from sim.population.sources import SOURCES, missing
from sim.real import able
from sim.scenario import reading
from sim.scenario.claims import check as check_claims
from sim.scenario.defences import DEFENCES
from sim.scenario.errors import Key, ScenarioError
from sim.scenario.parts import TRANSPORT
from sim.scenario.schema import (
    Churn,
    Compared,
    Eclipse,
    Fidelity,
    Scenario,
    Speaking,
)

SEED_MAX = 2**63 - 1

Run: TypeAlias = Callable[[Scenario, int, Tell | None], Outcome]

OURS = "grapevine"
"""The only method that a Peer knows."""


def load(path: Path, overrides: Sequence[str] = (), fidelity: Fidelity | None = None) -> Scenario:
    """`sim.scenario.reading.read`, and `check` on top, so that its errors name the line as well.

    Raises ScenarioError.
    """
    scenario = reading.read(path, overrides)
    try:
        check(scenario, fidelity)
    except ScenarioError as error:
        text = reading.text_of(path)
        raise reading.placed(error, text, str(path), overrides) from None
    return scenario


def run(
    scenario: Scenario,
    seed: int,
    fidelity: Fidelity | None = None,
    progress: Tell | None = None,
) -> Outcome:
    """One run, with its claims looked at. fidelity: the scenario's first unless given.

    Raises ScenarioError before anything runs.
    """
    chosen = check(scenario, fidelity)
    if not 0 <= seed <= SEED_MAX:
        raise ScenarioError(f"a seed is from 0 to {SEED_MAX}, not {seed}")
    package = f"sim.{chosen}.running"
    if find_spec(package) is None:
        raise ScenarioError(f"this version does no {chosen} runs", ("fidelities",))
    start: Run = import_module(package).run
    outcome = start(scenario, seed, progress)
    return replace(outcome, claims=check_claims(scenario, outcome.metrics))


def check(scenario: Scenario, fidelity: Fidelity | None = None) -> Fidelity:
    """The fidelity in which it is to run. Raises ScenarioError for what that cannot do, for wrong
    parameters of methods, and for data files that are not there."""
    chosen = scenario.fidelities[0] if fidelity is None else fidelity
    if chosen not in scenario.fidelities:
        made_for = ", ".join(scenario.fidelities)
        raise ScenarioError(
            f"{scenario.name} is no scenario for {chosen} runs", ("fidelities",),
            hint=f"it is made for {made_for}; claims were not thought of for others",
        )  # fmt: skip
    for problem in _beyond(scenario, chosen):
        raise problem
    absent = missing(scenario.world.data) if scenario.world.data in SOURCES else None
    if absent is not None:
        raise ScenarioError(
            f"{absent} is missing", ("world", "data"), hint="GRAPEVINE_DATA=DIR says where data are"
        )
    for number, other in enumerate(scenario.compared):
        try:
            method(other.method, {k: _as_value(v) for k, v in other.set.items()})
        except ValueError as error:
            told = f"{other.method}: {error}"
            raise ScenarioError(told, ("compared", number, "set")) from None
    return chosen


def _as_value(value: bool | int | float | str) -> float | int | str:
    return int(value) if isinstance(value, bool) else value


def _beyond(scenario: Scenario, fidelity: Fidelity) -> Iterator[ScenarioError]:
    """What the scenario asks for and the fidelity does not have."""
    for number, name in enumerate(scenario.off):
        if fidelity not in DEFENCES[name].fidelities:
            yield _cannot(fidelity, f"cannot switch {name} off", ("off", number))
    if fidelity is not Fidelity.REAL:
        for name in _of_transport(scenario.peer):
            yield _cannot(fidelity, f"has no network process: {name}", ("peer", name))
    for number, other in enumerate(scenario.compared):
        yield from _beyond_compared(other, fidelity, ("compared", number))
    if scenario.searches.words and fidelity is not Fidelity.VIRTUAL:
        yield _cannot(fidelity, "has nobody who searches", ("searches", "words"))
    if fidelity is Fidelity.GRAPH:
        yield from _beyond_arrays(scenario)
        return
    if scenario.method != OURS:
        yield _cannot(fidelity, f"is of peers, who know {OURS} only", ("method",))
    if fidelity is Fidelity.REAL:
        if scenario.compared:
            yield _cannot(fidelity, "compares nothing", ("compared", 0))
        yield from able.problems(scenario)


def _beyond_compared(other: Compared, fidelity: Fidelity, at: Key) -> Iterator[ScenarioError]:
    for place, name in enumerate(other.off):
        if fidelity not in DEFENCES[name].fidelities:
            yield _cannot(fidelity, f"cannot switch {name} off", (*at, "off", place))
    for name in _of_transport(other.peer):
        yield _cannot(fidelity, f"has no network process: {name}", (*at, "peer", name))
    if fidelity is Fidelity.VIRTUAL:
        if other.method != OURS:
            yield _cannot(fidelity, f"is of peers, who know {OURS} only", (*at, "method"))
        if other.set:
            yield _cannot(fidelity, "has settings of peers: `peer`, not `set`", (*at, "set"))
        if other.reference:
            yield _cannot(fidelity, "takes no loss of information", (*at, "reference"))


def _of_transport(settings: Iterable[str]) -> list[str]:
    return [name for name in settings if name.startswith(TRANSPORT)]


def _beyond_arrays(scenario: Scenario) -> Iterator[ScenarioError]:
    graph = Fidelity.GRAPH
    if scenario.partition:
        yield _cannot(graph, "has no network to part", ("partition", 0))
    if scenario.churn != Churn():
        yield _cannot(graph, "has no time in which people could come and go", ("churn",))
    for number, hostile in enumerate(scenario.adversary):
        if isinstance(hostile, Speaking | Eclipse):
            yield _cannot(graph, "has no messages to attack with", ("adversary", number))


def _cannot(fidelity: Fidelity, what: str, key: Key) -> ScenarioError:
    return ScenarioError(f"a {fidelity} run {what}", key)
