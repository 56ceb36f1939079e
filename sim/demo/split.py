"""Which ratings the network may see, and which are held out to judge it by."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.demo.dataset import Dataset

HELD_OUT = 0.2
"""Part of each person's ratings that nobody is told."""

GOOD_STARS = 4
"""A held-out film counts as a hit when she gave it at least this."""

PERCENT_OF_STARS = (-100, -60, 20, 60, 100)
"""Affinity of 1 to 5 stars in percent, in steps that sharing does not round."""

LIKED_PERCENT = 60
"""From here on a film counts as liked when overlaps of taste are looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """`shared` rows go into people's feeds, `wanted[p]` are films p liked and nobody was told."""

    shared: NDArray[np.int64]
    wanted: tuple[frozenset[int], ...]


def split_by_person(data: Dataset, rng: np.random.Generator) -> Split:
    """Hold out `HELD_OUT` of every person's ratings at random, at least one of hers stays in.

    O(ratings log ratings). Rows come back ascending, so the feeds keep the data's order.
    """
    shuffled = rng.permutation(data.person.size)
    by_person = shuffled[np.argsort(data.person[shuffled], kind="stable")]
    sizes = np.bincount(data.person, minlength=data.n_people)
    ends = np.cumsum(sizes)
    held = np.zeros(data.person.size, np.bool_)
    wanted = []
    for end, size in zip(ends.tolist(), sizes.tolist(), strict=True):
        rows = by_person[end - size : end][: min(int(size * HELD_OUT), max(size - 1, 0))]
        held[rows] = True
        wanted.append(frozenset(data.film[rows[data.stars[rows] >= GOOD_STARS]].tolist()))
    return Split(np.flatnonzero(~held), tuple(wanted))


def weights_percent(stars: NDArray[np.int8]) -> NDArray[np.int8]:
    """Affinities in percent, -100..100, of ratings of 1..5 stars."""
    return np.array(PERCENT_OF_STARS, np.int8)[stars - 1]
