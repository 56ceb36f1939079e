"""A store in memory: it does what the core orders, and survives the peer in front of it."""

from dataclasses import dataclass, field, replace
from typing import Any

from node.core import events as ev
from node.core.building import PersonRecord, Remembered, WriterRecord
from node.core.dialing import KnownAddress
from node.core.persons import ClickFact, Fact, SharePolicy, VouchFact
from protocol import events as gossip
from protocol.bundle import Bundle
from protocol.feedtable import UNKNOWN_PREV, FeedRecord
from protocol.ids import NO_BUNDLE, AuthorKey, BundleId, FeedId, Lane
from tests.protocol.gossip_world import signer_of
from trust.earned import Showing
from trust.ledger import LedgerRow


@dataclass
class StoredPerson:
    """One row of a store's people."""

    record: PersonRecord
    facts: dict[str, Fact] = field(default_factory=dict)
    vouches: dict[AuthorKey, VouchFact] = field(default_factory=dict)
    clicks: dict[Any, ClickFact] = field(default_factory=dict)
    shown: dict[str, Showing] = field(default_factory=dict)
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

    def keep(self, effect: ev.StoreBundles | ev.KeepShown, now: float) -> None:
        if isinstance(effect, ev.KeepShown):
            self._keep_shown(effect)
            return
        for bundle in effect.bundles:
            self.add(bundle, now)
        for info in effect.infos:
            known = self.infos.get((info.item, info.author), info)
            if (info.seq, info.device) >= (known.seq, known.device):
                self.infos[info.item, info.author] = info
        for feed, seq in effect.voided:
            self.feeds.setdefault(feed, StoredFeed()).void(seq)
            self._forget_infos(feed, seq, seq)
        for feed, lo in effect.raised:
            self.feeds.setdefault(feed, StoredFeed()).drop_below(lo)
            self._forget_infos(feed, 0, lo - 1)

    def _keep_shown(self, effect: ev.KeepShown) -> None:
        shown = self.people[effect.person].shown
        shown.update({item: Showing(day, authors) for item, day, authors in effect.rows})
        for item in effect.gone:
            del shown[item]

    def _forget_infos(self, feed: FeedId, first: int, last: int) -> None:
        gone = [
            key
            for key, info in self.infos.items()
            if (info.author, info.device, Lane.TASTE) == feed and first <= info.seq <= last
        ]
        for key in gone:
            del self.infos[key]

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
            case ev.PutOutcome(person=person, item=item, outcome=outcome):
                shown = self.people[person].shown
                shown[item] = shown[item]._replace(outcome=outcome)
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
            shown=tuple(sorted(person.shown.items(), key=lambda row: (row[1].day, row[0]))),
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
