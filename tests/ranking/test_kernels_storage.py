"""The storage kernels against plain dictionaries and lists, on seeded random input."""

import subprocess
import sys

import numpy as np
import pytest

from ranking import kernels_storage as kernels
from ranking.kernels_storage import FIRST_FREE, FREE, IN_USE, ROWS, NameTable
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
            np.zeros(slots, np.uint8),
            np.zeros(nbytes, np.uint8),
            np.zeros(rows, np.int32),
            np.zeros(rows, np.uint8),
        )
        self.state = np.array([0, FREE, 0, 0], np.int64)
        self.row_of, self.free, self.used, self.filled = {}, [], 0, 0

    def insert(self, names):
        data, sizes = joined(names)
        hashes = kernels.hash_names(data, sizes, words(KEY))
        assert hashes.tolist() == [naive.siphash13(name, KEY) for name in names]
        rows = kernels.find_rows(data, sizes, hashes, self.table)
        assert rows.tolist() == [self.row_of.get(name, FREE) for name in names]
        kernels.insert_rows(data, sizes, hashes, self.table, self.state, rows)
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
        data, sizes = joined(names)
        hashes = kernels.hash_names(data, sizes, words(KEY))
        rows = kernels.find_rows(data, sizes, hashes, self.table)
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
    fresh = np.full(97, FREE, np.int32), np.zeros(97, np.uint8)
    table.table = table.table._replace(slots=fresh[0], tags=fresh[1])
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
