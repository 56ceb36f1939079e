"""Who is linked with whom when the world begins.

Every peer chooses `degree` / 2 others, so that she has `degree` links on average; a link that both
choose is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from sim.population.people import Population

Chosen: TypeAlias = list[list[int]]
"""For each peer whom she dials, in this order."""


def choose(topology: str, degree: int, peers: int, rng: Random, population: Population) -> Chosen:
    """For each of so many peers, of whom the first are the people. ValueError for a name that is
    none of `TOPOLOGIES`."""
    if topology not in TOPOLOGIES:
        raise ValueError(f"no topology {topology!r}; there are {', '.join(TOPOLOGIES)}")
    each = min(max(degree // 2, min(degree, 1)), max(peers - 1, 0))
    return TOPOLOGIES[topology](each, peers, rng, population)


def _random(each: int, peers: int, rng: Random, _population: Population) -> Chosen:
    """Uniform, without those who have chosen one already."""
    chosen: Chosen = [[] for _ in range(peers)]
    pairs: dict[tuple[int, int], None] = {}
    for one in range(peers):
        _fill(chosen[one], one, each, lambda: rng.randrange(peers), pairs)
    return chosen


def _ring(each: int, peers: int, _rng: Random, _population: Population) -> Chosen:
    """The next ones, round in a circle."""
    reach = min(each, max((peers - 1) // 2, 1)) if peers > 1 else 0
    return [[(one + step) % peers for step in range(1, reach + 1)] for one in range(peers)]


def _interest(each: int, peers: int, rng: Random, population: Population) -> Chosen:
    """Half of them by taste: each to a random listener of a random item of hers; half uniform."""
    by_taste = _Taste(population, rng)
    chosen: Chosen = [[] for _ in range(peers)]
    pairs: dict[tuple[int, int], None] = {}
    for one in range(peers):
        if one < population.n_people:
            _fill(chosen[one], one, each // 2, partial(by_taste.alike, one), pairs)
        _fill(chosen[one], one, each - len(chosen[one]), lambda: rng.randrange(peers), pairs)
    return chosen


class _Taste:
    """Random people with an item in common."""

    def __init__(self, population: Population, rng: Random) -> None:
        train = population.train
        self._rng = rng
        by_user, by_item = np.argsort(train.user, kind="stable"), np.argsort(train.item)
        self._items, self._users = train.item[by_user], train.user[by_item]
        self._of_user = np.concatenate(([0], np.cumsum(train.sizes)))
        self._of_item = np.searchsorted(train.item[by_item], np.arange(train.n_items + 1))

    def alike(self, person: int) -> int:
        """Somebody who likes something that she likes, maybe herself."""
        first, end = self._of_user[person : person + 2].tolist()
        if first == end:
            return person
        item = int(self._items[self._rng.randrange(first, end)])
        low, high = self._of_item[item : item + 2].tolist()
        return int(self._users[self._rng.randrange(low, high)])


def _fill(
    into: list[int],
    one: int,
    count: int,
    draw: Callable[[], int],
    pairs: dict[tuple[int, int], None],
) -> None:
    """Draw until there are `count` more, or that seems to be all."""
    wanted, tries = len(into) + count, 0
    while len(into) < wanted and tries < 32 * count + 32:
        tries += 1
        other = draw()
        pair = (min(one, other), max(one, other))
        if other != one and pair not in pairs:
            pairs[pair] = None
            into.append(other)


Topology: TypeAlias = Callable[[int, int, Random, Population], Chosen]

TOPOLOGIES: Mapping[str, Topology] = MappingProxyType(
    {"random": _random, "ring": _ring, "interest": _interest}
)
