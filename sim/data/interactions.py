"""People, items and who vouches for whom, as arrays in one numbering."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ranking.snapshot import GraphSnapshot
from sim.methods.method import World
from trust.vouches import CompiledVouches

Bool = NDArray[np.bool_]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Names:
    """What the rows 0..n-1 are called in the data. Names are distinct."""

    name: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.name)

    @cached_property
    def row(self) -> dict[str, int]:
        """Name -> row."""
        return {name: row for row, name in enumerate(self.name)}


@dataclass(frozen=True, slots=True, eq=False)
class Interactions:
    """Distinct (user, item) pairs with what is known about each.

    user and item: int32 rows; weight: float32 > 0 as the data have it (plays, stars) or an
    affinity in (0, 1]; day: int32 days since 1970, None where the data have no times.
    """

    user: I32
    item: I32
    weight: F32
    day: I32 | None
    n_users: int
    n_items: int

    def __len__(self) -> int:
        return len(self.user)

    @property
    def pair(self) -> I64:
        """One number for each pair: user * n_items + item."""
        return self.user.astype(np.int64) * self.n_items + self.item

    @property
    def sizes(self) -> I64:
        """int64[n_users]: how many items each person has."""
        return np.bincount(self.user, minlength=self.n_users)

    def take(self, which: Bool | I64) -> Interactions:
        """Some of them, in the same numbering."""
        day = None if self.day is None else self.day[which]
        columns = self.user[which], self.item[which], self.weight[which]
        return Interactions(*columns, day, self.n_users, self.n_items)

    def without(self, other: Interactions) -> Interactions:
        """Those whose pair the other does not have. O(n log n)."""
        return self.take(~np.isin(self.pair, other.pair))


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """Items of all people in compressed rows, ascending: what they want, or what is masked."""

    ptr: I64
    item: I32
    n_items: int

    @classmethod
    def of(cls, test: Interactions) -> Wanted:
        """O(n log n)."""
        order = np.lexsort((test.item, test.user))
        ptr = np.concatenate(([0], np.cumsum(test.sizes))).astype(np.int64)
        return cls(ptr, test.item[order], test.n_items)

    @property
    def sizes(self) -> I64:
        """How many items each person wants."""
        return np.diff(self.ptr)

    def of_person(self, person: int) -> I32:
        """One person's items."""
        return self.item[self.ptr[person] : self.ptr[person + 1]]

    def hits(self, people: I32, lists: I32) -> Bool:
        """bool[len(lists), k]: which places hold a wanted item. O(places * log items)."""
        owner = np.repeat(np.arange(len(self.ptr) - 1), self.sizes)
        pairs = owner * self.n_items + self.item
        asked = people[:, None].astype(np.int64) * self.n_items + lists
        place = np.searchsorted(pairs, asked)
        found: Bool = np.append(pairs, -1)[place] == asked
        return found & (lists >= 0)


@dataclass(frozen=True, slots=True, eq=False)
class Vouches:
    """Distinct (source, target) pairs with weights float32 in [-1, 1], none of them for oneself.

    day: int32 days since 1970, None where the data have no times.
    """

    source: I32
    target: I32
    weight: F32
    day: I32 | None

    def __len__(self) -> int:
        return len(self.source)

    def take(self, which: Bool | I64) -> Vouches:
        """Some of them."""
        day = None if self.day is None else self.day[which]
        return Vouches(self.source[which], self.target[which], self.weight[which], day)


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Everything about one population in one numbering.

    test and valid: what is to be found, by evaluation and by tuning; mask: further items known to
    their people and to no method. None where no file was given. notes: what a reader of the
    results must know about the data, one sentence each.
    """

    people: Names
    items: Names
    train: Interactions
    test: Interactions | None = None
    trust: Vouches | None = None
    valid: Interactions | None = None
    mask: Interactions | None = None
    notes: list[str] = field(default_factory=list)


def world_of(train: Interactions, trust: Vouches | None) -> World:
    """What a method may know. Weights must be affinities. O(n log n)."""
    snapshot = GraphSnapshot.from_triples(
        train.user, train.item, train.weight, train.n_users, train.n_items
    )
    if trust is None:
        return World(snapshot)
    columns = trust.source, trust.target, trust.weight
    return World(snapshot, CompiledVouches.from_triples(train.n_users, *columns))
