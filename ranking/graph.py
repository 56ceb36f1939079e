"""The bounded graph of who likes what, and what gives way when it is full.

Edges stand in one block for each author, ascending by item (`ranking.segment`); names of authors
and items are interned (`ranking.interner`). Every array counts against `bytes_max`, one snapshot
among them, which is shared out once and for all between edges, item rows, item names and authors,
so that no flood of one kind can starve the others. What gives way (`ranking.eviction`):

- an author over her own quota loses her own oldest edges, so a spammer displaces herself;
- a full graph loses the edges of the authors with the least priority, of equal ones those longest
  unheard; nobody displaces an author of higher priority, and `PROTECTED` ones (own and vouched)
  stay whole as long as there is anything else;
- what finds no room after that is refused and counted.

Below the caps the graph depends only on the set of statements, not on their order. The reverse
direction, item -> authors, exists in snapshots only: nothing but the ranking reads it.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranking.begun_snapshot import BegunSnapshot, ForwardCopy
from ranking.eviction import PROTECTED, Standing, without_oldest
from ranking.graph_config import BYTES_MIN, KEY_BYTES, KEY_ROOM, GraphConfig, GraphStatistics
from ranking.interner import Interner, joined, nameable
from ranking.item_rows import ItemRows
from ranking.kernels_storage import EdgeColumns
from ranking.segment import BlockStore, Merged
from ranking.snapshot import GraphSnapshot

__all__ = ["BYTES_MIN", "KEY_BYTES", "PROTECTED", "BoundedGraph", "GraphConfig", "GraphStatistics"]

_BATCHES = 256
"""One part in so many of the edges is evicted at once: too few to be felt, enough to share the
cost of choosing."""

_NAME_TRIES = 4
"""Evictions tried for a bundle whose new names find no room; for PROTECTED authors, all there are.
"""

_MERGED_EDGES = 1 << 18
"""Edges merged at once, beside the graph: 3.4 MB, unless one author has more."""


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
            names_bytes_max=KEY_ROOM * config.authors_max,
        )
        self._items = ItemRows(
            key=hash_key ^ 1,
            items_max=config.items_max,
            names_bytes_max=config.item_names_bytes_max,
        )
        self.items = self._items.names
        self.version = 0
        """Goes up with every change of an edge."""
        self._blocks = BlockStore(
            bytes_max=config.blocks_bytes_max, segment_bytes=config.segment_bytes
        )
        self._standing = Standing()
        self._edges = 0
        self.evicted = 0
        """Edges that have made way so far."""
        self._refused = 0
        self._leaving: dict[int, None] = {}
        self._snapshot: tuple[tuple[int, int, int], ForwardCopy] | None = None

    # ------------------------------------------------------------------------------ accounting
    @property
    def nbytes(self) -> int:
        """Memory of every array, the kept snapshot's too; never above `bytes_max`. O(segments)."""
        parts = (self.authors, self._items, self._blocks, self._standing)
        return sum(part.nbytes for part in parts) + self._snapshot_nbytes

    @property
    def _snapshot_nbytes(self) -> int:
        return self._snapshot[1].nbytes if self._snapshot is not None else 0

    def statistics(self) -> GraphStatistics:
        """Counts as they are now."""
        return GraphStatistics(
            edges=self._edges,
            authors=len(self.authors),
            items=len(self.items),
            nbytes=self.nbytes,
            names_nbytes=self.authors.names_nbytes + self.items.names_nbytes,
            snapshot_nbytes=self._snapshot_nbytes,
            evicted=self.evicted,
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
            self._standing.grow(size)
        return rows

    def release_author(self, author: int) -> None:
        """Delete all of the author's: from now on, or from `unhold` on, her row may be another's.

        The caller sees to it that nothing else refers to the row.
        """
        self.drop_author(author)
        self._standing.forget(author)
        if self._items.held:
            self._leaving[author] = None
        else:
            self.authors.release(author)

    def stalest_authors(self, authors_max: int) -> NDArray[np.int32]:
        """Whom to `release_author` first when rows run out: least priority, then longest unheard.

        Never PROTECTED ones. O(authors log authors).
        """
        rows = self.authors.used_rows()
        rows = self._standing.in_order(rows[self._standing.priority[rows] < PROTECTED])
        return rows[:authors_max].astype(np.int32)

    def item_row(self, name: bytes) -> int:
        """Row of a known item, else -1."""
        return self.items.lookup(name)

    def pin_many(self, names: Sequence[bytes]) -> NDArray[np.int32]:
        """Rows of items that something besides edges refers to, -1 at a cap; see `ItemRows`.

        Pins may keep half of the rows and of the names.
        """
        return self._items.pin_many(names)

    def unpin_many(self, rows: NDArray[np.int32]) -> None:
        """The pins of these rows, all different, are gone."""
        self._items.unpin_many(rows)

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
        item the highest (seq, device, index) stands. About 80 µs + .3 µs an item, and O(edges of
        the author).
        """
        seqs = np.full(len(items), seq, np.uint32)
        devices = np.full(len(items), device, np.uint16)
        rows = self._rows_for(author, items)
        edges = EdgeColumns(rows, seqs, days, devices, weights)
        self._state(np.array([author]), np.array([0, len(items)]), edges)

    def put_many(
        self, authors: NDArray[np.int32], items: Sequence[bytes], edges: EdgeColumns
    ) -> None:
        """State edges of many authors at once, as `put` does; `edges.item` is not read."""
        self.put_packed(authors, *joined(items), edges)

    def put_packed(
        self,
        authors: NDArray[np.int32],
        names: NDArray[np.uint8],
        sizes: NDArray[np.int32],
        edges: EdgeColumns,
    ) -> None:
        """`put_many` with the items' names end to end, each of so many bytes: no object a name.

        Four million edges a second, when authors come together and in bundles. Beside the graph it
        takes some 50 bytes an edge meanwhile.
        """
        if not len(sizes):
            return
        rows = self._items.intern_packed(names, sizes, spare=False)
        if (rows[nameable(sizes)] >= 0).all():
            self._items.refer(rows, 1)  # lest making way for one author free another's rows
            self.put_rows(authors, edges._replace(item=rows))
            self._items.refer(rows, -1)
            self._items.recycle(rows[rows >= 0])
            return
        self._items.recycle(rows[rows >= 0])
        ends = np.cumsum(sizes)
        order, distinct, first = _by_author(authors)
        places = np.arange(len(sizes))[order]
        for author, start, end in zip(distinct, first[:-1], first[1:], strict=True):
            mine = places[start:end]
            items = [names[ends[k] - sizes[k] : ends[k]].tobytes() for k in mine.tolist()]
            own = _taken(edges._replace(item=rows), mine)
            own = own._replace(item=self._rows_for(int(author), items))
            self._state(np.array([author]), np.array([0, len(mine)]), own)

    def put_rows(self, authors: NDArray[np.int32], edges: EdgeColumns) -> None:
        """`put_many` of items that are known already: `edges.item` are rows in use, -1 is refused.

        Ten million edges a second, when authors come together.
        """
        order, distinct, first = _by_author(authors)
        self._state(distinct, first, _taken(edges, order))

    def remove(self, author: int, items: Sequence[bytes]) -> None:
        """Delete the author's edges to these items, if any. O(edges of the author)."""
        rows = self.items.lookup_many(items)
        item = self._blocks.edges(author).item
        self._keep(author, item, ~np.isin(item, rows))

    def drop_author(self, author: int) -> None:
        """Delete every edge of the author; the row stays hers. O(her edges)."""
        item = self._blocks.edges(author).item
        self._keep(author, item, np.zeros(len(item), np.bool_))

    def set_priority(self, author: int, priority: float) -> None:
        """Who goes last when it is full: `ranking.priorities`, `PROTECTED` for own and vouched."""
        self._standing.priority[author] = priority

    def set_priorities(self, priorities: NDArray[np.float32]) -> None:
        """`set_priority` for rows 0.. at once; rows beyond the array keep theirs."""
        held = self._standing.priority
        held[: len(priorities)] = priorities[: len(held)]

    def edges_of(
        self, author: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int8], NDArray[np.uint16], NDArray[np.uint32]]:
        """The author's edges as (item rows ascending, weights, days, seqs); copies."""
        block = self._blocks.edges(author)
        return block.item, block.weight, block.day, block.seq

    def _state(
        self, authors: NDArray[np.int64], first: NDArray[np.int64], edges: EdgeColumns
    ) -> None:
        """Statements edges[first[g]:first[g+1]] of each of some distinct authors; those about no
        row are refused."""
        self._standing.hear(authors)
        known = edges.item >= 0
        if not known.all():
            self._refused += len(known) - int(known.sum())
            first = np.concatenate(([0], np.cumsum(known)))[first]
            edges = _taken(edges, known)
        some = np.diff(first) > 0
        authors, first = authors[some], np.append(first[:-1][some], first[-1])
        work = np.cumsum(self._blocks.count[authors] + np.diff(first)) // _MERGED_EDGES
        cuts = np.flatnonzero(np.diff(work)) + 1
        for start, end in pairwise((0, *cuts.tolist(), len(authors))):
            if start < end:
                new = _taken(edges, slice(int(first[start]), int(first[end])))
                self._merge(authors[start:end], first[start : end + 1] - first[start], new)

    def _merge(
        self, authors: NDArray[np.int64], first: NDArray[np.int64], new: EdgeColumns
    ) -> None:
        """Merge statements into their authors' blocks: all at once while there is room."""
        merged = self._blocks.merged(authors, first, new)
        more = self._edges + len(merged.added)
        if more <= self.config.edges_max and self._blocks.make_room_for(merged):
            self._write(merged)
            return
        del merged
        for g, author in enumerate(authors.tolist()):
            self._merge_one(author, _taken(new, slice(int(first[g]), int(first[g + 1]))))

    def _merge_one(self, author: int, new: EdgeColumns) -> None:
        """Merge statements into the author's block, others or her own edges making way."""
        alone, first = np.array([author]), np.array([0, len(new.item)])
        while True:
            merged = self._blocks.merged(alone, first, new)
            more = len(merged.added)
            if self._edges + more <= self.config.edges_max and self._blocks.make_room(
                author, int(merged.size[0])
            ):
                self._write(merged)
                return
            if not self._make_way(author, max(more, self._batch), new.item):
                own = min(len(new.item), int(self._blocks.count[author]))
                if not self._evict_oldest(author, own):
                    self._items.recycle(new.item)
                    self._refused += len(new.item)
                    return

    def _write(self, merged: Merged) -> None:
        """Put blocks in place for which there is room, and see to their authors' quotas."""
        self._blocks.write(merged)
        self._items.refer(merged.added, 1)
        self._edges += len(merged.added)
        self.version += 1
        protected = self._standing.priority[merged.authors] == PROTECTED
        quota = np.where(
            protected, self.config.edges_per_protected_max, self.config.edges_per_author_max
        )
        for g in np.flatnonzero(merged.edges > quota).tolist():
            self._evict_oldest(int(merged.authors[g]), int(merged.edges[g] - quota[g]))

    def _keep(self, author: int, item: NDArray[np.int32], keep: NDArray[np.bool_]) -> None:
        """Delete the author's edges, which are to these items, where `keep` is false."""
        gone = item[~keep]
        if not gone.size:
            return
        self._blocks.keep(author, keep)
        self._items.refer(gone, -1)
        self._edges -= len(gone)
        self.version += 1
        self._items.recycle(gone)

    # -------------------------------------------------------------------------------- eviction
    def _rows_for(self, author: int, items: Sequence[bytes]) -> NDArray[np.int32]:
        """Rows of the items; where names are at a cap, others' edges and their items make way.

        While rows are held nothing can, and what is spare then serves PROTECTED authors. Others
        go on only as long as it helps: it does not when every item has further listeners.

        Edges go by whose they are, and a name goes with the last edge to it: where items have
        twenty listeners, full names cost most of the edges before they have turned over. Items
        that one person likes could go alone, but then two fake identities would keep any name, and
        whoever is trusted more could not displace them. So names have a share that fits the edges.
        """
        protected = self._standing.protected(author)
        names, sizes = joined(items)
        can_be = nameable(sizes)
        rows = self._items.intern_packed(names, sizes, spare=False)
        for _ in range(_BATCHES + 1 if protected else _NAME_TRIES):
            if self._items.held or (rows[can_be] >= 0).all():
                break
            before = len(self.items)
            if not self._make_way(author, self._batch, rows):
                break
            if len(self.items) == before and not protected:
                break
            rows = self._items.intern_packed(names, sizes, spare=False)
        if protected and (rows < 0).any():
            rows = self._items.intern_packed(names, sizes, spare=True)
        return rows

    def _make_way(self, author: int, edges: int, rows: NDArray[np.int32]) -> int:
        """Evict others' edges for the author's, whose rows stay although nothing refers to them."""
        self._items.refer(rows, 1)
        priority = float(self._standing.priority[author])
        evicted = self._evict(edges, priority_max=priority, but=author)
        self._items.refer(rows, -1)
        return evicted

    @property
    def _batch(self) -> int:
        return self.config.edges_max // _BATCHES

    def _evict(self, edges: int, *, priority_max: float, but: int = -1) -> int:
        """Evict about so many edges, nobody's above a priority nor `but`'s; how many there were."""
        count = self._blocks.count
        whole, partly = self._standing.victims(count, edges, priority_max=priority_max, but=but)
        evicted = int(count[whole].sum(dtype=np.int64))
        if evicted:
            self._blocks.drop(whole, self._items.references)
            self._items.recycle_unused()
            self._edges -= evicted
            self.evicted += evicted
            self.version += 1
        if partly >= 0:
            evicted += self._evict_oldest(partly, edges - evicted)
        return evicted

    def _evict_oldest(self, author: int, edges: int) -> int:
        """Evict so many of the author's oldest edges, by (day, seq, row); how many there were."""
        block = self._blocks.edges(author)
        edges = min(edges, len(block.item))
        if edges:
            self.evicted += edges
            self._keep(author, block.item, without_oldest(block.day, block.seq, edges))
        return edges

    # -------------------------------------------------------------------------------- snapshot
    def snapshot(self, *, today: int) -> GraphSnapshot:
        """The graph as it is, with affinities decayed to `today` (days since 1970-01-01).

        O(edges), 30 ms a million; the same object again while nothing has changed, and O(1) when
        only days have passed (see `DatedSnapshot`).
        """
        return self.begin_snapshot(today=today).finish()

    def begin_snapshot(self, *, today: int) -> BegunSnapshot:
        """`snapshot` in two steps: what `finish` does may be done on another thread.

        O(edges), 5 to 8 ms a million. The older snapshot is not kept, so that there is one at a
        time.
        """
        state = (self.version, self.authors.rows, self.items.rows)
        if self._snapshot is not None and self._snapshot[0] == state:
            again = self._snapshot[1].begun(today)
            if again is not None:
                return again
        self._snapshot = None
        copy = ForwardCopy.of(
            self._blocks, *state, today=today, half_life_days=self.config.half_life_days
        )
        self._snapshot = state, copy
        return BegunSnapshot(copy)

    # ------------------------------------------------------------------------------ checkpoint
    def arrays(self) -> list[list[NDArray[Any]]]:
        """All there is but hash key, snapshot and holds, for `restore`: views, void after any
        change."""
        leaving = np.array(list(self._leaving), np.int64)
        counts = [self.version, self._edges, self.evicted, self._refused]
        return [
            [np.array(counts, np.int64), leaving],
            list(self.authors.arrays()),
            list(self._items.arrays()),
            self._standing.arrays(),
            self._blocks.arrays(),
        ]

    def restore(self, parts: Sequence[Sequence[NDArray[Any]]]) -> None:
        """Become, from empty, what gave these `arrays`, after the last `unhold`.

        ValueError if they cannot be, or are over the caps: the graph is void then. O(all of it).
        """
        (counts, leaving), authors, items, standing, blocks = parts
        self.version, self._edges, self.evicted, self._refused = counts.tolist()
        self.authors.restore(*authors)
        n_items = int(items[0][0]) if len(items[0]) else -1
        if not 0 <= n_items <= self.config.items_max:
            raise ValueError("there are too many items")
        references = self._blocks.restore(blocks, n_items)
        self._items.restore(items, references)
        self._standing.restore(standing, len(self._blocks.count))
        if not self.authors.rows <= len(self._blocks.count) <= self.config.authors_max:
            raise ValueError("there is not one block for each author")
        if self._blocks.count[self.authors.rows :].any():
            raise ValueError("edges of nobody")
        if not 0 <= self._edges == int(references.sum()) <= self.config.edges_max:
            raise ValueError("edges were counted wrong, or are too many")
        if min(counts.tolist()) < 0 or not all(map(self.authors.in_use, leaving.tolist())):
            raise ValueError("a count is negative, or nobody leaves")
        for row in leaving.tolist():
            self.authors.release(row)

    def unpin_all(self) -> None:
        """Undo every `pin`, for whoever has restored a graph and pins anew. O(edges)."""
        self._items.unpin_all(self._blocks.references(self.items.rows))


def _taken(edges: EdgeColumns, which: NDArray[Any] | slice) -> EdgeColumns:
    item, seq, day, device, weight = edges
    return EdgeColumns(item[which], seq[which], day[which], device[which], weight[which])


def _by_author(
    authors: NDArray[np.int32],
) -> tuple[NDArray[np.int64] | slice, NDArray[np.int64], NDArray[np.int64]]:
    """Places in an order in which each author's come together, each author once, and where hers
    begin and the last's end."""
    order: NDArray[np.int64] | slice = slice(None)
    if (authors[1:] < authors[:-1]).any():
        places = np.arange(len(authors))
        order = np.sort(authors.astype(np.int64) << 32 | places) & 0xFFFFFFFF
    ordered = authors[order]
    first = np.flatnonzero(np.diff(ordered, prepend=-1))
    return order, ordered[first].astype(np.int64), np.append(first, len(ordered))
