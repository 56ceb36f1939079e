"""Plain personalised SALSA, exact: the reference that the figures of ours are ratios to.

    s(i) = sum over her items j, over others v: a(v, j) / sum_u a(u, j) * a(v, i) / sum_k a(v, k)

Everybody counts the same, whoever vouches for whom.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ranking.config import Method, RankConfig
from ranking.salsa import score_items
from ranking.snapshot import GraphSnapshot
from ranking.trust_vector import TrustVector
from sim.methods.method import Ranked, Ranker, World, best


@dataclass(frozen=True, slots=True)
class PlainSalsa:
    """The node's own scorer with every defence off."""

    def prepare(self, world: World) -> Ranker:
        """Nothing is the same for all people."""
        return _SalsaRanker(world.snapshot, replace(RankConfig.undefended(), method=Method.EXACT))


@dataclass(frozen=True, slots=True)
class _SalsaRanker:
    snapshot: GraphSnapshot
    config: RankConfig

    def rank(self, person: int, n: int, rng: np.random.Generator) -> Ranked:
        """Her best items by exact walk probability."""
        trust = TrustVector.everyone_equal(self.snapshot.n_authors, person)
        scores = score_items(self.snapshot, trust, self.config, rng)
        return best(scores.score, self.snapshot.liked(person), n, rng)
