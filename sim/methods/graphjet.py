"""GraphJet's full SALSA (Sharma et al., VLDB 2016; `SalsaIterations`, `LeftSalsaIteration`).

Seeds are the person's circle of trust, the top of a personalised PageRank over vouches, as at
Twitter; where the data know nothing of trust, or she vouches for nobody, she starts alone. Edges
are not weighted. Left out: eviction by segments and edge types, which act on the data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.methods.kernels_graphjet import salsa_visits
from sim.methods.kernels_published_walks import count_occurrences, trust_walks
from sim.methods.method import F64, I32, Ranked, Ranker, World, best
from sim.methods.trust_graph import TrustGraph

CIRCLE_RESET = 0.15
CIRCLE_HOPS_MAX = 100
"""Of the PageRank that finds the circle; the sources leave both open."""


@dataclass(frozen=True, slots=True)
class GraphJet:
    """walks: shared out over the seeds by weight, rounded up. length: half steps, odd. reset:
    probability of going back to the person before each step to an item. query_fraction: part of
    the seed weight that is her own, in (0, 1). circle: most seeds beside her; 0 for none.
    circle_walks: walks of the PageRank that weighs them. The published request has 1 walk of
    length 1 for a default, to be overridden; reset and query_fraction are its own.
    """

    walks: int = 10_000
    length: int = 3
    reset: float = 0.3
    query_fraction: float = 0.9
    circle: int = 500
    circle_walks: int = 3_000

    def __post_init__(self) -> None:
        if self.length < 1 or self.length % 2 == 0:
            raise ValueError(f"length must be odd, not {self.length}: walks end on items")
        if not 0 <= self.reset < 1 or not 0 < self.query_fraction < 1:
            raise ValueError("need reset in [0, 1) and query_fraction in (0, 1)")
        if self.walks < 1 or self.circle_walks < 1 or self.circle < 0:
            raise ValueError("need walks, circle_walks >= 1 and circle >= 0")

    def prepare(self, world: World) -> Ranker:
        """The vouches in rows."""
        graph = None
        if world.vouches is not None and self.circle > 0:
            graph = TrustGraph.praise(world.vouches)
        return GraphJetRanker(self, world, graph)


@dataclass(frozen=True, slots=True, eq=False)
class GraphJetRanker:
    """A world seen by GraphJet."""

    method: GraphJet
    world: World
    graph: TrustGraph | None

    def seeds(self, person: int, rng: np.random.Generator) -> tuple[I32, F64]:
        """People to start at, with their parts of the walks."""
        rules, snapshot = self.method, self.world.snapshot
        active = np.diff(snapshot.author_ptr) > 0
        weight: F64 = np.zeros(snapshot.n_authors)
        if self.graph is not None:
            walks = trust_walks(
                person,
                self.graph.arrays,
                CIRCLE_RESET,
                CIRCLE_HOPS_MAX,
                rules.circle_walks,
                rng,
            )
            weight += count_occurrences(walks, snapshot.n_authors)[0]
            weight[person] = 0.0
            circle = rng.permutation(np.flatnonzero(weight))
            circle = circle[np.argsort(-weight[circle], kind="stable")]
            weight[circle[rules.circle :]] = 0.0
            weight[~active] = 0.0
        if active[person]:
            total = weight.sum()
            weight[person] = total * rules.query_fraction / (1 - rules.query_fraction) or 1.0
        seeds = np.flatnonzero(weight).astype(np.int32)
        return seeds, weight[seeds] / (weight.sum() or 1.0)

    def rank(self, person: int, n: int, rng: np.random.Generator) -> Ranked:
        """The items most visited."""
        rules, snapshot = self.method, self.world.snapshot
        seeds, part = self.seeds(person, rng)
        # 1e-9: a part of .7 of 10 walks is 7 walks, not 8.
        start = np.repeat(seeds, np.ceil(part * rules.walks - 1e-9).astype(np.int64))
        visits = salsa_visits(
            start,
            person,
            (snapshot.author_ptr, snapshot.author_item),
            (snapshot.item_ptr, snapshot.item_author),
            rules.length,
            rules.reset,
            rng,
        )
        return best(visits / max(visits.sum(), 1), snapshot.liked(person), n, rng)
