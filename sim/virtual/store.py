"""A store in memory: it does what a peer orders, and survives the peer in front of it.

Bundles stand in the map that all stores share (`sim.virtual.shared`); a store itself holds which
it has, and the little that is private. A feed of one bundle costs some 400 bytes.
"""

from __future__ import annotations

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
from sim.virtual.shared import Blob, Blobs
from trust.earned import Showing
from trust.ledger import LedgerRow

NONE_VOIDED: frozenset[int] = frozenset()


@dataclass(slots=True)
class StoredPerson:
    """One person who lives here."""

    record: PersonRecord
    author: AuthorKey
    facts: dict[str, Fact] = field(default_factory=dict)
    vouches: dict[AuthorKey, VouchFact] = field(default_factory=dict)
    clicks: dict[Any, ClickFact] = field(default_factory=dict)
    shown: dict[str, Showing] = field(default_factory=dict)
    policy: SharePolicy = field(default_factory=SharePolicy)


@dataclass(slots=True)
class StoredFeed:
    """Bundles of one feed by seq, as received, and the marks that are kept about them."""

    blobs: dict[int, Blob] = field(default_factory=dict)
    floor: int = 0
    voided: frozenset[int] = NONE_VOIDED
    closed: bool = False

    @property
    def bundles(self) -> dict[int, Bundle]:
        """What is held, decoded. O(bundles)."""
        return {seq: blob.bundle for seq, blob in self.blobs.items()}

    def add(self, blob: Blob, shared: Blobs) -> None:
        """Keep it, without its claims if they are void."""
        header = blob.bundle.header
        if header.floor > self.floor:
            self.floor = header.floor
            for seq in [s for s in self.blobs if s < self.floor]:
                self.void(seq, shared)
        void = header.seq in self.voided or header.seq < self.floor
        self.blobs.setdefault(header.seq, shared.bare(blob) if void else blob)

    def void(self, seq: int, shared: Blobs) -> None:
        """Delete the claims of one bundle, now and whenever it comes."""
        if seq not in self.voided:
            self.voided = self.voided | {seq}
        if seq in self.blobs:
            self.blobs[seq] = shared.bare(self.blobs[seq])

    def drop_below(self, lo: int) -> None:
        """Nothing below is held any more."""
        self.blobs = {seq: blob for seq, blob in self.blobs.items() if seq >= lo}
        self.closed = True


class MemoryStore:
    """See the module. Private facts of the people, and what has come from others."""

    def __init__(self, shared: Blobs) -> None:
        self.shared = shared
        self.people: dict[str, StoredPerson] = {}
        self.feeds: dict[FeedId, StoredFeed] = {}
        self.proofs: dict[AuthorKey, bytes] = {}
        self.blocked_authors: dict[AuthorKey, None] = {}
        self.blocked_items: dict[str, None] = {}
        self.allowed: dict[AuthorKey, None] = {}
        self.ledger: tuple[LedgerRow, ...] = ()
        self.addresses: tuple[KnownAddress, ...] = ()
        self.infos: dict[tuple[str, bytes], ev.InfoRow] = {}
        self.received_bytes = 0
        """Of others' bundles kept so far, dropped ones included."""
        self._arrived: list[tuple[Blob, float]] = []

    # ------------------------------------------------------------------------------ others'
    def add(self, bundle: Bundle, now: float) -> Blob:
        """Keep one bundle."""
        blob = self.shared.of(bundle)
        feed = self.feeds.get(blob.feed)
        if feed is None:
            feed = self.feeds[blob.feed] = StoredFeed()
        if bundle.seq not in feed.blobs:
            self._arrived.append((blob, now))
        feed.add(blob, self.shared)
        return blob

    def keep(self, effect: ev.StoreBundles, now: float) -> list[Blob]:
        """Others' bundles, and what became void by them."""
        kept = [self.add(bundle, now) for bundle in effect.bundles]
        self.received_bytes += sum(len(blob.wire) for blob in kept)
        for info in effect.infos:
            known = self.infos.get((info.item, info.author), info)
            if (info.seq, info.device) >= (known.seq, known.device):
                self.infos[info.item, info.author] = info
        for feed, seq in effect.voided:
            self._feed(feed).void(seq, self.shared)
            self._forget_infos(feed, seq, seq)
        for feed, lo in effect.raised:
            self._feed(feed).drop_below(lo)
            self._forget_infos(feed, 0, lo - 1)
        return kept

    def obey(self, effect: ev.Effect) -> bool:
        """Keep what an effect orders besides bundles and commits; False if it is none of ours."""
        match effect:
            case ev.KeepShown():
                self.keep_shown(effect)
            case ev.DropAuthor(author=author):
                self.drop_author(author)
            case ev.StoreProof(author=author, proof=proof):
                self.proofs.setdefault(author, proof)
            case ev.StoreLedger(rows=ledger):
                self.ledger = ledger
            case ev.StoreAddresses(rows=addresses):
                self.addresses = addresses
            case _:
                return False
        return True

    def keep_shown(self, effect: ev.KeepShown) -> None:
        """What a person was shown for the first time."""
        shown = self.people[effect.person].shown
        shown.update({item: Showing(day, authors) for item, day, authors in effect.rows})
        for item in effect.gone:
            del shown[item]

    def _feed(self, feed: FeedId) -> StoredFeed:
        return self.feeds.setdefault(feed, StoredFeed())

    def _forget_infos(self, feed: FeedId, first: int, last: int) -> None:
        if not self.infos:
            return
        gone = [
            key
            for key, info in self.infos.items()
            if (info.author, info.device, Lane.TASTE) == feed and first <= info.seq <= last
        ]
        for key in gone:
            del self.infos[key]

    def drop_author(self, author: AuthorKey) -> None:
        """Everything that she has said."""
        for feed in [feed for feed in self.feeds if feed.author == author]:
            del self.feeds[feed]
        for key in [key for key in self.infos if key[1] == author]:
            del self.infos[key]

    def read(self, order: gossip.ReadBundles) -> tuple[bytes, ...]:
        """Bundles of a feed in wire form, as many as fit, at least one if there is any."""
        feed = self.feeds.get(order.feed)
        if feed is None:
            return ()
        held, found, size = feed.blobs, list[bytes](), 0
        for seq in sorted(
            (s for s in held if order.lo <= s <= order.hi), reverse=order.newest_first
        ):
            wire = held[seq].bare_wire if order.headers_only else held[seq].wire
            size += len(wire)
            if found and size > order.bytes_max:
                break
            found.append(wire)
        return tuple(found)

    def find(self, order: ev.FindInfo) -> ev.InfoFound:
        """Titles of items and of what matches words, in the order in which they came."""
        if not self.infos:
            return ev.InfoFound(order.token, ())
        rows = list(self.infos.values())
        full, partial = self._matches(rows, order) if order.words else ((), ())
        others = [item for item in order.clicked if item not in full]
        others = others[: max(0, order.enough - len(full))]
        chosen = dict.fromkeys((*order.items, *full, *others, *partial))
        found = tuple(row for row in rows if row.item in chosen)
        return ev.InfoFound(order.token, found, full, partial)

    def _matches(
        self, rows: list[ev.InfoRow], order: ev.FindInfo
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        words = [word.casefold() for word in order.words]
        texts = {r.item: f"{r.title} {' '.join(r.tags)}".casefold() for r in rows}
        count = {item: sum(word in text for word in words) for item, text in texts.items()}
        full = [item for item, n in count.items() if n == len(words)]
        clicked = [item for item in order.clicked if item in full[order.limit :]]
        full = [*full[: order.limit], *clicked]
        if len(dict.fromkeys((*full, *order.clicked))) >= order.enough:
            return tuple(full), ()
        partial = [item for item, n in count.items() if 0 < n < len(words)]
        return tuple(full), tuple(partial[: order.limit])

    # ---------------------------------------------------------------------------------- own
    def write(self, write: ev.Write, now: float) -> None:
        """One of a commit's writes."""
        match write:
            case ev.PutOwnBundle(bundle=bundle):
                self.add(bundle, now)
            case ev.VoidOwn(feed=feed, seqs=seqs):
                for seq in seqs:
                    self.feeds[feed].void(seq, self.shared)
            case ev.MarkShared(person=name, lane=lane, keys=keys, seq=seq):
                person = self.people[name]
                kept: Any = {1: person.vouches, 2: person.facts, 3: person.clicks}[int(lane)]
                for key in keys:
                    kept[key].seq = seq
            case ev.PutBlock(author=author, item=item, blocked=blocked):
                held: dict[Any, None] = self.blocked_items if item else self.blocked_authors
                _switch(held, item or author, blocked)
            case ev.PutAllowed(author=author, allowed=allowed):
                _switch(self.allowed, author, allowed)
            case _:
                self._write_private(write)

    def _write_private(self, write: ev.Write) -> None:
        match write:
            case ev.PutPerson(name=name, author=author, seed=seed, device=device):
                self.people[name] = StoredPerson(PersonRecord(name, seed, device), author)
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
            case _:
                raise TypeError(f"no store writes {type(write).__name__}")

    # ------------------------------------------------------------------------------ restart
    def remembered(self) -> Remembered:
        """What a peer is built from. O(bundles)."""
        claims, seen, arrived = [], set[int](), list[tuple[Blob, float]]()
        for blob, first in self._arrived:
            feed = self.feeds.get(blob.feed)
            held = feed.blobs.get(blob.bundle.seq) if feed is not None else None
            if held is None or id(blob) in seen or held.bundle.id != blob.bundle.id:
                continue
            seen.add(id(blob))
            arrived.append((blob, first))
            if held.bundle.claims_bytes is not None:
                claims.append((blob.feed, blob.bundle.seq, held.bundle.claims_bytes, first))
        self._arrived = arrived
        return Remembered(
            persons=tuple(self._person(person) for person in self.people.values()),
            feeds=[self._record(feed, held) for feed, held in self.feeds.items() if held.blobs],
            claims=claims,
            proofs=tuple(self.proofs.items()),
            blocked_authors=tuple(self.blocked_authors),
            blocked_items=tuple(self.blocked_items),
            allowed=tuple(self.allowed),
            ledger=self.ledger,
            addresses=self.addresses,
        )

    def _person(self, person: StoredPerson) -> PersonRecord:
        record, writers = person.record, list[WriterRecord]()
        for lane in Lane:
            highest = [
                max(held.blobs)
                for feed, held in self.feeds.items()
                if (feed.author, feed.lane) == (person.author, lane) and held.blobs
            ]
            mine = self.feeds.get(FeedId(person.author, record.device, lane), StoredFeed())
            prev = mine.blobs[max(mine.blobs)].bundle.id if mine.blobs else NO_BUNDLE
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
    def _record(feed: FeedId, held: StoredFeed) -> FeedRecord:
        seqs = sorted(held.blobs)
        first = held.blobs[seqs[0]].bundle
        return FeedRecord(
            feed,
            held=tuple((seq, len(held.blobs[seq].bundle.undecoded().claims())) for seq in seqs),
            head=held.blobs[seqs[-1]].bundle.id,
            prev_lo=UNKNOWN_PREV if held.closed else BundleId(first.header.prev),
            floor=held.floor,
            voided=tuple(sorted(s for s in held.voided if s >= held.floor)),
            closed=held.closed,
        )


def _switch(held: dict[Any, None], key: Any, on: bool) -> None:
    if on:
        held[key] = None
    else:
        held.pop(key, None)
