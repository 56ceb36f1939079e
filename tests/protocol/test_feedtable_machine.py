"""FeedTable against a naive model: dictionaries, sums, and the rules of SPEC.md 6.2."""

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from protocol import limits
from protocol.bundle import Bundle
from protocol.claims import Retract
from protocol.feedtable import UNKNOWN_PREV, FeedConfig, FeedTable, Outcome
from protocol.ids import FeedId, Lane
from tests.protocol.chains import bundle_of, feed_of, wild_chain
from tests.protocol.gossip_world import START, play
from tests.protocol.strategies import examples

QUOTA = 12
AUTHORS = (1, 2)
DEVICES = (1, 2)
FUTURE = START + 2 * limits.FUTURE_SECONDS_MAX


def universe() -> list[Bundle]:
    """Legal feeds of two authors on two devices, forks of them, and one from the future."""
    made: list[Bundle] = []
    for author in AUTHORS:
        for device in DEVICES:
            feed = wild_chain(device, 14, author=author, device=device)
            made += feed
            for at in (3, 8):
                made.append(
                    bundle_of(feed[at].feed, author, feed[at].seq, [play(1)], prev=feed[at - 1].id)
                )
                made.append(
                    bundle_of(feed[at].feed, author, feed[-1].seq + at, [], prev=feed[at].id)
                )
    made.append(bundle_of(feed_of(), 1, 99, [play(2)], prev=made[13].id, time=FUTURE))
    return made


BUNDLES = universe()
FEEDS = [*dict.fromkeys(bundle.feed for bundle in BUNDLES)]


@dataclass
class NaiveFeed:
    """One replica, as plain as it gets."""

    held: dict[int, Bundle] = field(default_factory=dict)
    parked: dict[int, Bundle] = field(default_factory=dict)
    voids: dict[int, None] = field(default_factory=dict)
    emptied: dict[int, None] = field(default_factory=dict)
    floor: int = 0
    quota: int = QUOTA
    closed: bool = False
    joined: bool = True
    """Whether it is known what stands before lo: not after a cut, until lo is told again."""

    @property
    def lo(self) -> int:
        return min(self.held, default=0)

    @property
    def hi(self) -> int:
        return max(self.held, default=0)

    def claims(self) -> int:
        kept = [[] if seq in self.emptied else b.claims() for seq, b in self.held.items()]
        return sum(max(1, len(claims)) for claims in kept)

    def refusal(self, bundle: Bundle) -> Outcome | None:
        seq = bundle.seq
        if seq < self.floor or (self.closed and seq < self.lo):
            return Outcome.BELOW
        if self.held and self.lo <= seq <= self.hi:
            return Outcome.HELD if seq in self.held else Outcome.FORKED
        if self.held and seq < self.lo and self.claims() >= self.quota:
            return Outcome.BELOW
        return None

    def touches(self, bundle: Bundle) -> bool:
        if not self.held:
            return True
        if bundle.seq > self.hi:
            return bundle.header.prev == self.held[self.hi].id
        return self.joined and bundle.id == self.held[self.lo].header.prev

    def offer(self, bundle: Bundle) -> Outcome:
        refused = self.refusal(bundle)
        if refused is not None:
            self.joined = self.joined or (refused is Outcome.HELD and bundle.seq == self.lo)
            return refused
        if not self.touches(bundle):
            self.parked[bundle.seq] = bundle
            assert len(self.parked) <= limits.PARKED_MAX
            return Outcome.PARKED
        self.take(bundle)
        while self.take_parked():
            pass
        self.enforce()
        return Outcome.ACCEPTED

    def take(self, bundle: Bundle) -> None:
        for claim in bundle.claims():
            if isinstance(claim, Retract) and self.floor <= claim.seq < bundle.seq:
                self.voids[claim.seq] = None
                if claim.seq in self.held:
                    self.emptied[claim.seq] = None
        if bundle.seq in self.voids:
            self.emptied[bundle.seq] = None
        self.joined = self.joined or bundle.seq < self.lo
        self.held[bundle.seq] = bundle
        self.floor = max(self.floor, bundle.header.floor)

    def take_parked(self) -> bool:
        for seq, bundle in list(self.parked.items()):
            if self.refusal(bundle) is not None:
                del self.parked[seq]
            elif self.touches(bundle):
                del self.parked[seq]
                self.take(bundle)
                return True
        return False

    def enforce(self) -> None:
        while len(self.held) > 1 and (self.lo < self.floor or self.claims() > self.quota):
            del self.held[self.lo]
            self.closed, self.joined = True, False
        self.voids = {seq: None for seq in self.voids if seq >= self.floor}

    def set_quota(self, claims: int) -> None:
        if claims > self.quota and self.floor < self.lo:
            self.closed = False
        self.quota = claims
        self.enforce()


class TableMachine(RuleBasedStateMachine):
    """Every step is done to both."""

    def __init__(self) -> None:
        super().__init__()
        self.table = FeedTable(FeedConfig(quota=dict.fromkeys(Lane, QUOTA)))
        self.model: dict[FeedId, NaiveFeed] = {}
        self.marks: dict[FeedId, tuple[int, int]] = {}
        self.disowned: dict[bytes, None] = {}
        self.now = START

    @rule(bundle=st.sampled_from(BUNDLES))
    def offer(self, bundle: Bundle) -> None:
        offered = self.table.offer(bundle, now=self.now)
        assert offered.outcome is self.expected(bundle)

    @rule(start=st.integers(0, len(BUNDLES) - 1), count=st.integers(2, 14))
    def offer_a_run(self, start: int, count: int) -> None:
        for bundle in BUNDLES[start : start + count]:
            self.offer(bundle)

    def expected(self, bundle: Bundle) -> Outcome:
        feed = bundle.feed
        if feed.author in self.disowned:
            return Outcome.DISOWNED
        if bundle.header.time > self.now + limits.FUTURE_SECONDS_MAX:
            return Outcome.FUTURE
        hi, floor = self.marks.get(feed, (0, 0))
        if bundle.seq <= hi or bundle.seq < floor:
            return Outcome.BELOW
        return self.model.setdefault(feed, NaiveFeed()).offer(bundle)

    @rule(feed=st.sampled_from(FEEDS), claims=st.integers(1, 40))
    def set_quota(self, feed: FeedId, claims: int) -> None:
        self.table.set_quota(feed, claims)
        if feed in self.model:
            self.model[feed].set_quota(claims)

    @rule(author=st.sampled_from(AUTHORS))
    def drop_author(self, author: int) -> None:
        key = feed_of(author).author
        self.table.drop_author(key, now=self.now)
        for feed in [feed for feed in self.model if feed.author == key]:
            naive = self.model.pop(feed)
            self.marks[feed] = (naive.hi, naive.floor)

    @rule()
    def disown(self) -> None:
        key = feed_of(2).author
        self.table.disown(key)
        self.disowned[key] = None
        for feed in [feed for feed in self.model if feed.author == key]:
            self.model[feed].parked.clear()

    @rule(seconds=st.sampled_from([1.0, 700.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def both_agree(self) -> None:
        heads = {head.feed: head for head in self.table.heads()}
        assert sorted(heads) == sorted(self.model)
        for feed, naive in self.model.items():
            replica = self.table.replica(feed)
            assert replica is not None
            assert self.table.held(feed) == sorted(naive.held)
            assert (heads[feed].lo, heads[feed].hi) == (naive.lo, naive.hi)
            assert heads[feed].id == naive.held[naive.hi].id
            before = naive.held[naive.lo].header.prev if naive.joined else UNKNOWN_PREV
            assert replica.prev_lo == before
            assert self.table.voided(feed) == tuple(sorted(naive.voids))
            assert (replica.floor, replica.claims) == (naive.floor, naive.claims())
            assert replica.closed is naive.closed
            assert self.table.parked(feed) == len(naive.parked)

    @invariant()
    def what_is_held_is_a_chain(self) -> None:
        for naive in self.model.values():
            held = [naive.held[seq] for seq in sorted(naive.held)]
            for before, after in pairwise(held):
                assert after.header.prev == before.id


TestTable = TableMachine.TestCase
TestTable.settings = examples(60)
