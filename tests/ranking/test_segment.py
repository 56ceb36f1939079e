"""Blocks that grow, shrink, move and go, against a list of edges for each author."""

import itertools

import numpy as np
import pytest

from ranking.kernels_blocks import block_bytes
from ranking.kernels_storage import EdgeColumns
from ranking.segment import BLOCK_BYTES, SHARE, BlockStore

AUTHORS = 60
ITEMS = 100_000
NARROW = 8
"""Bytes of an edge when its author has few stamps."""


class Store:
    """A store and its twin {author: [edges]}; an edge is a number, and stands in every column."""

    def __init__(self, bytes_max=16_384, segment_bytes=1024):
        self.store = BlockStore(bytes_max=bytes_max, segment_bytes=segment_bytes)
        self.store.grow(AUTHORS)
        self.bytes_max, self.segment_bytes = bytes_max, segment_bytes
        self.twin = {}
        self.made = 0

    def _new(self, numbers):
        numbers = np.array(numbers, np.int64)
        return EdgeColumns(
            numbers.astype(np.int32),
            (numbers // 32).astype(np.uint32),
            (numbers % 65_536).astype(np.uint16),
            (numbers // 64 % 4).astype(np.uint16),
            (numbers % 100).astype(np.int8),
        )

    def add(self, author, n):
        """Append n edges to the author's block, if there is room."""
        numbers = list(range(self.made, self.made + n))
        merged = self.store.merged(np.array([author]), np.array([0, n]), self._new(numbers))
        assert merged.added.tolist() == numbers
        if not self.store.make_room(author, int(merged.size[0])):
            return False
        self.store.write(merged)
        self.twin.setdefault(author, []).extend(numbers)
        self.made += n
        return True

    def add_many(self, counts):
        """Append edges to the blocks of many authors at once, if there is surely room."""
        authors = np.array(list(counts), np.int64)
        first = np.cumsum([0, *counts.values()])
        numbers = list(range(self.made, self.made + int(first[-1])))
        merged = self.store.merged(authors, first, self._new(numbers))
        if not self.store.make_room_for(merged):
            return False
        self.store.write(merged)
        for g, author in enumerate(authors.tolist()):
            self.twin.setdefault(author, []).extend(numbers[first[g] : first[g + 1]])
        self.made += len(numbers)
        return True

    def shrink(self, author, count):
        mine = self.twin.get(author, [])
        if mine:
            self.twin[author] = mine[:count]
            self.store.keep(author, np.arange(len(mine)) < count)

    def drop(self, authors):
        references = np.full(ITEMS, 10_000, np.int32)
        self.store.drop(np.array(authors, np.int64), references)
        gone = [edge for a in authors for edge in self.twin.pop(a, [])]
        assert (10_000 - references == np.bincount(gone, minlength=ITEMS)).all()

    def check(self):
        store, blocks = self.store, self.store.blocks
        for a in range(AUTHORS):
            found, expected = store.edges(a), self._new(self.twin.get(a, []))
            assert all(map(np.array_equal, found, expected))
            assert block_bytes(blocks.edges[a], blocks.stamps[a]) <= blocks.capacity[a]
        taken = sorted(
            (int(store.segment[a]), int(blocks.offset[a]), int(blocks.capacity[a]))
            for a in range(AUTHORS)
            if blocks.capacity[a]
        )
        for one, other in itertools.pairwise(taken):
            assert one[0] < other[0] or one[1] + one[2] <= other[1], "two blocks overlap"
        seen = {}
        for data, group in store.by_segment():
            ends = blocks.offset[group] + blocks.capacity[group]
            assert ends.max() <= len(data)
            seen |= dict.fromkeys(group.tolist())
        assert sorted(seen) == [a for a in range(AUTHORS) if self.twin.get(a)]
        everything = [edge for mine in self.twin.values() for edge in mine]
        assert store.references(ITEMS).tolist() == np.bincount(everything, minlength=ITEMS).tolist()
        assert 0 <= store.holes <= self.bytes_max
        tables = AUTHORS * BLOCK_BYTES
        assert store.nbytes <= tables + self.bytes_max
        if not taken:
            assert store.nbytes <= tables + max(4096, self.segment_bytes)


@pytest.mark.parametrize("seed", range(12))
def test_edges_stay_with_their_author(seed):
    """Small blocks, blocks of their own, and a store that is full half of the time."""
    rng = np.random.default_rng(seed)
    store = Store()
    refused = 0
    for _ in range(250):
        author = int(rng.integers(0, AUTHORS))
        match rng.integers(0, 10):
            case 0:
                store.shrink(author, int(rng.integers(0, 40)))
            case 1:
                store.drop(rng.permutation(AUTHORS)[: rng.integers(0, 12)].tolist())
            case 2:
                refused += not store.add(author, int(rng.integers(17, 400)))
            case 3 | 4:
                some = rng.permutation(AUTHORS)[: rng.integers(1, 12)].tolist()
                store.add_many({a: int(rng.integers(1, 30)) for a in some})
            case _:
                refused += not store.add(author, int(rng.integers(1, 40)))
        store.check()
    assert refused, "the store was never full: the test is too tame"
    store.drop(list(range(AUTHORS)))
    store.check()


@pytest.mark.timeout(20)
def test_a_large_block_does_not_wait_for_room_that_never_comes():
    """Blocks of an eighth fill each segment but for its end; sweeping only moves the ends about.

    The store once swept for ever here, and with it the node.
    """
    store = Store(bytes_max=1024 * 6, segment_bytes=1024)
    for author in range(AUTHORS - 1):
        if not store.add(author, 15):  # seven blocks of 132 bytes to a segment, and 100 bytes left
            break
    assert author == 5 * 7
    assert not store.add(AUTHORS - 1, 60)
    store.check()
    store.drop(list(range(0, author, 2)))
    assert store.add(AUTHORS - 1, 60)
    store.check()


def test_holes_are_swept_up():
    """Dropping every other author frees half of the memory, as soon as somebody writes again."""
    store = Store()
    for _ in range(10):
        for author in range(AUTHORS):
            store.add(author, 3)
    full = store.store.nbytes
    for author in range(0, AUTHORS, 2):
        store.shrink(author, 0)
    store.check()
    assert store.store.holes * SHARE <= store.bytes_max
    assert store.store.nbytes < 0.7 * full


def test_one_author_may_have_nearly_all():
    store = Store()
    assert store.add(0, 128)
    assert store.add(0, 700)
    assert not store.add(0, 2048)
    store.check()
    store.shrink(0, 5)
    store.check()
    assert store.store.nbytes < 4096 + AUTHORS * BLOCK_BYTES + 200 * NARROW


def test_no_room_changes_nothing():
    store = Store(bytes_max=4096, segment_bytes=512)
    assert store.add(0, 100)
    before = store.store.nbytes, store.store.blocks.capacity.tolist()
    assert not store.store.make_room(0, 400 * NARROW)
    assert not store.store.make_room(1, 500 * NARROW)
    assert (store.store.nbytes, store.store.blocks.capacity.tolist()) == before
    store.check()


def test_an_empty_store_has_nothing():
    store = Store()
    assert store.store.by_segment() == []
    assert store.store.edges(3).item.size == 0
    store.drop([])
    store.check()


def test_too_few_segments_are_refused():
    with pytest.raises(ValueError, match="four segments"):
        BlockStore(bytes_max=511, segment_bytes=128)
