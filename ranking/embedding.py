"""FastRP embeddings of items: where they stand among those whom one person trusts.

Chen et al., *Fast and Accurate Network Embeddings via Very Sparse Random Projection* (CIKM 2019):
powers of the degree-normalised adjacency times sparse random directions, mixed by coefficients.
Here the graph has items on one side and *contexts* on the other, people and tags, and the even
powers are used, those that lead from items to items. With S the mean over an item's contexts (a
person counts t(v) a(v, i), a tag the trust of those who say it) and M the mean over a context's
items (item j counts a(v, j) d(j)^beta, d its trusted mass and a floor):

    vectors = S (w1 M R + w2 M S M R)

R: a random direction for each item's identity, so that it depends on no row. The bracket is a
matrix of *profiles*, one row a context; whoever has the profiles has the vector of any item from
its present neighbours, new ones included, without another pass.

People with t = 0 are not in it: whatever they say moves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ranking.kernels_embedding import (
    Contexts,
    add_profiles,
    divide_rows,
    mean_signs,
    mean_vectors,
)

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U64 = NDArray[np.uint64]

BLOCK = 32
"""Dimensions of all items that are held at once."""


@dataclass(frozen=True, slots=True)
class EmbeddingConfig:
    """Numbers of the embedding."""

    dimensions: int = 128
    weights: tuple[float, float] = (1.0, 4.0)
    """w1 and w2, of what people like together, and of what is liked by people like them. The second
    alone finds more of what else people have (Gowalla), a little of the first what has the same
    tags (Last.fm)."""
    popularity: float = -0.25
    """beta: a much liked item tells less about those who like it."""
    size_exponent: float = 1.0
    """A person's profile is her sum over this power of its size: at 1 whoever likes much is as
    small a voice as her items are many."""
    contexts_max: int = 20_000
    """People and tags with a profile, the most trusted first; the others count in an item's trusted
    mass alone. Each costs 8 bytes a dimension."""

    def __post_init__(self) -> None:
        if not 1 <= self.dimensions <= 1024:
            raise ValueError(f"dimensions must be in 1..1024, not {self.dimensions}")
        if len(self.weights) != 2 or not any(self.weights):
            raise ValueError("need two weights, not both 0")
        if self.contexts_max < 1:
            raise ValueError("need room for at least one profile")


@dataclass(frozen=True, slots=True, eq=False)
class Neighbourhood:
    """The graph to embed. identity: uint64[items], equal for equal names and for nothing else.

    Each kind of context with the identities of its own; items are numbered alike in all.
    """

    item_identity: U64
    kinds: tuple[Contexts, ...]
    identities: tuple[U64, ...]
    floor: float = 0.0
    """Trusted mass that every item is given in its degree, so that no degree is next to 0."""

    @property
    def n_items(self) -> int:
        """Item rows, those without contexts included."""
        return len(self.item_identity)

    def placed(self, known: U64) -> Neighbourhood:
        """With the places of heard contexts among `known`, ascending identities. O(contexts)."""
        kinds = [
            kind._replace(place=np.where(kind.scale > 0, places(known, identity), np.int32(-1)))
            for kind, identity in zip(self.kinds, self.identities, strict=True)
        ]
        return replace(self, kinds=tuple(kinds))

    def mass(self) -> F32:
        """float32[items]: trusted mass. O(edges of heard contexts)."""
        mass, rows = np.zeros(self.n_items, np.float32), np.arange(self.n_items, dtype=np.int32)
        nothing = np.zeros((self.n_items, 0), np.float32)
        for kind in self.placed(np.empty(0, np.uint64)).kinds:
            add_profiles(kind, rows, np.zeros((0, 0), np.float32), nothing, mass)
        return mass


def places(known: U64, wanted: U64) -> I32:
    """int32: where each is among `known`, which are ascending; -1 for those that are not."""
    if not len(known):
        return np.full(len(wanted), -1, np.int32)
    found = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[found] == wanted, found, -1).astype(np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """Profiles of contexts. identity: uint64[contexts], ascending; first: M R of each; mixed: the
    whole bracket of the module. float32[contexts, dimensions]."""

    config: EmbeddingConfig
    identity: U64
    first: F32
    mixed: F32

    @classmethod
    def of(cls, around: Neighbourhood, config: EmbeddingConfig) -> Embedding:
        """Everybody's profiles.

        O(edges * dimensions), .6 s a million edges at 128. Memory beside the answer: `BLOCK`
        dimensions of every item.
        """
        chosen = _chosen(around, config.contexts_max)
        room = np.zeros((len(chosen), config.dimensions), np.float32)
        nobody = cls(config, chosen, room, room.copy())
        _fill(nobody, around.placed(chosen), np.arange(around.n_items, dtype=np.int32))
        return nobody

    @property
    def nbytes(self) -> int:
        """Memory of all arrays."""
        return self.identity.nbytes + self.first.nbytes + self.mixed.nbytes

    def extended(self, around: Neighbourhood) -> Embedding:
        """With profiles of contexts that have come since, as far as there is room; those of the
        others stay what they are. O(edges of the items of the new)."""
        room = self.config.contexts_max - len(self.identity)
        new = np.setdiff1d(_chosen(around, self.config.contexts_max), self.identity)[: max(0, room)]
        if not len(new):
            return self
        known = np.sort(np.concatenate((self.identity, new)))
        at = places(known, self.identity)
        shape = len(known), self.config.dimensions
        grown = Embedding(
            self.config, known, np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        )
        grown.first[at], grown.mixed[at] = self.first, self.mixed
        _fill(grown, around.placed(known), _items_of(around, new), only=places(known, new))
        return grown

    def vectors(self, around: Neighbourhood, rows: I32) -> tuple[F32, F32]:
        """(float32[rows, dimensions] of length 1, trusted mass of each); 0 for those of whom no
        context has a profile. `around` is placed among `identity`. O(contexts of the rows)."""
        vectors, mass = item_means(around, self.mixed, rows)
        length = np.linalg.norm(vectors, axis=1)
        length[length == 0] = 1
        vectors /= length[:, None]
        return vectors, mass


def item_means(around: Neighbourhood, profiles: F32, rows: I32) -> tuple[F32, F32]:
    """(float32[rows, dimensions], trusted mass of each): the mean of the items' contexts, 0 for
    those without. O(contexts of the rows * dimensions)."""
    vectors = np.zeros((len(rows), profiles.shape[1]), np.float32)
    mass = np.zeros(len(rows), np.float32)
    for kind in around.kinds:
        add_profiles(kind, rows, profiles, vectors, mass)
    divide_rows(vectors, mass)
    return vectors, mass


def gains(around: Neighbourhood, config: EmbeddingConfig) -> F32:
    """(d(j) / mean d)^beta of every item, d its trusted mass and the floor; 0 without mass."""
    mass = around.mass()
    heard = mass > 0
    made = np.zeros(around.n_items, np.float32)
    if heard.any():
        degree = mass[heard] + np.float32(around.floor)
        made[heard] = (degree / degree.mean()) ** np.float32(config.popularity)
    return made


def _chosen(around: Neighbourhood, most: int) -> U64:
    """Identities of the contexts that get profiles, ascending: those who count most, of equal ones
    those with most items."""
    identity, scale, size = [], [], []
    for kind, who in zip(around.kinds, around.identities, strict=True):
        heard = np.flatnonzero(kind.scale > 0)
        identity.append(who[heard])
        scale.append(kind.scale[heard])
        size.append(np.diff(kind.items_of.ptr)[heard])
    every = np.concatenate(identity) if identity else np.empty(0, np.uint64)
    if len(every) > most:
        best = np.lexsort((every, -np.concatenate(size), -np.concatenate(scale)))
        every = every[best[:most]]
    return np.unique(every)


def _items_of(around: Neighbourhood, who: U64) -> I32:
    """Item rows of these contexts."""
    rows: list[I32] = [np.empty(0, np.int32)]
    for kind, identity in zip(around.kinds, around.identities, strict=True):
        for c in np.flatnonzero(np.isin(identity, who)).tolist():
            rows.append(kind.items_of.row[kind.items_of.ptr[c] : kind.items_of.ptr[c + 1]])
    return np.unique(np.concatenate(rows))


def _fill(
    made: Embedding, around: Neighbourhood, items: I32, *, only: Sequence[int] | I32 | None = None
) -> None:
    """Write the profiles of contexts placed in `around`, or of those in these places only, whose
    items are `items`."""
    config, (w1, w2) = made.config, made.config.weights
    gain, exponent = gains(around, config), config.size_exponent
    written = around if only is None else _restricted(around, only)
    for kind in written.kinds:
        mean_signs(kind, around.item_identity, gain, exponent, made.first)
    rows = slice(None) if only is None else np.asarray(only)
    made.mixed[rows] = np.float32(w1) * made.first[rows]
    if w2:
        _add_round(around, written, items, gain, made)


def _add_round(
    around: Neighbourhood,
    written: Neighbourhood,
    items: I32,
    gain: F32,
    made: Embedding,
) -> None:
    """Add w2 M S of `first` to the profiles written, some dimensions at a time."""
    row_of = np.full(around.n_items, -1, np.int32)
    row_of[items] = np.arange(len(items), dtype=np.int32)
    weight, start = np.float32(made.config.weights[1]), made.first
    for at in range(0, start.shape[1], BLOCK):
        vectors, _ = item_means(around, weight * start[:, at : at + BLOCK], items)
        part = np.zeros((len(start), vectors.shape[1]), np.float32)
        for kind in written.kinds:
            mean_vectors(kind, vectors, row_of, gain, made.config.size_exponent, part)
        made.mixed[:, at : at + BLOCK] += part


def _restricted(around: Neighbourhood, only: Sequence[int] | I32) -> Neighbourhood:
    kinds = [
        kind._replace(place=np.where(np.isin(kind.place, only), kind.place, np.int32(-1)))
        for kind in around.kinds
    ]
    return replace(around, kinds=tuple(kinds))
