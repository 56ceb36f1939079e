"""Where edges stand: each author's in one block, blocks in segments, segments in a byte budget.

Blocks (`ranking.kernels_blocks`) are cut from the open segment one after the other. A block that
outgrows its room moves to the end of the open segment and leaves a hole; when holes take more than
an eighth, or memory runs out, the emptiest sealed segment is swept: its blocks move to the open one
and its memory is given back. So growth never copies everything, and there are never two copies of
it all. A block too large to share a segment has one of its own.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranking.kernels_blocks import (
    EDGE_BYTES_MAX,
    Blocks,
    block_bytes,
    count_items,
    keep_edges,
    merge_blocks,
    pack_blocks,
    read_block,
    write_blocks,
)
from ranking.kernels_checkpoint import are_blocks
from ranking.kernels_storage import EdgeColumns

BLOCK_BYTES = 20
"""Segment, offset, capacity, count and stamps of one author's block, int32 each."""

SHARE = 8
"""A block of more than 1/8 of a segment gets its own; a segment is swept when 1/8 is holes."""

_FIRST_BYTES = 4096

_INDEX_MAX = 1 << 30
"""Of a checkpoint: half of the segments that the tables can tell apart in the life of a graph."""

_NOTHING = np.zeros(0, np.uint8)


class Merged(NamedTuple):
    """New blocks of some authors beside the old ones, until `BlockStore.write` puts them there."""

    authors: NDArray[np.int64]
    source: NDArray[np.uint8]
    start: NDArray[np.int64]
    edges: NDArray[np.int64]
    stamps: NDArray[np.int64]
    size: NDArray[np.int64]
    """Bytes."""
    added: NDArray[np.int32]
    """The item of each edge that was not there before."""


class Segment:
    """A run of `capacity` bytes; `used` were cut into blocks, `live` still belong to some.

    Memory follows use: `data` begins with `begin` bytes and grows in place up to `capacity`.
    """

    __slots__ = ("capacity", "data", "live", "used")

    def __init__(self, capacity: int, begin: int = _FIRST_BYTES) -> None:
        self.data = np.zeros(min(capacity, begin), np.uint8)
        self.capacity = capacity
        self.used = 0
        self.live = 0

    @property
    def nbytes(self) -> int:
        """Memory of the data."""
        return self.data.nbytes

    def cut(self, size: int) -> int:
        """Offset of so many bytes more, for which there must be room."""
        offset = self.used
        self.used += size
        self.live += size
        if self.used > len(self.data):
            self.grow(max(self.used, 2 * len(self.data)))
        return offset

    def grow(self, size: int) -> None:
        """Memory for so many bytes, `capacity` at most."""
        self.data.resize(min(self.capacity, size), refcheck=False)


class BlockStore:
    """A block of edges for each author row, within `bytes_max` together.

    `segment_bytes`: of a shared segment, at most a quarter of `bytes_max`. The tables `segment` and
    `blocks` have a row for each author. Data handed out are views: they are void after the next
    call that writes.
    """

    def __init__(self, *, bytes_max: int, segment_bytes: int) -> None:
        if bytes_max < 4 * segment_bytes or segment_bytes % 4:
            raise ValueError("bytes_max must hold at least four segments of whole words")
        self._bytes_max = bytes_max
        self._segment_bytes = segment_bytes
        self._segments: dict[int, Segment] = {}
        self._reserved = 0
        self._live = 0
        self._next = 0
        self._open = -1
        self.segment = np.zeros(0, np.int32)
        self.blocks = Blocks(*(np.zeros(0, np.int32) for _ in range(4)))

    @property
    def nbytes(self) -> int:
        """Memory of every array. O(segments)."""
        tables = (self.segment, *self.blocks)
        return sum(array.nbytes for array in tables) + sum(
            segment.nbytes for segment in self._segments.values()
        )

    @property
    def count(self) -> NDArray[np.int32]:
        """Edges of each author row."""
        return self.blocks.edges

    @property
    def holes(self) -> int:
        """Bytes that belong to no block, those left at the end of the open segment aside."""
        opened = self._segments.get(self._open)
        left = opened.capacity - opened.used if opened is not None else 0
        return self._reserved - self._live - left

    def grow(self, authors: int) -> None:
        """Make the tables so many rows long."""
        for table in (self.segment, *self.blocks):
            table.resize(authors, refcheck=False)

    def edges(self, author: int) -> EdgeColumns:
        """A copy of the author's edges."""
        offset, _, count, stamps = (int(table[author]) for table in self.blocks)
        data = self._segments[int(self.segment[author])].data if count else _NOTHING
        edges: EdgeColumns = read_block(data, offset, count, stamps)
        return edges

    def by_segment(
        self, authors: NDArray[np.int64] | None = None
    ) -> list[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
        """Each segment's data and which of the authors (None: all) have edges there.

        O(authors log authors).
        """
        if authors is None:
            authors = np.arange(len(self.count))
        authors = authors[self.count[authors] > 0]
        return [(data, authors[group]) for data, group in self._grouped(authors)]

    def _grouped(
        self, authors: NDArray[np.int64]
    ) -> list[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
        """Each segment's data, and the places in `authors` of those whose block is there; no data
        for those without a block."""
        if not authors.size:
            return []
        where = np.where(self.blocks.capacity[authors] > 0, self.segment[authors], -1)
        if len(authors) == 1:
            return [(self._data(int(where[0])), np.zeros(1, np.int64))]
        order = np.argsort(where, kind="stable")
        cuts = np.flatnonzero(np.diff(where[order])) + 1
        groups = []
        for group in np.split(order, cuts):
            groups.append((self._data(int(where[group[0]])), group))
        return groups

    def _data(self, index: int) -> NDArray[np.uint8]:
        return self._segments[index].data if index >= 0 else _NOTHING

    def references(self, n_items: int) -> NDArray[np.int64]:
        """Edges to each row of items. O(edges)."""
        counts = np.zeros(n_items, np.int32)
        for data, group in self.by_segment():
            count_items(group, self.blocks, data, 1, counts)
        return counts.astype(np.int64)

    # -------------------------------------------------------------------------------- changing
    def merged(
        self, authors: NDArray[np.int64], first: NDArray[np.int64], new: EdgeColumns
    ) -> Merged:
        """What the blocks of these distinct authors become; nothing changes yet.

        new[first[g]:first[g+1]]: what authors[g] says. O(edges of these authors).
        """
        n, edges = len(authors), int(self.count[authors].sum(dtype=np.int64)) + len(new.item)
        source = np.empty(EDGE_BYTES_MAX * edges + 4 * n, np.uint8)
        added = np.empty(len(new.item), np.int32)
        start, count, stamps, size, ends = (np.zeros(rows, np.int64) for rows in (n, n, n, n, 2))
        made = start, count, stamps, size, added, ends
        for data, group in self._grouped(authors):
            merge_blocks(group, authors, first, new, self.blocks, data, source, made)
        return Merged(authors, source, start, count, stamps, size, added[: int(ends[1])])

    def make_room_for(self, new: Merged) -> bool:
        """Whether `write` surely finds room for all of these; what has holes is swept for it.

        A sweep takes 1 ms and gains an eighth of a segment; one block after the other would take
        150 µs each.
        """
        holes = self.holes + 1
        while not self._fits(new):
            if self.holes >= holes or not self._sweep(self._segment_bytes // SHARE):
                return False
            holes = self.holes
        return True

    def _fits(self, new: Merged) -> bool:
        """Whether there is room without sweeping."""
        size = new.size[new.size > self.blocks.capacity[new.authors]]
        size = size + size // SHARE + 4
        large = size * SHARE > self._segment_bytes
        small = -(-int(size[~large].sum()) * SHARE // ((SHARE - 1) * self._segment_bytes))
        needed = int(size[large].sum()) + (small + 1) * self._segment_bytes
        return self._reserved + needed <= self._bytes_max - self._segment_bytes

    def write(self, new: Merged) -> None:
        """Put the blocks in place, where the old ones are or elsewhere. They must fit."""
        moving = np.flatnonzero(new.size > self.blocks.capacity[new.authors])
        if moving.size:
            self._reserve(new.authors[moving], new.size[moving])
        made = new.start, new.edges, new.stamps, new.size
        for data, group in self._grouped(new.authors):
            write_blocks(group, new.authors, new.source, made, self.blocks, data)
        self._bound_holes()

    def _reserve(self, authors: NDArray[np.int64], sizes: NDArray[np.int64]) -> None:
        """Room of so many bytes for each author in place of her block, which was worked into what
        will be written; a block that grows gets an eighth of slack."""
        old = self.blocks.capacity[authors].astype(np.int64)
        room = np.where(old > 0, sizes + sizes // (4 * SHARE) * 4, sizes)
        self._give_up(authors)
        large = room * SHARE > self._segment_bytes
        for a, size in zip(authors[large].tolist(), room[large].tolist(), strict=True):
            self._assign(a, self._add(size, self._bytes_max), size)
        authors, room = authors[~large], room[~large]
        ends = np.cumsum(room)
        at = 0
        while at < len(authors):
            done = int(ends[at - 1]) if at else 0
            index = self._shared(int(room[at]), self._bytes_max)
            segment = self._segments[index]
            upto = int(np.searchsorted(ends, done + segment.capacity - segment.used, side="right"))
            start = segment.cut(int(ends[upto - 1]) - done)
            self._live += int(ends[upto - 1]) - done
            part = authors[at:upto]
            self.segment[part] = index
            self.blocks.offset[part] = start + ends[at:upto] - room[at:upto] - done
            self.blocks.capacity[part] = room[at:upto]
            at = upto

    def make_room(self, author: int, size: int) -> bool:
        """Whether the author's block has room for so many bytes; it may have moved."""
        if size <= self.blocks.capacity[author]:
            return True
        return self._move(author, size + size // (4 * SHARE) * 4) or self._move(author, size)

    def keep(self, author: int, keep: NDArray[np.bool_]) -> None:
        """Leave only those of the author's edges; room far beyond is given back. O(her edges)."""
        offset, capacity, count, stamps = (int(table[author]) for table in self.blocks)
        data = self._segments[int(self.segment[author])].data
        count, stamps = keep_edges(data, offset, count, stamps, keep)
        self.blocks.edges[author] = count
        self.blocks.stamps[author] = stamps
        size = int(block_bytes(count, stamps))
        if count == 0:
            self._give_up(np.array([author]))
            self._bound_holes()
        elif size * 2 < capacity - 128:
            self._move(author, size + size // (4 * SHARE) * 4)
            self._bound_holes()

    def drop(self, authors: NDArray[np.int64], references: NDArray[np.int32]) -> None:
        """Empty many blocks, lowering the references of the items in them. O(their edges)."""
        for data, group in self.by_segment(authors):
            count_items(group, self.blocks, data, -1, references)
        self._give_up(authors)
        self.blocks.edges[authors] = 0
        self.blocks.stamps[authors] = 0
        self._bound_holes()

    # ------------------------------------------------------------------------------- segments
    def _assign(self, author: int, index: int, size: int) -> None:
        """Cut a block for the author from a segment that has room."""
        self.segment[author] = index
        self.blocks.offset[author] = self._segments[index].cut(size)
        self.blocks.capacity[author] = size
        self._live += size

    def _move(self, author: int, room: int) -> bool:
        """Give the author a block of so many bytes, with the edges of the one she has."""
        index = self._room_for(room)
        if index < 0:
            return False
        offset, _, count, stamps = (int(table[author]) for table in self.blocks)
        size = int(block_bytes(count, stamps))
        data = self._segments[int(self.segment[author])].data if count else _NOTHING
        old = data[offset : offset + size].copy()
        self._give_up(np.array([author]))
        self._assign(author, index, room)
        offset = int(self.blocks.offset[author])
        self._segments[index].data[offset : offset + size] = old
        return True

    def _give_up(self, authors: NDArray[np.int64]) -> None:
        """The blocks of these authors are none any more, whatever the tables say of their edges."""
        if len(authors) == 1:
            author = int(authors[0])
            size = int(self.blocks.capacity[author])
            self.blocks.capacity[author] = 0
            if size:
                self._free(int(self.segment[author]), size)
            return
        authors = authors[self.blocks.capacity[authors] > 0]
        indices, which = np.unique(self.segment[authors], return_inverse=True)
        freed = np.bincount(which, self.blocks.capacity[authors])
        self.blocks.capacity[authors] = 0
        for index, size in zip(indices.tolist(), freed.tolist(), strict=True):
            self._free(index, int(size))

    def _free(self, index: int, size: int) -> None:
        """So many bytes of a segment are in no block any more; an empty segment is given back."""
        segment = self._segments[index]
        segment.live -= size
        self._live -= size
        if segment.live:
            return
        if index == self._open:
            segment.used = 0
        else:
            self._reserved -= self._segments.pop(index).capacity

    def _add(self, capacity: int, budget: int) -> int:
        """Index of a new segment, -1 when a budget of so many bytes does not allow it."""
        if self._reserved + capacity > budget:
            return -1
        index = self._next
        self._next += 1
        self._segments[index] = Segment(capacity, max(_FIRST_BYTES, self._reserved // SHARE))
        self._reserved += capacity
        return index

    def _room_for(self, size: int) -> int:
        """Index of a segment with so much room at its end; -1 when sweeping gains none.

        One segment's worth of the budget is kept back, so that there is always one to sweep into.
        Where large blocks leave every segment's end empty, sweeping only moves those ends about:
        the holes no longer get fewer, and then it stops.
        """
        budget = self._bytes_max - self._segment_bytes
        own = size * SHARE > self._segment_bytes
        gain = max(self._segment_bytes // 64, 1 if own else size)
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
        index = self._add(self._segment_bytes, budget)
        if index >= 0:
            self._open = index
        return index

    def _sweep(self, gain: int) -> bool:
        """Move the emptiest sealed segment into the open one; False when none has such holes.

        Costs a scan of the authors and a copy of the segment, 1 ms.
        """
        shared = [
            (segment.live, index)
            for index, segment in self._segments.items()
            if segment.capacity == self._segment_bytes
            and segment.live <= segment.capacity - gain
            and index != self._open
        ]
        if not shared:
            return False
        index = min(shared)[1]
        authors = np.flatnonzero((self.segment == index) & (self.blocks.capacity > 0))
        source = self._segments.pop(index)
        self._reserved -= source.capacity
        self._live -= source.live
        while authors.size:
            authors = authors[self._pack(authors, source.data) :]
        return True

    def _pack(self, authors: NDArray[np.int64], source: NDArray[np.uint8]) -> int:
        """Move blocks to the end of the open segment until it is full; how many were moved."""
        opened = self._shared(int(self.blocks.capacity[authors[0]]), self._bytes_max)
        target = self._segments[opened]
        target.grow(target.capacity)
        moved, end = pack_blocks(authors, self.blocks, source, target.data, target.used)
        self.segment[authors[:moved]] = opened
        target.live += end - target.used
        self._live += end - target.used
        target.used = end
        return int(moved)

    def _bound_holes(self) -> None:
        """Keep holes below an eighth of all, and one segment."""
        holes = self.holes + 1
        while self.holes < holes and self.holes * SHARE > self._reserved > 2 * self._segment_bytes:
            holes = self.holes
            if not self._sweep(self._segment_bytes // SHARE):
                break

    # ------------------------------------------------------------------------------ checkpoint
    def arrays(self) -> list[NDArray[Any]]:
        """All there is, for `restore`: views, void after any change."""
        rows = [
            (index, segment.capacity, segment.used, segment.live, len(segment.data))
            for index, segment in self._segments.items()
        ]
        numbers = np.array([self._segment_bytes, self._next, self._open], np.int64)
        directory = np.array(rows, np.int64).reshape(-1)
        data = [segment.data[: segment.used] for segment in self._segments.values()]
        return [numbers, directory, self.segment, *self.blocks, *data]

    def restore(self, arrays: Sequence[NDArray[Any]], n_items: int) -> NDArray[np.int64]:
        """Become what gave these `arrays`; edges to each of `n_items` rows of items.

        Nothing about the arrays is taken on trust: ValueError if they cannot be, or are over the
        caps. O(edges), 5 ms a million.
        """
        numbers, directory, self.segment, *rest = (array.copy() for array in arrays[:7])
        self.blocks = Blocks(*rest)
        self._restore_segments(numbers.tolist(), directory.reshape(-1, 5).tolist(), arrays[7:])
        if len({len(table) for table in (self.segment, *self.blocks)}) != 1:
            raise ValueError("the tables of blocks have different lengths")
        held = np.flatnonzero(self.blocks.capacity)
        if np.any(np.delete(self.count, held)) or np.any(np.delete(self.blocks.stamps, held)):
            raise ValueError("edges without a block")
        if set(self.segment[held].tolist()) - self._segments.keys():
            raise ValueError("a block in no segment")
        for index, segment in self._segments.items():
            group = held[self.segment[held] == index]
            group = group[np.argsort(self.blocks.offset[group], kind="stable")]
            if not are_blocks(group, self.blocks, segment.data, segment.used, n_items):
                raise ValueError("a block is not one")
            if int(self.blocks.capacity[group].sum(dtype=np.int64)) != segment.live:
                raise ValueError("blocks do not add up to their segment")
        return self.references(n_items)

    def _restore_segments(
        self, numbers: list[int], directory: list[list[int]], parts: Sequence[NDArray[np.uint8]]
    ) -> None:
        if len(numbers) != 3 or numbers[0] != self._segment_bytes:
            raise ValueError("segments have another size")
        if len(directory) != len(parts):
            raise ValueError("there is not one part for each segment")
        _, self._next, self._open = numbers
        if not -1 <= self._open < self._next <= _INDEX_MAX:
            raise ValueError("segments are counted wrong")
        for (index, capacity, used, live, room), data in zip(directory, parts, strict=True):
            fits = 0 <= live <= used == len(data) <= room <= capacity <= self._bytes_max
            if not fits or not 0 <= index < self._next or index in self._segments:
                raise ValueError("a segment cannot be")
            if live == 0 and index != self._open:
                raise ValueError("a segment is empty")
            segment = Segment(0)
            segment.data = np.zeros(room, np.uint8)
            segment.data[:used] = data
            segment.capacity, segment.used, segment.live = capacity, used, live
            self._segments[index] = segment
            self._reserved += capacity
            self._live += live
            if self._reserved > self._bytes_max:
                raise ValueError("more segments than bytes_max allows")
        opened = self._segments.get(self._open)
        if self._open != -1 and (opened is None or opened.capacity != self._segment_bytes):
            raise ValueError("the open segment is none")
