"""How fast one node takes in what another holds, over libp2p, both on this machine.

One daemon holds signed feeds in its store and shares; the other is empty and vouches for their
authors. Measured at the receiver, from the moment its link is up until every claim was received,
verified, stored and is an edge of its graph: `status` is asked ten times a second, and its answer
passes the store's queue behind all bundles, so whatever it counts is stored. At the end the stopped
receiver's store is counted. Once in bundles of 64 claims with `mbid:` names, once in bundles of
one. Stored means: survives the death of the process, as for everything that peers sent.
"""

import time
from dataclasses import dataclass

from protocol.ids import AuthorKey
from tests.bench.figures import Figure
from tests.bench.nodes import BenchFailed, Node, made, running, until
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch
from tests.bench.seeding import CLAIMS_PER_BUNDLE, claims_stored, seed_bulk

ASKED_BULK, ASKED_SINGLE = 40_000.0, 1_000.0
POLL_S = 0.1
TIMEOUT_S = 120.0


@dataclass(slots=True)
class Pair:
    """A node full of feeds and an empty one; `claims` is what there is to send."""

    source: Node
    receiver: Node
    authors: list[AuthorKey]
    claims: int

    def link(self) -> float:
        """Have the receiver dial; returns when its link came up (monotonic seconds)."""
        self.receiver.trust(self.authors)
        self.receiver.befriend(self.source)
        links: list[dict[str, float]] = []

        def up() -> bool:
            links[:] = self.receiver.ask("peers")["links"]
            return bool(links)

        until(up, "the two nodes are linked", every_s=0.02)
        return time.monotonic() - links[0]["age_s"]


def paired(scratch: Scratch, name: str, authors: int, bundles: int, claims: int) -> Pair:
    """Two nodes, made and seeded, not yet running."""
    directory = scratch.fresh(name)
    source, receiver = made(directory / "source"), made(directory / "receiver")
    keys = seed_bulk(source.home, authors, bundles, claims)
    return Pair(source, receiver, keys, authors * bundles * claims)


def measure(scratch: Scratch, scale: Scale) -> list[Figure]:
    """Claims a second in large and in small bundles."""
    bulk = paired(scratch, "bulk", scale.sync_authors, scale.sync_bundles, CLAIMS_PER_BUNDLE)
    single = paired(scratch, "single", scale.single_authors, scale.single_bundles, 1)
    return [
        _figure("sync, 64-claim bundles", ASKED_BULK, bulk),
        _figure("sync, 1-claim bundles", ASKED_SINGLE, single),
    ]


def _figure(what: str, asked: float, pair: Pair) -> Figure:
    with running(pair.source, pair.receiver):
        began = pair.link()
        edges, took = _arrived(pair, began)
    if edges >= pair.claims and claims_stored(pair.receiver.home, pair.authors) != pair.claims:
        raise BenchFailed("the receiver's graph holds what its store does not")
    detail = f"{edges:,} of {pair.claims:,} claims in {took:.1f} s"
    return Figure(what, asked, edges / took, "claims/s", at_least=True, detail=detail)


def _arrived(pair: Pair, began: float) -> tuple[int, float]:
    """Edges at the receiver, and how long that took: all of them, or what came by the deadline."""
    while True:
        edges: int = pair.receiver.ask("status")["graph"]["edges"]
        took = time.monotonic() - began
        if edges >= pair.claims or took > TIMEOUT_S:
            return edges, took
        time.sleep(POLL_S)
