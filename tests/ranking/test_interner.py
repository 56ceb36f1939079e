"""Names to rows and back: growth, recycling, caps, collisions, compaction, against a dict."""

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ranking import interner
from ranking.interner import NAME_BYTES_MAX, ROW_BYTES_MAX, Interner

CONSTANT = 512
"""What a table begins with: 32 slots, state and key."""


def make(names_max=100, names_bytes_max=4000, key=7):
    return Interner(key=key, names_max=names_max, names_bytes_max=names_bytes_max)


def test_rows_survive_growth():
    names = [b"name-%d" % k for k in range(3000)]
    table = make(3000, 40_000)
    rows = [table.intern(name) for name in names[:300]]
    rows += table.intern_many(names[300:]).tolist()
    assert rows == list(range(3000))
    assert table.lookup_many(names).tolist() == rows
    assert [table.name(row) for row in rows] == names
    assert (len(table), table.rows) == (3000, 3000)
    assert table.names_nbytes == sum(map(len, names))


def test_many_at_once_are_as_one_by_one():
    names = [b"%d" % (k % 17) for k in range(60)]
    one, many = make(), make()
    assert many.intern_many(names).tolist() == [one.intern(name) for name in names]


def test_empty_and_too_long_names_get_no_row():
    table = make()
    longest = b"n" * NAME_BYTES_MAX
    names = [b"", longest, longest + b"n", b"a"]
    assert table.intern_many(names).tolist() == [-1, 0, -1, 1]
    assert table.lookup_many(names).tolist() == [-1, 0, -1, 1]
    assert len(table) == 2
    assert table.intern_many(()).size == 0


def test_names_may_hold_any_bytes():
    names = [bytes([byte]) * size for byte in (0, 255) for size in (1, 7, 8, 9, 16)]
    table = make()
    assert table.intern_many(names).tolist() == list(range(10))
    assert [table.name(row) for row in range(10)] == names


def test_unknown_names_are_not_looked_up_into_being():
    table = make()
    assert table.lookup(b"a") == -1
    assert len(table) == 0


def test_names_are_found_by_how_they_begin():
    table = make()
    names = [b"ab", b"abc", b"b", b"abcd", b"xab", b"a\x00c"]
    rows = dict(zip(names, table.intern_many(names).tolist(), strict=True))
    table.release(rows[b"abcd"])
    assert table.starting_with(b"ab").tolist() == [rows[b"ab"], rows[b"abc"]]
    assert table.starting_with(b"abc").tolist() == [rows[b"abc"]]
    assert table.starting_with(b"abcde").tolist() == []
    assert table.starting_with(b"").tolist() == [rows[n] for n in names if n != b"abcd"]


def test_names_that_collide_are_told_apart():
    """Twenty-four names in the 32 slots of the smallest table: runs of several homes."""
    for key in range(20):
        table = make(24, 1000, key=key)
        names = [b"%d" % k for k in range(24)]
        assert table.intern_many(names).tolist() == list(range(24))
        for k in range(0, 24, 2):
            table.release(k)
        assert table.lookup_many(names).tolist() == [k if k % 2 else -1 for k in range(24)]


def test_the_key_decides_the_slots():
    """Nobody who does not know it can choose names that collide."""
    names = [b"%d" % k for k in range(20)]
    tables = [make(key=key) for key in (1, 2, 1 << 64, 1)]
    slots = []
    for table in tables:
        table.intern_many(names)
        slots.append(table._table.slots.tolist())
    assert slots[0] == slots[3]
    assert slots[0] != slots[1]
    assert slots[0] != slots[2]


def test_released_rows_are_used_again():
    table = make(3, 100)
    table.intern_many((b"a", b"b", b"c"))
    table.release(1)
    assert not table.in_use(1)
    assert table.name(1) == b""
    assert table.used_rows().tolist() == [0, 2]
    assert table.lookup(b"b") == -1
    assert table.intern(b"d") == 1
    assert (table.rows, len(table)) == (3, 3)
    assert table.name(1) == b"d"


def test_releasing_twice_frees_one_row():
    table = make()
    table.intern_many((b"a", b"b"))
    table.release_many(np.array([0, 0, 0], np.int32))
    table.release(0)
    assert len(table) == 1
    assert table.intern_many((b"c", b"d")).tolist() == [0, 2]


def test_in_use_of_rows_that_never_were():
    table = make()
    table.intern(b"a")
    assert table.in_use(0)
    assert not table.in_use(-1)
    assert not table.in_use(1)


def test_at_the_cap_of_rows_new_names_get_none():
    table = make(3, 100)
    assert table.intern_many([b"a", b"b", b"c", b"d", b"a"]).tolist() == [0, 1, 2, -1, 0]
    assert table.intern(b"d") == -1
    assert table.intern(b"c") == 2


def test_at_the_cap_of_bytes_shorter_names_still_fit():
    table = make(100, 10)
    assert table.intern_many([b"12345", b"678901", b"abcde", b"x"]).tolist() == [0, -1, 1, -1]
    assert table.names_nbytes == 10


def test_a_full_arena_is_compacted():
    table = make(1000, 1000)
    names = [b"%010d" % k for k in range(100)]
    table.intern_many(names)
    for row in range(0, 100, 2):
        table.release(row)
    fresh = [b"%010d" % k for k in range(100, 150)]
    assert (table.intern_many(fresh) >= 0).all()
    assert table.names_nbytes == 1000
    known = names[1::2] + fresh
    assert [table.name(row) for row in table.lookup_many(known).tolist()] == known
    assert table.intern(b"x") == -1


@pytest.mark.parametrize("names_max", [1, 2, 31, 32, 33, 1000])
def test_memory_never_exceeds_what_was_promised(names_max):
    table = make(names_max, names_max * 9)
    for k in range(names_max + 5):
        table.intern(b"%09d" % k)
        assert table.nbytes <= names_max * ROW_BYTES_MAX + names_max * 9 + CONSTANT
        if k % 3 == 0 and table.in_use(k // 2):
            table.release(k // 2)
    for k in range(2 * names_max):
        table.intern(b"again%04d" % k)
    assert len(table) >= names_max * 15 // 16, "more than a sixteenth was left uncollected"
    assert table.nbytes <= names_max * ROW_BYTES_MAX + names_max * 9 + CONSTANT


@pytest.mark.parametrize(("names_max", "names_bytes_max"), [(0, 10), (10, 0), (10, 2**31)])
def test_impossible_caps_are_refused(names_max, names_bytes_max):
    with pytest.raises(ValueError, match="names_max"):
        make(names_max, names_bytes_max)


def test_reserving_leaves_nothing_behind():
    assert interner._SLOTS_MIN * 4 + 2 * 8 + 4 * 8 <= CONSTANT
    assert make().nbytes <= CONSTANT


NAMES = st.one_of(
    st.binary(max_size=3),
    st.integers(0, 300).map(lambda k: b"name-%d" % k),
    st.sampled_from([b"n" * 255, b"m" * 255, b"n" * 256]),
)


class Names(RuleBasedStateMachine):
    """Against a dict, with caps that are soon reached."""

    ROWS, BYTES = 60, 1200

    def __init__(self):
        super().__init__()
        self.table = make(self.ROWS, self.BYTES)
        self.row_of = {}

    @rule(names=st.lists(NAMES, max_size=20))
    def intern(self, names):
        before = sum(map(len, self.row_of))
        rows = self.table.intern_many(names).tolist()
        for name, row in zip(names, rows, strict=True):
            if row < 0:
                assert name not in self.row_of
                full = len(self.row_of) == self.ROWS
                # Up to a sixteenth of the arena may be garbage without being collected.
                wanted = before + sum(map(len, names))
                assert full or not 0 < len(name) <= 255 or wanted > self.BYTES * 15 / 16
            elif name in self.row_of:
                assert self.row_of[name] == row
            else:
                assert row not in self.row_of.values()
                self.row_of[name] = row

    @precondition(lambda self: self.row_of)
    @rule(data=st.data())
    def release(self, data):
        gone = data.draw(st.lists(st.sampled_from(sorted(self.row_of)), max_size=20))
        self.table.release_many(np.array([self.row_of[name] for name in gone], np.int32))
        for name in dict.fromkeys(gone):
            del self.row_of[name]

    @invariant()
    def agrees(self):
        names = [*self.row_of, b"never", b""]
        assert self.table.lookup_many(names).tolist() == [*self.row_of.values(), -1, -1]
        assert all(self.table.name(row) == name for name, row in self.row_of.items())
        assert len(self.table) == len(self.row_of)
        assert self.table.used_rows().tolist() == sorted(self.row_of.values())
        assert self.table.names_nbytes == sum(map(len, self.row_of))
        assert self.table.nbytes <= self.ROWS * ROW_BYTES_MAX + self.BYTES + CONSTANT


TestNames = Names.TestCase
TestNames.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
