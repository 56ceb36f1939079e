"""Trust-weighted SALSA: walk owner -> item -> author -> item, concave over the owner's items.

    P(j -> v) = t(v) a(v, j) / (sum_u t(u) a(u, j) + kappa)
    d_t(i)    = 1 + degree_scale * sum_v t(v) a(v, i)
    s(i)      = d_t(i)^-.3 * sum_j d_t(j)^.25 * (sum_v P(j -> v) P(v -> i))^.5

See ALGORITHM.md for why each piece is there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranking.affinity import Side
from ranking.config import Method, RankConfig
from ranking.kernels_salsa import (
    exact_hops,
    item_paths,
    sampled_hops,
    spread,
    spread_cost,
    transpose_hops,
    trusted_listeners,
    trusted_mass,
)
from ranking.snapshot import GraphSnapshot
from ranking.trust_vector import TrustVector

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

NO_ITEM = -1
"""Source row of an owner without items of her own: then it is her trust alone that speaks."""


@dataclass(frozen=True, slots=True, eq=False)
class ItemScores:
    """s(i) of every item before the evidence rule, and all that explains it.

    score: float32[n_items]. sources: the owner's items j, gain[j] their d_t(j)^.25. reach:
    P(j -> v) by author, CSR (ptr, j, p). taste[v] = sum of v's affinities. mass[i] = trusted mass.
    sampled[j]: whether P(j -> .) was sampled, with `per_item` walkers.
    """

    snapshot: GraphSnapshot
    trust: TrustVector
    config: RankConfig
    score: F32
    sources: I32
    gain: F32
    reach: tuple[I64, I32, F32]
    taste: F32
    mass: F32
    sampled: NDArray[np.bool_]
    per_item: int
    edges: int
    """Edge visits of the last step: the cost."""

    @property
    def method(self) -> Method:
        """EXACT, or SAMPLED when any of the owner's items was."""
        return Method.SAMPLED if self.sampled.any() else Method.EXACT

    @property
    def listeners(self) -> Side:
        """The item side of the snapshot."""
        return self.snapshot.item_side

    def factor(self, items: I32) -> F32:
        """d_t(i)^-.3 of the given items."""
        degree = 1.0 + self.config.degree_scale * self.mass[items].astype(np.float64)
        return (degree**-self.config.item_penalty).astype(np.float32)

    def paths(self, item: int) -> tuple[I32, I32, F64]:
        """Every path to an item: (own item j, author v, part of s); the parts add up to s(item)."""
        hop, author, part = item_paths(
            item, self.listeners, self.reach, self.taste, self.gain, self.config.exponent
        )
        factor = float(self.factor(np.array([item], np.int32))[0])
        return self.sources[hop], author, part * factor


def own_items(snapshot: GraphSnapshot, owner: int, items_max: int) -> tuple[I32, F32]:
    """The owner's items with their affinities, the strongest if there are too many."""
    if owner >= snapshot.n_authors:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    window = slice(snapshot.author_ptr[owner], snapshot.author_ptr[owner + 1])
    items = snapshot.author_item[window]
    weights = snapshot.affinity[snapshot.author_code[window]]
    if items.size > items_max:
        strongest = np.sort(np.argsort(-weights, kind="stable")[:items_max])
        items, weights = items[strongest], weights[strongest]
    return items, weights


def kappa_of(trust: TrustVector, own_weights: F32, config: RankConfig) -> float:
    """The floor on an item's trusted mass: a part of one effective author's, at the owner's own
    mean affinity, which nobody else can move. 0 when nobody is trusted."""
    authors = trust.effective_authors()
    if authors == 0 or own_weights.size == 0:
        return 0.0
    return config.kappa / authors * float(own_weights.mean())


def _hops(
    snapshot: GraphSnapshot,
    trust: TrustVector,
    sources: tuple[I32, F32],
    config: RankConfig,
    rng: np.random.Generator,
) -> tuple[tuple[I64, I32, F32], NDArray[np.bool_], int]:
    """P(j -> v) in rows of j, which rows were sampled, and walkers for each."""
    items, weights = sources
    ptr, author, weight = trusted_listeners(items, snapshot.item_side, trust.t)
    kappa = kappa_of(trust, weights, config)
    per_item = max(1, config.walks // max(items.size, 1))
    exact = exact_hops(ptr, weight, kappa)
    affordable = spread_cost(author, exact, snapshot.author_ptr) <= config.edges_max
    if config.method is Method.EXACT or (config.method is Method.AUTO and affordable):
        return (ptr, author, exact), np.zeros(items.size, np.bool_), per_item
    draws = rng.random(items.size * per_item)
    p, sampled = sampled_hops(ptr, weight, kappa, per_item, draws)
    return (ptr, author, p), sampled, per_item


def _trust_alone(trust: TrustVector) -> tuple[I64, I32, F32]:
    """P(j -> v) = t(v) for an owner without items: one source, her trust."""
    author = np.flatnonzero(trust.t > 0).astype(np.int32)
    return np.array([0, author.size], np.int64), author, trust.t[author]


def score_items(
    snapshot: GraphSnapshot,
    trust: TrustVector,
    config: RankConfig,
    rng: np.random.Generator,
) -> ItemScores:
    """s(i) for every item, for the owner of `trust`, who must be sized to the snapshot.

    An owner without items gets what those she trusts like. Cost: edges of trusted authors once,
    plus the listeners of the owner's items, plus the edges of the authors reached.
    """
    likes = snapshot.author_side
    mass, taste = trusted_mass(likes, trust.t, snapshot.n_items)
    items, weights = own_items(snapshot, trust.owner, config.owner_items_max)
    if items.size:
        hops, sampled, per_item = _hops(snapshot, trust, (items, weights), config, rng)
        degree = 1.0 + config.degree_scale * mass[items].astype(np.float64)
        gain = (degree**config.source_gain).astype(np.float32)
    else:
        hops, sampled, per_item = _trust_alone(trust), np.zeros(1, np.bool_), 1
        items, gain = np.array([NO_ITEM], np.int32), np.ones(1, np.float32)
    raw = spread(hops, gain, config.exponent, likes, taste, snapshot.n_items)
    reach = transpose_hops(*hops, snapshot.n_authors)
    scores = ItemScores(
        snapshot=snapshot,
        trust=trust,
        config=config,
        score=raw,
        sources=items,
        gain=gain,
        reach=reach,
        taste=taste,
        mass=mass,
        sampled=sampled,
        per_item=per_item,
        edges=int(spread_cost(hops[1], hops[2], snapshot.author_ptr)),
    )
    found = np.flatnonzero(raw).astype(np.int32)
    raw[found] *= scores.factor(found)
    return scores
