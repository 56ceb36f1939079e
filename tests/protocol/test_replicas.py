"""The arena of replica records against a plain dictionary."""

from array import array

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from protocol.ids import AuthorKey, BundleId, DeviceId, FeedId, Lane
from protocol.replicas import Replica, ReplicaArena
from tests.protocol.strategies import examples

ROOM = 40
authors = st.integers(0, 30).map(lambda n: AuthorKey(n.to_bytes(32, "big")))
feeds = st.builds(
    FeedId,
    authors,
    st.integers(0, 2).map(lambda n: DeviceId(bytes([n]) * 8)),
    st.sampled_from(Lane),
)
numbers = st.integers(1, 2**30)


class ArenaMachine(RuleBasedStateMachine):
    """Every step is done to both."""

    def __init__(self) -> None:
        super().__init__()
        self.arena = ReplicaArena(ROOM)
        self.model: dict[FeedId, tuple[int, int, int]] = {}
        self.held: dict[FeedId, list[int]] = {}

    @rule(feed=feeds)
    def add(self, feed: FeedId) -> None:
        if feed in self.model:
            return
        row = self.arena.add(feed)
        assert (row < 0) is (len(self.model) >= ROOM)
        if row >= 0:
            self.model[feed] = (0, 0, 0)
            self.held[feed] = []

    @rule(feed=feeds, bundles=st.dictionaries(numbers, numbers, min_size=1, max_size=4))
    def put(self, feed: FeedId, bundles: dict[int, int]) -> None:
        row = self.arena.row_of(feed)
        assert (row >= 0) is (feed in self.model)
        if row < 0:
            return
        held = array("I", [n for seq in sorted(bundles) for n in (seq, bundles[seq])])
        ends = (min(bundles), max(bundles), sum(bundles.values()))
        replica = self.arena.get(row)._replace(lo=ends[0], hi=ends[1], claims=ends[2])
        self.arena.put(row, replica, held)
        self.model[feed] = ends
        self.held[feed] = held.tolist()

    @rule(feed=feeds, floor=numbers)
    def put_record_alone(self, feed: FeedId, floor: int) -> None:
        row = self.arena.row_of(feed)
        if row >= 0:
            self.arena.put(row, self.arena.get(row)._replace(floor=floor))

    @precondition(lambda self: self.model)
    @rule(author=authors)
    def remove(self, author: AuthorKey) -> None:
        self.arena.remove_author(author)
        for feed in [feed for feed in self.model if feed.author == author]:
            del self.model[feed], self.held[feed]

    @rule()
    def go_on_from_a_dump(self) -> None:
        dump = self.arena.dump()
        self.arena = ReplicaArena(ROOM)
        self.arena.load(*dump)
        assert self.arena.dump() == dump

    @invariant()
    def both_agree(self) -> None:
        assert len(self.arena) == len(self.model)
        found = {self.arena.get(row).feed: row for row in self.arena.rows()}
        assert sorted(found) == sorted(self.model)
        for feed, row in found.items():
            replica = self.arena.get(row)
            assert (replica.lo, replica.hi, replica.claims) == self.model[feed]
            assert list(self.arena.held(row)) == self.held[feed]
            assert self.arena.row_of(feed) == row
            mates = [f for f in self.model if f.author == feed.author]
            assert [self.arena.get(r).feed for r in self.arena.rows_of(feed.author)] == mates


TestArena = ArenaMachine.TestCase
TestArena.settings = examples(30)


def test_a_record_survives():
    arena = ReplicaArena(4)
    feed = FeedId(AuthorKey(b"a" * 32), DeviceId(b"d" * 8), Lane.CLICKS)
    row = arena.add(feed)
    full = Replica(
        feed.author, feed.device, feed.lane, True, -1, 1, 2**32 - 1, 7, 8, 9,
        BundleId(b"h" * 32), BundleId(b"p" * 32),
    )  # fmt: skip
    arena.put(row, full)
    assert arena.get(row) == full
    assert arena.get(row).feed == feed


def test_a_dump_forgets_quotas_and_nothing_else():
    arena = ReplicaArena(4)
    for lane in Lane:
        arena.add(FeedId(AuthorKey(b"a" * 32), DeviceId(b"d" * 8), lane))
    before = [
        arena.get(row)._replace(floor=2**32 - 1, head=BundleId(b"h" * 32)) for row in range(4)
    ]
    for row, replica in enumerate(before):
        arena.put(row, replica._replace(quota=2**32 - 1))
    again = ReplicaArena(4)
    again.load(*arena.dump())
    assert [again.get(row) for row in range(4)] == before


def test_parts_of_different_dumps_are_refused():
    small, large = ReplicaArena(9), ReplicaArena(9)
    for arena, feeds_ in ((small, 2), (large, 5)):
        for n in range(feeds_):
            row = arena.add(FeedId(AuthorKey(bytes([n]) * 32), DeviceId(bytes(8)), Lane.TASTE))
            bundles = array("I", [1, 3, 2, 4])
            arena.put(row, arena.get(row)._replace(lo=1, hi=2, claims=7), bundles)
    few, many = small.dump(), large.dump()
    for mixed in (few._replace(records=many.records), few._replace(held=many.held)):
        with pytest.raises(ValueError, match="belong together"):
            ReplicaArena(9).load(*mixed)
    with pytest.raises(ValueError, match="fit"):
        ReplicaArena(4).load(*many)
    lost = bytearray(few.records)
    lost[44:48] = (99).to_bytes(4, "little")
    with pytest.raises(ValueError, match="fit"):
        ReplicaArena(9).load(bytes(lost), few.sizes, few.held)


def test_memory_is_counted_and_given_back_for_reuse():
    arena = ReplicaArena(10_000)
    feeds_ = [FeedId(AuthorKey(n.to_bytes(32, "big")), DeviceId(bytes(8)), Lane(2))
              for n in range(10_000)]  # fmt: skip
    for feed in feeds_:
        row = arena.add(feed)
        single = arena.get(row)._replace(lo=1, hi=1, claims=64)
        arena.put(row, single, array("I", (1, 64)))
    full = arena.nbytes
    assert full / len(arena) <= 180
    arena.put(row, single._replace(hi=3, claims=90), array("I", (1, 64, 2, 13, 3, 13)))
    assert full + 6 * 4 < arena.nbytes < full + 200
    arena.put(row, single, array("I", (1, 64)))
    assert arena.nbytes == full
    for feed in feeds_:
        arena.remove_author(feed.author)
    assert len(arena) == 0
    for feed in feeds_:
        arena.add(feed)
    assert arena.nbytes <= full
