"""Many gossip machines, one clock and no network: the world in which they are tested.

Everything is deterministic: one heap of deliveries ordered by (time, number), one seed, link
latencies in seconds. Stores are dictionaries that do what `Accepted` orders.
"""

from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import inf
from random import Random

from protocol.author import FeedWriter
from protocol.bundle import Bundle, Verifier, decode_bundle, verify
from protocol.claims import Claim, Interaction
from protocol.config import GossipConfig
from protocol.events import (
    Accepted,
    BundlesRead,
    Disconnect,
    Effect,
    Equivocated,
    Event,
    FrameReceived,
    LinkDown,
    LinkUp,
    Published,
    ReadBundles,
    Send,
    Tick,
)
from protocol.feedtable import FeedConfig, FeedRecord, FeedTable
from protocol.gossip import Gossip
from protocol.ids import NO_BUNDLE, AuthorKey, BundleId, DeviceId, FeedId, Lane
from protocol.interest import Interest, Wanted
from protocol.signing import Signer

NETWORK = b"test"
TICK_S = 0.25
PLENTY = (64, 4_096, 1_000_000, 100_000)
START = 1_700_000_000.0


QUIET = GossipConfig(round_s=10**6)
"""No exchange is started by itself."""


def signer_of(number: int) -> Signer:
    """The same signer for the same number, always."""
    return Signer(number.to_bytes(32, "big"))


def play(item: int, weight: int = 80) -> Interaction:
    """A claim of about the size of a real one."""
    return Interaction(f"mbid:{item:036d}", 0, weight, 19_000)


class VerifyMemo:
    """Counts checks of each bundle and node, and spares the tests repeated signatures."""

    def __init__(self) -> None:
        self.known: dict[bytes, bool] = {}
        self.calls: dict[tuple[str, bytes], int] = {}

    def of(self, name: str) -> Verifier:
        def check(bundle: Bundle) -> bool:
            key = bundle.header_bytes + bundle.signature
            self.calls[(name, key)] = self.calls.get((name, key), 0) + 1
            if key not in self.known:
                self.known[key] = verify(bundle)
            return self.known[key]

        return check


class MemoryStore:
    """Bundles by feed and seq, as a daemon's store would keep them."""

    def __init__(self) -> None:
        self.feeds: dict[FeedId, dict[int, bytes]] = {}

    def add(self, bundle: Bundle) -> None:
        self.feeds.setdefault(bundle.feed, {})[bundle.seq] = bundle.wire()

    def apply(self, effect: Accepted) -> None:
        for bundle in effect.bundles:
            self.add(bundle)
        for feed, seq in effect.voided:
            if seq in self.feeds.get(feed, {}):
                self.feeds[feed][seq] = decode_bundle(self.feeds[feed][seq]).bare().wire()
        for feed, lo in effect.raised:
            held = self.feeds.get(feed, {})
            self.feeds[feed] = {seq: wire for seq, wire in held.items() if seq >= lo}

    def read(self, order: ReadBundles) -> tuple[bytes, ...]:
        held = self.feeds.get(order.feed, {})
        seqs = sorted(s for s in held if order.lo <= s <= order.hi)
        if order.newest_first:
            seqs.reverse()
        found: list[bytes] = []
        size = 0
        for seq in seqs:
            wire = held[seq]
            if order.headers_only:
                wire = decode_bundle(wire).bare().wire()
            if found and size + len(wire) > order.bytes_max:
                break
            found.append(wire)
            size += len(wire)
        return tuple(found)

    def contents(self) -> dict[FeedId, tuple[bytes, ...]]:
        return {f: tuple(held[s] for s in sorted(held)) for f, held in sorted(self.feeds.items())}


@dataclass
class Node:
    """One peer: its machine, its tables and everything it has ordered."""

    name: str
    gossip: Gossip
    feeds: FeedTable
    store: MemoryStore
    signer: Signer
    device: DeviceId
    interest: dict[AuthorKey, Wanted]
    writers: dict[Lane, FeedWriter] = field(default_factory=dict)
    links: dict[str, int] = field(default_factory=dict)
    log: list[Effect] = field(default_factory=list)
    accepted_at: dict[bytes, float] = field(default_factory=dict)
    reading: bool = True
    """False: reads are left unanswered."""

    @property
    def author(self) -> AuthorKey:
        return self.signer.public_key

    def effects(self, kind: type) -> list:
        """All effects of a kind so far."""
        return [effect for effect in self.log if isinstance(effect, kind)]


class World:
    """Nodes, links and the clock."""

    def __init__(self, seed: int = 1, *, latency_s: float = 0.01) -> None:
        self.rng = Random(seed)
        self.now = START
        self.latency_s = latency_s
        self.nodes: dict[str, Node] = {}
        self.memo = VerifyMemo()
        self.frames: list[tuple[float, str, str, bytes]] = []
        self.keep_frames = False
        self.frame_bytes = 0
        self._queue: list[tuple[float, int, str, Event]] = []
        self._count = 0
        self._ends: dict[int, tuple[str, str, int]] = {}
        self._next_link = 1
        self._next_tick = START

    # -------------------------------------------------------------------------------- building
    def add(
        self,
        name: str,
        *,
        number: int | None = None,
        config: GossipConfig | None = None,
        network: bytes = NETWORK,
        signers: int = 1,
    ) -> Node:
        number = number if number is not None else len(self.nodes) + 1
        signer = signer_of(number)
        feeds = FeedTable(FeedConfig(quota=dict(zip(Lane, PLENTY, strict=True))))
        gossip = Gossip(
            config or GossipConfig(),
            network=network,
            feeds=feeds,
            verify=self.memo.of(name),
            rng=Random(f"{name}/{number}"),
            my_peer_id=f"peer-{name}",
            signers=[signer, *(signer_of(10_000 * number + i) for i in range(1, signers))],
        )
        node = Node(
            name, gossip, feeds, MemoryStore(), signer, DeviceId(number.to_bytes(8, "big")), {}
        )
        self.nodes[name] = node
        return node

    def follow(self, node: Node, *authors: AuthorKey, vouched: bool = True) -> None:
        """Follow these, too, in falling priority."""
        for author in authors:
            node.interest[author] = Wanted(1.0 / (1 + len(node.interest)), PLENTY, vouched)
        self._perform(node, node.gossip.follow(Interest(dict(node.interest)), now=self.now))

    def follow_everyone(self) -> None:
        everyone = [node.author for node in self.nodes.values()]
        for node in self.nodes.values():
            self.follow(node, *everyone)

    def connect(self, a: str, b: str, *, address: str = "/ip4/127.0.0.1/tcp/4001") -> None:
        """A dials b."""
        first, second = self._next_link, self._next_link + 1
        self._next_link += 2
        self._ends[first] = (a, b, second)
        self._ends[second] = (b, a, first)
        self.nodes[a].links[b] = first
        self.nodes[b].links[a] = second
        self._at(0, a, LinkUp(first, f"peer-{b}", True, address))
        self._at(0, b, LinkUp(second, f"peer-{a}", False, address))

    def cut(self, a: str, b: str) -> None:
        """The link breaks at both ends at once; what is under way is lost."""
        for end, other in ((a, b), (b, a)):
            link = self.nodes[end].links.pop(other, None)
            if link is not None:
                self._ends.pop(link, None)
                self._at(0, end, LinkDown(link))

    # --------------------------------------------------------------------------------- acting
    def write(self, node: Node, claims: list[Claim], lane: Lane = Lane.TASTE) -> Bundle:
        """Sign and store an own bundle without telling gossip."""
        if lane not in node.writers:
            node.writers[lane] = FeedWriter(node.signer, NETWORK, node.device, lane)
        bundle = node.writers[lane].write(claims, time=int(self.now))
        offered = node.feeds.offer(bundle, now=self.now)
        node.store.apply(Accepted(-1, offered.accepted, offered.voided, offered.raised))
        return bundle

    def publish(self, node: Node, claims: list[Claim], lane: Lane = Lane.TASTE) -> Bundle:
        bundle = self.write(node, claims, lane)
        node.accepted_at[bundle.id] = self.now
        self.deliver(node, Published((bundle,)))
        return bundle

    def history(self, node: Node, bundles: int, claims: int) -> list[Bundle]:
        """An imported history: it is there before anybody is connected."""
        made = [
            self.write(node, [play(b * claims + i) for i in range(claims)]) for b in range(bundles)
        ]
        node.gossip.reload()
        return made

    def deliver(self, node: Node, event: Event) -> list[Effect]:
        """Hand an event to a node now; returns its effects, which are performed."""
        effects = node.gossip.handle(event, now=self.now)
        self._perform(node, effects)
        return effects

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.run_until(lambda: False, seconds=seconds)

    def run_until(self, reached, *, seconds: float) -> float:
        """Let time pass until `reached()`; returns how long it took, at most `seconds`."""
        start, end = self.now, self.now + seconds
        while not reached():
            due = min(self._queue[0][0] if self._queue else inf, self._next_tick)
            if due > end:
                self.now = end
                break
            self.now = max(self.now, due)
            if self._queue and self._queue[0][0] <= due:
                _, _, name, event = heappop(self._queue)
                if self._is_up(name, event):
                    self.deliver(self.nodes[name], event)
            else:
                self._next_tick += TICK_S
                for node in self.nodes.values():
                    self.deliver(node, Tick())
        return self.now - start

    def _is_up(self, name: str, event: Event) -> bool:
        if isinstance(event, FrameReceived | LinkUp):
            return event.link in self._ends
        return True

    # ------------------------------------------------------------------------------- effects
    def _at(self, delay_s: float, name: str, event: Event) -> None:
        self._count += 1
        heappush(self._queue, (self.now + delay_s, self._count, name, event))

    def _perform(self, node: Node, effects: list[Effect]) -> None:
        node.log.extend(effects)
        for effect in effects:
            match effect:
                case Send():
                    self._carry(node, effect)
                case ReadBundles():
                    if node.reading:
                        answer = BundlesRead(effect.token, node.store.read(effect))
                        self._at(0, node.name, answer)
                case Accepted():
                    node.store.apply(effect)
                    for bundle in effect.bundles:
                        node.accepted_at.setdefault(bundle.id, self.now)
                case Disconnect():
                    self._close(effect.link)
                case Equivocated():
                    node.interest.pop(effect.author, None)
                case _:
                    pass

    def _carry(self, node: Node, effect: Send) -> None:
        if effect.link not in self._ends:
            return
        _, other, far_link = self._ends[effect.link]
        self.frame_bytes += len(effect.frame)
        if self.keep_frames:
            self.frames.append((self.now, node.name, other, effect.frame))
        self._at(self.latency_s, other, FrameReceived(far_link, effect.frame))

    def _close(self, link: int) -> None:
        if link not in self._ends:
            return
        near, far, far_link = self._ends[link]
        # what was sent before the close still arrives: only then does the far end go down
        self._at(self.latency_s * 1.001, far, LinkDown(far_link))
        self.nodes[near].links.pop(far, None)
        self.nodes[far].links.pop(near, None)

    # ----------------------------------------------------------------------------- comparing
    def same_everywhere(self) -> bool:
        """Whether all nodes hold byte for byte the same bundles."""
        contents = [node.store.contents() for node in self.nodes.values()]
        return all(content == contents[0] for content in contents)


def quiet_node(config: GossipConfig = QUIET) -> tuple[World, Node]:
    world = World()
    return world, world.add("a", number=50, config=config)


def stock(node: Node, count: int, *, first: int = 0) -> list[FeedId]:
    """Many feeds that are held, without their bundles."""
    feeds = [
        FeedId(AuthorKey((first + n).to_bytes(4, "big") * 8), DeviceId(bytes(8)), Lane.TASTE)
        for n in range(count)
    ]
    node.feeds.restore(
        FeedRecord(feed, ((1, 1), (2, 1)), BundleId(b"h" * 32), NO_BUNDLE, 0, ()) for feed in feeds
    )
    node.gossip.reload()
    return feeds
