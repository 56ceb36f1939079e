"""Segments of random blocks, beside the dictionaries that they are made of."""

import numpy as np

from ranking import kernels_blocks as kernels
from ranking.kernels_blocks import Blocks
from ranking.kernels_storage import EdgeColumns
from tests.ranking import naive_blocks as naive
from tests.ranking import naive_storage

ITEMS = 400


def columns(rows):
    """Edges from [(item, seq, device, day, weight)]."""
    made = np.array(rows, np.int64).reshape(-1, 5).T
    item, seq, device, day, weight = made
    return EdgeColumns(
        item.astype(np.int32),
        seq.astype(np.uint32),
        day.astype(np.uint16),
        device.astype(np.uint16),
        weight.astype(np.int8),
    )


def statements(rng, n, seqs):
    """Random ones; each is recognised by its day. Few seqs make ties and shared stamps."""
    return [
        tuple(map(int, rng.integers((0, 1, 0, 0, -100), (ITEMS, seqs + 1, 2, 65536, 101))))
        for _ in range(n)
    ]


def listed(block):
    return [(item, *said) for item, said in sorted(block.items())]


class Segment:
    """Blocks {author: {item: (seq, device, day, weight)}} in one segment, each with some slack."""

    def __init__(self, blocks, rng, authors=8):
        self.twin = blocks
        self.tables = Blocks(*(np.zeros(authors, np.int32) for _ in range(4)))
        parts, end = [], 0
        for a, block in blocks.items():
            stamps = naive.stamps_of(block)
            data = naive.packed(block, stamps)
            room = naive.size(len(block), stamps) + 4 * int(rng.integers(0, 30))
            parts.append(data.ljust(room + 8, b"\x77"))
            for table_, value in zip(self.tables, (end, room, len(block), stamps), strict=True):
                table_[a] = value
            end += len(parts[-1])
        self.data = np.frombuffer(bytearray(b"".join(parts)) or bytearray(4), np.uint8).copy()
        self.authors = np.array(list(blocks), np.int64)

    def read(self, a, data=None, offset=None):
        """The author's block, unpacked."""
        data = self.data if data is None else data
        offset = self.tables.offset[a] if offset is None else offset
        made = kernels.read_block(data, offset, self.tables.edges[a], self.tables.stamps[a])
        return rows_of(made)


def rows_of(made):
    fields = made.item, made.seq, made.device, made.day, made.weight
    return list(zip(*(column.tolist() for column in fields), strict=True))


def random_segment(seed, edges=40):
    rng = np.random.default_rng(seed)
    blocks = {}
    for a in (1, 2, 5):
        said = statements(rng, int(rng.integers(1, edges)), int(rng.choice([1, 3, 50, 10_000])))
        blocks[a] = naive_storage.merged({}, said)
    return Segment(blocks, rng), rng
