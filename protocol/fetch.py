"""What to ask whom for: wants under our own byte budget, best feeds first.

    offered ──room in every budget──► asked ──part that brings something──► asked
       ▲                                │ done: look what is missing still
       └──────── still missing ─────────┤ done without progress: this offer is dropped
                                        └ no progress in time: cancelled, others may serve it

Budgets are in bytes of bundles: for each round, in flight in all, in flight for each link. A want
reserves what it may bring and gives back what it did not. A feed is fetched from one link at a
time in each direction (new bundles upwards, back-fill downwards); a want that was caused by a
push goes first and may use a reserve, so that a new claim overtakes a bulk catch-up.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from heapq import heapify, heappop, heappush
from math import inf
from typing import NamedTuple, TypeAlias

from protocol.ids import FeedId
from protocol.interest import Rank
from protocol.limits import BUNDLE_BYTES_MAX
from protocol.messages import WANTS_PER_FRAME_MAX, Want

BYTES_PER_SEQ = 4_096
"""What one bundle is taken to need: a bundle of 64 plays is 3 to 4 KiB."""

WANT_BYTES_MIN = 4_096
"""A smaller rest of a budget is not worth a want."""


class Span(NamedTuple):
    """Sequence numbers lo..hi of a feed, to be read downwards or upwards.

    `bytes_max`: more than that would not fit into the stored quota of the author.
    """

    lo: int
    hi: int
    newest_first: bool
    bytes_max: int = 2**31 - 1


class Purpose(Enum):
    """Why something was asked for."""

    FETCH = auto()
    """To hold it."""
    COVER = auto()
    """To hide what we want; thrown away."""
    PROBE = auto()
    """To prove a fork of what we hold."""
    SCOUT = auto()
    """To learn which bundles below were retracted; thrown away."""


SpansOf: TypeAlias = Callable[[FeedId, int, int], list[Span]]
"""What of a partner's lo..hi we lack and want, best first."""


@dataclass(frozen=True, slots=True)
class FetchConfig:
    """Budgets of fetching."""

    round_bytes_max: int = 32 * 1024 * 1024
    """Bytes of bundles a round; offers wait for the next round beyond it."""
    in_flight_bytes_max: int = 4 * 1024 * 1024
    """Asked for and not yet there, over all links; beyond it offers wait."""
    link_reserve_bytes: int = 64 * 1024
    """What a link may have whatever the others hold, so that silent ones do not starve it."""
    link_in_flight_bytes_max: int = 1024 * 1024
    """The same for one link. Larger hides latency, but a new claim waits behind it."""
    want_bytes_max: int = 512 * 1024
    """One want."""
    urgent_bytes_max: int = 256 * 1024
    """Reserve of each link for what a push announced; beyond it pushes wait like other offers."""
    link_wants_max: int = 64
    """Wants of one link that are not answered, cancelled ones included; offers wait beyond it."""
    urgent_wants_max: int = 32
    """Reserve of each link for what a push announced; both together a partner must queue."""
    offers_max: int = 4_096
    """Feeds offered by one link that we lack; further ones come with the next reconciliation."""
    stalled_s: float = 10.0
    """A link that brings nothing for so long loses its wants."""
    want_s: float = 120.0
    """A want that is not done after so long is cancelled."""
    takeover_s: float = 1.5
    """A push may be asked of a second link when the first has brought nothing for so long."""


@dataclass(slots=True)
class OpenWant:
    """A want in flight. `credit`: bytes still reserved; `progressed`: brought something new."""

    want: int
    feed: FeedId
    span: Span
    credit: int
    opened_at: float
    progress_at: float
    purpose: Purpose = Purpose.FETCH
    urgent: bool = False
    progressed: bool = False
    stripped: bool = False
    """The answer left claims out without a reason: the rest of it is ignored."""
    slack: int = BUNDLE_BYTES_MAX
    """Bytes that the answer may have beyond `bytes_max`: it holds one bundle at least."""
    empty: bool = True
    """Nothing has come yet."""


@dataclass(slots=True)
class _Offer:
    lo: int
    hi: int
    queued: bool = False


@dataclass(slots=True)
class _LinkFetch:
    offers: dict[FeedId, _Offer] = field(default_factory=dict)
    heap: list[tuple[Rank, int, FeedId]] = field(default_factory=list)
    urgent: deque[FeedId] = field(default_factory=deque)
    wants: dict[int, OpenWant] = field(default_factory=dict)
    late: dict[int, None] = field(default_factory=dict)
    """Wants that were cancelled and not answered yet: the partner has them in its queue still."""
    in_flight: int = 0
    next_want: int = 0
    progress_at: float = 0.0
    offers_lost: bool = False


class Fetcher:
    """Wants of all links. Every collection is bounded by `FetchConfig`."""

    def __init__(self, config: FetchConfig) -> None:
        self._config = config
        self._links: dict[int, _LinkFetch] = {}
        self._busy: dict[tuple[FeedId, bool], tuple[int, int]] = {}
        self._in_flight = 0
        self._round_bytes = 0
        self._counter = 0

    # --------------------------------------------------------------------------------- links
    def add_link(self, link: int, *, now: float) -> None:
        """A partner may be asked from now on."""
        self._links[link] = _LinkFetch(progress_at=now)

    def drop_link(self, link: int, rank_of: Callable[[FeedId], Rank]) -> None:
        """The link is gone; what it was asked for may be asked of others."""
        gone = self._links.pop(link, None)
        if gone is None:
            return
        for want in gone.wants.values():
            self._release(link, want)
            self._requeue(want.feed, rank_of)

    def next_round(self) -> None:
        """A new round has begun: its byte budget is there again."""
        self._round_bytes = 0

    def offers_lost(self, link: int) -> bool:
        """Whether offers were refused at the cap and there is room again; asking resets it."""
        state = self._links[link]
        if not state.offers_lost or len(state.offers) > self._config.offers_max // 2:
            return False
        state.offers_lost = False
        return True

    # -------------------------------------------------------------------------------- offers
    def offer(self, link: int, feed: FeedId, span: tuple[int, int], rank: Rank) -> None:
        """The partner holds lo..hi of a feed that we follow and lack something of."""
        self._note(link, feed, span)
        self._queue(link, feed, rank)

    def offer_urgent(
        self, link: int, feed: FeedId, span: tuple[int, int], rank_of: Callable[[FeedId], Rank]
    ) -> None:
        """The same, caused by a push: it is asked for first, unless too much is urgent."""
        self._note(link, feed, span)
        state = self._links[link]
        if feed in state.offers and feed not in state.urgent:
            if len(state.urgent) == self._config.link_wants_max:
                overtaken = state.urgent.popleft()
                self._queue(link, overtaken, rank_of(overtaken))
            state.urgent.append(feed)

    def forget(self, feed: FeedId) -> None:
        """The feed is followed no longer."""
        for state in self._links.values():
            state.offers.pop(feed, None)

    def _note(self, link: int, feed: FeedId, span: tuple[int, int]) -> None:
        state = self._links[link]
        known = state.offers.get(feed)
        if known is not None:
            known.lo, known.hi = min(known.lo, span[0]), max(known.hi, span[1])
        elif len(state.offers) < self._config.offers_max:
            state.offers[feed] = _Offer(*span)
        else:
            state.offers_lost = True

    def _queue(self, link: int, feed: FeedId, rank: Rank) -> None:
        state = self._links[link]
        offer = state.offers.get(feed)
        if offer is not None and not offer.queued:
            offer.queued = True
            self._counter += 1
            heappush(state.heap, (rank, self._counter, feed))
            if len(state.heap) > 2 * self._config.offers_max:
                # offers that were dropped while queued have left their places behind
                latest = {feed: (rank, number) for rank, number, feed in sorted(state.heap)}
                state.heap = [(*place, f) for f, place in latest.items() if f in state.offers]
                heapify(state.heap)

    def _requeue(self, feed: FeedId, rank_of: Callable[[FeedId], Rank]) -> None:
        """Whoever offers the feed may be asked again. O(links)."""
        for link, state in self._links.items():
            if feed in state.offers:
                self._queue(link, feed, rank_of(feed))

    # --------------------------------------------------------------------------------- wants
    def ask(self, link: int, spans_of: SpansOf, *, now: float) -> list[Want]:
        """The wants that fit into the budgets now; at most one frame of them."""
        state = self._links[link]
        wants: list[Want] = []
        for _ in range(len(state.urgent)):
            if len(wants) == WANTS_PER_FRAME_MAX or not self._urgent_room(state):
                break
            feed = state.urgent.popleft()
            if not self._ask_urgent(link, feed, spans_of, wants, now):
                state.urgent.append(feed)
        while state.heap and len(wants) < WANTS_PER_FRAME_MAX and self._room(state):
            _, _, feed = heappop(state.heap)
            offer = state.offers.get(feed)
            if offer is None:
                continue
            offer.queued = False
            spans = spans_of(feed, offer.lo, offer.hi)
            if not spans:
                del state.offers[feed]
            for span in spans:
                room = self._room(state)
                if room and (feed, span.newest_first) not in self._busy:
                    wants.append(self._open(link, feed, span, room, now=now))
        return wants

    def _ask_urgent(
        self, link: int, feed: FeedId, spans_of: SpansOf, wants: list[Want], now: float
    ) -> bool:
        """Ask for what a push announced; False when it has to wait for another link."""
        state = self._links[link]
        offer = state.offers.get(feed)
        if offer is None:
            return True
        spans = spans_of(feed, offer.lo, offer.hi)
        if not spans:
            del state.offers[feed]
            return True
        holder = self._holder(feed, spans[0])
        if holder is not None and now - holder.progress_at < self._config.takeover_s:
            return False
        room = self._urgent_room(state)
        wants.append(self._open(link, feed, spans[0], room, now=now, urgent=True))
        return True

    def ask_for(
        self, link: int, feed: FeedId, span: Span, purpose: Purpose, *, now: float
    ) -> Want | None:
        """Ask for something that is not to be held; None when the link's budget is used up."""
        room = self._room(self._links[link])
        return self._open(link, feed, span, room, now=now, purpose=purpose) if room else None

    def _room(self, state: _LinkFetch) -> int:
        """Bytes that a new want of this link may reserve; 0 when it is not worth one."""
        config = self._config
        room = min(
            config.link_in_flight_bytes_max - state.in_flight,
            max(
                config.in_flight_bytes_max - self._in_flight,
                config.link_reserve_bytes - state.in_flight,
            ),
            config.round_bytes_max - self._round_bytes - self._in_flight,
        )
        full = len(state.wants) + len(state.late) >= config.link_wants_max
        return 0 if full or room < WANT_BYTES_MIN else room

    def _urgent_room(self, state: _LinkFetch) -> int:
        """The same for what a push announced, with the reserves."""
        config = self._config
        room = config.link_in_flight_bytes_max + config.urgent_bytes_max - state.in_flight
        queued = len(state.wants) + len(state.late)
        full = queued >= config.link_wants_max + config.urgent_wants_max
        return 0 if full or room < WANT_BYTES_MIN else room

    def _open(
        self,
        link: int,
        feed: FeedId,
        span: Span,
        room: int,
        *,
        now: float,
        purpose: Purpose = Purpose.FETCH,
        urgent: bool = False,
    ) -> Want:
        state = self._links[link]
        needed = max(WANT_BYTES_MIN, (span.hi - span.lo + 1) * BYTES_PER_SEQ)
        credit = min(needed, room, span.bytes_max, self._config.want_bytes_max)
        number = state.next_want
        state.next_want = (number + 1) % 2**32
        if not state.wants:
            state.progress_at = now
        state.wants[number] = OpenWant(number, feed, span, credit, now, now, purpose, urgent)
        state.in_flight += credit
        self._in_flight += credit
        if purpose is Purpose.FETCH:
            self._busy[(feed, span.newest_first)] = (link, number)
        return Want(
            number,
            feed.author,
            feed.device,
            int(feed.lane),
            span.lo,
            span.hi,
            credit,
            span.newest_first,
        )

    def _holder(self, feed: FeedId, span: Span) -> OpenWant | None:
        """The want by which this end of the feed is being fetched."""
        holder = self._busy.get((feed, span.newest_first))
        return None if holder is None else self._links[holder[0]].wants[holder[1]]

    # ------------------------------------------------------------------------------- answers
    def find(self, link: int, want: int) -> OpenWant | None:
        """The want in flight with this number."""
        return self._links[link].wants.get(want)

    def issued(self, link: int, want: int) -> bool:
        """Whether the number was ever used on this link (its answer may come late)."""
        return want < self._links[link].next_want

    def arrived(self, link: int, want: OpenWant, size: int, *, now: float) -> bool:
        """Bytes of an answer are here; False when they are more than was asked for."""
        state = self._links[link]
        taken = min(size, want.credit)
        want.credit -= taken
        state.in_flight -= taken
        self._in_flight -= taken
        self._round_bytes += size
        if size:
            want.progress_at = state.progress_at = now
            want.empty = False
        want.slack -= size - taken
        return want.slack >= 0

    def late(self, link: int, want: int, *, done: bool) -> None:
        """A part of an answer to a want that was cancelled is here."""
        if done:
            self._links[link].late.pop(want, None)

    def done(self, link: int, want: OpenWant, rank_of: Callable[[FeedId], Rank]) -> None:
        """The answer is complete. An offer that brought nothing is dropped: it would loop."""
        state = self._links[link]
        del state.wants[want.want]
        self._release(link, want)
        if want.purpose is not Purpose.FETCH:
            return
        if not want.progressed:
            state.offers.pop(want.feed, None)
        self._requeue(want.feed, rank_of)

    def expire(
        self, rank_of: Callable[[FeedId], Rank], *, now: float
    ) -> list[tuple[int, OpenWant]]:
        """Cancel what takes too long; returns (link, want) of each. O(wants in flight)."""
        config = self._config
        cancelled: list[tuple[int, OpenWant]] = []
        for link, state in self._links.items():
            if not state.wants:
                continue
            stalled = now - state.progress_at >= config.stalled_s
            overdue = [
                w for w in state.wants.values() if stalled or now - w.opened_at >= config.want_s
            ]
            for want in overdue:
                want.progressed = False
                self.done(link, want, rank_of)
                state.late[want.want] = None
                cancelled.append((link, want))
        return cancelled

    def _release(self, link: int, want: OpenWant) -> None:
        self._in_flight -= want.credit
        state = self._links.get(link)
        if state is not None:
            state.in_flight -= want.credit
        key = (want.feed, want.span.newest_first)
        if self._busy.get(key) == (link, want.want):
            del self._busy[key]

    # ---------------------------------------------------------------------------------- time
    def waits_to_ask(self, link: int) -> bool:
        """Whether something that the partner offers is to be asked for as soon as there is room."""
        state = self._links[link]
        return bool(state.heap or state.urgent)

    def waits(self) -> bool:
        """The same of any partner. None offers before its link is open."""
        return any(state.heap or state.urgent for state in self._links.values())

    def next_expiry(self) -> float:
        """When `expire` may find something at the earliest; infinite without wants."""
        config, at = self._config, inf
        for state in self._links.values():
            if state.wants:
                opened = next(iter(state.wants.values())).opened_at  # the oldest comes first
                at = min(at, state.progress_at + config.stalled_s, opened + config.want_s)
        return at

    # ------------------------------------------------------------------------------- figures
    @property
    def in_flight_bytes(self) -> int:
        """Reserved by wants in flight on all links."""
        return self._in_flight

    def wants_in_flight(self) -> int:
        """Wants in flight on all links."""
        return sum(len(state.wants) for state in self._links.values())

    def offered(self) -> Iterator[tuple[int, int]]:
        """(link, feeds offered that we lack) for each link."""
        return ((link, len(state.offers)) for link, state in self._links.items())
