"""What a method may see, and what it is judged by: by chance, or by time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sim.data.interactions import I64, Interactions, Vouches

HELD_OUT = 0.2
"""Part of each person's items that a hold-out keeps from the methods."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """train: what the methods see. test: what they should find. No pair is in both."""

    train: Interactions
    test: Interactions


def hold_out(data: Interactions, part: float, rng: np.random.Generator) -> Split:
    """Keep `part` of every person's items back, rounded down, chosen by chance. O(n log n).

    Who has fewer than 1 / part items keeps them all and is not judged: the same people in every
    draw. Raises ValueError unless 0 < part < 1.
    """
    if not 0 < part < 1:
        raise ValueError(f"the part held out must lie between 0 and 1, not {part}")
    place = _places(data, rng)
    held = place < np.floor(data.sizes * part + 1e-9)[data.user]
    return Split(data.take(~held), data.take(held))


def folds(data: Interactions, n: int, rng: np.random.Generator) -> Iterator[Split]:
    """n splits; each pair is in the test part of exactly one. Raises ValueError for n < 2."""
    if n < 2:
        raise ValueError(f"there must be at least 2 folds, not {n}")
    fold = _places(data, rng) % n
    for k in range(n):
        yield Split(data.take(fold != k), data.take(fold == k))


def _places(data: Interactions, rng: np.random.Generator) -> I64:
    """The place of every pair in a random order of its person's pairs, from 0."""
    shuffled = rng.permutation(len(data))
    by_user = shuffled[np.argsort(data.user[shuffled], kind="stable")]
    begin = np.concatenate(([0], np.cumsum(data.sizes)))
    place = np.empty(len(data), np.int64)
    place[by_user] = np.arange(len(data)) - begin[data.user[by_user]]
    return place


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One evaluation: what the methods see, trust included, and what they should find."""

    train: Interactions
    test: Interactions
    trust: Vouches | None


def past_and_future(
    data: Interactions, trust: Vouches | None, cut: int, future: Interactions | None = None
) -> Case:
    """Everything of days before `cut` to see, trust included; what came later to find.

    future: where what came later stands, if not in `data`. A pair known by then is not asked
    for, and neither are people without a past: nobody could be judged by them. Raises ValueError
    when interactions or vouches have no times. O(n log n).
    """
    future = data if future is None else future
    if data.day is None or future.day is None:
        raise ValueError("the interactions have no times")
    if trust is not None:
        if trust.day is None:
            raise ValueError("the vouches have no times")
        trust = trust.take(trust.day < cut)
    train = data.take(data.day < cut)
    test = future.take(future.day >= cut).without(train)
    return Case(train, test.take(train.sizes[test.user] > 0), trust)


def cut_after(data: Interactions, part: float) -> int:
    """The day before which at most `part` of the interactions happened.

    Raises ValueError for interactions without times, or none.
    """
    if data.day is None or not len(data):
        raise ValueError("the interactions have no times")
    return int(np.sort(data.day)[min(int(len(data) * part), len(data) - 1)])
