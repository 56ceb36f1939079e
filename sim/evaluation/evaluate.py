"""Lists of all methods for all people and seeds, in worker processes.

What is random in a list comes from (root seed, seed number, person), so that neither the number of
workers nor the order of the work shows in a result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from sim.data.interactions import I32, Interactions, Vouches, Wanted, world_of
from sim.evaluation.workers import shared
from sim.measures.accuracy import BY_PERSON, Measured, coverage, measure
from sim.methods.method import F64, Method, Ranker, World

CHUNK = 256
"""People that a worker ranks for at a time."""

Progress = Callable[[int], None]
"""Told how many lists were made since it was told last."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One split: what is known, what is to be found, and what else must not be recommended."""

    world: World
    wanted: Wanted
    masked: Wanted | None
    seed: int
    """Its number among the seeds; part of what every list's randomness comes from."""

    @classmethod
    def of(
        cls,
        train: Interactions,
        test: Interactions,
        trust: Vouches | None,
        seed: int,
        mask: Interactions | None = None,
    ) -> Task:
        """The weights of `train` must be affinities."""
        masked = None if mask is None else Wanted.of(mask)
        return cls(world_of(train, trust), Wanted.of(test), masked, seed)


@dataclass(frozen=True, slots=True)
class Run:
    """How lists are made: their length, the root of all randomness, processes to share the work."""

    k: int
    root: int
    workers: int


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """One method's: each metric of `BY_PERSON` as float64[seeds, people], coverage by seed."""

    by_person: dict[str, F64]
    coverage: F64


def evaluate(
    methods: list[Method],
    tasks: Iterable[Task],
    people: I32,
    run: Run,
    progress: Progress | None = None,
) -> Results:
    """Rank for `people` (each must want something in each task) once for each task.

    methods: one for each task, in most cases one method with one setting for all. Memory: one
    world, and 4 bytes for each place of one task's lists. The work is that of the method; what it
    is given is shared with the workers and not copied where processes can fork.
    """
    measured: list[Measured] = []
    covered: list[float] = []
    ranker: Ranker | None = None
    before: tuple[Method, World] | None = None
    for method, task in zip(methods, tasks, strict=True):
        if ranker is None or before is None or (method, task.world) != before:
            ranker, before = method.prepare(task.world), (method, task.world)
        lists = _lists(ranker, task, people, run, progress)
        listeners = np.diff(task.world.snapshot.item_ptr)
        measured.append(measure(people, lists, task.wanted, listeners))
        covered.append(coverage(lists, task.world.snapshot.n_items))
    by_person = {name: np.stack([one[name] for one in measured]) for name in BY_PERSON}
    return Results(by_person, np.array(covered))


def _lists(ranker: Ranker, task: Task, people: I32, run: Run, progress: Progress | None) -> I32:
    """int32[people, k] of one task."""
    chunks = [people[n : n + CHUNK] for n in range(0, len(people), CHUNK)]
    made = np.full((len(people), run.k), -1, np.int32)
    done = 0
    desk = _Desk(ranker, task.masked, (run.root, task.seed), run.k)
    for part in shared(desk.rank, chunks, run.workers):
        made[done : done + len(part)] = part
        done += len(part)
        if progress is not None:
            progress(len(part))
    return made


@dataclass(frozen=True, slots=True, eq=False)
class _Desk:
    """What a worker needs to make a list."""

    ranker: Ranker
    masked: Wanted | None
    seed: tuple[int, int]
    k: int

    def rank(self, people: I32) -> I32:
        """int32[people, k], -1 behind the end of a list."""
        made = np.full((len(people), self.k), -1, np.int32)
        for row, person in enumerate(people.tolist()):
            rng = np.random.default_rng((*self.seed, person))
            hidden = None if self.masked is None else self.masked.of_person(person)
            n = self.k + (0 if hidden is None else len(hidden))
            found = self.ranker.rank(person, n, rng).item
            if hidden is not None:
                found = found[~np.isin(found, hidden)]
            found = found[: self.k]
            made[row, : len(found)] = found
        return made
