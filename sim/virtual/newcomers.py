"""Whoever joins late: who vouches for her, and who is two vouches away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np

from sim.data.interactions import Vouches
from sim.population.people import Population, item_name


@dataclass(frozen=True, slots=True)
class Newcomers:
    """vouchers: of each newcomer (row), the people who vouch for her as soon as she is there, where
    that is not left to the population. near: of each, the friends of her friends, who vouch for
    somebody who vouches for her and not for her."""

    vouchers: Mapping[int, tuple[int, ...]]
    near: Mapping[int, frozenset[int]]
    brought: Mapping[int, frozenset[str]]
    """Names of the items that each likes."""


def welcome(
    population: Population, late: Sequence[int], vouched: int, rng: Random
) -> tuple[Population, Newcomers]:
    """The people, and how these of them are received. With `vouched` nobody vouches for a newcomer
    but so many, drawn for each from those who were there before all of them; 0 leaves everything
    as it is."""
    vouchers: dict[int, tuple[int, ...]] = {}
    if vouched:
        late_rows = np.array(late, np.int32)
        kept = ~np.isin(population.vouches.target, late_rows)
        population = replace(population, vouches=population.vouches.take(kept))
        before = np.setdiff1d(np.arange(population.n_people), late_rows).tolist()
        for row in late:
            vouchers[row] = tuple(sorted(rng.sample(before, min(vouched, len(before)))))
    likes = population.train
    brought = {
        row: frozenset(map(item_name, likes.item[likes.user == row].tolist())) for row in late
    }
    return population, Newcomers(vouchers, _near(population.vouches, late, vouchers), brought)


def _near(
    vouches: Vouches, late: Sequence[int], vouchers: Mapping[int, Iterable[int]]
) -> dict[int, frozenset[int]]:
    """Friends of friends of each of these."""
    fans: dict[int, set[int]] = {}
    for source, target in zip(vouches.source.tolist(), vouches.target.tolist(), strict=True):
        fans.setdefault(target, set()).add(source)
    near = {}
    for row in late:
        friends = set(vouchers.get(row, fans.get(row, ())))
        further = set[int]().union(*(fans.get(friend, ()) for friend in sorted(friends)))
        near[row] = frozenset(further - friends - {row})
    return near
