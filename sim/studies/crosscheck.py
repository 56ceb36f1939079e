"""One scenario and seed in several fidelities: do they agree on what all of them measure?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from itertools import combinations
from typing import Any

from sim import running
from sim.outcome import Outcome, Progress, Tell
from sim.scenario.errors import ScenarioError
from sim.scenario.schema import Fidelity, Scenario

Engine = Callable[[Scenario, int, Fidelity | None, Tell | None], Outcome]


@dataclass(frozen=True, slots=True)
class Bound:
    """How far apart a metric may be: so much, or such a part of what the more real run has.
    sent: it is about messages, which a graph run has not."""

    metric: str
    most: float
    relative: bool = False
    sent: bool = False


BOUNDS = (
    Bound("ndcg", 0.01),
    Bound("fakes", 0.003),
    Bound("held", 0.01),
    Bound("rounds_to_99", 0.2, relative=True, sent=True),
    Bound("bytes_per_peer_s", 0.2, relative=True, sent=True),
)
"""Fakes are of equal worth only where as much of what Sybils claim has arrived: `held`."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of two fidelities on one metric; `real` is the more real one. apart: in the unit of the
    bound, NaN if one of them does not know it."""

    bound: Bound
    near: Fidelity
    real: Fidelity
    near_value: float
    real_value: float

    @property
    def apart(self) -> float:
        """How far, as a part of the more real value where the bound is relative."""
        off = abs(self.near_value - self.real_value)
        if not self.bound.relative:
            return off
        if self.real_value == 0:
            return 0.0 if off == 0 else math.inf
        return off / abs(self.real_value)

    @property
    def incomparable(self) -> str:
        """Why there is nothing to compare, in words; empty where there is."""
        if self.bound.sent and Fidelity.GRAPH in (self.near, self.real):
            return "a graph run sends nothing"
        if math.isnan(self.near_value) and math.isnan(self.real_value):
            return "unknown in both"
        return ""

    @property
    def held(self) -> bool | None:
        """Whether they agree; None if they cannot be compared. What one run knows and the other
        does not, such as when all news had arrived, is no agreement."""
        return None if self.incomparable else self.apart <= self.bound.most


@dataclass(frozen=True, slots=True)
class Crosscheck:
    """Outcomes from the least to the most real fidelity, and how they agree pair by pair."""

    outcomes: tuple[Outcome, ...]
    agreements: tuple[Agreement, ...]

    @property
    def ok(self) -> bool:
        """Whether they agree wherever they can be compared, on one metric at least."""
        held = [one.held for one in self.agreements]
        return True in held and False not in held

    def as_data(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "scenario": self.outcomes[0].scenario.name,
            "seed": self.outcomes[0].seed,
            "ok": self.ok,
            "agreements": [
                {
                    "metric": one.bound.metric,
                    "fidelities": [str(one.near), str(one.real)],
                    "values": [_known(one.near_value), _known(one.real_value)],
                    "apart": _known(one.apart),
                    "at_most": one.bound.most,
                    "relative": one.bound.relative,
                    "held": one.held,
                    "incomparable": one.incomparable,
                }
                for one in self.agreements
            ],
        }


def crosscheck(
    scenario: Scenario,
    seed: int,
    fidelities: Sequence[Fidelity] = (),
    progress: Tell | None = None,
    run: Engine = running.run,
) -> Crosscheck:
    """Run them all and compare. fidelities: all of the scenario's unless given.

    Raises ScenarioError, before anything runs, for fewer than two or one it is not made for.
    """
    asked = set(fidelities or scenario.fidelities)
    order = [one for one in Fidelity if one in asked]
    if len(order) < 2:
        raise ScenarioError(
            f"{scenario.name} is to run in two fidelities at least", ("fidelities",),
            hint=f"it is made for {', '.join(scenario.fidelities)}",
        )  # fmt: skip
    for one in order:
        running.check(scenario, one)
    outcomes = tuple(
        run(scenario, seed, one, _part(progress, number, len(order)))
        for number, one in enumerate(order)
    )
    return Crosscheck(outcomes, tuple(agreements_of(outcomes)))


def agreements_of(outcomes: Sequence[Outcome]) -> Iterator[Agreement]:
    """Of each pair on each metric; outcomes from the least to the most real."""
    for near, real in combinations(outcomes, 2):
        for bound in BOUNDS:
            values = [one.metrics.get(bound.metric, math.nan) for one in (near, real)]
            yield Agreement(bound, near.fidelity, real.fidelity, *values)


def _part(progress: Tell | None, number: int, of: int) -> Tell | None:
    """Tells of one run as a part of all; how long the others take is not known."""
    if progress is None:
        return None

    def tell(one: Progress) -> None:
        progress(changed(one, done=(number + one.done) / of, left_s=math.nan))

    return tell


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
