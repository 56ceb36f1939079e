"""How much of what Sybils claim a node holds: lists without fakes show a defence only where it has
arrived."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import nan

from node.core.config import PeerConfig
from node.core.peer import Peer
from protocol.ids import AuthorKey
from sim.adversaries import HostileFeeds, identity_key
from sim.population.people import item_name
from sim.scenario.schema import Followers, Hostile, Sybil

AMONG = 64
"""Nodes that are looked at in a run of many: evenly taken, a millisecond for 100 claims each."""


class Claims:
    """What the identities of all Sybils of a run claim, as nodes know it: names of items by key.

    Adversaries that say one thing now and another then are left out.
    """

    def __init__(
        self, adversaries: Sequence[Hostile], said: Sequence[HostileFeeds], seed: int
    ) -> None:
        self._of: Mapping[AuthorKey, frozenset[bytes]] = dict(_of(adversaries, said, seed))

    def held(self, peer: Peer, config: PeerConfig) -> float:
        """The part of them that is in the peer's graph; NaN when nothing is claimed.

        An author who claims more than the peer keeps of one whom it follows counts with as much.
        """
        graph, quota = peer.state.graph, config.claims_per_followed_author
        there = total = 0
        for author, claimed in self._of.items():
            most = min(len(claimed), quota)
            total += most
            row = graph.author_row(author, create=False)
            if row >= 0:
                held = {graph.items.name(item) for item in graph.edges_of(row)[0].tolist()}
                there += min(len(held & claimed), most)
        return there / total if total else nan


def _of(
    adversaries: Sequence[Hostile], said: Sequence[HostileFeeds], seed: int
) -> Iterator[tuple[AuthorKey, frozenset[bytes]]]:
    for number, (spec, feeds) in enumerate(zip(adversaries, said, strict=True)):
        if not isinstance(spec, Sybil | Followers):
            continue
        for identity in range(feeds.identities):
            rows = [*feeds.liked[identity].tolist(), *feeds.fakes[identity].tolist()]
            names = frozenset(item_name(row).encode() for row in rows)
            yield identity_key(seed, number, identity), names


def evenly(count: int, most: int = AMONG) -> range:
    """Rows of at most so many of `count`, at even distances."""
    return range(0, count, max(1, -(-count // most)))
