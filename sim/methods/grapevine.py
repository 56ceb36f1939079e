"""Ours: trust walks, trust-weighted SALSA, evidence rule and budget, as a node runs them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ranking.config import RankConfig
from ranking.recommend import RecommendRequest, recommend
from ranking.trust_vector import TrustVector
from sim.methods.method import Ranked, Ranker, World
from trust.config import TrustConfig
from trust.meritrank import trust_from


@dataclass(frozen=True, slots=True)
class Grapevine:
    """The node's own code with the given parameters."""

    rank: RankConfig = field(default_factory=RankConfig)
    trust: TrustConfig = field(default_factory=TrustConfig)

    def prepare(self, world: World) -> Ranker:
        """Nothing is the same for all people: each walks from where she stands."""
        return _GrapevineRanker(self, world)


@dataclass(frozen=True, slots=True)
class _GrapevineRanker:
    method: Grapevine
    world: World

    def trust_of(self, person: int, rng: np.random.Generator) -> TrustVector:
        """Her trust; everybody alike where the data know nothing of trust."""
        if self.world.vouches is None:
            return TrustVector.everyone_equal(self.world.snapshot.n_authors, person)
        return trust_from(self.world.vouches, person, self.method.trust, rng)

    def rank(self, person: int, n: int, rng: np.random.Generator) -> Ranked:
        """Her list, discoveries included, as her node would show it."""
        trust = self.trust_of(person, rng)
        request = RecommendRequest(n=n, config=self.method.rank)
        found = recommend(self.world.snapshot, trust, request, rng).items
        return Ranked(
            np.array([entry.item for entry in found], np.int32),
            np.array([entry.score for entry in found], np.float64),
        )
