"""Each rule that stands between a stranger's bytes and the kernels, broken on its own."""

import numpy as np
import pytest

from ranking import kernels_checkpoint as kernels
from ranking.kernels_blocks import Blocks
from tests.ranking import naive_blocks as naive

ITEMS = 50


@pytest.mark.parametrize(
    ("head", "starts", "good"),
    [
        (2, [7, -1, 3, 1], True),  # 2 -> 3 -> 1
        (2, [7, 2, 3, 1], False),  # for ever
        (2, [7, -1, 1, 1], False),  # 3 is not in it
        (0, [2, -1, 3, 1], False),  # 0 has a name
        (4, [7, -1, 3, 1], False),
        (-2, [7, -1, 3, 1], False),
        (-1, [7, -1, 3, 1], False),
    ],
)
def test_the_list_of_free_rows_has_each_once(head, starts, good):
    lengths = np.array([5, 0, 0, 0], np.uint8)
    assert kernels.is_free_list(head, np.array(starts, np.int32), lengths) == good


def test_no_free_row_is_a_list_too():
    lengths, starts = np.array([5], np.uint8), np.zeros(1, np.int32)
    assert kernels.is_free_list(-1, starts, lengths)
    assert not kernels.is_free_list(0, starts, lengths)


class Segment:
    """Two blocks, one with few stamps and one where each edge has its own."""

    def __init__(self, few=None):
        few = few or {item: (item % 3 + 1, 0, 9, 5) for item in range(0, 40, 2)}
        own = {item: (item + 1, 0, 9, -100) for item in (3, 4, 49)}
        self.blocks = Blocks(*(np.zeros(2, np.int32) for _ in range(4)))
        data = b""
        for a, block in enumerate((few, own)):
            stamps = naive.stamps_of(block)
            size = naive.size(len(block), stamps)
            values = len(data), size + 8, len(block), stamps
            for table, value in zip(self.blocks, values, strict=True):
                table[a] = value
            data += naive.packed(block, stamps).ljust(size + 8, b"\0")
        self.data = np.frombuffer(bytearray(data), np.uint8)

    def good(self, authors=(0, 1), size=None):
        size = len(self.data) if size is None else size
        return kernels.are_blocks(np.array(authors, np.int64), self.blocks, self.data, size, ITEMS)


def test_blocks_as_they_are_made_pass():
    segment = Segment()
    assert segment.blocks.stamps.tolist() == [3, 3]
    assert segment.good()
    assert segment.good(())


@pytest.mark.parametrize(
    ("table", "author", "change"),
    [
        ("offset", 0, -4),
        ("offset", 1, -4),  # into the other
        ("offset", 1, 4),  # over the end
        ("offset", 0, 1),
        ("capacity", 1, -16),  # too small for its edges
        ("capacity", 0, 4),
        ("capacity", 1, -1),
        ("edges", 0, 2**31 - 1 - 20),
        ("edges", 0, -20),
        ("edges", 0, 1),
        ("stamps", 0, -3),
        ("stamps", 0, 18),
        ("stamps", 0, 1),
        ("stamps", 1, 2**31 - 1 - 3),
    ],
)
def test_tables_that_cannot_be_are_refused(table, author, change):
    segment = Segment()
    getattr(segment.blocks, table)[author] += change
    assert not segment.good()


def test_blocks_end_within_their_segment():
    segment = Segment()
    assert not segment.good(size=len(segment.data) - 4)


@pytest.mark.parametrize(
    ("dtype", "place", "value"),
    [
        (np.int32, 0, -1),
        (np.int32, 3, 2),  # twice
        (np.int32, 19, ITEMS),
        (np.uint32, 21, 0),  # stamps do not ascend
        (np.int8, 4 * 20 + 4 * 3 + 2 * 20 + 2 * 3, 101),
        (np.int8, 4 * 20 + 4 * 3 + 2 * 20 + 2 * 3, -101),
        (np.uint8, 4 * 20 + 4 * 3 + 2 * 20 + 2 * 3 + 20, 3),  # no such stamp
    ],
)
def test_edges_that_cannot_be_are_refused(dtype, place, value):
    segment = Segment()
    segment.data.view(dtype)[place] = value
    assert not segment.good()


def test_every_stamp_is_in_use():
    segment = Segment()
    refs = 4 * 20 + 4 * 3 + 2 * 20 + 2 * 3 + 20
    segment.data[refs : refs + 20] = 0
    assert not segment.good()
