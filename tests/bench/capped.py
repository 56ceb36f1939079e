"""What a graph too small for everything still knows: quality against the edges that fit.

HetRec Last.fm with friends, a fifth of each person's items held out. Each person asked has a graph
of her own, the node's (`ranking.graph.BoundedGraph`), with room for a part of all training edges:
her own come first, then everybody else's in random order, under the priorities that a node gives
(own and vouched authors PROTECTED, others by `ranking.priorities`, anew after every hundredth
author), so what gives way does so by the node's rule. The list is the node's own too. Vouches are
not capped: they have a store of their own.

With 130 people and two splits a tenth of the edges keeps 92.4 % of nDCG@20 so, and 86.7 % with
trust alone as the priority: 5.8 +- 3.4 points (95 %, by person).

The cap is set in edges, as it was asked for; at this size a cap in bytes would be one on names. The
data have no times, so it is drawn at random which edges of an author are the newest.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from node.core.trusting import set_priorities
from ranking.graph import BoundedGraph
from ranking.graph_config import GraphConfig
from ranking.kernels_storage import EdgeColumns
from ranking.priorities import priorities
from ranking.recommend import RecommendRequest, rank_items
from ranking.trust_vector import TrustVector
from sim.evaluation.evaluate import Run, evaluate
from sim.evaluation.workers import shared
from sim.methods.grapevine import Grapevine
from sim.methods.method import F64, Ranked, World
from tests.bench.curves import kept
from tests.bench.figures import Figure, Series
from tests.bench.hetrec import Friends, friends_of, hetrec
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch
from trust.meritrank import trust_from

KEPT, AT = 0.9, 0.1
PARTS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
K, SPLITS, WORKERS = 20, 2, 2
JUDGED_EVERY = 100
"""Authors heard between two looks at whose edges are worth keeping."""

ROOM = 1 << 26
"""Bytes of each graph: so many that only the edges are capped."""


def measure(_scratch: Scratch, scale: Scale) -> list[Figure | Series]:
    """What 10 % of the edges keep, and the curve."""
    population = friends_of(hetrec(scale.public_tables), SPLITS, scale.capped_people)
    found = shared(partial(_ndcg, population), PARTS, WORKERS)
    ndcg = dict(zip(PARTS, found, strict=True))
    points = tuple(kept(100 * part, one, ndcg[1.0]) for part, one in ndcg.items())
    tenth = next(point for point in points if point.x == 100 * AT)
    curve = ", ".join(f"{point.x:g} %: {point.y:.1f} %" for point in points)
    told = (
        f"of nDCG@{K} {ndcg[1.0].mean():.4f} with all edges; {curve}; {population.people.size} "
        f"people, {SPLITS} splits, 95 % bounds at 10 %: {tenth.low:.1f} to {tenth.high:.1f} %"
    )
    return [
        Figure("nDCG kept in 10 % of the edges", 100 * KEPT, tenth.y, "%", True, told),
        Series(
            "quality-memory",
            "Grapevine, HetRec Last.fm with friends",
            "edges kept, % of all",
            f"nDCG@{K}, % of what all edges give",
            points,
        ),
    ]


def _ndcg(population: Friends, part: float) -> F64:
    """float64[splits, people] with graphs that have room for `part` of all edges."""
    tasks = list(population.tasks)
    methods = [Capped(part)] * len(tasks)
    return evaluate(methods, tasks, population.people, Run(K, 0, 1)).by_person["ndcg"]


@dataclass(frozen=True, slots=True)
class CappedEdges(GraphConfig):
    """A graph with ample bytes and room for so many edges."""

    edges: int = 1

    @property
    def edges_max(self) -> int:
        """As given, not as the bytes allow."""
        return self.edges


@dataclass(frozen=True, slots=True)
class Capped:
    """Grapevine with room for `part` of all edges in each person's graph."""

    part: float
    node: Grapevine = field(default_factory=Grapevine)

    def prepare(self, world: World) -> CappedRanker:
        """An empty graph that knows everybody's and every item's row."""
        edges = max(1, round(self.part * world.snapshot.author_item.size))
        config = CappedEdges(bytes_max=ROOM, half_life_days=None, edges=edges)
        empty = BoundedGraph(config, hash_key=0)
        empty.author_rows([row.to_bytes(32, "big") for row in range(world.snapshot.n_authors)])
        for row in range(world.snapshot.n_items):  # pinned, so that no row is ever another item's
            empty.pin_many([row.to_bytes(4, "big")])
        return CappedRanker(self.node, world, empty, world.snapshot.author_affinity)


@dataclass(frozen=True, slots=True, eq=False)
class CappedRanker:
    """empty: the graph that everybody begins with."""

    node: Grapevine
    world: World
    empty: BoundedGraph
    affinity: NDArray[np.float32]
    """a(v, i) beside `world.snapshot.author_item`."""

    def rank(self, person: int, n: int, rng: np.random.Generator) -> Ranked:
        """Her list from what her graph holds."""
        assert self.world.vouches is not None
        trust = trust_from(self.world.vouches, person, self.node.trust, rng)
        snapshot = self.filled(person, trust, rng).snapshot(today=0)
        found = rank_items(snapshot, trust, RecommendRequest(n=n, config=self.node.rank), rng)
        return Ranked(found.item, found.score.astype(np.float64))

    def filled(self, person: int, trust: TrustVector, rng: np.random.Generator) -> BoundedGraph:
        """Her graph when it has heard everybody."""
        whole, vouches = self.world.snapshot, self.world.vouches
        assert vouches is not None
        graph = deepcopy(self.empty)
        target, weight = vouches.out(person)
        protected = [person, *target[weight > 0].tolist()]
        others = rng.permutation(np.delete(np.arange(whole.n_authors), person))
        for heard, author in enumerate((person, *others.tolist())):
            if heard % JUDGED_EVERY == 0:
                worth = priorities([trust], graph.snapshot(today=0))
                set_priorities(graph, worth, protected)
            window = slice(whole.author_ptr[author], whole.author_ptr[author + 1])
            items = whole.author_item[window]
            if items.size:
                seq = rng.permutation(items.size).astype(np.uint32)
                none = np.zeros(items.size, np.uint16)
                percent = np.rint(100 * self.affinity[window]).clip(1).astype(np.int8)
                edges = EdgeColumns(items, seq, none, none, percent)
                graph.put_rows(np.full(items.size, author, np.int32), edges)
        return graph
