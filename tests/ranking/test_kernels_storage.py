"""The storage kernels against plain dictionaries and lists, on seeded random input."""

import subprocess
import sys

import numpy as np
import pytest

from ranking import kernels_storage as kernels
from ranking.affinity import decay_levels, table
from ranking.kernels_storage import FIRST_FREE, FREE, IN_USE, ROWS, EdgeColumns, NameTable
from tests.ranking import naive_storage as naive

KEY = 0x0F0E0D0C0B0A09080706050403020100


def words(key):
    return np.array([key & naive.MASK, key >> 64], np.uint64)


def joined(names):
    data = np.frombuffer(bytearray(b"".join(names)) or bytearray(1), np.uint8)
    return data, np.array([len(name) for name in names], np.int32)


# ------------------------------------------------------------------------------------- names
def test_siphash_is_siphash():
    data = np.arange(64, dtype=np.uint8)
    for size in range(64):
        expected = naive.siphash13(bytes(range(size)), KEY)
        assert int(kernels.siphash(data, 0, size, words(KEY))) == expected
    middle = naive.siphash13(bytes(range(5, 25)), KEY)
    assert int(kernels.siphash(data, 5, 20, words(KEY))) == middle


@pytest.mark.skipif(sys.hash_info.algorithm != "siphash13", reason="Python hashes otherwise")
def test_siphash_is_the_interpreters_own():
    """An independent reference: `hash(bytes)` under the all-zero key of PYTHONHASHSEED=0."""
    script = "print(*(hash(bytes(range(n))) for n in range(1, 40)))"
    told = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONHASHSEED": "0"}, capture_output=True, check=True
    )
    data, key = np.arange(40, dtype=np.uint8), np.zeros(2, np.uint64)
    mine = [np.uint64(kernels.siphash(data, 0, n, key)).astype(np.int64) for n in range(1, 40)]
    assert mine == [int(word) for word in told.stdout.split()]


class Table:
    """A table for `rows` names of `nbytes` together, and the twin: name -> row, free rows."""

    def __init__(self, slots, rows, nbytes):
        self.table = NameTable(
            np.full(slots, FREE, np.int32),
            np.zeros(nbytes, np.uint8),
            np.zeros(rows, np.int32),
            np.zeros(rows, np.uint8),
        )
        self.state = np.array([0, FREE, 0, 0], np.int64)
        self.row_of, self.free, self.used, self.filled = {}, [], 0, 0

    def insert(self, names):
        data, sizes = joined(names)
        rows = kernels.find_rows(data, sizes, words(KEY), self.table)
        assert rows.tolist() == [self.row_of.get(name, FREE) for name in names]
        kernels.insert_rows(data, sizes, words(KEY), self.table, self.state, rows)
        assert rows.tolist() == [self._insert(name) for name in names]

    def _insert(self, name):
        fits = 0 < len(name) <= 255 and self.filled + len(name) <= len(self.table.arena)
        if name in self.row_of or not fits:
            return self.row_of.get(name, FREE)
        if self.free:
            row = self.free.pop()
        elif self.used < len(self.table.starts):
            row = self.used
            self.used += 1
        else:
            return FREE
        self.row_of[name] = row
        self.filled += len(name)
        return row

    def erase(self, names):
        rows = [self.row_of[name] for name in names] * 2
        freed = kernels.erase_rows(np.array(rows, np.int32), words(KEY), self.table, self.state)
        assert freed == sum(map(len, names))
        for name in names:
            self.free.append(self.row_of.pop(name))

    def check(self, names):
        assert self.state[IN_USE] == len(self.row_of)
        assert self.state[ROWS] == self.used
        assert self.state[FIRST_FREE] == (self.free[-1] if self.free else FREE)
        rows = kernels.find_rows(*joined(names), words(KEY), self.table)
        assert rows.tolist() == [self.row_of.get(name, FREE) for name in names]
        assert (self.table.slots != FREE).sum() == len(self.row_of)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("slots", [61, 73, 400])
def test_names_come_and_go_as_in_a_dict(seed, slots):
    """Sixty rows in 61 slots collide all the time, and runs wrap around the end of the table."""
    rng = np.random.default_rng(seed)
    names = [b"%x" % rng.integers(1, 1 << int(rng.integers(1, 40))) for _ in range(90)]
    names += [b"", b"n" * 255, b"n" * 256]
    table = Table(slots, 60, 2000)
    for _ in range(60):
        table.insert([names[k] for k in rng.integers(0, len(names), 25)])
        gone = rng.permutation(sorted(table.row_of))[: int(rng.integers(0, 12))].tolist()
        table.erase(gone)
        table.check(names)
    assert table.used == 60, "the rows never ran out: the test is too tame"
    assert table.filled > 1990, "the arena never ran out: the test is too tame"


def test_slots_are_filled_anew():
    table = Table(61, 60, 3000)
    names = [b"%d" % k for k in range(60)]
    table.insert(names)
    table.erase(names[::3])
    table.table = table.table._replace(slots=np.full(97, FREE, np.int32))
    kernels.fill_slots(words(KEY), table.table, table.used)
    table.check(names)


def test_names_slide_together():
    table = Table(90, 60, 3000)
    names = [b"%d" % (k * 37 % 1000) * (1 + k % 5) for k in range(60)]
    table.insert(names)
    table.erase(names[::2])
    left = sorted(table.row_of.values(), key=lambda row: table.table.starts[row])
    end = kernels.slide_names(np.array(left, np.int64), table.table)
    assert end == sum(map(len, table.row_of))
    table.table.arena[end:] = 0
    table.check(names)


# ------------------------------------------------------------------------------------- edges
def columns(rows, size=None):
    """Edges from [(item, seq, device, day, weight)], with free slots up to `size`."""
    size = len(rows) if size is None else size
    made = EdgeColumns(
        np.full(size, 77, np.int32),
        np.full(size, 77, np.uint32),
        np.full(size, 77, np.uint16),
        np.full(size, 77, np.uint16),
        np.full(size, 77, np.int8),
    )
    for k, (item, seq, device, day, weight) in enumerate(rows):
        made.item[k], made.seq[k], made.device[k] = item, seq, device
        made.day[k], made.weight[k] = day, weight
    return made


def at(edges, start, count):
    window = slice(start, start + count)
    return list(
        zip(
            edges.item[window].tolist(),
            edges.seq[window].tolist(),
            edges.device[window].tolist(),
            edges.day[window].tolist(),
            edges.weight[window].tolist(),
            strict=True,
        )
    )


def statements(rng, n, items):
    """Random ones, with ties in seq and device; each is recognised by its day."""
    return [
        tuple(map(int, rng.integers((-1, 1, 0, 0, -100), (items, 4, 3, 65536, 101))))
        for _ in range(n)
    ]


def listed(block):
    return [(item, *said) for item, said in sorted(block.items())]


@pytest.mark.parametrize("seed", range(40))
def test_merging_keeps_the_latest_of_each_item(seed):
    rng = np.random.default_rng(seed)
    base, n, m = int(rng.integers(0, 5)), int(rng.integers(0, 30)), int(rng.integers(0, 30))
    before = naive.merged({}, statements(rng, n, 20))
    new = statements(rng, m, 20)
    frame = [(5, 5, 5, 5, 5)] * base
    edges = columns(frame + listed(before), base + len(before) + m + 2)
    references = np.zeros(20, np.int32)
    references[list(before)] = 1
    order = np.argsort([said[0] for said in new], kind="stable").astype(np.int64)
    count = kernels.merge_edges(edges, base, len(before), columns(new), order, references)
    after = naive.merged(before, new)
    assert at(edges, base, count) == listed(after)
    assert at(edges, 0, base) == frame
    assert at(edges, base + len(before) + m, 2) == [(77,) * 5] * 2
    assert references.tolist() == [int(item in after) for item in range(20)]


@pytest.mark.parametrize("seed", range(5))
def test_dropped_edges_lose_their_references(seed):
    rng = np.random.default_rng(seed)
    block = listed(naive.merged({}, statements(rng, 40, 30)))
    edges = columns([(1,) * 5, *block])
    keep = rng.random(len(block)) < 0.5
    references = np.full(30, 3, np.int32)
    left = kernels.keep_edges(edges, 1, keep, references)
    assert at(edges, 1, left) == [edge for edge, kept in zip(block, keep, strict=True) if kept]
    gone = [edge[0] for edge, kept in zip(block, keep, strict=True) if not kept]
    assert references.tolist() == [3 - (item in gone) for item in range(30)]


class Segment:
    """Random blocks of several authors in one segment, with slack and holes between."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.blocks = {a: listed(naive.merged({}, statements(rng, 12, 30))) for a in (1, 2, 5)}
        self.blocks[3] = []
        self.offset, self.count, self.capacity = (np.zeros(6, np.int32) for _ in range(3))
        rows, end = [], 0
        for a, block in self.blocks.items():
            slack = int(rng.integers(0, 9))
            self.offset[a], self.count[a], self.capacity[a] = end, len(block), len(block) + slack
            rows += block + [(9,) * 5] * (slack + 2)
            end = len(rows)
        self.edges = columns(rows)
        self.authors = np.array(list(self.blocks), np.int64)
        self.tables = self.offset, self.count, self.capacity


@pytest.mark.parametrize("seed", range(5))
def test_references_of_many_authors_are_dropped(seed):
    segment = Segment(seed)
    references = np.full(30, 5, np.int32)
    authors = np.array([1, 5], np.int64)
    kernels.drop_references(authors, segment.offset, segment.count, segment.edges, references)
    gone = [edge[0] for a in (1, 5) for edge in segment.blocks[a]]
    assert references.tolist() == [5 - gone.count(item) for item in range(30)]


@pytest.mark.parametrize("room", [0, 1, 12, 25, 60])
def test_blocks_are_packed_as_far_as_there_is_room(room):
    segment = Segment(room)
    target = columns([], 4 + room)
    before = segment.capacity.copy()
    moved, end = kernels.pack_blocks(segment.authors, segment.tables, segment.edges, target, 4)
    place = 4
    for k, a in enumerate(segment.authors.tolist()):
        n = len(segment.blocks[a])
        size = min(int(before[a]), n + n // 8 + 2)
        if k >= moved:
            assert k > moved or place + size > 4 + room, "there was room for another"
            assert segment.capacity[a] == before[a]
            continue
        assert (segment.offset[a], segment.capacity[a]) == (place, size)
        assert at(target, place, n) == segment.blocks[a]
        place += size
    assert end == place


@pytest.mark.parametrize("seed", range(5))
def test_signs_are_counted_and_edges_copied_with_their_age(seed):
    segment, today, half_life = Segment(seed), 40_000, 5_000
    liked, disliked = np.zeros(6, np.int64), np.zeros(6, np.int64)
    where = (segment.authors, segment.offset, segment.count)
    kernels.count_signs(*where, segment.edges, liked, disliked)
    for a, block in segment.blocks.items():
        assert liked[a] == sum(edge[4] > 0 for edge in block)
        assert disliked[a] == sum(edge[4] < 0 for edge in block)
    ptr, bad_ptr = (np.concatenate(([0], np.cumsum(n))) for n in (liked, disliked))
    item, code = np.zeros(ptr[-1], np.int32), np.zeros(ptr[-1], np.uint8)
    bad_item = np.zeros(bad_ptr[-1], np.int32)
    scale = decay_levels(half_life)
    ages = kernels.copy_edges(
        *where, segment.edges, (ptr, item, code), (bad_ptr, bad_item), scale, today
    )
    said = [today - edge[3] for block in segment.blocks.values() for edge in block if edge[4] > 0]
    assert ages == (min(said), max(said))
    affinity = table()[code]
    for a, block in segment.blocks.items():
        good = {edge[0]: edge[4] / 100 * naive.decay(edge[3], today, half_life) for edge in block
                if edge[4] > 0}  # fmt: skip
        window = slice(ptr[a], ptr[a + 1])
        found = dict(zip(item[window].tolist(), affinity[window].tolist(), strict=True))
        assert found == pytest.approx(good, rel=0.024)
        assert list(found) == sorted(good)
        bad = [edge[0] for edge in block if edge[4] < 0]
        assert bad_item[bad_ptr[a] : bad_ptr[a + 1]].tolist() == bad


@pytest.mark.parametrize("seed", range(5))
def test_transpose_turns_rows_into_columns(seed):
    rng = np.random.default_rng(seed)
    rows = [
        [(int(c), k) for k, c in enumerate(np.flatnonzero(rng.random(9) < 0.4))] for _ in range(7)
    ]
    ptr = np.cumsum([0] + [len(row) for row in rows])
    column = np.array([c for row in rows for c, _ in row], np.int32)
    value = np.array([x for row in rows for _, x in row], np.uint8)
    out_ptr, out_row, out_value = kernels.transpose(ptr, column, value, 9)
    expected = naive.transposed(rows)
    for c in range(9):
        window = slice(out_ptr[c], out_ptr[c + 1])
        pairs = zip(out_row[window].tolist(), out_value[window].tolist(), strict=True)
        assert list(pairs) == expected.get(c, [])
