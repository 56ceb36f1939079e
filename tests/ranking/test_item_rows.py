"""When the row of an item may stand for another, and what is kept back for whom."""

import numpy as np
import pytest

from ranking.interner import joined
from ranking.item_rows import ITEM_BYTES, SPARE, ItemRows


def make(items_max=64, names_bytes_max=6400):
    return ItemRows(key=3, items_max=items_max, names_bytes_max=names_bytes_max)


def interned(items, names, **settings):
    return items.intern_packed(*joined(names), **settings)


def rows(*values):
    return np.array(values, np.int32)


def names(n, size=10, start=0):
    return [b"%0*d" % (size, k) for k in range(start, start + n)]


def test_a_row_without_references_is_recycled():
    items = make()
    both = interned(items, (b"a", b"b"))
    items.refer(both[:1], 1)
    items.recycle(both)
    assert items.names.lookup_many((b"a", b"b")).tolist() == [0, -1]


def test_references_count_rows_that_stand_twice_and_leave_out_refused_ones():
    items = make()
    interned(items, (b"a",))
    items.refer(rows(0, 0, -1), 1)
    assert items.references.tolist()[:1] == [2]
    assert not items.references[1:].any()
    items.refer(rows(0, -1), -1)
    items.recycle(rows(0))
    assert items.names.in_use(0)


def test_held_rows_keep_their_names_until_the_last_hold_ends():
    items = make()
    interned(items, (b"a", b"b"))
    items.refer(rows(1), 1)
    items.hold()
    items.hold()
    items.recycle(rows(0))
    items.unhold()
    assert items.held
    assert items.names.name(0) == b"a"
    items.unhold()
    assert not items.held
    assert items.names.lookup_many((b"a", b"b")).tolist() == [-1, 1]


def test_a_hold_in_which_nothing_went_frees_nothing():
    """A new row that nobody refers to yet is its maker's business."""
    items = make()
    interned(items, (b"a",))
    items.hold()
    items.unhold()
    assert items.names.in_use(0)


def test_pins_keep_rows():
    items = make()
    interned(items, (b"edge",))
    items.refer(rows(0), 1)
    pinned = items.pin_many([b"edge", b"a", b"b"])
    assert pinned.tolist() == [0, 1, 2]
    items.unpin_many(pinned[:2])
    assert [items.names.in_use(row) for row in range(3)] == [True, False, True]
    assert items.pin_many([]).size == 0
    assert items.pin_many([b"", b"c", b"n" * 256]).tolist() == [-1, 1, -1]


def test_pins_keep_at_most_half_of_the_rows():
    items = make(64)
    pinned = items.pin_many(names(40)).tolist()
    assert pinned == [*range(32), *[-1] * 8]
    items.unpin_many(rows(5))
    assert items.pin_many([b"other", b"another"]).tolist() == [5, -1]


def test_pins_keep_at_most_half_of_the_names():
    items = make(1000, 1000)
    pinned = items.pin_many(names(60)).tolist()
    assert pinned == [*range(50), *[-1] * 10]
    items.unpin_many(rows(0))
    assert items.pin_many([b"x" * 10]) >= 0
    assert items.pin_many([b"y"]) == -1


@pytest.mark.parametrize(("items_max", "names_bytes_max"), [(64, 100_000), (10_000, 640)])
def test_what_is_spare_is_for_some_only(items_max, names_bytes_max):
    """Either cap: of 64 names the last eight are spare."""
    items = make(items_max, names_bytes_max)
    common = interned(items, names(80), spare=False)
    taken = 64 - 64 // SPARE
    assert common.tolist() == [*range(taken), *[-1] * (80 - taken)]
    assert interned(items, names(80), spare=False).tolist() == common.tolist()
    more = interned(items, names(10, start=1000), spare=True)
    assert more.tolist() == [*range(56, 64), *[-1] * 2]


def test_known_and_impossible_names_take_nothing_of_what_is_spare():
    items = make(32)
    interned(items, names(27), spare=False)
    mixed = [*names(3), b"", b"n" * 256, b"new"]
    assert interned(items, mixed, spare=False).tolist() == [0, 1, 2, -1, -1, 27]


def test_memory_is_bounded():
    items = make(500, 5000)
    interned(items, names(600))
    assert items.nbytes <= 500 * ITEM_BYTES + 5000 + 512
    assert len(items.references) <= 500
