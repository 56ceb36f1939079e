"""Where edges stand: each author's in one block, blocks in segments, segments in a byte budget.

Blocks are cut from the open segment one after the other. A block that outgrows its room moves to
the end of the open segment and leaves a hole; when holes take more than an eighth, or memory runs
out, the emptiest sealed segment is swept: its blocks move to the open one and its memory is given
back. So growth never copies everything, and there are never two copies of it all. A block too
large to share a segment has one of its own.
"""

import numpy as np
from numpy.typing import NDArray

from ranking.kernels_storage import EdgeColumns, drop_references, pack_blocks

EDGE_BYTES = 13
"""item 4, seq 4, day 2, device 2, weight 1."""

BLOCK_BYTES = 16
"""Segment, offset, count and capacity of one author's block, int32 each."""

SHARE = 8
"""A block of more than 1/8 of a segment gets its own; a segment is swept when 1/8 is holes."""


def _columns(size: int) -> EdgeColumns:
    return EdgeColumns(
        item=np.zeros(size, np.int32),
        seq=np.zeros(size, np.uint32),
        day=np.zeros(size, np.uint16),
        device=np.zeros(size, np.uint16),
        weight=np.zeros(size, np.int8),
    )


def sliced(edges: EdgeColumns, start: int, count: int) -> EdgeColumns:
    """Views of `count` edges from `start` on."""
    part = slice(start, start + count)
    return EdgeColumns(
        edges.item[part], edges.seq[part], edges.day[part], edges.device[part], edges.weight[part]
    )


class Segment:
    """A run of `capacity` edge slots; `used` were cut into blocks, `live` still belong to some.

    Memory follows use: the columns grow in place up to `capacity`.
    """

    __slots__ = ("capacity", "edges", "live", "used")

    def __init__(self, capacity: int) -> None:
        self.edges = _columns(min(capacity, 256))
        self.capacity = capacity
        self.used = 0
        self.live = 0

    @property
    def nbytes(self) -> int:
        """Memory of the columns."""
        return sum(column.nbytes for column in self.edges)

    def cut(self, size: int) -> int:
        """Offset of a new block of so many slots, for which there must be room."""
        offset = self.used
        self.used += size
        self.live += size
        if self.used > len(self.edges.item):
            self.grow(max(self.used, 2 * len(self.edges.item)))
        return offset

    def grow(self, slots: int) -> None:
        """Memory for so many slots, `capacity` at most."""
        for column in self.edges:
            column.resize(min(self.capacity, slots), refcheck=False)


class BlockStore:
    """A block of edges for each author row, within `edges_max` slots of `EDGE_BYTES` together.

    `segment_edges`: slots of a shared segment, at most a quarter of `edges_max`. The tables
    `segment`, `offset`, `count`, `capacity` have a row for each author; capacity 0 is no block.
    Columns and blocks handed out are views: they are void after the next call that writes.
    """

    def __init__(self, *, edges_max: int, segment_edges: int) -> None:
        if edges_max < 4 * segment_edges:
            raise ValueError("edges_max must hold at least four segments")
        self._edges_max = edges_max
        self._segment_edges = segment_edges
        self._segments: dict[int, Segment] = {}
        self._reserved = 0
        self._live = 0
        self._next = 0
        self._open = -1
        self.segment = np.zeros(0, np.int32)
        self.offset = np.zeros(0, np.int32)
        self.count = np.zeros(0, np.int32)
        self.capacity = np.zeros(0, np.int32)

    @property
    def nbytes(self) -> int:
        """Memory of every array. O(segments)."""
        tables = (self.segment, self.offset, self.count, self.capacity)
        return sum(array.nbytes for array in tables) + sum(
            segment.nbytes for segment in self._segments.values()
        )

    @property
    def holes(self) -> int:
        """Slots that belong to no block, those left at the end of the open segment aside."""
        opened = self._segments.get(self._open)
        left = opened.capacity - opened.used if opened is not None else 0
        return self._reserved - self._live - left

    def grow(self, authors: int) -> None:
        """Make the tables so many rows long."""
        for table in (self.segment, self.offset, self.count, self.capacity):
            table.resize(authors, refcheck=False)

    def columns(self, author: int) -> EdgeColumns:
        """The columns in which the author's block stands, at `offset[author]`."""
        return self._segments[int(self.segment[author])].edges

    def block(self, author: int) -> EdgeColumns:
        """The author's own edges."""
        if not self.capacity[author]:
            return _columns(0)
        start = int(self.offset[author])
        return sliced(self.columns(author), start, int(self.count[author]))

    def by_segment(
        self, authors: NDArray[np.int64] | None = None
    ) -> list[tuple[EdgeColumns, NDArray[np.int64]]]:
        """Each segment's columns and which of the authors (None: all) have edges there.

        O(authors log authors).
        """
        if authors is None:
            authors = np.arange(len(self.count))
        authors = authors[self.count[authors] > 0]
        if not authors.size:
            return []
        authors = authors[np.argsort(self.segment[authors], kind="stable")]
        cuts = np.flatnonzero(np.diff(self.segment[authors])) + 1
        return [(self.columns(int(group[0])), group) for group in np.split(authors, cuts)]

    def make_room(self, author: int, more: int) -> bool:
        """Whether the author's block has room for `more` edges now; it may have moved.

        Amortised O(more): a block grows by an eighth at a time.
        """
        needed = int(self.count[author]) + more
        if needed <= self.capacity[author]:
            return True
        return self._move(author, needed + needed // SHARE + 2) or self._move(author, needed)

    def set_count(self, author: int, count: int) -> None:
        """The first `count` edges of the block are all there are; room far beyond is given back."""
        self.count[author] = count
        capacity = int(self.capacity[author])
        if count == 0 and capacity:
            self._give_up(author)
            self._bound_holes()
        elif count * 2 < capacity - 16:
            self._move(author, count + count // SHARE + 2)

    def drop(self, authors: NDArray[np.int64], references: NDArray[np.int32]) -> None:
        """Empty many blocks, lowering the references of the items in them. O(their edges)."""
        for columns, group in self.by_segment(authors):
            drop_references(group, self.offset, self.count, columns, references)
            index = int(self.segment[group[0]])
            freed = int(self.capacity[group].sum())
            self.count[group] = 0
            self.capacity[group] = 0
            self._free(index, freed)
        self._bound_holes()

    # ------------------------------------------------------------------------------- segments
    def _move(self, author: int, size: int) -> bool:
        """Give the author a block of so many slots, with the edges of the one she has."""
        index = self._room_for(size)
        if index < 0:
            return False
        target = self._segments[index]
        offset = target.cut(size)
        self._live += size
        old = self.block(author)
        new = sliced(target.edges, offset, len(old.item))
        new.item[:], new.seq[:], new.day[:] = old.item, old.seq, old.day
        new.device[:], new.weight[:] = old.device, old.weight
        if self.capacity[author]:
            self._give_up(author)
        self.segment[author] = index
        self.offset[author] = offset
        self.capacity[author] = size
        self._bound_holes()
        return True

    def _give_up(self, author: int) -> None:
        size = int(self.capacity[author])
        self.capacity[author] = 0
        self._free(int(self.segment[author]), size)

    def _free(self, index: int, slots: int) -> None:
        """So many slots of a segment are in no block any more; an empty segment is given back."""
        segment = self._segments[index]
        segment.live -= slots
        self._live -= slots
        if segment.live:
            return
        if index == self._open:
            segment.used = 0
        else:
            self._reserved -= self._segments.pop(index).capacity

    def _add(self, capacity: int, budget: int) -> int:
        """Index of a new segment, -1 when `budget` slots do not allow it."""
        if self._reserved + capacity > budget:
            return -1
        index = self._next
        self._next += 1
        self._segments[index] = Segment(capacity)
        self._reserved += capacity
        return index

    def _room_for(self, size: int) -> int:
        """Index of a segment with so many free slots at its end; -1 when sweeping gains none.

        One segment's worth of the budget is kept back, so that there is always one to sweep into.
        Where large blocks leave every segment's end empty, sweeping only moves those ends about:
        the holes no longer get fewer, and then it stops.
        """
        budget = self._edges_max - self._segment_edges
        own = size * SHARE > self._segment_edges
        gain = max(self._segment_edges // 64, 1 if own else size)
        index = self._add(size, budget) if own else self._shared(size, budget)
        holes = self.holes + 1
        while index < 0 and self.holes < holes:
            holes = self.holes
            if not self._sweep(gain):
                break
            index = self._add(size, budget) if own else self._shared(size, budget)
        return index

    def _shared(self, size: int, budget: int) -> int:
        """The open segment if it has room, else a new one, else -1."""
        opened = self._segments.get(self._open)
        if opened is not None and opened.used + size <= opened.capacity:
            return self._open
        index = self._add(self._segment_edges, budget)
        if index >= 0:
            self._open = index
        return index

    def _sweep(self, gain: int) -> bool:
        """Move the emptiest sealed segment into the open one; False when none has `gain` holes.

        Costs a scan of the authors and a copy of the segment, 1 ms.
        """
        shared = [
            (segment.live, index)
            for index, segment in self._segments.items()
            if segment.capacity == self._segment_edges
            and segment.live <= segment.capacity - gain
            and index != self._open
        ]
        if not shared:
            return False
        index = min(shared)[1]
        authors = np.flatnonzero((self.segment == index) & (self.capacity > 0))
        source = self._segments.pop(index)
        self._reserved -= source.capacity
        self._live -= source.live
        while authors.size:
            authors = authors[self._pack(authors, source.edges) :]
        return True

    def _pack(self, authors: NDArray[np.int64], source: EdgeColumns) -> int:
        """Move blocks to the end of the open segment until it is full; how many were moved."""
        next_size = int(self.capacity[authors[0]])
        opened = self._shared(next_size, self._edges_max)
        target = self._segments[opened]
        target.grow(target.capacity)
        tables = (self.offset, self.count, self.capacity)
        moved, end = pack_blocks(authors, tables, source, target.edges, target.used)
        self.segment[authors[:moved]] = opened
        target.live += end - target.used
        self._live += end - target.used
        target.used = end
        return int(moved)

    def _bound_holes(self) -> None:
        """Keep holes below an eighth of all slots, and one segment."""
        if self.holes * SHARE > self._reserved > 2 * self._segment_edges:
            self._sweep(self._segment_edges // SHARE)
