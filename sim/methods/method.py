"""What every recommender here is given, and what it must answer: the published ones and ours.

A method is prepared once for a world, then asked for one person at a time. Whatever is random in
it comes from the seed of the question, so that a person's list depends neither on who was asked
before nor on how many processes share the work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ranking.snapshot import GraphSnapshot
from trust.vouches import CompiledVouches

I32 = NDArray[np.int32]
F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """What is known when the lists are made: the training part, and who trusts whom.

    Author rows 0..n-1 of `snapshot` are people, item rows items, affinities in (0, 1]. `vouches`
    has the same author rows; None where the data know nothing of trust.
    """

    snapshot: GraphSnapshot
    vouches: CompiledVouches | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """A list, best first: items int32[<= n] without those the person has, scores float64 > 0.

    Items without a score are left out, never filled in; equal scores stand in random order.
    """

    item: I32
    score: F64


class Ranker(Protocol):
    """A method that has seen a world."""

    def rank(self, person: int, n: int, rng: np.random.Generator) -> Ranked:
        """The person's best n items that she does not have yet."""
        ...


class Method(Protocol):
    """A recommender with its parameters, ready to see a world."""

    def prepare(self, world: World) -> Ranker:
        """Do everything that is the same for all people."""
        ...


def best(score: NDArray[np.floating], known: I32, n: int, rng: np.random.Generator) -> Ranked:
    """The n highest positive scores (one for each item row), without the known items.

    Ties are broken at random: by order of rows they would favour whoever was counted first.
    O(items + n log n).
    """
    score = np.asarray(score, np.float64).copy()
    score[known] = 0.0
    found = np.flatnonzero(score > 0)
    if found.size > n:
        border = np.partition(score[found], found.size - n)[found.size - n]
        above = found[score[found] > border]
        ties = rng.permutation(found[score[found] == border])
        found = np.concatenate([above, ties[: n - above.size]])
    shuffled = rng.permutation(found)
    order = shuffled[np.argsort(-score[shuffled], kind="stable")]
    return Ranked(order.astype(np.int32), score[order])
