"""One run of a scenario with real peers on a virtual clock."""

from __future__ import annotations

import math
import resource
import time

from sim.outcome import Outcome, Progress, Tell
from sim.population.drawing import population_of
from sim.scenario.schema import Fidelity, Scenario
from sim.virtual.checkers import Safety
from sim.virtual.figures import Cost, Course, metrics_of, samples_of
from sim.virtual.world import World

STEPS = 100
"""Points of each line, and so often progress is told."""


def run(scenario: Scenario, seed: int, progress: Tell | None = None) -> Outcome:
    """Until the scenario's end; then everybody of `questions.people` is asked once more.

    Raises `sim.virtual.checkers.Unsafe` as soon as a safety rule is broken, and ValueError for
    people who are not there. Claims are looked at by `sim.running`.
    """
    began, cpu, memory = time.perf_counter(), time.process_time(), _peak()
    world = World(scenario, seed, population_of(scenario.world, seed))
    safety = Safety(world.memo)
    world.shell.watchers.append(safety)
    course = Course({})
    for step in range(1, STEPS + 1):
        world.run(scenario.time.duration_s * step / STEPS)
        course.note(world)
        if progress is not None:
            progress(_progress(world, step / STEPS, time.perf_counter() - began))
    asked_before = len(world.inquiry.lists)
    world.ask_everybody()
    last = world.inquiry.lists[asked_before:]
    for host in world.hosts:
        safety.whole(host)
    cost = Cost(time.process_time() - cpu, max(_peak() - memory, 0))
    samples = {name: found.tolist() for name, found in samples_of(world, last).items()}
    return Outcome(
        scenario=scenario,
        seed=seed,
        fidelity=Fidelity.VIRTUAL,
        metrics=metrics_of(world, last, cost),
        series=course.series | {"rounds": world.news.curve(scenario.time.round_s)},
        samples=samples,
        digest=world.trace.hexdigest(),
        wall_s=time.perf_counter() - began,
        peak_bytes=_peak(),
    )


def _progress(world: World, done: float, took_s: float) -> Progress:
    return Progress(
        done=done,
        peers=len(world.there()),
        messages=world.wires.frames,
        coverage=world.news.coverage(world.there()),
        exposure=world.inquiry.exposure,
        left_s=took_s / done - took_s if done else math.nan,
    )


def _peak() -> int:
    """Bytes of memory that this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
