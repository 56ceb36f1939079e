"""The concave sum without defences, and with any of ours: what each buys and what it costs.

    s(i) = d(i)^-.3 sum_j d(j)^.25 (sum_v P(j -> v) P(v -> i))^.5      (ranking/ALGORITHM.md)

With everything on it is the node's own ranking. `RawConcave` takes d from how many people have an
item, trusted or not: what the trusted degree is there to replace.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ranking.config import RankConfig
from ranking.recommend import RecommendRequest, rank_items
from ranking.salsa import score_items
from ranking.trust_vector import TrustVector
from sim.methods.kernels_concave import concave_sum
from sim.methods.kernels_published_walks import endorsed
from sim.methods.kernels_three_steps import shares
from sim.methods.method import F64, Ranked, Ranker, World, best
from trust.config import ConnectivityDecay, Credit, TrustConfig
from trust.meritrank import trust_from

F32 = NDArray[np.float32]


def trust_of(
    world: World, person: int, config: TrustConfig, rng: np.random.Generator
) -> TrustVector:
    """Her trust; everybody alike where the data know nothing of trust."""
    if world.vouches is None:
        return TrustVector.everyone_equal(world.snapshot.n_authors, person)
    return trust_from(world.vouches, person, config, rng)


@dataclass(frozen=True, slots=True)
class Concave:
    """exponent, source_gain, item_penalty, echo: of the sum; alpha, walks: of the trust walk.

    Defences, all off by default: cap, the greatest part of all trust of one author (1: none);
    kappa, the floor on an item's trusted mass; beta, relative connectivity decay of authors;
    edge_flow, the greatest part of walks over one edge (1: any); credit, what a walk gives
    ("hits", "visits" or "endpoint"); excess_weight, the evidence rule; budget, the most items of
    20 that may rest on one person (0: any).
    """

    exponent: float = 0.5
    source_gain: float = 0.25
    item_penalty: float = 0.3
    echo: float = 0.0
    alpha: float = 0.15
    walks: int = 10_000
    cap: float = 1.0
    kappa: float = 0.0
    beta: float = 0.0
    edge_flow: float = 1.0
    credit: str = Credit.HITS.value
    excess_weight: float = 0.0
    budget: int = 0

    def __post_init__(self) -> None:
        if self.budget < 0:
            raise ValueError(f"budget must be >= 0, not {self.budget}")
        _ = self.ranking, self.trust  # their own checks

    @property
    def ranking(self) -> RankConfig:
        """As the node's ranking is told. Raises ValueError for values out of range."""
        plain = replace(
            RankConfig.undefended(),
            exponent=self.exponent,
            source_gain=self.source_gain,
            item_penalty=self.item_penalty,
            echo=self.echo,
            kappa=self.kappa,
            excess_weight=self.excess_weight,
        )
        if self.budget == 0:
            return plain
        excess = RankConfig().dependent_excess
        return replace(plain, dependent_excess=excess, dependents_max=self.budget)

    @property
    def trust(self) -> TrustConfig:
        """As the trust walk is told. Raises ValueError for values out of range."""
        return TrustConfig(
            alpha=self.alpha,
            walks=self.walks,
            author_cap=self.cap,
            beta=self.beta,
            connectivity=ConnectivityDecay.EXCESS if self.beta else ConnectivityDecay.NONE,
            edge_flow_max=self.edge_flow,
            credit=Credit(self.credit),
        )

    def prepare(self, world: World) -> Ranker:
        """Nothing is the same for all people."""
        return _ConcaveRanker(world, self.ranking, self.trust)


@dataclass(frozen=True, slots=True, eq=False)
class _ConcaveRanker:
    world: World
    ranking: RankConfig
    trust: TrustConfig

    def rank(self, person: int, n: int, rng: np.random.Generator) -> Ranked:
        """Her list; the evidence of candidates is looked at only if a rule asks for it."""
        trust = trust_of(self.world, person, self.trust, rng)
        snapshot = self.world.snapshot
        if self.ranking.excess_weight == 0 and self.ranking.dependent_excess == 1:
            scores = score_items(snapshot, trust, self.ranking, rng)
            return best(scores.score, snapshot.liked(person), n, rng)
        found = rank_items(snapshot, trust, RecommendRequest(n=n, config=self.ranking), rng)
        return Ranked(found.item, found.score.astype(np.float64))


@dataclass(frozen=True, slots=True)
class RawConcave:
    """The same undefended sum with d(i) = 1 + 1000 / people * sum of all affinities to i."""

    exponent: float = 0.5
    source_gain: float = 0.25
    item_penalty: float = 0.3
    alpha: float = 0.15
    walks: int = 10_000

    def __post_init__(self) -> None:
        _ = self.undefended.ranking, self.undefended.trust

    @property
    def undefended(self) -> Concave:
        """With the trusted degree."""
        return Concave(
            self.exponent,
            self.source_gain,
            self.item_penalty,
            alpha=self.alpha,
            walks=self.walks,
        )

    def prepare(self, world: World) -> Ranker:
        """Degrees and shares. O(edges)."""
        snapshot = world.snapshot
        heard = snapshot.item_affinity
        row = np.repeat(np.arange(snapshot.n_items), np.diff(snapshot.item_ptr))
        mass = np.bincount(row, heard, snapshot.n_items) / max(snapshot.n_authors, 1)
        degree = 1.0 + RankConfig().degree_scale * mass
        share = shares(snapshot.author_ptr, snapshot.author_affinity, 1.0)
        return _RawRanker(self, world, degree, share, heard)


@dataclass(frozen=True, slots=True, eq=False)
class _RawRanker:
    method: RawConcave
    world: World
    degree: F64
    share: F32
    heard: F32

    def rank(self, person: int, n: int, rng: np.random.Generator) -> Ranked:
        """Her list."""
        snapshot, rules = self.world.snapshot, self.method
        trust = trust_of(self.world, person, rules.undefended.trust, rng)
        likes = (snapshot.author_ptr, snapshot.author_item, self.share)
        own = snapshot.liked(person)
        if own.size:
            listeners = (snapshot.item_ptr, snapshot.item_author, self.heard)
            gain = self.degree[own] ** rules.source_gain
            score = concave_sum(own, gain, trust.t, likes, listeners, rules.exponent)
        else:
            score = endorsed(trust.t.astype(np.float64), *likes, snapshot.n_items)
            score **= rules.exponent
        return best(score * self.degree**-rules.item_penalty, own, n, rng)
