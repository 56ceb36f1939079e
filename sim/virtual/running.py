"""One run of a scenario with real peers on a virtual clock."""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from sim.measures.exposure import honest_loss
from sim.measures.published import rbo
from sim.outcome import Outcome, Progress, Tell
from sim.population.drawing import population_of
from sim.population.people import Population
from sim.scenario.schema import Fidelity, Scenario
from sim.scenario.settings import otherwise
from sim.virtual.checkers import Safety
from sim.virtual.figures import Cost, Course, lists_in, metrics_of, samples_of
from sim.virtual.world import World

I32 = NDArray[np.int32]
F64 = NDArray[np.float64]

STEPS = 100
"""Points of each line, and so often progress is told."""

Passed = Callable[[World, float], None]
"""Told now and then of the world, and which part of its time is over."""


def run(scenario: Scenario, seed: int, progress: Tell | None = None) -> Outcome:
    """Until the scenario's end; then everybody of `questions.people` is asked once more. After that
    the same with each comparison's settings, whose figures are `label.NAME`.

    Raises `sim.virtual.checkers.Unsafe` as soon as a safety rule is broken, and ValueError for
    people who are not there. Claims are looked at by `sim.running`.
    """
    began = time.perf_counter()
    population = population_of(scenario.world, seed)
    others = {f"{one.label}.": otherwise(scenario, one) for one in scenario.compared}
    passes: dict[str, Pass] = {}
    for label, each in {"": scenario, **others}.items():
        tell = _part(progress, len(passes), 1 + len(others), began)
        passes[label] = once(each, seed, population, tell)
    metrics: dict[str, float] = {}
    for label, one in passes.items():
        figures = one.metrics | beside_calm(one, list(passes.values()))
        if label:
            del figures[MEMORY]  # a process's peak tells of the first world only
        metrics |= {label + name: value for name, value in figures.items()}
    return Outcome(
        scenario=scenario,
        seed=seed,
        fidelity=Fidelity.VIRTUAL,
        metrics=metrics,
        series=passes[""].series,
        samples={
            label + name: values.tolist()
            for label, one in passes.items()
            for name, values in one.samples.items()
        },
        digest=_digest([one.digest for one in passes.values()]),
        wall_s=time.perf_counter() - began,
        peak_bytes=_peak(),
    )


MEMORY = "bytes_of_memory_per_peer"


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """What one world leaves. lists: int32[asked, k], as everybody was shown at the end."""

    scenario: Scenario
    metrics: dict[str, float]
    samples: Mapping[str, F64]
    series: dict[str, list[tuple[float, float]]]
    lists: I32
    digest: str


def once(
    scenario: Scenario, seed: int, population: Population, tell: Passed = lambda _world, _done: None
) -> Pass:
    """One world from its first to its last second."""
    cpu, memory = time.process_time(), _peak()
    world = World(scenario, seed, population)
    safety = Safety(world.memo)
    world.shell.watchers.append(safety)
    course = Course({})
    for step in range(1, STEPS + 1):
        world.run(scenario.time.duration_s * step / STEPS)
        course.note(world)
        tell(world, step / STEPS)
    asked_before = len(world.inquiry.lists)
    world.ask_everybody()
    last = world.inquiry.lists[asked_before:]
    for host in world.hosts:
        safety.whole(host)
    cost = Cost(time.process_time() - cpu, max(_peak() - memory, 0))
    return Pass(
        scenario,
        metrics_of(world, last, cost),
        samples_of(world, last),
        course.series | {"rounds": world.news.curve(scenario.time.round_s)},
        lists_in(last),
        world.trace.hexdigest(),
    )


def beside_calm(one: Pass, passes: Sequence[Pass]) -> dict[str, float]:
    """What the attack has cost, as in graph runs: against the same settings without any adversary
    where that is compared, else against the first world without one; nothing where there is none.
    """
    calm = [other for other in passes if not other.scenario.adversary]
    if not one.scenario.adversary or not calm:
        return {}
    mine = one.scenario.off, one.scenario.peer
    same = [other for other in calm if (other.scenario.off, other.scenario.peer) == mine]
    before = (same or calm)[0]
    return {
        "honest_loss": honest_loss(one.samples["ndcg"], before.samples["ndcg"]),
        "rbo": float(rbo(before.lists, one.lists).mean()),
    }


def _part(progress: Tell | None, number: int, of: int, began: float) -> Passed:
    """Tells of one world as a part of all."""

    def tell(world: World, part: float) -> None:
        if progress is not None:
            done, took_s = (number + part) / of, time.perf_counter() - began
            progress(_progress(world, done, took_s))

    return tell


def _progress(world: World, done: float, took_s: float) -> Progress:
    return Progress(
        done=done,
        peers=len(world.there()),
        messages=world.wires.frames,
        coverage=world.news.coverage(world.there()),
        exposure=world.inquiry.exposure,
        left_s=took_s / done - took_s if done else math.nan,
    )


def _digest(each: Sequence[str]) -> str:
    """Of all worlds; of a single one its own."""
    if len(each) == 1:
        return each[0]
    return blake2b("/".join(each).encode(), digest_size=32).hexdigest()


def _peak() -> int:
    """Bytes of memory that this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
