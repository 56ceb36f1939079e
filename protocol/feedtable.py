"""All replicas of all feeds, and the rules by which a bundle enters one.

A replica is one contiguous suffix lo..hi of its feed, contiguous along `prev`: new bundles extend
hi, back-fill goes down from lo. Nothing here knows signatures, links or storage; whoever offers a
bundle has verified it, and stores what `offer` accepts.
"""

from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from protocol import limits
from protocol.bundle import Bundle
from protocol.claims import Retract
from protocol.ids import AuthorKey, BundleId, DeviceId, FeedId, Lane
from protocol.parking import Parking
from protocol.replicas import Replica, ReplicaArena, ReplicaDump

UNKNOWN_PREV = BundleId(b"\xff" * 32)
"""`prev_lo` after a cut: only the bundle at lo itself says what stood before it."""


class Outcome(Enum):
    """What became of an offered bundle. None of these is anybody's offence."""

    ACCEPTED = auto()
    """It extends the replica, perhaps with others that were parked."""
    PARKED = auto()
    """It does not touch the suffix held yet; kept until it does."""
    HELD = auto()
    """A bundle with this seq is held already (a fork if its header differs)."""
    FORKED = auto()
    """It contradicts what is held: two headers with one `prev` exist in `conflict`."""
    BELOW = auto()
    """Under the floor, under a closed lo, or under the marks of a dropped author."""
    FUTURE = auto()
    """Its time is too far ahead of our clock; it may come again."""
    DISOWNED = auto()
    """The author is a proved equivocator."""
    REFUSED = auto()
    """A cap: more than 8 devices, or more feeds than the table holds."""


@dataclass(frozen=True, slots=True)
class Offered:
    """The effect of one offer.

    `accepted` in chain order, voided ones as bare headers; `voided` bodies to delete; `raised`
    suffixes cut to a new lo; `conflict` the range of held seqs whose headers prove a fork.
    """

    outcome: Outcome
    accepted: tuple[Bundle, ...] = ()
    voided: tuple[tuple[FeedId, int], ...] = ()
    raised: tuple[tuple[FeedId, int], ...] = ()
    conflict: tuple[int, int] | None = None


class FeedRecord(NamedTuple):
    """A replica as the store remembers it. `held`: (seq, claims) ascending."""

    feed: FeedId
    held: tuple[tuple[int, int], ...]
    head: BundleId
    prev_lo: BundleId
    floor: int
    voided: tuple[int, ...]
    closed: bool = False


class Head(NamedTuple):
    """What gossip tells about a replica."""

    feed: FeedId
    lo: int
    hi: int
    id: BundleId


@dataclass(frozen=True, slots=True)
class FeedConfig:
    """Caps of the feed table."""

    replicas_max: int = 200_000
    """Feeds held at once; bundles of a further one are refused."""
    dropped_marks_max: int = 65_536
    """Marks of dropped authors; the oldest mark goes first."""
    dropped_for_s: float = 86_400.0
    """How long a dropped author is not asked for again."""
    parked_bytes_max: int = 16 * 1024 * 1024
    """Bundles parked, of all feeds; the feed that waits longest is forgotten."""
    future_s: float = limits.FUTURE_SECONDS_MAX
    """How far ahead of our clock a bundle's time may be; later ones may come again."""
    disowned_max: int = 65_536
    """Equivocators known; the first one goes, and would have to be proved again."""
    quota: dict[Lane, int] = field(
        default_factory=lambda: {
            Lane.IDENTITY: 64,
            Lane.VOUCHES: 4096,
            Lane.TASTE: 20_000,
            Lane.CLICKS: 2_000,
        }
    )
    """Claims held of one feed unless set otherwise; the oldest bundles go first.

    A bundle without claims counts as one, lest empty bundles be kept without end.
    """


class DroppedMark(NamedTuple):
    """What is left of a dropped author's feed. `since`: Unix seconds of our clock."""

    feed: FeedId
    hi: int
    floor: int
    since: float


class _Dropped(NamedTuple):
    marks: dict[FeedId, tuple[int, int]]
    until: float


class FeedTable:
    """Every replica. `offer` costs about 15 µs and never raises for what a peer made."""

    def __init__(self, config: FeedConfig | None = None) -> None:
        self._config = config or FeedConfig()
        self._arena = ReplicaArena(self._config.replicas_max)
        self._parking = Parking(self._config.parked_bytes_max)
        self._voids: dict[FeedId, list[int]] = {}
        self._dropped: dict[AuthorKey, _Dropped] = {}
        self._disowned: dict[AuthorKey, None] = {}

    # ------------------------------------------------------------------------------- looking
    def __len__(self) -> int:
        return len(self._arena)

    @property
    def nbytes(self) -> int:
        """Memory of replicas, void marks, dropped marks and parked bundles."""
        voids = sum(120 + 36 * len(marks) for marks in self._voids.values())
        marks = 400 * len(self._dropped) + 120 * len(self._disowned)
        return self._arena.nbytes + voids + marks + self._parking.nbytes

    def replica(self, feed: FeedId) -> Replica | None:
        """The replica of the feed, if there is one."""
        row = self._arena.row_of(feed)
        return self._arena.get(row) if row >= 0 else None

    def head(self, feed: FeedId) -> Head | None:
        """The feed's head as gossip tells it; None while nothing is held."""
        replica = self.replica(feed)
        return _head(replica) if replica is not None and replica.hi else None

    def heads(self) -> Iterator[Head]:
        """All heads in a stable order."""
        for row in self._arena.rows():
            replica = self._arena.get(row)
            if replica.hi:
                yield _head(replica)

    def authors(self) -> Iterator[AuthorKey]:
        """Everybody with a feed here, once each, in row order."""
        return iter(dict.fromkeys(map(self._arena.author, self._arena.rows())))

    def feeds_of(self, author: AuthorKey) -> list[FeedId]:
        """All feeds held of one author."""
        return [self._arena.get(row).feed for row in self._arena.rows_of(author)]

    def devices_of(self, author: AuthorKey) -> set[DeviceId]:
        """The devices of which feeds are held."""
        return {self._arena.device(row) for row in self._arena.rows_of(author)}

    def held(self, feed: FeedId) -> list[int]:
        """Sequence numbers held, ascending."""
        row = self._arena.row_of(feed)
        return list(self._arena.held(row)[::2]) if row >= 0 else []

    def voided(self, feed: FeedId) -> tuple[int, ...]:
        """Void marks of the feed, ascending."""
        return tuple(self._voids.get(feed, ()))

    def parked(self, feed: FeedId) -> int:
        """How many bundles wait out of order."""
        return self._parking.count(feed)

    def disowned(self, author: AuthorKey) -> bool:
        """Whether the author is a proved equivocator."""
        return author in self._disowned

    def missing(self, feed: FeedId, lo: int, hi: int) -> list[tuple[int, int]]:
        """Ranges worth asking a partner for who offers lo..hi: newest first, then back-fill.

        Back-fill is left out when the replica is closed or its quota is used up. After a cut it
        begins with the bundle at lo, which tells what it continues.
        """
        if feed.author in self._disowned:
            return []
        replica = self.replica(feed)
        marked_hi, marked_floor = self._mark(feed)
        floor = max(marked_hi + 1, marked_floor)
        if replica is None or not replica.hi:
            return [(max(lo, floor), hi)] if hi >= floor else []
        ranges = []
        if hi > replica.hi:
            ranges.append((replica.hi + 1, hi))
        room = replica.claims < self._quota(replica)
        bottom = max(lo, replica.floor, floor)
        if room and not replica.closed and bottom < replica.lo:
            cut = replica.prev_lo == UNKNOWN_PREV
            ranges.append((bottom, replica.lo if cut else replica.lo - 1))
        return ranges

    # ------------------------------------------------------------------------------ entering
    def offer(self, bundle: Bundle, *, now: float) -> Offered:
        """Let a verified bundle in, if the rules allow."""
        header, feed = bundle.header, bundle.feed
        if feed.author in self._disowned:
            return Offered(Outcome.DISOWNED)
        if header.time > now + self._config.future_s:
            return Offered(Outcome.FUTURE)
        marked_hi, marked_floor = self._mark(feed)
        if bundle.seq <= marked_hi or bundle.seq < marked_floor:
            return Offered(Outcome.BELOW)
        row = self._arena.row_of(feed)
        if row < 0:
            if self._devices_full(feed):
                return Offered(Outcome.REFUSED)
            row = self._arena.add(feed)
            if row < 0:
                return Offered(Outcome.REFUSED)
        replica = self._arena.get(row)
        refusal = self._refusal(row, replica, bundle)
        if refusal is not None:
            return refusal
        if not self._touches(replica, bundle):
            self._parking.add(bundle, hi=replica.hi)
            return Offered(Outcome.PARKED)
        return self._accept_all(row, bundle)

    def _refusal(self, row: int, replica: Replica, bundle: Bundle) -> Offered | None:
        seq = bundle.seq
        if seq < replica.floor or (replica.closed and seq < replica.lo):
            return Offered(Outcome.BELOW)
        if replica.hi and replica.lo <= seq <= replica.hi:
            if seq == replica.lo and replica.prev_lo == UNKNOWN_PREV:
                self._arena.put(row, replica._replace(prev_lo=BundleId(bundle.header.prev)))
            if bundle.id == replica.head:
                return Offered(Outcome.HELD)
            held = self._arena.held(row)
            above = held[_index(held, seq)]
            if above == seq:
                return Offered(Outcome.HELD, conflict=(seq, seq))
            return Offered(Outcome.FORKED, conflict=(replica.lo, above))
        if replica.hi and seq < replica.lo and replica.claims >= self._quota(replica):
            return Offered(Outcome.BELOW)
        return None

    @staticmethod
    def _touches(replica: Replica, bundle: Bundle) -> bool:
        if not replica.hi:
            return True
        if bundle.seq > replica.hi:
            return bundle.header.prev == replica.head
        return bundle.id == replica.prev_lo

    def _accept_all(self, row: int, bundle: Bundle) -> Offered:
        """Accept the bundle and whatever was parked beside it."""
        feed = bundle.feed
        accepted: list[Bundle] = []
        voided: list[tuple[FeedId, int]] = []
        following: Bundle | None = bundle
        while following is not None:
            accepted.append(self._accept(row, following, voided))
            following = self._next_parked(row, feed)
        raised = self._enforce(row)
        lo = self._arena.get(row).lo
        kept = tuple(b for b in accepted if b.seq >= lo)
        return Offered(Outcome.ACCEPTED, kept, tuple(voided), raised)

    def _accept(self, row: int, bundle: Bundle, voided: list[tuple[FeedId, int]]) -> Bundle:
        replica, header, seq = self._arena.get(row), bundle.header, bundle.seq
        claims = bundle.claims()
        for claim in claims:
            if type(claim) is Retract and claim.seq < seq:
                self._void(row, replica.feed, claim.seq, voided)
        if seq in self._voids.get(replica.feed, ()):
            bundle, claims = bundle.bare(), []
        held = self._arena.held(row)
        replica = self._arena.get(row)
        count = max(1, len(claims))
        if seq > replica.hi:
            held.extend((seq, count))
            replica = replica._replace(hi=seq, head=bundle.id)
        else:
            held[0:0] = type(held)("I", (seq, count))
        if not replica.lo or seq < replica.lo:
            replica = replica._replace(lo=seq, prev_lo=BundleId(header.prev))
        floor, claims_held = max(replica.floor, header.floor), replica.claims + count
        self._arena.put(row, replica._replace(claims=claims_held, floor=floor), held)
        return bundle

    def _void(self, row: int, feed: FeedId, seq: int, voided: list[tuple[FeedId, int]]) -> None:
        """Mark the seq void; beyond the cap of marks the floor rises over the lowest."""
        replica = self._arena.get(row)
        marks = self._voids.setdefault(feed, [])
        if seq < replica.floor or seq in marks:
            return
        insort(marks, seq)
        held = self._arena.held(row)
        index = _index(held, seq)
        if index < len(held) and held[index] == seq:
            replica = replica._replace(claims=replica.claims - held[index + 1] + 1)
            held[index + 1] = 1
            voided.append((feed, seq))
        if len(marks) > limits.VOID_MARKS_MAX:
            replica = replica._replace(floor=max(replica.floor, marks.pop(0) + 1))
        self._arena.put(row, replica, held)

    def _enforce(self, row: int) -> tuple[tuple[FeedId, int], ...]:
        """Apply floor and quota: cut the suffix from below."""
        replica, held = self._arena.get(row), self._arena.held(row)
        quota, claims, cut = self._quota(replica), replica.claims, 0
        while cut < len(held) - 2 and (held[cut] < replica.floor or claims > quota):
            claims -= held[cut + 1]
            cut += 2
        marks = self._voids.get(replica.feed)
        if marks:
            live = [seq for seq in marks if seq >= replica.floor]
            self._voids[replica.feed] = live
        if not cut:
            return ()
        del held[:cut]
        replica = replica._replace(lo=held[0], claims=claims, closed=True, prev_lo=UNKNOWN_PREV)
        self._arena.put(row, replica, held)
        return ((replica.feed, held[0]),)

    def _next_parked(self, row: int, feed: FeedId) -> Bundle | None:
        """A parked bundle that fits now; those that never will are forgotten."""
        replica = self._arena.get(row)
        for bundle in self._parking.waiting(feed):
            if self._refusal(row, replica, bundle) is not None:
                self._parking.take(feed, bundle.seq)
            elif self._touches(replica, bundle):
                return self._parking.take(feed, bundle.seq)
        return None

    # -------------------------------------------------------------------- quotas and dropping
    def _quota(self, replica: Replica) -> int:
        return replica.quota or self._config.quota[replica.lane]

    def set_quota(self, feed: FeedId, claims: int) -> tuple[tuple[FeedId, int], ...]:
        """How many claims of the feed may be held; returns what was cut, as `Offered.raised`.

        A quota that grows opens the replica below lo again.
        """
        row = self._arena.row_of(feed)
        if row < 0:
            return ()
        replica = self._arena.get(row)
        grown = claims > self._quota(replica)
        closed = replica.closed and not (grown and replica.floor < replica.lo)
        self._arena.put(row, replica._replace(quota=claims, closed=closed))
        return self._enforce(row)

    def drop_author(self, author: AuthorKey, *, now: float) -> None:
        """Forget all feeds of the author, leaving marks below which nothing is accepted again."""
        marks = dict(self._dropped[author].marks) if author in self._dropped else {}
        for row in self._arena.rows_of(author):
            replica = self._arena.get(row)
            marks[replica.feed] = (replica.hi, replica.floor)
            self._parking.forget(replica.feed)
            self._voids.pop(replica.feed, None)
        if not marks:
            return
        self._arena.remove_author(author)
        self._dropped.pop(author, None)
        self._dropped[author] = _Dropped(marks, now + self._config.dropped_for_s)
        if len(self._dropped) > self._config.dropped_marks_max:
            del self._dropped[next(iter(self._dropped))]

    def may_ask(self, author: AuthorKey, *, now: float) -> bool:
        """Whether an author dropped earlier may be asked for again."""
        dropped = self._dropped.get(author)
        return dropped is None or now >= dropped.until

    def welcome_back(self, author: AuthorKey) -> None:
        """She is followed again: what was dropped may come back, but nothing below her floors."""
        dropped = self._dropped.get(author)
        if dropped is not None:
            floors = {feed: (0, floor) for feed, (_, floor) in dropped.marks.items()}
            self._dropped[author] = _Dropped(floors, 0.0)

    def _mark(self, feed: FeedId) -> tuple[int, int]:
        dropped = self._dropped.get(feed.author)
        return dropped.marks.get(feed, (0, 0)) if dropped is not None else (0, 0)

    def _devices_full(self, feed: FeedId) -> bool:
        devices = self.devices_of(feed.author)
        return feed.device not in devices and len(devices) >= limits.DEVICES_MAX

    def disown(self, author: AuthorKey) -> None:
        """The author is proved to equivocate: nothing of hers is accepted again."""
        self._disowned[author] = None
        if len(self._disowned) > self._config.disowned_max:
            del self._disowned[next(iter(self._disowned))]
        for feed in self.feeds_of(author):
            self._parking.forget(feed)

    # ----------------------------------------------------------------------------- restarting
    def restore(self, records: Iterable[FeedRecord]) -> None:
        """Take over what the store holds, at start, before anything is offered."""
        for record in records:
            row = self._arena.add(record.feed)
            if row < 0 or not record.held:
                continue
            held = array("I", [n for seq, count in record.held for n in (seq, max(1, count))])
            if record.voided:
                self._voids[record.feed] = sorted(record.voided)
            self._arena.put(
                row,
                self._arena.get(row)._replace(
                    lo=held[0],
                    hi=held[-2],
                    head=record.head,
                    prev_lo=record.prev_lo,
                    floor=record.floor,
                    claims=sum(held[1::2]),
                    closed=record.closed,
                ),
                held,
            )

    def dump(self) -> tuple[ReplicaDump, list[tuple[FeedId, list[int]]]]:
        """Copies of the replicas and of the void marks, for `load`."""
        return self._arena.dump(), [(feed, list(marks)) for feed, marks in self._voids.items()]

    def load(self, replicas: ReplicaDump, voids: Iterable[tuple[FeedId, list[int]]]) -> None:
        """Hold what gave this `dump`, with the default quotas. ValueError if it is none."""
        self._arena.load(*replicas)
        self._voids = dict(voids)

    def forget(self, author: AuthorKey) -> None:
        """Hold nothing of the author, and leave no marks: her feeds are about to be restored."""
        for feed in self.feeds_of(author):
            self._voids.pop(feed, None)
        self._arena.remove_author(author)

    def restore_dropped(self, marks: Iterable[DroppedMark]) -> None:
        """Take over the marks of dropped authors, oldest first, at start."""
        for feed, hi, floor, since in marks:
            dropped = self._dropped.pop(feed.author, _Dropped({}, 0.0))
            until = max(dropped.until, since + self._config.dropped_for_s)
            self._dropped[feed.author] = _Dropped({**dropped.marks, feed: (hi, floor)}, until)
            if len(self._dropped) > self._config.dropped_marks_max:
                del self._dropped[next(iter(self._dropped))]


def _index(held: "array[int]", seq: int) -> int:
    """Where in seq, count, seq, count, ... the first number >= seq stands; O(log n)."""
    return 2 * bisect_left(range(len(held) // 2), seq, key=lambda at: held[2 * at])


def _head(replica: Replica) -> Head:
    return Head(replica.feed, replica.lo, replica.hi, replica.head)
