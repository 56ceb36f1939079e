"""The kernels of blocks against dictionaries, on seeded random input."""

import itertools

import numpy as np
import pytest

from ranking import kernels_blocks as kernels
from ranking.kernels_blocks import Blocks
from tests.ranking import naive_blocks as naive
from tests.ranking import naive_storage
from tests.ranking.segments import (
    ITEMS,
    columns,
    listed,
    random_segment,
    rows_of,
    statements,
)


@pytest.mark.parametrize("seed", range(20))
def test_blocks_are_read_as_they_are_written(seed):
    segment, _ = random_segment(seed)
    for a, block in segment.twin.items():
        assert segment.read(a) == listed(block)


@pytest.mark.parametrize(("edges", "stamps"), [(300, 1), (300, 257), (300, 300), (2, 1), (1, 1)])
def test_sizes_are_those_of_the_smallest_form(edges, stamps):
    block = {item: (min(item, stamps - 1) + 1, 3, 9, 1) for item in range(edges)}
    assert kernels.stamps_kept(edges, stamps) == naive.stamps_of(block)
    kept = naive.stamps_of(block)
    assert kernels.block_bytes(edges, kept) == naive.size(edges, kept)
    assert kernels.block_bytes(edges, kept) <= kernels.EDGE_BYTES_MAX * edges + 3


def test_more_stamps_than_two_bytes_tell_apart_stand_with_their_edges():
    assert kernels.stamps_kept(10**6, 65_536) == 65_536
    assert kernels.stamps_kept(10**6, 65_537) == 10**6


@pytest.mark.parametrize("seed", range(60))
def test_merging_keeps_the_latest_of_each_item(seed):
    segment, rng = random_segment(seed)
    authors = np.array([0, 1, 2, 3, 5], np.int64)
    seqs = int(rng.choice([1, 3, 50, 10_000]))
    said = [statements(rng, int(rng.integers(1, 60)), seqs) for _ in authors]
    first = np.cumsum([0, *map(len, said)])
    new = columns([row for rows in said for row in rows])
    total = int(segment.tables.edges.sum()) + len(new.item)
    out = np.full(13 * total + 64, 7, np.uint8)
    made = [np.zeros(len(authors), np.int64) for _ in range(4)]
    start, count, stamps, size = made
    added, ends = np.zeros(len(new.item), np.int32), np.zeros(2, np.int64)
    before = segment.data.copy()
    for chosen in ([0, 3], [1, 2, 4]):  # without a block, and with one
        kernels.merge_blocks(
            np.array(chosen, np.int64), authors, first, new, segment.tables, segment.data, out,
            (*made, added, ends),
        )  # fmt: skip
    assert np.array_equal(segment.data, before)
    brought = []
    for g in (0, 3, 1, 2, 4):
        old = segment.twin.get(int(authors[g]), {})
        after = naive_storage.merged(old, said[g])
        read = kernels.read_block(out, int(start[g]), int(count[g]), int(stamps[g]))
        assert rows_of(read) == listed(after)
        assert size[g] == naive.size(int(count[g]), int(stamps[g]))
        wide_in_place = stamps[g] == count[g] and size[g] <= segment.tables.capacity[authors[g]]
        assert stamps[g] == naive.stamps_of(after) or wide_in_place
        whole = naive.packed(after, int(stamps[g]))
        assert out[start[g] : start[g] + size[g]].tobytes() == whole.ljust(size[g], b"\0")
        brought += sorted(set(after) - set(old))
    assert added[: ends[1]].tolist() == brought
    assert ends[0] == size.sum()


@pytest.mark.parametrize("distinct", [200, 256, 257, 700])
def test_references_to_stamps_have_one_byte_or_two(distinct):
    rng = np.random.default_rng(distinct)
    said = [(item, item % distinct + 1, 0, item % 999, 5) for item in range(4 * distinct)]
    said = [said[k] for k in rng.permutation(len(said))]
    tables = Blocks(*(np.zeros(1, np.int32) for _ in range(4)))
    out = np.zeros(13 * len(said) + 4, np.uint8)
    made = [np.zeros(1, np.int64) for _ in range(4)]
    made += [np.zeros(len(said), np.int32), np.zeros(2, np.int64)]
    nothing, first = np.zeros(0, np.uint8), np.array([0, len(said)])
    alone = np.zeros(1, np.int64)
    kernels.merge_blocks(alone, alone, first, columns(said), tables, nothing, out, tuple(made))
    assert made[2].tolist() == [distinct]
    whole = naive.packed(naive_storage.merged({}, said), distinct)
    assert out[: len(whole)].tobytes() == whole


@pytest.mark.parametrize("seed", range(30))
def test_dropped_edges_leave_the_others(seed):
    segment, rng = random_segment(seed)
    for a, block in segment.twin.items():
        keep = rng.random(len(block)) < rng.random()
        where = segment.tables.offset[a], segment.tables.edges[a], segment.tables.stamps[a]
        before = segment.data.copy()
        left, stamps = kernels.keep_edges(segment.data, *where, keep)
        kept = dict(itertools.compress(sorted(block.items()), keep.tolist()))
        segment.tables.edges[a], segment.tables.stamps[a] = left, stamps
        assert segment.read(a) == listed(kept)
        assert stamps == naive.stamps_of(kept) or where[1] == where[2]
        end = where[0] + segment.tables.capacity[a]
        assert np.array_equal(segment.data[end:], before[end:])


@pytest.mark.parametrize("seed", range(5))
def test_items_of_many_authors_are_counted(seed):
    segment, _ = random_segment(seed)
    counts = np.full(ITEMS, 5, np.int32)
    kernels.count_items(np.array([1, 5], np.int64), segment.tables, segment.data, -1, counts)
    gone = [item for a in (1, 5) for item in segment.twin[a]]
    assert counts.tolist() == [5 - gone.count(item) for item in range(ITEMS)]


def test_rows_that_stand_twice_count_twice():
    counts = np.zeros(4, np.int32)
    kernels.add_at(np.array([2, -1, 2, 0], np.int32), 3, counts)
    assert counts.tolist() == [3, 0, 6, 0]


@pytest.mark.parametrize("room", [0, 8, 100, 300, 2000])
def test_blocks_are_packed_as_far_as_there_is_room(room):
    segment, _ = random_segment(room)
    target = np.full(4 + room, 7, np.uint8)
    before = segment.tables.capacity.copy()
    moved, end = kernels.pack_blocks(segment.authors, segment.tables, segment.data, target, 4)
    place = 4
    for k, a in enumerate(segment.authors.tolist()):
        size = naive.size(int(segment.tables.edges[a]), int(segment.tables.stamps[a]))
        size = min(int(before[a]), size + size // 32 * 4)
        if k >= moved:
            assert k > moved or place + size > 4 + room, "there was room for another"
            assert segment.tables.capacity[a] == before[a]
            continue
        assert (segment.tables.offset[a], segment.tables.capacity[a]) == (place, size)
        assert segment.read(a, target) == listed(segment.twin[a])
        place += size
    assert end == place


@pytest.mark.parametrize("seed", range(5))
def test_new_blocks_are_copied_to_their_places(seed):
    """From behind each other, in another order, to where the tables say."""
    segment, _ = random_segment(seed)
    tables, authors = segment.tables, segment.authors
    sizes = np.array([naive.size(int(tables.edges[a]), int(tables.stamps[a])) for a in authors])
    place = np.cumsum([0, *sizes[::-1]])[:-1][::-1]
    made = [np.array([t[a] for a in authors], np.int64) for t in (tables.offset, tables[2])]
    made += [np.array([tables.stamps[a] for a in authors], np.int64), sizes.astype(np.int64)]
    target = np.full(int(sizes.sum()), 7, np.uint8)
    tables.offset[authors] = place
    tables.edges[authors] = tables.stamps[authors] = 0
    chosen = np.arange(len(authors))
    kernels.write_blocks(chosen, authors, segment.data, tuple(made), tables, target)
    for a in authors.tolist():
        assert segment.read(a, target) == listed(segment.twin[a])
