"""The same ranking with all data in one process: what a perfect network would come to.

It uses the node's own graph, walks and ranking, and hears from everybody without loss.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ranking.graph import BoundedGraph, GraphConfig
from ranking.recommend import RecommendRequest, recommend
from ranking.snapshot import GraphSnapshot
from sim.demo.feeds import Feed
from trust.config import TrustConfig
from trust.meritrank import trust_from
from trust.vouches import VouchGraph


@dataclass(slots=True, eq=False)
class World:
    """Everybody's feeds and vouches in one graph. Build it with `of`, then ask for lists."""

    graph: BoundedGraph
    vouches: VouchGraph
    snapshot: GraphSnapshot
    trust: TrustConfig = field(default_factory=TrustConfig)

    @classmethod
    def of(
        cls, feeds: Mapping[str, Feed], vouches: Iterable[tuple[str, str]], *, today: int
    ) -> "World":
        """From every person's feed and the vouches (who, whom), each of weight 1."""
        graph = BoundedGraph(GraphConfig(), hash_key=0)
        for name, feed in feeds.items():
            graph.put(
                graph.author_row(name.encode()),
                [item.encode() for item in feed.items],
                np.array(feed.percents, np.int8),
                np.array(feed.days, np.uint16),
                seq=1,
            )
        graph_of_vouches = VouchGraph()
        for who, whom in vouches:
            rows = graph.author_row(who.encode()), graph.author_row(whom.encode())
            graph_of_vouches.put(*rows, 100)
        return cls(graph, graph_of_vouches, graph.snapshot(today=today))

    def recommend(self, name: str, n: int, rng: np.random.Generator) -> list[str]:
        """Her list, best first, as her node would make it."""
        compiled = self.vouches.compiled(self.snapshot.n_authors)
        owner = self.graph.author_row(name.encode(), create=False)
        trust = trust_from(compiled, owner, self.trust, rng)
        found = recommend(self.snapshot, trust, RecommendRequest(n=n), rng)
        return [self.graph.items.name(entry.item).decode() for entry in found.items]

    def lists(self, names: Sequence[str], n: int, seed: int) -> Iterator[tuple[str, list[str]]]:
        """(name, list) of each person; each has a stream of random numbers of her own."""
        for number, name in enumerate(names):
            yield name, self.recommend(name, n, np.random.default_rng((seed, number)))
