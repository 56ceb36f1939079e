"""The bounded graph of who likes what: one block of edges for each author, ascending by item.

Memory is bounded by bytes: every array counts, names included, and nothing grows past its share
of `bytes_max`. A full graph evicts from the author with the least priority; an author over her own
quota evicts her own oldest edges, so that a spammer displaces only herself.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranking.interner import Interner
from ranking.kernels_storage import gather_edges, keep_edges, move_blocks, upsert
from ranking.snapshot import GraphSnapshot

EDGE_BYTES = 12
"""item 4, seq 4, day 2, weight 1, device 1."""

AUTHOR_BYTES = 32 + 9 + 16 + 24
"""Key, interner row, slots, and the columns here."""

PROTECTED = float("inf")
"""Priority of an author whose edges are never evicted for others'."""


@dataclass(frozen=True, slots=True)
class GraphConfig:
    """Caps of the graph."""

    bytes_max: int = 192 * 1024 * 1024
    """Everything together. The laptop's default holds about 8 million edges."""
    edges_per_author_max: int = 20_000
    """An author's own quota, edges; her oldest go first."""
    half_life_days: float | None = 365.0
    """Age at which an edge counts half; None: edges do not age."""

    @property
    def authors_max(self) -> int:
        """Author rows: an eighth of the bytes."""
        return max(1024, self.bytes_max // 8 // AUTHOR_BYTES)

    @property
    def item_names_bytes_max(self) -> int:
        """Bytes of item names: a fifth."""
        return max(65_536, self.bytes_max // 5)

    @property
    def items_max(self) -> int:
        """Item rows: what an eighth of the bytes indexes (29 bytes a row)."""
        return max(1024, self.bytes_max // 8 // 29)

    @property
    def edges_max(self) -> int:
        """Edge slots: half of the bytes."""
        return max(4096, self.bytes_max // 2 // EDGE_BYTES)


@dataclass(frozen=True, slots=True)
class GraphStatistics:
    """Counts for status and the simulator."""

    edges: int
    authors: int
    items: int
    nbytes: int
    names_nbytes: int
    evicted: int
    refused: int


class BoundedGraph:
    """Single writer; readers use `snapshot`. Rows are stable while `hold` is in force."""

    def __init__(self, config: GraphConfig, *, hash_key: int) -> None:
        self.config = config
        self.authors = Interner(
            key=hash_key, names_max=config.authors_max, names_bytes_max=32 * config.authors_max
        )
        self.items = Interner(
            key=hash_key ^ 0x5DEECE66D,
            names_max=config.items_max,
            names_bytes_max=config.item_names_bytes_max,
        )
        self._first = np.zeros(0, np.int64)
        self._count = np.zeros(0, np.int32)
        self._capacity = np.zeros(0, np.int32)
        self._priority = np.zeros(0, np.float32)
        self._references = np.zeros(0, np.int32)
        self._arrays = _edge_arrays(4096)
        self._end = 0
        self._edges = 0
        self._evicted = 0
        self._refused = 0
        self._holds = 0
        self._freed: list[int] = []
        self.version = 0
        self._snapshot: tuple[tuple[int, int], GraphSnapshot] | None = None

    # ----------------------------------------------------------------------------- accounting
    @property
    def nbytes(self) -> int:
        """Memory of every array of the graph; snapshots in use come on top."""
        columns = (self._first, self._count, self._capacity, self._priority, self._references)
        return (
            self.authors.nbytes
            + self.items.nbytes
            + sum(a.nbytes for a in columns)
            + sum(a.nbytes for a in self._arrays)
        )

    def statistics(self) -> GraphStatistics:
        """Counts as they are now."""
        return GraphStatistics(
            edges=self._edges,
            authors=len(self.authors),
            items=len(self.items),
            nbytes=self.nbytes,
            names_nbytes=self.authors.names_nbytes + self.items.names_nbytes,
            evicted=self._evicted,
            refused=self._refused,
        )

    # ------------------------------------------------------------------------------------ rows
    def author_row(self, key: bytes, *, create: bool = True) -> int:
        """Row of an author; -1 when unknown (or, creating, when every row is in use)."""
        row = self.authors.intern(key) if create else self.authors.lookup(key)
        if row >= len(self._first):
            self._grow_authors()
        return row

    def item_row(self, name: bytes) -> int:
        """Row of a known item, else -1."""
        return self.items.lookup(name)

    def _grow_authors(self) -> None:
        size = min(self.config.authors_max, self.authors.rows + self.authors.rows // 4 + 64)
        more = size - len(self._first)
        self._first = np.concatenate((self._first, np.zeros(more, np.int64)))
        self._count = np.concatenate((self._count, np.zeros(more, np.int32)))
        self._capacity = np.concatenate((self._capacity, np.zeros(more, np.int32)))
        self._priority = np.concatenate((self._priority, np.zeros(more, np.float32)))

    def pin(self, name: bytes) -> int:
        """Row of an item that something besides edges refers to; -1 at a cap. Undo: `unpin`."""
        row = self._item_rows([name])[0]
        if row >= 0:
            self._references[row] += 1
        return int(row)

    def unpin(self, row: int) -> None:
        """The reference of one `pin` is gone."""
        self._references[row] -= 1
        self._recycle(np.array([row], np.int32))

    def hold(self) -> None:
        """Recycle no row until `unhold`: somebody will translate rows of a snapshot back."""
        self._holds += 1

    def unhold(self) -> None:
        """End of one `hold`."""
        self._holds -= 1
        if not self._holds and self._freed:
            freed, self._freed = self._freed, []
            self._recycle(np.array(freed, np.int32))

    def _item_rows(self, names: list[bytes]) -> NDArray[np.int32]:
        rows = self.items.intern_many(names)
        if self.items.rows > len(self._references):
            size = min(self.config.items_max, self.items.rows + self.items.rows // 4 + 64)
            more = size - len(self._references)
            self._references = np.concatenate((self._references, np.zeros(more, np.int32)))
        return rows

    def _recycle(self, rows: NDArray[np.int32]) -> None:
        unused = rows[self._references[rows] == 0].tolist()
        if self._holds:
            self._freed.extend(unused)
            return
        for row in dict.fromkeys(unused):
            if self.items.in_use(row):
                self.items.release(row)

    # --------------------------------------------------------------------------------- writing
    def put(
        self,
        author: int,
        items: list[bytes],
        weights: NDArray[np.int8],
        days: NDArray[np.uint16],
        *,
        seq: int,
        device: int = 0,
    ) -> None:
        """State how much an author likes items (percent, negative dislikes, 0 takes back).

        The statement with the highest (seq, device) wins for each item. About 20 µs + 0.3 µs an
        item. Edges that find no room under the caps are counted as refused.
        """
        rows = self._item_rows(items)
        self._refused += int((rows < 0).sum())
        if not self._make_room(author, len(rows)):
            self._refused += len(rows)
            self._recycle(rows[rows >= 0])
            return
        item, seqs, devices, weight, day = self._arrays
        before = int(self._count[author])
        count = upsert(
            self._first[author], before, item, seqs, devices, weight, day,
            rows, weights, days, seq, device, self._references,
        )  # fmt: skip
        self._count[author] = count
        self._edges += count - before
        self.version += 1
        if count > self.config.edges_per_author_max:
            self._trim(author, self.config.edges_per_author_max)

    def remove(self, author: int, items: list[bytes]) -> None:
        """Delete the author's edges to these items, if any."""
        block = self._block(author)
        self._keep(author, ~np.isin(self._arrays[0][block], self.items.lookup_many(items)))

    def drop_author(self, author: int) -> None:
        """Delete every edge of the author; the row stays hers."""
        self._keep(author, np.zeros(int(self._count[author]), np.bool_))

    def release_author(self, author: int) -> None:
        """Delete everything of the author, her row included: it may stand for another one."""
        self.drop_author(author)
        self._end_block(author)
        self._priority[author] = 0
        self.authors.release(author)

    def set_priority(self, author: int, priority: float) -> None:
        """Who goes last when the graph is full: trust, `PROTECTED` for own and vouched authors."""
        self._priority[author] = priority

    def edges_of(
        self, author: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int8], NDArray[np.uint16], NDArray[np.uint32]]:
        """The author's edges as (item rows ascending, weights, days, seqs); copies."""
        item, seqs, _, weight, day = self._arrays
        block = self._block(author)
        return item[block].copy(), weight[block].copy(), day[block].copy(), seqs[block].copy()

    def _block(self, author: int) -> slice:
        first = int(self._first[author])
        return slice(first, first + int(self._count[author]))

    def _keep(self, author: int, keep: NDArray[np.bool_]) -> None:
        block = self._block(author)
        gone = self._arrays[0][block][~keep]
        if not gone.size:
            return
        item, seqs, devices, weight, day = self._arrays
        count = keep_edges(
            self._first[author], self._count[author], keep,
            item, seqs, devices, weight, day, self._references,
        )  # fmt: skip
        self._count[author] = count
        self._edges -= len(gone)
        self.version += 1
        self._recycle(gone)

    def _trim(self, author: int, edges_max: int) -> None:
        """Evict the author's own oldest edges, by day and then by seq."""
        _, seqs, _, _, day = self._arrays
        block = self._block(author)
        over = int(self._count[author]) - edges_max
        order = np.lexsort((seqs[block], day[block]))
        keep = np.ones(len(order), np.bool_)
        keep[order[:over]] = False
        self._evicted += over
        self._keep(author, keep)

    # ------------------------------------------------------------------------------------ room
    def _make_room(self, author: int, more: int) -> bool:
        """Whether the author's block can take `more` edges, after growing, moving, evicting."""
        needed = int(self._count[author]) + more
        if needed <= self._capacity[author]:
            return True
        capacity = needed + needed // 4 + 4
        if self._edges + capacity > self.config.edges_max and not self._evict_for(
            author, self._edges + capacity - self.config.edges_max
        ):
            return False
        if self._end + capacity > len(self._arrays[0]):
            self._rebuild(capacity)
            if self._end + capacity > len(self._arrays[0]):
                return False
        self._move_to_end(author, capacity)
        return True

    def _evict_for(self, author: int, edges: int) -> bool:
        """Free at least this many edges of authors with less priority than this one."""
        for victim in self._victims(author):
            if edges <= 0:
                break
            count = int(self._count[victim])
            self._evicted += count
            edges -= count
            self.drop_author(victim)
            self._end_block(victim)
        return edges <= 0

    def _victims(self, author: int) -> list[int]:
        """Authors with edges and less priority than this one, least first, then stalest."""
        candidates = np.flatnonzero((self._count > 0) & (self._priority < self._priority[author]))
        day = self._arrays[4]
        latest = np.array(
            [day[self._block(int(a))].max() for a in candidates[:4096]] or [0], np.int64
        )
        candidates = candidates[:4096]
        if not candidates.size:
            return []
        order = np.lexsort((latest, self._priority[candidates]))
        return [int(a) for a in candidates[order]]

    def _end_block(self, author: int) -> None:
        self._capacity[author] = 0

    def _move_to_end(self, author: int, capacity: int) -> None:
        block = self._block(author)
        for array in self._arrays:
            array[self._end : self._end + int(self._count[author])] = array[block]
        self._first[author] = self._end
        self._capacity[author] = capacity
        self._end += capacity

    def _rebuild(self, more: int) -> None:
        """Move all blocks together into arrays of the right size (a little slack each). O(E)."""
        slack = np.minimum(self._count // 8, 256).astype(np.int32)
        capacity = np.where(self._count > 0, self._count + slack, 0).astype(np.int32)
        total = int(capacity.sum()) + more
        if total > self.config.edges_max:
            capacity = self._count.copy()
            total = int(capacity.sum()) + more
        size = min(self.config.edges_max, max(4096, total + total // 8))
        arrays = _edge_arrays(max(size, int(capacity.sum())))
        self._end = move_blocks(
            self._first, self._count, self._capacity, capacity, self._arrays, arrays
        )
        self._arrays = arrays

    # -------------------------------------------------------------------------------- snapshot
    def snapshot(self, *, today: int) -> GraphSnapshot:
        """The graph as it is, with affinities decayed to `today` (days since 1970-01-01).

        O(edges), about 40 ms a million; the same object again while nothing has changed.
        """
        state = (self.version, today)
        if self._snapshot is not None and self._snapshot[0] == state:
            return self._snapshot[1]
        rows = self.authors.rows
        item, _, _, weight, day = self._arrays
        ptr, columns, values, bad_ptr, bad_columns = gather_edges(
            self._first[:rows], self._count[:rows], item, weight, day, self._decay(), today
        )
        made = GraphSnapshot.from_rows(
            ptr, columns, values, bad_ptr, bad_columns, self.items.rows, self.version
        )
        self._snapshot = (state, made)
        return made

    def _decay(self) -> NDArray[np.float32]:
        half_life = self.config.half_life_days
        if half_life is None:
            return np.ones(1, np.float32)
        ages = np.arange(int(half_life * 10) + 1)
        return np.exp2(-ages / half_life).astype(np.float32)


def _edge_arrays(
    size: int,
) -> tuple[
    NDArray[np.int32],
    NDArray[np.uint32],
    NDArray[np.uint8],
    NDArray[np.int8],
    NDArray[np.uint16],
]:
    return (
        np.zeros(size, np.int32),
        np.zeros(size, np.uint32),
        np.zeros(size, np.uint8),
        np.zeros(size, np.int8),
        np.zeros(size, np.uint16),
    )
