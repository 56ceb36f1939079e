"""The bounded graph of who likes what, and what gives way when it is full.

Edges stand in one block for each author, ascending by item (`ranking.segment`); names of authors
and items are interned (`ranking.interner`). Every array counts against `bytes_max`, which is shared
out once and for all between edges, item rows, item names and authors, so that no flood of one kind
can starve the others. What gives way:

- an author over her own quota loses her own oldest edges, so a spammer displaces herself;
- a full graph loses the edges of the authors with the least priority, of equal ones those longest
  unheard; nobody displaces an author of higher priority, and `PROTECTED` ones (own and vouched)
  stay whole as long as there is anything else;
- what finds no room after that is refused and counted.

Below the caps the graph depends only on the set of statements, not on their order. The reverse
direction, item -> authors, exists in snapshots only: nothing but the ranking reads it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ranking.affinity import decay_levels
from ranking.interner import ROW_BYTES_MAX, Interner, can_be_named
from ranking.item_rows import ITEM_BYTES, ItemRows
from ranking.kernels_storage import (
    EdgeColumns,
    copy_edges,
    count_signs,
    keep_edges,
    merge_edges,
)
from ranking.segment import BLOCK_BYTES, EDGE_BYTES, BlockStore, sliced
from ranking.snapshot import DatedSnapshot, GraphSnapshot

KEY_BYTES = 32
_KEY_ROOM = KEY_BYTES + KEY_BYTES // 8
"""Bytes for each author's name, with what of released ones may lie uncollected."""

AUTHOR_BYTES = _KEY_ROOM + ROW_BYTES_MAX + BLOCK_BYTES + 8
"""Of an author: key, interner row, block, priority and when she was last heard."""

PROTECTED = float("inf")
"""Priority of own and vouched authors."""

BYTES_MIN = 512 * 1024

_BATCHES = 256
"""One part in so many of the edges is evicted at once: too few to be felt, enough to share the
cost of choosing."""

_NAME_TRIES = 4
"""Evictions tried for a bundle whose new names find no room; for PROTECTED authors, all there are.
"""

SHARES = {"edges": 20, "names": 6, "items": 3, "authors": 2}
"""Thirty-secondths of `bytes_max`; one is left for what the arrays begin with."""


@dataclass(frozen=True, slots=True)
class GraphConfig:
    """Caps of the graph, and how fast taste ages."""

    bytes_max: int = 192 * 1024 * 1024
    """All arrays together, at least `BYTES_MIN`; snapshots in use come on top, 10 bytes an edge.
    The default holds 9.6 million edges, a million items, 174,000 authors."""
    edges_per_author_max: int = 10_000
    """An author's own quota, edges; her oldest by (day, seq) go first."""
    edges_per_protected_max: int = 100_000
    """The quota of `PROTECTED` authors, whose data are to stay complete."""
    half_life_days: float | None = 365.0
    """Age at which an edge counts half, days; None: edges do not age."""

    def __post_init__(self) -> None:
        if self.bytes_max < BYTES_MIN:
            raise ValueError(f"bytes_max must be at least {BYTES_MIN}, not {self.bytes_max}")
        if not 1 <= self.edges_per_author_max <= self.edges_per_protected_max:
            raise ValueError("need 1 <= edges_per_author_max <= edges_per_protected_max")
        if self.half_life_days is not None and not 0 < self.half_life_days <= 36_500:
            raise ValueError("half_life_days must be in (0, 36500], or None")

    @property
    def edges_max(self) -> int:
        """Edge slots."""
        return self._share("edges") // EDGE_BYTES

    @property
    def segment_edges(self) -> int:
        """Slots of a segment: about a thirty-second of all, at most 65,536."""
        return min(65_536, 1 << (self.edges_max.bit_length() - 6))

    @property
    def items_max(self) -> int:
        """Item rows."""
        return self._share("items") // ITEM_BYTES

    @property
    def item_names_bytes_max(self) -> int:
        """Bytes of item names."""
        return min(self._share("names"), 2**31 - 1)

    @property
    def authors_max(self) -> int:
        """Author rows."""
        return min(self._share("authors") // AUTHOR_BYTES, 2**31 // _KEY_ROOM - 1)

    def _share(self, part: str) -> int:
        return self.bytes_max // 32 * SHARES[part]


@dataclass(frozen=True, slots=True)
class GraphStatistics:
    """Counts for status and the simulator."""

    edges: int
    authors: int
    items: int
    nbytes: int
    names_nbytes: int
    """Of `nbytes`, the names in use themselves."""
    snapshot_nbytes: int
    """The snapshot kept for the next reader, beside `nbytes`."""
    evicted: int
    """Edges that gave way to others since the start."""
    refused: int
    """Edges that found no room since the start."""


class BoundedGraph:
    """Single writer. Readers on other threads use snapshots, which never change.

    A row of `items` is in use while an edge or a `pin` refers to it, and may stand for another
    item after that; between `hold` and `unhold` no row changes its meaning.
    """

    def __init__(self, config: GraphConfig, *, hash_key: int) -> None:
        self.config = config
        self.authors = Interner(
            key=hash_key,
            names_max=config.authors_max,
            names_bytes_max=_KEY_ROOM * config.authors_max,
        )
        self._items = ItemRows(
            key=hash_key ^ 1,
            items_max=config.items_max,
            names_bytes_max=config.item_names_bytes_max,
        )
        self.items = self._items.names
        self.version = 0
        """Goes up with every change of an edge."""
        self._blocks = BlockStore(edges_max=config.edges_max, segment_edges=config.segment_edges)
        self._priority = np.zeros(0, np.float32)
        self._heard = np.zeros(0, np.uint32)
        self._puts = 0
        self._edges = 0
        self._evicted = 0
        self._refused = 0
        self._leaving: dict[int, None] = {}
        self._snapshot: tuple[tuple[int, int, int], DatedSnapshot] | None = None

    # ------------------------------------------------------------------------------ accounting
    @property
    def nbytes(self) -> int:
        """Memory of every array of the graph, never above `bytes_max`. O(segments)."""
        parts = (self.authors, self._items, self._blocks, self._priority, self._heard)
        return sum(part.nbytes for part in parts)

    def statistics(self) -> GraphStatistics:
        """Counts as they are now."""
        return GraphStatistics(
            edges=self._edges,
            authors=len(self.authors),
            items=len(self.items),
            nbytes=self.nbytes,
            names_nbytes=self.authors.names_nbytes + self.items.names_nbytes,
            snapshot_nbytes=self._snapshot[1].shown.nbytes if self._snapshot is not None else 0,
            evicted=self._evicted,
            refused=self._refused,
        )

    # ------------------------------------------------------------------------------------ rows
    def author_row(self, key: bytes, *, create: bool = True) -> int:
        """Row of an author; -1 when unknown or when all rows are in use (see `stalest_authors`)."""
        return int(self.author_rows((key,))[0]) if create else self.authors.lookup(key)

    def author_rows(self, keys: Sequence[bytes]) -> NDArray[np.int32]:
        """Rows of many authors at once, new ones for those unknown; -1 when all are in use."""
        rows = self.authors.intern_many(keys)
        for row in rows.tolist():
            self._leaving.pop(row, None)
        highest = int(rows.max(initial=-1))
        if highest >= len(self._blocks.count):
            size = min(self.config.authors_max, highest + highest // 8 + 64)
            self._blocks.grow(size)
            self._priority.resize(size, refcheck=False)
            self._heard.resize(size, refcheck=False)
        return rows

    def release_author(self, author: int) -> None:
        """Delete all of the author's: from now on, or from `unhold` on, her row may be another's.

        The caller sees to it that nothing else refers to the row.
        """
        self.drop_author(author)
        self._priority[author] = 0
        self._heard[author] = 0
        if self._items.held:
            self._leaving[author] = None
        else:
            self.authors.release(author)

    def stalest_authors(self, authors_max: int) -> NDArray[np.int32]:
        """Whom to `release_author` first when rows run out: least priority, then longest unheard.

        Never PROTECTED ones. O(authors log authors).
        """
        rows = self.authors.used_rows()
        rows = self._in_order(rows[self._priority[rows] < PROTECTED])
        return rows[:authors_max].astype(np.int32)

    def item_row(self, name: bytes) -> int:
        """Row of a known item, else -1."""
        return self.items.lookup(name)

    def pin(self, name: bytes) -> int:
        """Row of an item that something besides edges refers to; -1 at a cap. Undo: `unpin`.

        Pins may keep half of the rows and of the names.
        """
        return self._items.pin(name)

    def unpin(self, row: int) -> None:
        """One `pin` of the row is gone."""
        self._items.unpin(row)

    def hold(self) -> None:
        """Recycle no row until `unhold`: somebody will translate rows of a snapshot back.

        Nothing can give way to new names meanwhile, so what is spare is made free before.
        """
        if not self._items.held:
            while self._items.spare_taken and self._evict(self._batch, priority_max=PROTECTED):
                pass
        self._items.hold()

    def unhold(self) -> None:
        """End of one `hold`. After the last one O(items) when items have gone meanwhile."""
        self._items.unhold()
        if not self._items.held:
            for author in self._leaving:
                self.authors.release(author)
            self._leaving.clear()

    # --------------------------------------------------------------------------------- writing
    def put(
        self,
        author: int,
        items: Sequence[bytes],
        weights: NDArray[np.int8],
        days: NDArray[np.uint16],
        *,
        seq: int,
        device: int = 0,
    ) -> None:
        """State how much an author likes items: one bundle of hers.

        weights: percent, -100..100; negative dislikes, 0 takes back. days: since 1970-01-01, the
        earlier of said and first seen. device: 0..65535, in the order of her devices. For each
        item the highest (seq, device, index) stands. About 20 µs + .3 µs an item, and O(edges of
        the author).
        """
        seqs = np.full(len(items), seq, np.uint32)
        devices = np.full(len(items), device, np.uint16)
        rows = self._rows_for(author, items)
        self._merge(author, EdgeColumns(rows, seqs, days, devices, weights))

    def put_many(
        self, authors: NDArray[np.int32], items: Sequence[bytes], edges: EdgeColumns
    ) -> None:
        """State edges of many authors at once, as `put` does; `edges.item` is not read.

        About a million edges a second: all names are looked up together.
        """
        if not len(items):
            return
        order = np.argsort(authors, kind="stable")
        authors, items = authors[order], [items[k] for k in order.tolist()]
        rows = self._items.intern(items, spare=False)
        fit = bool((rows >= 0).all())
        if fit:
            self._items.refer(rows, 1)  # lest making way for one author free another's rows
        else:
            self._items.recycle(rows[rows >= 0])
        edges = EdgeColumns(
            rows, edges.seq[order], edges.day[order], edges.device[order], edges.weight[order]
        )
        starts = np.flatnonzero(np.diff(authors, prepend=-1)).tolist()
        for start, end in pairwise((*starts, len(items))):
            author = int(authors[start])
            if not fit:
                rows[start:end] = self._rows_for(author, items[start:end])
            self._merge(author, sliced(edges, start, end - start))
        if fit:
            self._items.refer(rows, -1)
            self._items.recycle(rows)

    def remove(self, author: int, items: Sequence[bytes]) -> None:
        """Delete the author's edges to these items, if any. O(edges of the author)."""
        rows = self.items.lookup_many(items)
        self._keep(author, ~np.isin(self._blocks.block(author).item, rows))

    def drop_author(self, author: int) -> None:
        """Delete every edge of the author; the row stays hers. O(her edges)."""
        self._keep(author, np.zeros(int(self._blocks.count[author]), np.bool_))

    def set_priority(self, author: int, priority: float) -> None:
        """Who goes last when the graph is full: trust, `PROTECTED` for own and vouched authors."""
        self._priority[author] = priority

    def set_priorities(self, priorities: NDArray[np.float32]) -> None:
        """`set_priority` for rows 0.. at once; rows beyond the array keep theirs."""
        self._priority[: len(priorities)] = priorities[: len(self._priority)]

    def edges_of(
        self, author: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int8], NDArray[np.uint16], NDArray[np.uint32]]:
        """The author's edges as (item rows ascending, weights, days, seqs); copies."""
        block = self._blocks.block(author)
        return block.item.copy(), block.weight.copy(), block.day.copy(), block.seq.copy()

    def _merge(self, author: int, new: EdgeColumns) -> None:
        """Merge statements into the author's block; those about no row are refused."""
        self._puts += 1
        self._heard[author] = self._puts & 0xFFFFFFFF
        known = new.item[new.item >= 0]
        self._refused += len(new.item) - len(known)
        if not known.size:
            return
        if not self._room_for(author, known):
            self._items.recycle(known)
            self._refused += len(known)
            return
        before = int(self._blocks.count[author])
        base, order = int(self._blocks.offset[author]), np.argsort(new.item, kind="stable")
        columns = self._blocks.columns(author)
        count = merge_edges(columns, base, before, new, order, self._items.references)
        self._blocks.set_count(author, count)
        self._edges += count - before
        self.version += 1
        if count > self._quota(author):
            self._evict_oldest(author, count - self._quota(author))

    def _protected(self, author: int) -> bool:
        return bool(self._priority[author] == PROTECTED)

    def _quota(self, author: int) -> int:
        if self._protected(author):
            return self.config.edges_per_protected_max
        return self.config.edges_per_author_max

    def _keep(self, author: int, keep: NDArray[np.bool_]) -> None:
        """Delete the author's edges where `keep` is false."""
        gone = self._blocks.block(author).item[~keep]
        if not gone.size:
            return
        base = int(self._blocks.offset[author])
        left = keep_edges(self._blocks.columns(author), base, keep, self._items.references)
        self._blocks.set_count(author, left)
        self._edges -= len(gone)
        self.version += 1
        self._items.recycle(gone)

    # -------------------------------------------------------------------------------- eviction
    def _rows_for(self, author: int, items: Sequence[bytes]) -> NDArray[np.int32]:
        """Rows of the items; where names are at a cap, others' edges and their items make way.

        While rows are held nothing can, and what is spare then serves PROTECTED authors. Others
        go on only as long as it helps: it does not when every item has further listeners.
        """
        protected = self._protected(author)
        rows = self._items.intern(items, spare=False)
        for _ in range(_BATCHES + 1 if protected else _NAME_TRIES):
            refused = np.flatnonzero(rows < 0).tolist()
            if self._items.held or not any(can_be_named(items[k]) for k in refused):
                break
            before = len(self.items)
            if not self._make_way(author, self._batch, rows):
                break
            if len(self.items) == before and not protected:
                break
            rows = self._items.intern(items, spare=False)
        if protected and (rows < 0).any():
            rows = self._items.intern(items, spare=True)
        return rows

    def _room_for(self, author: int, rows: NDArray[np.int32]) -> bool:
        """Whether the author's block has room for these edges now, others having made way."""
        more = len(rows)
        while not self._blocks.make_room(author, more):
            if not self._make_way(author, max(more, self._batch), rows) and not self._evict_oldest(
                author, min(more, int(self._blocks.count[author]))
            ):
                return False
        return True

    def _make_way(self, author: int, edges: int, rows: NDArray[np.int32]) -> int:
        """Evict others' edges for the author's, whose rows stay although nothing refers to them."""
        self._items.refer(rows, 1)
        evicted = self._evict(edges, priority_max=self._priority[author], but=author)
        self._items.refer(rows, -1)
        return evicted

    @property
    def _batch(self) -> int:
        return self.config.edges_max // _BATCHES

    def _evict(self, edges: int, *, priority_max: float, but: int = -1) -> int:
        """Evict about so many edges, nobody's above a priority nor `but`'s; how many there were.

        PROTECTED ones stay. The least go first, then the longest unheard: whole authors, the last
        one in part.
        """
        priority, count = self._priority, self._blocks.count
        victims = np.flatnonzero((count > 0) & (priority <= priority_max) & (priority < PROTECTED))
        victims = self._in_order(victims[victims != but])
        upto = np.cumsum(count[victims])
        whole = int(np.searchsorted(upto, edges, side="right"))
        evicted = int(upto[whole - 1]) if whole else 0
        if whole:
            self._blocks.drop(victims[:whole], self._items.references)
            self._items.recycle_unused()
            self._edges -= evicted
            self._evicted += evicted
            self.version += 1
        if whole < len(victims) and evicted < edges:
            evicted += self._evict_oldest(int(victims[whole]), edges - evicted)
        return evicted

    def _evict_oldest(self, author: int, edges: int) -> int:
        """Evict so many of the author's oldest edges, by (day, seq, row); how many there were."""
        block = self._blocks.block(author)
        edges = min(edges, len(block.item))
        if not edges:
            return 0
        age = block.day.astype(np.uint64) << np.uint64(32) | block.seq
        last = np.partition(age, edges - 1)[edges - 1]
        keep = age >= last
        ties = np.flatnonzero(age == last)
        keep[ties[: edges - (len(keep) - int(keep.sum()))]] = False
        self._evicted += edges
        self._keep(author, keep)
        return edges

    def _in_order(self, authors: NDArray[np.int64]) -> NDArray[np.int64]:
        """Authors in the order in which they go: least priority, then longest unheard."""
        heard = self._heard[authors] - np.uint32((self._puts + 1) & 0xFFFFFFFF)
        return authors[np.lexsort((heard, self._priority[authors]))]

    # -------------------------------------------------------------------------------- snapshot
    def snapshot(self, *, today: int) -> GraphSnapshot:
        """The graph as it is, with affinities decayed to `today` (days since 1970-01-01).

        O(edges), 30 ms a million; the same object again while nothing has changed, and O(1) when
        only days have passed (see `DatedSnapshot`).
        """
        state = (self.version, self.authors.rows, self.items.rows)
        kept = self._snapshot
        shown = kept[1].on(today) if kept is not None and kept[0] == state else None
        if shown is None:
            dated = self._dated_snapshot(today)
            self._snapshot, shown = (state, dated), dated.shown
        return shown

    def _dated_snapshot(self, today: int) -> DatedSnapshot:
        blocks = self._blocks
        liked, disliked = np.zeros((2, self.authors.rows), np.int64)
        segments = blocks.by_segment()
        for columns, authors in segments:
            count_signs(authors, blocks.offset, blocks.count, columns, liked, disliked)
        ptr, bad_ptr = _pointers(liked), _pointers(disliked)
        item, code = np.empty(ptr[-1], np.int32), np.empty(ptr[-1], np.uint8)
        bad_item = np.empty(bad_ptr[-1], np.int32)
        scale = decay_levels(self.config.half_life_days)
        ages = [
            copy_edges(
                authors, blocks.offset, blocks.count, columns,
                (ptr, item, code), (bad_ptr, bad_item), scale, today,
            )
            for columns, authors in segments
        ]  # fmt: skip
        made = GraphSnapshot.from_rows(
            ptr, item, code, bad_ptr, bad_item, self.items.rows, self.version
        )
        return DatedSnapshot.made(made, today, ages, self.config.half_life_days)


def _pointers(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
