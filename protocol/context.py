"""What the parts of the gossip machine share: tables, links, and the effects of this event."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from random import Random

from protocol.bundle import Bundle, Verifier, decode_bundle
from protocol.config import GossipConfig
from protocol.errors import Offence, ProtocolError
from protocol.events import Disconnect, Effect, Equivocated, Penalise, Send
from protocol.feedtable import FeedTable
from protocol.fetch import Fetcher, Span
from protocol.heads import HeadIndex, Journal
from protocol.ids import NO_BUNDLE, AuthorKey, FeedId
from protocol.interest import Following, Rank
from protocol.messages import Message, encode_frame
from protocol.peerlink import PeerLink
from protocol.reunion import Reunions

NO_LINK = -1
"""Stands for a link where something comes from ourselves."""

BYTES_PER_CLAIM = 64
"""What a claim is taken to need on the wire, to ask for no more than the quota has room for."""


@dataclass(slots=True)
class Counters:
    """Totals of one life of the machine."""

    frames_in: int = 0
    bytes_in: int = 0
    frames_out: int = 0
    bytes_out: int = 0
    bundles_accepted: int = 0
    bundles_parked: int = 0
    bundles_useless: int = 0
    bundles_forged: int = 0
    bundles_unknown_version: int = 0
    headers_pushed: int = 0
    wants_cancelled: int = 0
    reconciliations: int = 0
    rounds: int = 0
    offences: int = 0
    frames_ignored: int = 0
    reads_damaged: int = 0

    def as_dict(self) -> dict[str, int]:
        """Name to value."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


@dataclass(frozen=True, slots=True)
class GossipStatistics:
    """What there is now, and totals since the start."""

    links: int
    links_open: int
    feeds: int
    followed: int
    on_probation: int
    wants_in_flight: int
    bytes_in_flight: int
    reads_outstanding: int
    proofs: int
    totals: dict[str, int]


@dataclass(slots=True)
class Context:
    """The shared state. Parts write effects through it; `Gossip.handle` collects them."""

    config: GossipConfig
    network: bytes
    feeds: FeedTable
    verify: Verifier
    rng: Random
    following: Following
    index: HeadIndex
    journal: Journal
    fetcher: Fetcher
    reunions: Reunions
    links: dict[int, PeerLink] = field(default_factory=dict)
    proofs: dict[AuthorKey, bytes] = field(default_factory=dict)
    counters: Counters = field(default_factory=Counters)
    effects: list[Effect] = field(default_factory=list)
    next_token: int = 0

    # ------------------------------------------------------------------------------- effects
    def emit(self, effect: Effect) -> None:
        """Order something of the shell or of the peer around us."""
        self.effects.append(effect)

    def send(self, link: PeerLink, message: Message) -> None:
        """Put a message on the link."""
        frame = encode_frame(message)
        self.counters.frames_out += 1
        self.counters.bytes_out += len(frame)
        self.effects.append(Send(link.link, frame))

    def penalise(self, link: PeerLink, offence: Offence) -> None:
        """Charge the peer behind the link."""
        self.counters.offences += 1
        self.effects.append(Penalise(link.link, offence))

    def close(self, link: PeerLink, reason: str) -> None:
        """Close the link and forget it."""
        self.effects.append(Disconnect(link.link, reason))
        self.forget_link(link.link)

    def lose_link(self, number: int) -> None:
        """The link has ended; its partner may come back."""
        link = self.links.get(number)
        if link is not None:
            self.reunions.part(link)
            self.forget_link(number)

    def forget_link(self, link: int) -> None:
        """The link is gone; what was asked of it may be asked of others."""
        if self.links.pop(link, None) is not None:
            self.fetcher.drop_link(link, self.rank)

    def new_token(self) -> int:
        """A token for one read."""
        self.next_token += 1
        return self.next_token

    # --------------------------------------------------------------------------------- feeds
    def rank(self, feed: FeedId) -> Rank:
        """When to fetch the feed relative to others."""
        return self.following.rank(feed)

    def spans_at(self, now: float) -> Callable[[FeedId, int, int], list[Span]]:
        """The fetcher's question: what of a partner's lo..hi do we lack and want?"""
        return lambda feed, lo, hi: self.spans(feed, lo, hi, now=now)

    def spans(self, feed: FeedId, lo: int, hi: int, *, now: float) -> list[Span]:
        """What of lo..hi we lack, want and have room for: new bundles first, then back-fill."""
        wanted = self.following.wanted(feed.author)
        quota = wanted.quotas[feed.lane] if wanted is not None else 0
        if quota <= 0 or not self.feeds.may_ask(feed.author, now=now):
            return []
        replica = self.feeds.replica(feed)
        missing = self.feeds.missing(feed, lo, hi)
        if replica is None or not replica.hi:
            return [Span(low, high, True, quota * BYTES_PER_CLAIM) for low, high in missing]
        spans = []
        for low, high in missing:
            if low > replica.hi:
                spans.append(Span(low, high, False))
            elif replica.prev_lo != NO_BUNDLE and quota > replica.claims:
                room = (quota - replica.claims) * BYTES_PER_CLAIM
                spans.append(Span(low, high, True, room))
        return spans

    def head_changed(self, bundle: Bundle, *, source: int) -> None:
        """The feed of the bundle has a new head or a longer tail."""
        head = self.feeds.head(bundle.feed)
        if head is not None:
            self.index.put(head.feed, head.hi, head.id)
            self.journal.mark(head.feed, source=source)

    def forget_feed(self, feed: FeedId) -> None:
        """The feed is held no longer."""
        self.index.remove(feed)
        self.journal.forget(feed)
        self.fetcher.forget(feed)

    def stored(self, wire: bytes) -> Bundle | None:
        """A bundle from our own store; None (and counted) when the store has lost its meaning."""
        try:
            return decode_bundle(wire)
        except ProtocolError:
            self.counters.reads_damaged += 1
            return None

    def matters(self, author: AuthorKey, *, now: float) -> bool:
        """Whether the author is followed, held, or dropped lately."""
        return (
            author in self.following
            or bool(self.feeds.feeds_of(author))
            or not self.feeds.may_ask(author, now=now)
        )

    # ------------------------------------------------------------------------- equivocation
    def convict(self, author: AuthorKey, proof: bytes, *, source: int) -> None:
        """The proof holds: nothing of the author counts from now on; everybody shall know."""
        if self.feeds.disowned(author):
            return
        for feed in self.feeds.feeds_of(author):
            self.forget_feed(feed)
        self.feeds.disown(author)
        self.following.forget(author)
        self.keep_proof(author, proof)
        self.emit(Equivocated(author, proof))
        for link in self.links.values():
            link.serves.pop(author, None)
            if link.link != source and link.open:
                self.tell_proof(link, author)

    def keep_proof(self, author: AuthorKey, proof: bytes) -> None:
        """Have the proof at hand for whoever offers the author's heads."""
        self.proofs[author] = proof
        if len(self.proofs) > self.config.proofs_max:
            del self.proofs[next(iter(self.proofs))]

    def tell_proof(self, link: PeerLink, author: AuthorKey) -> None:
        """Send the author's proof with the next flush, once a link."""
        if author not in self.proofs or author in link.evidence_told:
            return
        link.evidence[author] = None
        link.evidence_told[author] = None
        if len(link.evidence_told) > self.config.link.evidence_told_max:
            oldest = next(iter(link.evidence_told))
            del link.evidence_told[oldest]
            link.evidence.pop(oldest, None)
