"""FastRP embeddings of items: where they stand among those whom one person trusts.

Chen et al., *Fast and Accurate Network Embeddings via Very Sparse Random Projection* (CIKM 2019):
powers of the degree-normalised adjacency times sparse random directions, mixed by coefficients.
Here the graph has items on one side and *contexts* on the other: people, and tags. With S the mean
over an item's contexts (a person counts t(v) a(v, i), a tag the trust of those who say it) and M
the mean over a context's items (item j counts a(v, j) d(j)^beta, d its trusted mass and a
floor):

    vectors = S (w1 R_c + w2 M R_i + M S (w3 R_c + w4 M R_i))

R: a random direction for each identity, so that it depends on no row. The bracket is a matrix of
*profiles*, one row a context; whoever has the profiles has the vector of any item from its present
neighbours, new ones included, without another pass.

People with t = 0 are not in it: whatever they say moves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranking.kernels_embedding import (
    Contexts,
    add_profiles,
    divide_rows,
    mean_signs,
    mean_vectors,
    signs_of,
)

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U64 = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class EmbeddingConfig:
    """Numbers of the embedding."""

    dimensions: int = 128
    weights: tuple[float, float, float, float] = (0.0, 1.0, 0.0, 0.0)
    """w1 to w4 of the powers 1 to 4."""
    popularity: float = -0.5
    """beta: a much liked item tells less about those who like it."""
    size_exponent: float = 1.0
    """A person's profile is her sum over this power of its size: at 1 whoever likes much is as
    small a voice as her items are many."""
    tag_weight: float = 0.3
    """What a tag counts beside a person who likes the item, said by equally trusted people."""

    def __post_init__(self) -> None:
        if not 1 <= self.dimensions <= 1024:
            raise ValueError(f"dimensions must be in 1..1024, not {self.dimensions}")
        if len(self.weights) != 4 or not any(self.weights):
            raise ValueError("need four weights, not all 0")


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

    @property
    def n_profiles(self) -> int:
        """Rows that a matrix of profiles needs."""
        return 1 + max((int(kind.place.max(initial=-1)) for kind in self.kinds), default=-1)


def profiles(around: Neighbourhood, config: EmbeddingConfig) -> F32:
    """float32[n_profiles, dimensions], a profile for each context.

    O(edges * dimensions), .3 s a million edges at 128; memory: twice the answer, and with w3 or w4
    as much for each item.
    """
    w1, w2, w3, w4 = config.weights
    shape = around.n_profiles, config.dimensions
    gain, exponent = gains(around, config), config.size_exponent
    made = np.zeros(shape, np.float32)
    _mix(around, config, gain, (w1, w2), made)
    if w3 or w4:
        first = np.zeros(shape, np.float32)
        _mix(around, config, gain, (w3, w4), first)
        vectors, _ = item_vectors(around, first, np.arange(around.n_items, dtype=np.int32))
        for kind in around.kinds:
            mean_vectors(kind, vectors, gain, exponent, made)
    return made


def _mix(
    around: Neighbourhood,
    config: EmbeddingConfig,
    gain: F32,
    weights: tuple[float, float],
    out: F32,
) -> None:
    own, items = weights
    for kind, identity in zip(around.kinds, around.identities, strict=True):
        if own:
            signs_of(kind, identity, own, out)
        if items:
            mean_signs(kind, around.item_identity, gain, config.size_exponent, items, out)


def gains(around: Neighbourhood, config: EmbeddingConfig) -> F32:
    """(d(j) / mean d)^beta of every item, d its trusted mass and the floor; 0 without mass."""
    mass = np.zeros(around.n_items, np.float32)
    rows, none = (
        np.arange(around.n_items, dtype=np.int32),
        np.zeros((around.n_items, 0), np.float32),
    )
    for kind in around.kinds:
        add_profiles(kind, rows, np.zeros((around.n_profiles, 0), np.float32), none, mass)
    heard = mass > 0
    made = np.zeros(around.n_items, np.float32)
    if heard.any():
        degree = mass[heard] + np.float32(around.floor)
        made[heard] = (degree / degree.mean()) ** np.float32(config.popularity)
    return made


def item_vectors(around: Neighbourhood, profiles: F32, rows: I32) -> tuple[F32, F32]:
    """(float32[rows, dimensions], trusted mass of each): the mean of the items' contexts, 0 for
    those without. O(contexts of the rows * dimensions)."""
    vectors = np.zeros((len(rows), profiles.shape[1]), np.float32)
    mass = np.zeros(len(rows), np.float32)
    for kind in around.kinds:
        add_profiles(kind, rows, profiles, vectors, mass)
    divide_rows(vectors, mass)
    return vectors, mass
