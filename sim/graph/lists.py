"""Lists of one method for many people, and what it takes each of them to be."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.evaluation.workers import shared
from sim.methods.grapevine import Grapevine
from sim.methods.method import F64, I32, Method, Ranked, World

LISTS = 1
"""What a stream of random numbers is for: (seed, LISTS, person)."""

MASS_PLACES = 1_000
"""Places of the long lists that score mass is taken from."""

CHUNK = 64
"""People that a process answers for at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """item: int32[people, k], -1 where a list has ended; score: float64 beside it, then 0."""

    item: I32
    score: F64


def lists_of(
    method: Method,
    world: World,
    people: I32,
    sizes: tuple[int, ...],
    seed: int,
    told: Callable[[int], None] = lambda _: None,
) -> list[Lists]:
    """Lists of each of these sizes, ascending, for each of these people.

    Each person has a stream of random numbers of her own; all her lists are drawn from its start.
    told: how many people are done, now and then. Shared out over the cores, which changes nothing
    in the result.
    """
    desk = _Desk(method.prepare(world), method, sizes, seed)
    parts = [people[at : at + CHUNK] for at in range(0, people.size, CHUNK)]
    done = [[Lists(np.empty((0, k), np.int32), np.empty((0, k))) for k in sizes]]
    for part in shared(desk.answer, parts, _workers()):
        done.append(part)
        told(sum(one[0].item.shape[0] for one in done))
    return [
        Lists(
            np.concatenate([one.item for one in same]), np.concatenate([one.score for one in same])
        )
        for same in zip(*done, strict=True)
    ]


def _workers() -> int:
    """All cores, but one in a process that shares them with others already."""
    alone = multiprocessing.parent_process() is None
    return len(os.sched_getaffinity(0)) if alone else 1


@dataclass(frozen=True, slots=True)
class _Desk:
    ranker: Any
    method: Method
    sizes: tuple[int, ...]
    seed: int

    def answer(self, people: I32) -> list[Lists]:
        """Some people's lists, of each size."""
        made = [
            Lists(np.full((people.size, k), -1, np.int32), np.zeros((people.size, k)))
            for k in self.sizes
        ]
        for row, person in enumerate(people.tolist()):
            for into, one in zip(made, self._ranked(person), strict=True):
                n = min(one.item.size, into.item.shape[1])
                into.item[row, :n] = one.item[:n]
                into.score[row, :n] = one.score[:n]
        return made

    def _ranked(self, person: int) -> list[Ranked]:
        """One for each size. Short lists are no heads of long ones: equal scores may change places,
        and ours chooses within the size, though from one trust vector."""
        if not isinstance(self.method, Grapevine):
            return [self.ranker.rank(person, k, stream(self.seed, person)) for k in self.sizes]
        rng = stream(self.seed, person)
        trust = self.ranker.trust_of(person, rng)
        state = rng.bit_generator.state
        found = []
        for k in self.sizes:
            rng.bit_generator.state = state
            found.append(self.ranker.rank_by(trust, k, rng))
        return found


def stream(seed: int, person: int) -> np.random.Generator:
    """A person's random numbers: the same with an attack and without, whoever else is asked."""
    return np.random.default_rng((seed, LISTS, person))


def reputations(method: Method, world: World, people: Sequence[int], seed: int) -> F64 | None:
    """float64[people, authors]: what each of these people thinks of everybody, sum 1 each; None for
    a method that thinks of items only."""
    ranker: Any = method.prepare(world)
    if isinstance(method, Grapevine):
        of = [ranker.trust_of(person, stream(seed, person)).t for person in people]
    elif hasattr(ranker, "reputation"):
        of = [ranker.reputation(person, stream(seed, person)) for person in people]
    else:
        return None
    table: NDArray[np.float64] = np.array(of, np.float64)
    return table
