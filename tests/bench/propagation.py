"""How long a new like takes to everybody: eight nodes in a ring, when idle and during a catch-up.

The nodes form a ring (degree 2, so diameter 4), which `peers` of every node confirms before and
after. Everybody vouches for everybody and shares her taste. A random node says `like`; measured is
the time from before that command until the last node has the item in its graph. Each node is asked
for each new item every few milliseconds; the question costs it next to nothing. For the second
phase one node begins to vouch for hundreds of authors whose feeds its neighbour holds; once it has
caught up with them, no more is said.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from node.query.schema import QueryError
from protocol.ids import AuthorKey
from tests.bench.figures import Figure, percentile
from tests.bench.nodes import BenchFailed, Node, made, until
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch
from tests.bench.seeding import CLAIMS_PER_BUNDLE, mbid, seed_bulk

ASKED_IDLE_S, ASKED_BUSY_S = 2.0, 4.0
PROBE_S = 0.02
GIVE_UP_S = 30.0
NOBODY = "00" * 32
FIRST_ITEM = 10_000_000
"""Numbers of liked items start above all that are in any store."""


def measure(scratch: Scratch, scale: Scale) -> list[Figure]:
    """p50 and p99, idle and busy."""
    directory = scratch.fresh("ring")
    nodes = [
        made(
            directory / f"n{number}",
            network_outbound_min="1" if number else "0",
            gossip_claims_per_stranger="0",
        )
        for number in range(scale.ring)
    ]
    source, catching = nodes[-2], nodes[-1]
    bulk = seed_bulk(source.home, scale.bulk_authors, scale.bulk_bundles, CLAIMS_PER_BUNDLE)
    expected = scale.bulk_authors * scale.bulk_bundles * CLAIMS_PER_BUNDLE
    try:
        _link_up(nodes)
        _check_ring(nodes)
        rng = random.Random(3)
        items = [mbid(FIRST_ITEM + number) for number in range(2 * scale.likes)]
        idle = _spread(nodes, items[: scale.likes], rng, scale.idle_every_s, lambda: True)
        catching.trust(bulk)
        until(lambda: _edges(catching) > expected // 20, "the catch-up has begun", every_s=0.02)
        busy = _spread(
            nodes,
            items[scale.likes :],
            rng,
            scale.busy_every_s,
            lambda: _edges(catching) < expected,
        )
        _check_ring(nodes)
    finally:
        for node in nodes:
            node.terminate()
        for node in nodes:
            node.wait_stopped()
    return [
        *_figures("idle", ASKED_IDLE_S, idle),
        *_figures("catch-up", ASKED_BUSY_S, busy),
    ]


def _figures(phase: str, asked: float, took: Sequence[float]) -> list[Figure]:
    detail = f"{len(took)} likes, the slowest {max(took):.2f} s"
    return [
        Figure(f"propagation {phase}, p50", asked, percentile(took, 0.5), "s", detail=detail),
        Figure(f"propagation {phase}, p99", asked, percentile(took, 0.99), "s"),
    ]


def _edges(node: Node) -> int:
    edges: int = node.ask("status")["graph"]["edges"]
    return edges


# ---------------------------------------------------------------------------------------- the ring
def _link_up(nodes: Sequence[Node]) -> None:
    """Each node dials the one before it, and the last one also the first, which dials nobody.

    One after the other: a node that has its one outbound link looks for no other.
    """
    for before, node in zip([None, *nodes], nodes, strict=False):
        if before is not None:
            node.settings = {
                **node.settings,
                "GRAPEVINE_NETWORK_BOOTSTRAP": before.addresses[0],
            }
        node.start()
        node.wait_ready()
        if before is not None:
            until(lambda one=node: bool(one.ask("peers")["links"]), f"{node.name} has its link")
    authors = [AuthorKey(bytes.fromhex(node.ask("id")["author"])) for node in nodes]
    nodes[-1].befriend(nodes[0])
    for node, own in zip(nodes, authors, strict=True):
        with node.client() as client:
            for author in authors:
                if author != own:
                    client.ask("trust", peer=author.hex(), weight=1.0)
            client.ask("share_set", taste=True)
    for node in nodes:
        until(
            lambda one=node: one.ask("status")["gossip"]["followed"] >= len(nodes),
            f"{node.name} follows everybody",
        )
    until(lambda: len(nodes[0].ask("peers")["links"]) == 2, "the ring is closed")


def _check_ring(nodes: Sequence[Node]) -> None:
    """Every node is linked to exactly the one before and the one behind it."""
    peer_ids = [node.addresses[0].rpartition("/")[2] for node in nodes]
    for at, node in enumerate(nodes):
        linked = sorted(link["peer_id"] for link in node.ask("peers")["links"])
        expected = sorted((peer_ids[at - 1], peer_ids[(at + 1) % len(nodes)]))
        if linked != expected:
            raise BenchFailed(f"{node.name} has {len(linked)} links: the ring does not hold")


# --------------------------------------------------------------------------------------- the likes
@dataclass(slots=True)
class Watch:
    """Asks one node for items until it has them; a thread of its own runs `watch`."""

    node: Node
    wanted: "deque[str]" = field(default_factory=deque)
    seen: dict[str, float] = field(default_factory=dict)
    done: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Note when each item is there (monotonic seconds)."""
        with self.node.client() as client:
            while not self.done.wait(PROBE_S):
                for _ in range(len(self.wanted)):
                    item = self.wanted.popleft()
                    try:
                        client.ask("why", item=item, without=NOBODY)
                    except QueryError as error:
                        if item in error.message:  # else only NOBODY is unknown
                            self.wanted.append(item)
                            continue
                    self.seen[item] = time.monotonic()


def _spread(
    nodes: Sequence[Node],
    items: Sequence[str],
    rng: random.Random,
    every_s: float,
    going: Callable[[], bool],
) -> list[float]:
    """Say likes at random nodes while `going`; seconds from each to its arrival at the last one."""
    watches = [Watch(node) for node in nodes]
    threads = [threading.Thread(target=watch.watch) for watch in watches]
    for thread in threads:
        thread.start()
    said: dict[str, float] = {}
    try:
        for item in items:
            said[item] = time.monotonic()
            rng.choice(nodes).ask("like", item=item)
            for watch in watches:
                watch.wanted.append(item)
            time.sleep(every_s)
            if not going():
                break
        until(
            lambda: all(len(watch.seen) == len(said) for watch in watches),
            "every like has reached every node",
            timeout_s=GIVE_UP_S,
        )
    finally:
        for watch in watches:
            watch.done.set()
        for thread in threads:
            thread.join()
    return [max(watch.seen[item] for watch in watches) - at for item, at in said.items()]
