"""The honest people of a run: what each likes, what she is asked to find, whom she trusts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.data.interactions import Interactions, Vouches, Wanted, world_of
from sim.methods.method import World

I32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Rows 0..n-1 are people and items, equal in every fidelity and every part of a run.

    train: what people say they like; weights are affinities in (0, 1]. wanted: what each is asked
    to find. vouches: who trusts whom, weights in (0, 1]. cluster, item_cluster: the planted truth,
    None for data from a file.
    """

    train: Interactions
    wanted: Wanted
    vouches: Vouches
    cluster: I32 | None = None
    item_cluster: I32 | None = None

    @property
    def n_people(self) -> int:
        """How many there are."""
        return self.train.n_users

    @property
    def world(self) -> World:
        """What a method may know of them. O(n log n)."""
        return world_of(self.train, self.vouches)


def item_name(row: int) -> str:
    """The name of an honest item on the wire; fakes go on after the last one."""
    return f"sim:item:{row}"
