"""Whole peers, one clock and no I/O: the world in which the core is tested.

Real `Peer`s with their gossip, graph, trust and ranking; dictionaries that do what the store's
effects order; jobs run when the world turns to them; links deliver frames in order. One seed and
one queue decide everything, so a run can be repeated exactly.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from node.core import events as ev
from node.core.building import PersonRecord, Remembered, WriterRecord, build
from node.core.config import PeerConfig
from node.core.dialing import DialConfig, KnownAddress
from node.core.persons import ClickFact, Fact, SharePolicy, VouchFact
from protocol import events as gossip
from protocol.bundle import Bundle, decode_bundle
from protocol.feedtable import UNKNOWN_PREV, FeedRecord
from protocol.ids import NO_BUNDLE, AuthorKey, BundleId, DeviceId, FeedId, Lane
from ranking.graph import GraphConfig
from tests.protocol.gossip_world import START, TICK_S, VerifyMemo, signer_of
from trust.config import TrustConfig
from trust.ledger import LedgerRow

NETWORK = b"test"
DAY = int(START) // 86_400

CONFIG = PeerConfig(
    network=NETWORK,
    dial=DialConfig(private=True),
    graph=GraphConfig(bytes_max=4 * 1024 * 1024),
    trust=TrustConfig(walks=1_000),
)

MEMO = VerifyMemo()


class Refused(Exception):
    """A query was refused; `code`, `message` and `hint` say why."""

    def __init__(self, effect: ev.Refuse) -> None:
        super().__init__(f"{effect.code}: {effect.message}")
        self.code, self.message, self.hint = effect.code, effect.message, effect.hint


@dataclass
class StoredPerson:
    """One row of a store's people."""

    record: PersonRecord
    facts: dict[str, Fact] = field(default_factory=dict)
    vouches: dict[AuthorKey, VouchFact] = field(default_factory=dict)
    clicks: dict[Any, ClickFact] = field(default_factory=dict)
    policy: SharePolicy = field(default_factory=SharePolicy)


@dataclass
class StoredFeed:
    """Bundles of one feed, as received, and the marks that the store keeps about them."""

    bundles: dict[int, Bundle] = field(default_factory=dict)
    floor: int = 0
    voided: set[int] = field(default_factory=set)
    closed: bool = False

    def add(self, bundle: Bundle) -> None:
        self.floor = max(self.floor, bundle.header.floor)
        void = bundle.seq in self.voided or bundle.seq < self.floor
        self.bundles.setdefault(bundle.seq, bundle.bare() if void else bundle)
        for seq in [s for s in self.bundles if s < self.floor]:
            self.void(seq)

    def void(self, seq: int) -> None:
        self.voided.add(seq)
        if seq in self.bundles:
            self.bundles[seq] = self.bundles[seq].bare()

    def drop_below(self, lo: int) -> None:
        self.bundles = {seq: b for seq, b in self.bundles.items() if seq >= lo}
        self.closed = True


class MemoryStore:
    """Does what the store's effects order, in memory; survives the peer in front of it."""

    def __init__(self) -> None:
        self.people: dict[str, StoredPerson] = {}
        self.feeds: dict[FeedId, StoredFeed] = {}
        self.arrivals: dict[tuple[FeedId, int], float] = {}
        self.proofs: dict[AuthorKey, bytes] = {}
        self.blocked_authors: dict[AuthorKey, None] = {}
        self.blocked_items: dict[str, None] = {}
        self.allowed: dict[AuthorKey, None] = {}
        self.ledger: tuple[LedgerRow, ...] = ()
        self.addresses: tuple[KnownAddress, ...] = ()
        self.infos: dict[tuple[str, bytes], ev.InfoRow] = {}
        self.failing = False
        """Commits fail, as on a full disk."""

    # ------------------------------------------------------------------------------ others'
    def add(self, bundle: Bundle, now: float) -> None:
        self.feeds.setdefault(bundle.feed, StoredFeed()).add(bundle)
        self.arrivals.setdefault((bundle.feed, bundle.seq), now)

    def keep(self, effect: ev.StoreBundles, now: float) -> None:
        for bundle in effect.bundles:
            self.add(bundle, now)
        for feed, seq in effect.voided:
            self.feeds.setdefault(feed, StoredFeed()).void(seq)
        for feed, lo in effect.raised:
            self.feeds.setdefault(feed, StoredFeed()).drop_below(lo)
        for info in effect.infos:
            self.infos[info.item, info.author] = info

    def drop_author(self, author: AuthorKey) -> None:
        self.feeds = {f: held for f, held in self.feeds.items() if f.author != author}
        self.infos = {key: info for key, info in self.infos.items() if key[1] != author}

    def read(self, order: gossip.ReadBundles) -> tuple[bytes, ...]:
        held = self.feeds.get(order.feed, StoredFeed()).bundles
        seqs = sorted((s for s in held if order.lo <= s <= order.hi), reverse=order.newest_first)
        found: list[bytes] = []
        for seq in seqs:
            bundle = held[seq].bare() if order.headers_only else held[seq]
            if found and sum(map(len, found)) + len(bundle.wire()) > order.bytes_max:
                break
            found.append(bundle.wire())
        return tuple(found)

    def find(self, order: ev.FindInfo) -> tuple[ev.InfoRow, ...]:
        rows = list(self.infos.values())
        if order.words:
            words = [word.casefold() for word in order.words]
            texts = {r.item: f"{r.title} {' '.join(r.tags)}".casefold() for r in rows}
            hits = [item for item, text in texts.items() if all(w in text for w in words)]
            return tuple(r for item in hits[: order.limit] for r in rows if r.item == item)
        return tuple(r for item in order.items for r in rows if r.item == item)

    # ---------------------------------------------------------------------------------- own
    def write(self, write: ev.Write, now: float) -> None:
        match write:
            case ev.PutOwnBundle(bundle=bundle):
                assert bundle.seq not in self.feeds.get(bundle.feed, StoredFeed()).bundles
                self.add(bundle, now)
            case ev.VoidOwn(feed=feed, seqs=seqs):
                for seq in seqs:
                    self.feeds[feed].void(seq)
            case ev.MarkShared(person=name, lane=lane, keys=keys, seq=seq):
                person = self.people[name]
                kept: Any = {1: person.vouches, 2: person.facts, 3: person.clicks}[lane]
                for key in keys:
                    kept[key].seq = seq
            case _:
                self._write_private(write)

    def _write_private(self, write: ev.Write) -> None:
        match write:
            case ev.PutPerson(name=name, seed=seed, device=device):
                assert name not in self.people, "a name is unique"
                self.people[name] = StoredPerson(PersonRecord(name, seed, device))
            case ev.PutFacts(person=person, rows=rows):
                for item, kind, weight, day, title, tags in rows:
                    self.people[person].facts[item] = Fact(kind, weight, day, title, tags)
                    if title:
                        self.infos[item, b""] = ev.InfoRow(item, b"", title, tags)
            case ev.DeleteFact(person=person, item=item):
                del self.people[person].facts[item]
            case ev.PutVouch(person=person, target=target, weight=weight):
                self.people[person].vouches[target] = VouchFact(weight)
            case ev.PutClick(person=person, terms=terms, item=item, position=position):
                self.people[person].clicks[terms, item] = ClickFact(position)
            case ev.PutPolicy(person=name, taste=t, vouches=v, negative_vouches=n, clicks=c):
                self.people[name].policy = SharePolicy(t, v, n, c)
            case ev.PutBlock(author=author, item=item, blocked=blocked):
                held: dict[Any, None] = self.blocked_items if item else self.blocked_authors
                held.update({item or author: None}) if blocked else held.pop(item or author, None)
            case ev.PutAllowed(author=author, allowed=allowed):
                self.allowed.update({author: None}) if allowed else self.allowed.pop(author, None)

    # ------------------------------------------------------------------------------ restart
    def remembered(self) -> Remembered:
        claims = []
        for (feed, seq), seen in self.arrivals.items():
            held = self.feeds.get(feed, StoredFeed()).bundles.get(seq)
            if held is not None and held.claims_bytes is not None:
                claims.append((feed, seq, held.claims_bytes, seen))
        return Remembered(
            persons=tuple(self._person(person) for person in self.people.values()),
            feeds=[self._feed(feed, held) for feed, held in self.feeds.items() if held.bundles],
            claims=claims,
            proofs=tuple(self.proofs.items()),
            blocked_authors=tuple(self.blocked_authors),
            blocked_items=tuple(self.blocked_items),
            allowed=tuple(self.allowed),
            ledger=self.ledger,
            addresses=self.addresses,
        )

    def _person(self, person: StoredPerson) -> PersonRecord:
        record, author = person.record, signer_key(person.record.seed)
        writers = []
        for lane in Lane:
            highest = [max(h.bundles) for f, h in self.feeds.items()
                       if (f.author, f.lane) == (author, lane) and h.bundles]  # fmt: skip
            mine = self.feeds.get(FeedId(author, record.device, lane), StoredFeed())
            prev = mine.bundles[max(mine.bundles)].id if mine.bundles else NO_BUNDLE
            voids = tuple(sorted(s for s in mine.voided if s >= mine.floor))
            writers.append(WriterRecord(lane, max(highest, default=0), prev, mine.floor, voids))
        return replace(
            record,
            policy=person.policy,
            facts={item: replace(fact) for item, fact in person.facts.items()},
            vouches={target: replace(vouch) for target, vouch in person.vouches.items()},
            clicks={key: replace(click) for key, click in person.clicks.items()},
            writers=tuple(writers),
        )

    @staticmethod
    def _feed(feed: FeedId, held: StoredFeed) -> FeedRecord:
        seqs = sorted(held.bundles)
        first = held.bundles[seqs[0]]
        return FeedRecord(
            feed,
            held=tuple((seq, len(held.bundles[seq].claims())) for seq in seqs),
            head=held.bundles[seqs[-1]].id,
            prev_lo=UNKNOWN_PREV if held.closed else BundleId(first.header.prev),
            floor=held.floor,
            voided=tuple(sorted(s for s in held.voided if s >= held.floor)),
            closed=held.closed,
        )


def signer_key(seed: bytes) -> AuthorKey:
    return signer_of(int.from_bytes(seed, "big")).public_key


class Node:
    """A peer with its store. Effects on the network wait in the world; everything is logged."""

    def __init__(self, world: "World", name: str, number: int, config: PeerConfig) -> None:
        self.world, self.name, self.number, self.config = world, name, number, config
        self.store = MemoryStore()
        self.log: list[ev.Effect] = []
        self.answers: dict[int, ev.Answer | ev.Refuse] = {}
        self.links: dict[str, int] = {}
        self.jobs: deque[ev.Compute] = deque()
        self.lazy = False
        """Completions are left in `held` until `release`, to see what happens before them."""
        self.held: list[ev.Effect] = []
        self.device = DeviceId(bytes([number]) * 8)
        self.lives = 0
        self._seeds = 0
        self._token = 0
        seed = number.to_bytes(32, "big")
        self.store.write(ev.PutPerson(name, signer_key(seed), seed, self.device), 0.0)
        self.start()

    def start(self) -> None:
        """From what the store holds; again after the first time."""
        self.lives += 1
        self.peer = build(
            self.config,
            self.store.remembered(),
            rng=Random(f"{self.world.seed}/{self.name}/{self.lives}"),
            verify=MEMO.of(self.name),
            new_seed=self._new_seed,
            now=self.world.now,
        )
        self.handle(ev.OwnAddresses(self.peer_id, (self.address,)))

    def restart(self) -> None:
        """All links break, the process ends, another starts on the same store."""
        for other in list(self.links):
            self.world.unlink(self, self.world.nodes[other])
        self.held.clear()
        self.start()

    @property
    def peer_id(self) -> str:
        return f"peer-{self.name}"

    @property
    def address(self) -> str:
        return f"/ip4/10.0.0.{self.number}/tcp/4001/p2p/{self.peer_id}"

    @property
    def state(self):
        return self.peer.state

    @property
    def owner(self):
        return self.state.persons.owner

    @property
    def author(self) -> AuthorKey:
        return self.owner.author

    def _new_seed(self) -> bytes:
        self._seeds += 1
        return (self.number * 100_000 + self._seeds).to_bytes(32, "big")

    # ------------------------------------------------------------------------------- running
    def handle(self, event: ev.Event) -> list[ev.Effect]:
        """Hand an event over and perform what comes of it."""
        effects = self.peer.handle(event, now=self.world.now)
        self.log += effects
        for effect in effects:
            if self.lazy and isinstance(effect, ev.Commit | ev.Compute | ev.FindInfo):
                self.held.append(effect)
            else:
                self.perform(effect)
        return effects

    def release(self) -> None:
        """Perform what was held back, in order."""
        self.lazy = False
        held, self.held = self.held, []
        for effect in held:
            self.perform(effect)

    def perform(self, effect: ev.Effect) -> None:
        store, now = self.store, self.world.now
        match effect:
            case ev.Answer(token=token) | ev.Refuse(token=token):
                assert token not in self.answers, "one answer for each question"
                self.answers[token] = effect
            case gossip.Send() | gossip.Disconnect():
                self.world.carry(self, effect)
            case gossip.ReadBundles(token=token):
                self.handle(gossip.BundlesRead(token, store.read(effect)))
            case ev.Commit(token=token, writes=writes):
                if store.failing:
                    self.handle(ev.CommitFailed(token, "the disk is full"))
                    return
                for write in writes:
                    store.write(write, now)
                self.handle(ev.Committed(token))
            case ev.Compute(token=token, job=job):
                self.handle(ev.Computed(token, job()))
            case ev.FindInfo(token=token):
                self.handle(ev.InfoFound(token, store.find(effect)))
            case ev.StoreBundles():
                store.keep(effect, now)
            case ev.DropAuthor(author=author):
                store.drop_author(author)
            case ev.StoreProof(author=author, proof=proof):
                store.proofs.setdefault(author, proof)
            case ev.StoreLedger(rows=rows):
                store.ledger = rows
            case ev.StoreAddresses(rows=rows):
                store.addresses = rows

    def ask(self, method: str, /, caller: ev.Caller = ev.OWNER, **params: Any) -> Mapping[str, Any]:
        """The data of the answer; `Refused` if it was refused. `last_warnings` has the rest."""
        token = self.submit(method, caller, **params)
        answer = self.answers[token]
        if isinstance(answer, ev.Refuse):
            raise Refused(answer)
        self.last_warnings = answer.warnings
        return answer.data

    def submit(self, method: str, caller: ev.Caller = ev.OWNER, /, **params: Any) -> int:
        """Ask without waiting for the answer; the token under which it comes."""
        self._token += 1
        self.handle(ev.Asked(self._token, method, params, caller))
        return self._token

    def effects(self, *kinds: type) -> list[Any]:
        """All effects of these kinds so far."""
        return [effect for effect in self.log if isinstance(effect, kinds)]

    # -------------------------------------------------------------------------------- looking
    def edges(self, author: AuthorKey) -> dict[str, tuple[int, int]]:
        """Item -> (weight, day) as the graph has them of one author."""
        graph = self.state.graph
        row = graph.author_row(author, create=False)
        if row < 0:
            return {}
        items, weights, days, _ = graph.edges_of(row)
        names = [graph.items.name(int(i)).decode() for i in items]
        pairs = zip(weights.tolist(), days.tolist(), strict=True)
        return dict(zip(names, pairs, strict=True))

    def vouches(self, author: AuthorKey) -> dict[AuthorKey, int]:
        """Target -> percent, as the trust desk has them of one author."""
        graph = self.state.graph
        row = graph.author_row(author, create=False)
        of = self.state.trust.vouched_by(row) if row >= 0 else {}
        return {AuthorKey(graph.authors.name(target)): w for target, w in of.items()}

    def clicks(self) -> set[tuple[bytes, str, str]]:
        """(author, term, item) of every click counted."""
        graph, log = self.state.graph, self.state.clicks
        table = log.table()
        rows = zip(table.author.tolist(), table.term.tolist(), table.item.tolist(), strict=True)
        return {
            (graph.authors.name(a), log.terms.name(t).decode(), graph.items.name(i).decode())
            for a, t, i in rows
        }

    def trust_in(self, author: AuthorKey) -> float:
        """The owner's trust in an author, walked for anew."""
        found = {t["author"]: t["t"] for t in self.ask("trust_get")["trusted"]}
        return found.get(author.hex(), 0.0)


class World:
    """Nodes, their links, and the clock."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.now = START
        self.nodes: dict[str, Node] = {}
        self.frames: deque[tuple[int, bytes]] = deque()
        self.ends: dict[int, tuple[Node, int]] = {}
        """Link number -> (the node at the other end, the number there)."""
        self._next_link = 1
        self.tap: Callable[[Node, ev.Effect], None] = lambda _node, _effect: None

    def node(self, name: str, config: PeerConfig = CONFIG) -> Node:
        node = self.nodes[name] = Node(self, name, len(self.nodes) + 1, config)
        return node

    def link(self, dialler: Node, listener: Node) -> None:
        """A gossip link between two nodes, up at both ends."""
        here, there = self._next_link, self._next_link + 1
        self._next_link += 2
        self.ends[here], self.ends[there] = (listener, there), (dialler, here)
        dialler.links[listener.name], listener.links[dialler.name] = here, there
        dialler.handle(gossip.LinkUp(here, listener.peer_id, True, listener.address))
        listener.handle(gossip.LinkUp(there, dialler.peer_id, False, dialler.address))

    def unlink(self, one: Node, other: Node) -> None:
        """The link between two nodes breaks."""
        here, there = one.links.pop(other.name), other.links.pop(one.name)
        del self.ends[here], self.ends[there]
        one.handle(gossip.LinkDown(here))
        other.handle(gossip.LinkDown(there))

    def carry(self, node: Node, effect: gossip.Send | gossip.Disconnect) -> None:
        if effect.link not in self.ends:
            return
        other, there = self.ends[effect.link]
        if isinstance(effect, gossip.Send):
            self.frames.append((there, effect.frame))
        elif node.links.get(other.name) == effect.link:
            self.unlink(node, other)

    def settle(self) -> None:
        """Deliver every frame on the way, and those sent because of them."""
        budget = 200_000
        while self.frames:
            budget -= 1
            assert budget, "the peers never fall silent"
            there, frame = self.frames.popleft()
            if there not in self.ends:
                continue
            _, here = self.ends[there]
            node, _ = self.ends[here]
            node.handle(gossip.FrameReceived(there, frame))

    def run(self, seconds: float) -> None:
        """Let time pass, a tick at a time."""
        for _ in range(round(seconds / TICK_S)):
            self.now += TICK_S
            for node in list(self.nodes.values()):
                node.handle(gossip.Tick())
            self.settle()

    def run_until(self, reached: Callable[[], bool], *, within: float = 60.0) -> None:
        """Let time pass until the condition holds; fails when it does not in time."""
        end = self.now + within
        while not reached():
            assert self.now < end, "it never came about"
            self.run(TICK_S)


def sharing(node: Node, **kinds: bool) -> None:
    """Switch kinds of sharing on for the owner; all of them by default."""
    names = ("taste", "vouches", "negative_vouches", "clicks")
    node.ask("share_set", **(kinds or dict.fromkeys(names, True)))


def like_all(node: Node, items: Iterable[str], **more: Any) -> None:
    """The owner likes these items."""
    for item in items:
        node.ask("like", item=item, **more)


def heard_by(node: Node, bundles: Iterable[Bundle]) -> None:
    """Gossip has accepted these bundles, as valid ones are: through the feed table."""
    for bundle in bundles:
        fresh = decode_bundle(bundle.wire())
        offered = node.state.feeds.offer(fresh, now=node.world.now)
        if offered.accepted or offered.raised:
            accepted = gossip.Accepted(0, offered.accepted, offered.voided, offered.raised)
            for effect in node.peer._translate([accepted], node.world.now):
                node.log.append(effect)
                node.perform(effect)
