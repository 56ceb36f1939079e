"""Floors of every comparison: what most people like, and chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ranking.snapshot import GraphSnapshot
from sim.methods.method import F64, Ranked, Ranker, World, best


@dataclass(frozen=True, slots=True)
class Popularity:
    """Items by how many people have them; the same list for all but for what each has already."""

    def prepare(self, world: World) -> Ranker:
        """Count once. O(items)."""
        return _Counted(world.snapshot, np.diff(world.snapshot.item_ptr).astype(np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    snapshot: GraphSnapshot
    score: F64

    def rank(self, person: int, n: int, rng: np.random.Generator) -> Ranked:
        """The most popular items that she does not have."""
        return best(self.score, self.snapshot.liked(person), n, rng)


@dataclass(frozen=True, slots=True)
class Chance:
    """A random list of items that somebody has: any measure above this one's is skill."""

    def prepare(self, world: World) -> Ranker:
        """Items that nobody has are left out: no method could find them."""
        listened = (np.diff(world.snapshot.item_ptr) > 0).astype(np.float64)
        return _Counted(world.snapshot, listened)
