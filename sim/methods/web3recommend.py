"""Web3Recommend: a walk over items that may go only where the last person trusts.

As published: the shipped code (final form), with bug B2 and the binary connectivity decay that is
not renormalised; parameters give the settings of the paper's experiments. Left out: a gossip that
keeps five edges a person, and trust that changes with plays (both act on the data, not on a list).
Items that the person has are not listed; the published ranking has no such filter.

Mended: no state passes from walk to walk (B2); walks are fresh, so no update can bias them (B4);
P(x | person, item) ~ trust(x) (share(x, item) + eta), which never switches branch; the decay is
continuous and relative to what passes the same person anyway; what it takes goes to the others;
whoever trusts nobody hears everybody alike (published: nobody, once likeness is off).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranking.snapshot import GraphSnapshot
from sim.methods.kernels_hybrid_walks import Content, Rules, Trust, hybrid_walks
from sim.methods.kernels_published_walks import (
    Walks,
    before_first,
    count_occurrences,
    cumulative,
    greatest_counts,
    greatest_excess,
    through_trust,
    trust_walks,
)
from sim.methods.kernels_three_steps import shares
from sim.methods.method import F64, Ranked, Ranker, World, best
from sim.methods.similar_people import similar_people
from sim.methods.trust_graph import TrustGraph

ITEMS_FOR_BOOTSTRAP = 5
"""Owners with fewer items start some walks at somebody they trust."""
EXCESS_POWER = 4.0
"""Of the mended decay, as in `trust.config.ConnectivityDecay.EXCESS`."""


@dataclass(frozen=True, slots=True)
class Web3Recommend:
    """walks, alpha: hybrid walks and their stop probability at each half step; trust_walks,
    trust_alpha: of the trust PageRank, which weighs cold starts only. hops_max: of both. beta,
    threshold: connectivity decay. bootstrap: whoever trusts fewer people trusts her likes up to
    that number; 0 switches it off. trust_modifier: 1 weighs each visit as the experiments did.
    mended: 0 is as published. eta: the part of a person without the item, mended only.

    The paper's experiments: walks 10000, trust_walks 10000, trust_alpha .005, hops_max 10000,
    trust_modifier 1.
    """

    walks: int = 1_000
    alpha: float = 0.1
    trust_walks: int = 1_000
    trust_alpha: float = 0.1
    hops_max: int = 100
    beta: float = 0.8
    threshold: float = 0.99
    bootstrap: int = 5
    trust_modifier: int = 0
    mended: int = 0
    eta: float = 0.001

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1 or not 0 < self.trust_alpha < 1 or not 0 <= self.beta <= 1:
            raise ValueError("need alpha and trust_alpha in (0, 1) and beta in [0, 1]")
        if min(self.walks, self.trust_walks, self.hops_max) < 1 or self.bootstrap < 0:
            raise ValueError("need walks, trust_walks, hops_max >= 1 and bootstrap >= 0")
        if self.trust_modifier not in (0, 1) or self.mended not in (0, 1) or self.eta < 0:
            raise ValueError("need trust_modifier and mended 0 or 1 and eta >= 0")

    def prepare(self, world: World) -> Ranker:
        """Shares and their running sums both ways. O(edges)."""
        snapshot = world.snapshot
        share = shares(snapshot.author_ptr, snapshot.author_affinity, 1.0)
        author = np.repeat(np.arange(snapshot.n_authors), np.diff(snapshot.author_ptr))
        by_item = np.lexsort((author, snapshot.author_item))
        content = Content(
            snapshot.author_ptr,
            snapshot.author_item,
            share,
            cumulative(snapshot.author_ptr, share),
            snapshot.item_ptr,
            snapshot.item_author,
            cumulative(snapshot.item_ptr, share[by_item]),
        )
        graph = None if world.vouches is None else TrustGraph.praise(world.vouches)
        return Web3Ranker(self, snapshot, content, share[by_item], graph)


@dataclass(frozen=True, slots=True, eq=False)
class Web3Ranker:
    """A world seen by Web3Recommend."""

    method: Web3Recommend
    snapshot: GraphSnapshot
    content: Content
    item_share: NDArray[np.float32]
    graph: TrustGraph | None

    def trusted(self, person: int, graph: TrustGraph) -> TrustGraph:
        """The vouches, with those who are most like her if she trusts too few."""
        wanted = self.method.bootstrap - graph.of_caster(person).size
        if wanted <= 0:
            return graph
        alike, weight = similar_people(self.content, self.item_share, person)
        new = ~np.isin(alike, graph.of_caster(person))
        return graph.with_edges(person, alike[new][:wanted], weight[new][:wanted])

    def page_rank(self, person: int, graph: TrustGraph, rng: np.random.Generator) -> F64:
        """float64[people]: trust PageRank with its own connectivity decay."""
        rules, n = self.method, self.snapshot.n_authors
        walks = trust_walks(
            person, graph.arrays, rules.trust_alpha, rules.hops_max, rules.trust_walks, rng
        )
        occurrences, hits = count_occurrences(walks, n)
        score: F64 = occurrences.astype(np.float64)
        score[person] = 0.0
        score /= score.sum() or 1.0
        if rules.mended:
            table = before_first(walks, person, 0, n, n)
            score *= self.kept(greatest_excess(table, hits, rules.trust_walks))
        else:
            flagged = through_trust(walks, person, n) > rules.threshold * occurrences
            score[flagged] *= 1 - rules.beta
        return score

    def kept(self, excess: F64) -> F64:
        """What the mended decay leaves."""
        kept: F64 = 1 - self.method.beta * excess**EXCESS_POWER
        return kept

    def walk(self, person: int, rng: np.random.Generator) -> tuple[Walks, F64]:
        """Hybrid walks, and the weight of a visit by the person before the item."""
        rules, n = self.method, self.snapshot.n_authors
        own = int(np.diff(self.snapshot.author_ptr[person : person + 2])[0])
        balance = max(0, ITEMS_FOR_BOOTSTRAP - own) / ITEMS_FOR_BOOTSTRAP
        weight = np.ones(n)
        jump = np.ones(1)
        graph = None if self.graph is None else self.trusted(person, self.graph)
        if graph is None or (rules.mended and graph.of_caster(person).size == 0):
            nobody = np.zeros(n + 1, np.int64)
            trust = Trust(nobody, np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0), True)
        else:
            trust = Trust(graph.ptr, graph.target, graph.weight, graph.total, False)
            if balance > 0:
                rank = self.page_rank(person, graph, rng)
                jump = np.cumsum(rank[graph.of_caster(person)])
                if jump.size and jump[-1] == 0:
                    jump = np.arange(1.0, jump.size + 1)
                if rules.trust_modifier:
                    weight = (1 - balance) + rank * n * balance
        eta = rules.eta if rules.mended else -1.0
        walked = Rules(rules.alpha, rules.hops_max, balance, eta, not rules.mended)
        walks = hybrid_walks(person, self.content, trust, jump, walked, rules.walks, rng)
        return walks, weight

    def score(self, person: int, rng: np.random.Generator) -> F64:
        """float64[items]: visits with connectivity decay."""
        rules, n = self.method, self.snapshot.n_authors
        walks, weight = self.walk(person, rng)
        vertices = n + self.snapshot.n_items
        at = np.flatnonzero(walks[1] >= n)
        visits: F64 = np.zeros(self.snapshot.n_items)
        np.add.at(visits, walks[1][at] - n, weight[walks[1][at - 1]])
        visits /= visits.sum() or 1.0
        _, hits = count_occurrences(walks, vertices)
        # Published: items stand in the way as well as people.
        table = before_first(walks, person, n, n if rules.mended else vertices, vertices)
        if rules.mended:
            visits *= self.kept(greatest_excess(table, hits, rules.walks)[n:])
            visits /= visits.sum() or 1.0
        else:
            ratio = greatest_counts(table, vertices)[n:] / np.maximum(hits[n:], 1)
            visits *= 1 - rules.beta * np.where(ratio > rules.threshold, ratio, 0.0)
        return visits

    def rank(self, person: int, n: int, rng: np.random.Generator) -> Ranked:
        """Her list."""
        return best(self.score(person, rng), self.snapshot.liked(person), n, rng)


def web3recommend(
    walks: int = 1_000,
    alpha: float = 0.1,
    trust_walks: int = 1_000,
    trust_alpha: float = 0.1,
    beta: float = 0.8,
    bootstrap: int = 5,
    hops_max: int = 100,
    trust_modifier: int = 0,
) -> Web3Recommend:
    """As published."""
    return Web3Recommend(
        walks=walks,
        alpha=alpha,
        trust_walks=trust_walks,
        trust_alpha=trust_alpha,
        beta=beta,
        bootstrap=bootstrap,
        hops_max=hops_max,
        trust_modifier=trust_modifier,
    )


def web3recommend_mended(
    walks: int = 3_000,
    alpha: float = 0.1,
    trust_walks: int = 1_000,
    trust_alpha: float = 0.1,
    beta: float = 0.8,
    eta: float = 0.001,
) -> Web3Recommend:
    """With its defects mended. No trust for likeness: whoever copies a profile would have it."""
    return Web3Recommend(
        walks=walks,
        alpha=alpha,
        trust_walks=trust_walks,
        trust_alpha=trust_alpha,
        beta=beta,
        bootstrap=0,
        mended=1,
        eta=eta,
    )
