"""MeritRank as published, and personalised PageRank alone: whose word counts, and so what to hear.

MeritRank ranks people. The natural extension to items is taken here: everybody hands out her
reputation over what she likes, s(i) = sum_v rep(v) a(v, i) / sum_k a(v, k). There is no content
walk: what the person likes herself does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranking.snapshot import GraphSnapshot
from sim.methods.kernels_published_walks import (
    count_occurrences,
    endorsed,
    leading,
    trust_walks,
)
from sim.methods.kernels_three_steps import shares
from sim.methods.method import F64, Ranked, Ranker, World, best
from sim.methods.trust_graph import TrustGraph

HOPS_MAX = 10_000
"""Published walks have no bound; at a reset of .01 one in 10^43 is longer."""


@dataclass(frozen=True, slots=True)
class MeritRank:
    """Reputation from walks over signed vouches, with the published connectivity decay.

    reset: probability that a walk stops at a step, [.01, 1). beta in [0, 1]: who is led to by one
    other in at least `threshold` of the walks that reach her keeps (1 - beta) * that share, and
    the others get what she lost. hitting: 1 counts walks that reach an author, 0 all visits.
    """

    reset: float = 0.15
    beta: float = 0.8
    threshold: float = 1.0
    walks: int = 1_000
    hitting: int = 0

    def __post_init__(self) -> None:
        if not 0.01 <= self.reset < 1 or not 0 <= self.beta <= 1 or not 0 < self.threshold <= 1:
            raise ValueError("need reset in [.01, 1), beta in [0, 1] and threshold in (0, 1]")
        if self.walks < 1 or self.hitting not in (0, 1):
            raise ValueError("need walks >= 1 and hitting 0 or 1")

    def prepare(self, world: World) -> Ranker:
        """Everybody's shares. O(edges)."""
        snapshot = world.snapshot
        share = shares(snapshot.author_ptr, snapshot.author_affinity, 1.0)
        graph = None if world.vouches is None else TrustGraph.signed(world.vouches)
        return MeritRanker(self, snapshot, share, graph)

    def decayed(self, reputation: F64, hits: NDArray[np.int64], neck: NDArray[np.int64]) -> F64:
        """Reputation after connectivity decay (`reputation_cut` of the published notebooks).

        neck[v]: most walks in which one other leads to v. The rest is scaled by 1 / (1 - what was
        taken), which keeps the sum at 1 for beta = 1 only, as published.
        """
        if self.beta == 0:
            return reputation
        cut = (neck > 0) & (neck >= self.threshold * hits)
        kept = np.where(cut, (1 - self.beta) * neck / np.maximum(hits, 1), 1.0)
        removed = float((reputation * (1 - kept)).sum())
        if removed < 1:
            kept[~cut] /= 1 - removed
        return reputation * kept


@dataclass(frozen=True, slots=True, eq=False)
class MeritRanker:
    """A world seen by MeritRank."""

    method: MeritRank
    snapshot: GraphSnapshot
    share: NDArray[np.float32]
    graph: TrustGraph | None

    def reputation(self, person: int, rng: np.random.Generator) -> F64:
        """float64[people] as she sees it; all the same where her walks reach nobody."""
        n = self.snapshot.n_authors
        rules = self.method
        if self.graph is not None:
            walks = trust_walks(person, self.graph.arrays, rules.reset, HOPS_MAX, rules.walks, rng)
            occurrences, hits = count_occurrences(walks, n)
            counted = (hits if rules.hitting else occurrences).astype(np.float64)
            counted[person] = 0.0
            if counted.any():
                neck = leading(walks, person, n) if rules.beta else hits
                return rules.decayed(counted / counted.sum(), hits, neck)
        alike = np.ones(n)
        alike[person] = 0.0
        return alike / max(n - 1, 1)

    def rank(self, person: int, n: int, rng: np.random.Generator) -> Ranked:
        """What those with reputation like most."""
        snapshot = self.snapshot
        score = endorsed(
            self.reputation(person, rng),
            snapshot.author_ptr,
            snapshot.author_item,
            self.share,
            snapshot.n_items,
        )
        return best(score, snapshot.liked(person), n, rng)


def meritrank_ppr(
    reset: float = 0.15, beta: float = 0.8, threshold: float = 1.0, walks: int = 1_000
) -> MeritRank:
    """MeritRank over personalised PageRank: every visit counts."""
    return MeritRank(reset, beta, threshold, walks)


def meritrank_pht(
    reset: float = 0.15, beta: float = 0.8, threshold: float = 1.0, walks: int = 1_000
) -> MeritRank:
    """MeritRank over personalised hitting time: a walk counts once for each author."""
    return MeritRank(reset, beta, threshold, walks, hitting=1)


def trust_ppr(reset: float = 0.15, walks: int = 10_000) -> MeritRank:
    """Personalised PageRank over vouches without any decay of connectivity."""
    return MeritRank(reset, beta=0.0, walks=walks)
