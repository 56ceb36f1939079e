"""Bundles on their way in: check what the sender answers for, offer the rest to the feed table.

The sender of a bundle, author or relay, answers for what it could check itself: schema, size,
network and signature. Equivocation, quotas, times and void marks are nobody's offence. Each bundle
costs one decoding, one signature check and one offer, and each frame one `Accepted`.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from protocol.bundle import Bundle, decode_bundle
from protocol.claims import Retract
from protocol.context import NO_LINK, Context
from protocol.errors import Offence, RemoteProtocolError, UnknownVersion
from protocol.events import Accepted, ReadBundles
from protocol.feedtable import Offered, Outcome
from protocol.fetch import OpenWant, Purpose, Span
from protocol.forks import contradict, encode_proof, read_proof
from protocol.heads import tag_of
from protocol.ids import AuthorKey, FeedId
from protocol.messages import Data, Evidence, Part, Push, Wants
from protocol.offers import Offers
from protocol.peerlink import PeerLink
from protocol.push import FRESH_MAX, Pusher
from protocol.serve import READ_BYTES
from protocol.telling import note

PROBE_BYTES = 32 * 1024
"""What is asked for to prove a fork: a few bundles."""

SCOUT_BYTES = 256 * 1024
"""What is asked for at a time to find the Retract of a bundle that came without its claims."""

SCOUTED_MAX = 1_024
"""Feeds of which retracted bundles are known from above, and feeds in which a Retract is being
looked for; the oldest of each is forgotten."""

RETRACTED_MAX = 256
"""Retracted bundles remembered for one such feed; beyond it those that the feed table knows as void
go, then the highest."""


class Search(NamedTuple):
    """For the Retract of bundle `seq`: everything above `below`, up to `top`, has been read."""

    seq: int
    below: int
    top: int


@dataclass(slots=True)
class Harvest:
    """What one frame has brought."""

    accepted: list[Bundle] = field(default_factory=list)
    voided: list[tuple[FeedId, int]] = field(default_factory=list)
    raised: list[tuple[FeedId, int]] = field(default_factory=list)
    newest: dict[FeedId, Bundle] = field(default_factory=dict)
    fresh: dict[FeedId, bool] = field(default_factory=dict)
    """Feeds that partners should hear of at once; True when the feed is new here."""


class Intake:
    """The way of bundles and proofs from frames into the feed table."""

    def __init__(self, context: Context, pusher: Pusher, offers: Offers) -> None:
        self._context = context
        self._offers = offers
        self._pusher = pusher
        self._fork_reads: dict[int, tuple[int, Bundle]] = {}
        self._retracted: dict[FeedId, dict[int, None]] = {}
        self._searches: dict[FeedId, Search] = {}

    # --------------------------------------------------------------------------------- answers
    def awaits(self, link: PeerLink, data: Data) -> bool:
        """Whether some part brings what an open want waits for, be it its end."""
        find = self._context.fetcher.find
        return any(
            find(link.link, part.want) is not None
            for part in data.parts
            if part.done or any(part.bundles)
        )

    def expire(self, *, now: float) -> None:
        """Cancel wants that take too long."""
        context = self._context
        for number, want in context.fetcher.expire(context.rank, now=now):
            context.counters.wants_cancelled += 1
            self._fruitless(context.links[number], want)

    @staticmethod
    def _fruitless(link: PeerLink, want: OpenWant) -> None:
        """Who promises and brings nothing does not serve the author; another must be found."""
        if want.purpose is Purpose.FETCH and want.empty:
            link.serves.pop(want.feed.author, None)

    def on_data(self, link: PeerLink, data: Data, *, now: float) -> None:
        """Answers to our wants. What was accepted before an offence stays accepted."""
        harvest = Harvest()
        try:
            for part in data.parts:
                self._on_part(link, part, harvest, now)
        finally:
            self._reap(link, harvest, now)

    def _on_part(self, link: PeerLink, part: Part, harvest: Harvest, now: float) -> None:
        context = self._context
        want = context.fetcher.find(link.link, part.want)
        if want is None:
            if not context.fetcher.issued(link.link, part.want):
                raise RemoteProtocolError(Offence.UNSOLICITED, f"no want {part.want}")
            context.counters.bundles_useless += len(part.bundles)
            context.fetcher.late(link.link, part.want, done=part.done)
            return
        size = sum(map(len, part.bundles))
        if not context.fetcher.arrived(link.link, want, size, now=now):
            raise RemoteProtocolError(Offence.UNSOLICITED, "more than was asked for")
        if want.purpose is not Purpose.COVER:
            self._take(link, want, part.bundles, harvest, now)
        if part.done:
            context.fetcher.done(link.link, want, context.rank)
            self._fruitless(link, want)
            if want.purpose is Purpose.SCOUT:
                self._scouted(link, want, now)

    def _take(
        self, link: PeerLink, want: OpenWant, wires: list[bytes], harvest: Harvest, now: float
    ) -> None:
        if want.stripped:
            return
        bundles, fault = self._check(wires, want)
        if want.purpose is Purpose.SCOUT:
            self._searched(want, bundles)
        else:
            self._offer(link, want, bundles, harvest, now)
        if fault is not None:
            raise fault

    def _check(
        self, wires: list[bytes], want: OpenWant
    ) -> tuple[list[Bundle], RemoteProtocolError | None]:
        """The bundles before the first one that its sender has to answer for, and the charge.

        All are checked before any is offered: a later one may say that an earlier one is void.
        """
        bundles: list[Bundle] = []
        for wire in wires:
            try:
                bundle = self._checked(wire, want)
            except RemoteProtocolError as error:
                return bundles, error
            if bundle is not None:
                bundles.append(bundle)
        return bundles, None

    def _offer(
        self, link: PeerLink, want: OpenWant, bundles: list[Bundle], harvest: Harvest, now: float
    ) -> None:
        parked = 0
        for bundle in bundles:
            if self._stripped(bundle):
                self._scout(link, want, bundle.seq, now)
                break
            offered = self._context.feeds.offer(bundle, now=now)
            if offered.outcome is Outcome.ACCEPTED:
                self._accepted(want, bundle, offered, harvest, now)
            elif offered.outcome is Outcome.PARKED:
                parked += 1
            elif offered.conflict is not None:
                self._suspect(link, bundle, offered.conflict)
        self._context.counters.bundles_parked += parked
        if parked and not want.progressed and not want.span.newest_first:
            self._probe(link, want.feed, now)

    def _checked(self, wire: bytes, want: OpenWant) -> Bundle | None:
        """The bundle, checked for what its sender answers for; None for a later version."""
        context = self._context
        try:
            bundle = decode_bundle(wire)
        except UnknownVersion:
            context.counters.bundles_unknown_version += 1
            return None
        if bundle.header.network != context.network:
            raise RemoteProtocolError(Offence.WRONG_NETWORK, "a bundle of another network")
        if bundle.feed != want.feed or not want.span.lo <= bundle.seq <= want.span.hi:
            raise RemoteProtocolError(Offence.UNSOLICITED, "a bundle outside of the want")
        if not context.verify(bundle):
            context.counters.bundles_forged += 1
            raise RemoteProtocolError(Offence.BAD_SIGNATURE, "a forged bundle")
        self._note_retracts(bundle)
        return bundle

    def _is_news(self, bundle: Bundle, now: float) -> bool:
        config = self._context.config
        return now - bundle.header.time <= config.news_rounds * config.round_s

    def _accepted(
        self, want: OpenWant, bundle: Bundle, offered: Offered, harvest: Harvest, now: float
    ) -> None:
        context, feed = self._context, want.feed
        want.progressed = True
        harvest.accepted += offered.accepted
        harvest.voided += offered.voided
        harvest.raised += offered.raised
        replica = context.feeds.replica(feed)
        wanted = context.following.wanted(feed.author)
        new_here = replica is not None and replica.quota == 0
        if new_here and wanted is not None:
            harvest.raised += context.feeds.set_quota(feed, wanted.quotas[feed.lane])
        newest = harvest.newest.get(feed)
        if newest is None or bundle.seq > newest.seq:
            harvest.newest[feed] = bundle
        short = not want.span.newest_first and want.span.hi - want.span.lo < FRESH_MAX
        if (want.urgent or short) and self._is_news(bundle, now):
            harvest.fresh[feed] = new_here or harvest.fresh.get(feed, False)

    def _reap(self, link: PeerLink, harvest: Harvest, now: float) -> None:
        """One frame is through: tell the peer around us, and the partners."""
        if not harvest.accepted and not harvest.raised:
            return
        context = self._context
        context.counters.bundles_accepted += len(harvest.accepted)
        for bundle in harvest.newest.values():
            context.head_changed(bundle, source=link.link)
        context.emit(
            Accepted(
                link.link,
                tuple(harvest.accepted),
                tuple(harvest.voided),
                tuple(harvest.raised),
            )
        )
        for feed, new_here in harvest.fresh.items():
            self._pusher.announce(harvest.newest[feed], source=link.link, widely=new_here)
        self._pusher.flush(now=now)

    # ---------------------------------------------------------------------------------- pushes
    def on_push(self, link: PeerLink, message: Push, *, now: float) -> None:
        """Headers that we did not ask for: ask for what we lack of the feeds that we follow.

        A header is only a hint here, so its signature is not checked (that of the bundle is),
        unless it contradicts what we hold and may become half of a proof.
        """
        granted = link.pushes_in.take(len(message.headers), now=now)
        for wire in message.headers[:granted]:
            try:
                bundle = decode_bundle(wire)
            except UnknownVersion:
                self._context.counters.bundles_unknown_version += 1
                continue
            if bundle.header.network != self._context.network:
                raise RemoteProtocolError(Offence.WRONG_NETWORK, "a header of another network")
            self._hear_header(link, bundle, now)
        if granted < len(message.headers):
            raise RemoteProtocolError(Offence.FLOOD, "too many pushes")

    def _hear_header(self, link: PeerLink, bundle: Bundle, now: float) -> None:
        feed, seq = bundle.feed, bundle.seq
        note(link.heard, tag_of(bundle.id), seq, at_most=self._context.config.link.heard_max)
        if not self._offers.notice(link, feed, seq, seq):
            return
        replica = self._context.feeds.replica(feed)
        if replica is None or seq > replica.hi:
            lo = max(1, bundle.header.floor) if replica is None else replica.hi + 1
            self._offers.want_now(link, feed, lo, seq, now)
        elif seq == replica.hi and bundle.id != replica.head:
            if not self._context.verify(bundle):
                raise RemoteProtocolError(Offence.BAD_SIGNATURE, "a forged header")
            self._suspect(link, bundle, (seq, seq))

    def on_evidence(self, link: PeerLink, message: Evidence, *, now: float) -> None:
        """Proofs of equivocation. Only those about authors who matter here are kept."""
        context = self._context
        granted = link.evidence_in.take(len(message.proofs), now=now)
        for proof in message.proofs[:granted]:
            try:
                author = read_proof(proof, network=context.network, verify=context.verify)
            except UnknownVersion:
                context.counters.bundles_unknown_version += 1
                continue
            if context.matters(author, now=now):
                context.convict(author, proof, source=link.link)
        self._pusher.flush(now=now)
        if granted < len(message.proofs):
            raise RemoteProtocolError(Offence.FLOOD, "too many proofs")

    # ------------------------------------------------------------------------ retracted bodies
    def _note_retracts(self, bundle: Bundle) -> None:
        """Check the claims' schema, and remember which bundles below this one it voids."""
        void = [c.seq for c in bundle.claims() if type(c) is Retract and c.seq < bundle.seq]
        if not void:
            return
        feed = bundle.feed
        known = self._retracted.setdefault(feed, {})
        known |= dict.fromkeys(void)
        if len(known) > RETRACTED_MAX:
            self._retracted[feed] = self._still_needed(feed, known)
        if len(self._retracted) > SCOUTED_MAX:
            del self._retracted[next(iter(self._retracted))]

    def _still_needed(self, feed: FeedId, known: dict[int, None]) -> dict[int, None]:
        """What the feed table does not know as void itself, the lowest numbers first: reading
        upwards, those are met next."""
        marked = dict.fromkeys(self._context.feeds.voided(feed))
        replica = self._context.feeds.replica(feed)
        floor = replica.floor if replica is not None else 0
        left = sorted(seq for seq in known if seq >= floor and seq not in marked)
        return dict.fromkeys(left[:RETRACTED_MAX])

    def _stripped(self, bundle: Bundle) -> bool:
        """Whether the claims are missing though no Retract that we know of voids them.

        A header is worth accepting alone only when its author has taken the claims back;
        otherwise a relay could make us hold, and pass on, an empty history.
        """
        if bundle.claims_bytes is not None:
            return False
        feed = bundle.feed
        return bundle.seq not in self._retracted.get(
            feed, ()
        ) and bundle.seq not in self._context.feeds.voided(feed)

    def _scout(self, link: PeerLink, want: OpenWant, seq: int, now: float) -> None:
        """Look for the Retract among the newer bundles.

        Reading upwards it comes after what it voids. Until it is found the offer is worth nothing:
        the want counts as fruitless, and its offer is dropped when it is done.
        """
        want.stripped = True
        want.progressed = False
        if not want.span.newest_first and seq < want.span.hi:
            search = self._searches.get(want.feed)
            if search is None or search.seq != seq:
                search = Search(seq, want.span.hi, want.span.hi)
            self._search(link, want.feed, search, now)

    def _search(self, link: PeerLink, feed: FeedId, search: Search, now: float) -> None:
        """Read on downwards. Where the budget does not allow it, the next offer goes on here."""
        self._searches[feed] = search
        if len(self._searches) > SCOUTED_MAX:
            del self._searches[next(iter(self._searches))]
        span = Span(search.seq + 1, search.below, True, SCOUT_BYTES)
        self._ask(link, feed, span, Purpose.SCOUT, now)

    def _searched(self, want: OpenWant, bundles: list[Bundle]) -> None:
        """These have been read; they came newest first."""
        search = self._searches.get(want.feed)
        if search is not None and bundles:
            below = min(search.below, min(bundle.seq for bundle in bundles) - 1)
            self._searches[want.feed] = search._replace(below=below)

    def _scouted(self, link: PeerLink, want: OpenWant, now: float) -> None:
        """Go on with the feed if the Retract was found, else with the search while it gets on."""
        search = self._searches.get(want.feed)
        if search is None or want.span.lo != search.seq + 1:
            return
        if search.seq in self._retracted.get(want.feed, ()):
            del self._searches[want.feed]
            rank = self._context.rank(want.feed)
            span = (search.seq, search.top)
            self._context.fetcher.offer(link.link, want.feed, span, rank)
        elif search.below <= search.seq:
            del self._searches[want.feed]
        elif search.below < want.span.hi:
            self._search(link, want.feed, search, now)

    # ---------------------------------------------------------------------------------- forks
    def _probe(self, link: PeerLink, feed: FeedId, now: float) -> None:
        """The partner's bundles do not continue ours: ask for its version of what we hold."""
        head = self._context.feeds.head(feed)
        if head is not None:
            self.probe(link, feed, head.lo, head.hi, now=now)

    def probe(self, link: PeerLink, feed: FeedId, lo: int, hi: int, *, now: float) -> None:
        """Ask for the partner's newest bundles of lo..hi, which seem to differ from ours."""
        self._ask(link, feed, Span(lo, hi, True, PROBE_BYTES), Purpose.PROBE, now)

    def _ask(self, link: PeerLink, feed: FeedId, span: Span, purpose: Purpose, now: float) -> None:
        if not link.frames_out.take(1, now=now):
            return
        want = self._context.fetcher.ask_for(link.link, feed, span, purpose, now=now)
        if want is not None:
            self._context.send(link, Wants([want]))

    def _suspect(self, link: PeerLink, bundle: Bundle, conflict: tuple[int, int]) -> None:
        """Read our own headers where the bundle contradicts them, if it does."""
        if len(self._fork_reads) >= self._context.config.fork_reads_max:
            return
        token = self._context.new_token()
        self._fork_reads[token] = (link.link, bundle.bare())
        lo, hi = conflict
        self._context.emit(
            ReadBundles(
                token, bundle.feed, lo, hi, READ_BYTES, headers_only=True, newest_first=True
            )
        )

    def on_read(self, token: int, wires: tuple[bytes, ...]) -> bool:
        """Our own headers are here; False when the read was somebody else's."""
        pending = self._fork_reads.pop(token, None)
        if pending is None:
            return False
        _, suspect = pending
        for wire in wires:
            held = self._context.stored(wire)
            if held is not None and contradict(held, suspect):
                author = AuthorKey(suspect.header.author)
                self._context.convict(author, encode_proof(held, suspect), source=NO_LINK)
                break
        return True
