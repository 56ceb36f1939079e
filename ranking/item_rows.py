"""Rows of items: who refers to them, and when they may stand for another item.

A row is in use while an edge or a pin refers to it. Readers who translate the rows of a snapshot
back to names hold all rows meanwhile, so a full table cannot make room just then: what is spare is
for those whose items must never be refused. Pins may keep half of all, no more.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranking.interner import CHUNK, ROW_BYTES_MAX, Interner, joined, nameable
from ranking.kernels_blocks import add_at

ITEM_BYTES = ROW_BYTES_MAX + 4
"""Of an item beside its name: interner row and count of references."""

SPARE = 8
"""One part in so many of rows and of bytes is spare; of the bytes, half may be garbage."""


class ItemRows:
    """The interner of item names, with a count of references for each row.

    `references` is written by the graph's kernels too; whoever lowers it calls `recycle` after.
    """

    def __init__(self, *, key: int, items_max: int, names_bytes_max: int) -> None:
        self.names = Interner(key=key, names_max=items_max, names_bytes_max=names_bytes_max)
        self.references = np.zeros(0, np.int32)
        self._items_max = items_max
        self._names_bytes_max = names_bytes_max
        self._common_rows = items_max - items_max // SPARE
        self._common_bytes = names_bytes_max - names_bytes_max // SPARE
        self._pins = 0
        self._pinned_bytes = 0
        self._holds = 0
        self._unswept = False

    @property
    def nbytes(self) -> int:
        """Memory of every array, names included."""
        return self.names.nbytes + self.references.nbytes

    @property
    def spare_taken(self) -> bool:
        """Whether less is free than should be."""
        rows, size = len(self.names), self.names.names_nbytes
        return rows > self._common_rows or size > self._common_bytes

    @property
    def held(self) -> bool:
        """Whether no row may be recycled now."""
        return self._holds > 0

    def intern_packed(
        self, data: NDArray[np.uint8], sizes: NDArray[np.int32], *, spare: bool = True
    ) -> NDArray[np.int32]:
        """Rows of the names, which stand end to end, -1 at a cap. New rows count as unused until
        something refers.

        spare: whether new names may take what is kept back.
        """
        rows = np.empty(len(sizes), np.int32)
        start = 0
        for at in range(0, len(sizes), CHUNK):
            part = sizes[at : at + CHUNK]
            end = start + int(part.sum(dtype=np.int64))
            rows[at : at + CHUNK] = self._intern(data[start:end], part, spare)
            start = end
        if self.names.rows > len(self.references):
            capacity = self.names.rows + self.names.rows // 8 + 64
            self.references.resize(min(self._items_max, capacity), refcheck=False)
        return rows

    def _intern(
        self, data: NDArray[np.uint8], sizes: NDArray[np.int32], spare: bool
    ) -> NDArray[np.int32]:
        n = len(self.names) + len(sizes)
        size = self.names.names_nbytes + len(data)
        if spare or (n <= self._common_rows and size <= self._common_bytes):
            return self.names.intern_packed(data, sizes)
        return self._intern_within_spare(data, sizes)

    def _intern_within_spare(
        self, data: NDArray[np.uint8], sizes: NDArray[np.int32]
    ) -> NDArray[np.int32]:
        """Of the new names, the first that leave the spare part alone get rows."""
        rows = self.names.lookup_packed(data, sizes)
        new = np.flatnonzero((rows < 0) & nameable(sizes))
        taken = np.cumsum(sizes[new], dtype=np.int64)
        bytes_left = self._common_bytes - self.names.names_nbytes
        fit = int(np.searchsorted(taken, bytes_left, side="right"))
        new = new[: max(0, min(fit, self._common_rows - len(self.names)))]
        if new.size:
            ends = np.cumsum(sizes, dtype=np.int64)
            parts = [data[ends[k] - sizes[k] : ends[k]] for k in new.tolist()]
            rows[new] = self.names.intern_packed(np.concatenate(parts), sizes[new])
        return rows

    def pin_many(self, names: Sequence[bytes]) -> NDArray[np.int32]:
        """Rows of items that something besides edges refers to; undo each with `unpin_many`.

        names: distinct, none pinned already, so that a pin is an item: whoever has many reasons to
        keep one counts them. -1 at a cap, for the first that does not fit and all behind it.
        """
        data, sizes = joined(names)
        filled = self._pinned_bytes + np.cumsum(sizes, dtype=np.int64)
        fit = int(np.searchsorted(filled * 2, self._names_bytes_max, side="right"))
        fit = max(0, min(fit, (self._items_max + 1) // 2 - self._pins))
        rows = np.full(len(sizes), -1, np.int32)
        end = int(sizes[:fit].sum(dtype=np.int64))
        rows[:fit] = self.intern_packed(data[:end], sizes[:fit], spare=False)
        pinned = rows >= 0
        self.references[rows[pinned]] += 1
        self._pins += int(pinned.sum())
        self._pinned_bytes += int(sizes[pinned].sum(dtype=np.int64))
        return rows

    def unpin_many(self, rows: NDArray[np.int32]) -> None:
        """The pins of these rows, all different, are gone."""
        self._pins -= len(rows)
        self._pinned_bytes -= int(self.names.lengths_of(rows).sum(dtype=np.int64))
        self.references[rows] -= 1
        self.recycle(rows)

    def refer(self, rows: NDArray[np.int32], by: int) -> None:
        """Change the references of rows, some of which may stand twice; -1 is left out."""
        add_at(rows, by, self.references)

    def recycle(self, rows: NDArray[np.int32]) -> None:
        """Free those of the rows that nothing refers to: now, or when nobody holds them."""
        if self._holds:
            self._unswept = True
        else:
            self.names.release_many(rows[self.references[rows] == 0])

    def recycle_unused(self) -> None:
        """`recycle` every row. O(rows)."""
        self.recycle(np.flatnonzero(self.references[: self.names.rows] == 0).astype(np.int32))

    def hold(self) -> None:
        """Recycle no row until the matching `unhold`."""
        self._holds += 1

    def unhold(self) -> None:
        """End of one `hold`; the last one is O(rows) when references have gone meanwhile."""
        self._holds -= 1
        if not self._holds and self._unswept:
            self._unswept = False
            self.recycle_unused()

    # ------------------------------------------------------------------------------ checkpoint
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """All there is, for `restore`: views, void after any change. Holds are not kept."""
        numbers = np.array([len(self.references), self._unswept], np.int64)
        return (*self.names.arrays(), numbers, self.references[: self.names.rows])

    def restore(self, arrays: Sequence[NDArray[Any]], edges: NDArray[np.int64]) -> None:
        """Become what gave these `arrays`, with nobody holding rows.

        edges: of each row, as the blocks have them; one reference more is a pin. ValueError if the
        arrays cannot be, or are over the caps.
        """
        *names, numbers, references = arrays
        self.names.restore(*names)
        rows = self.names.rows
        capacity, unswept = numbers.tolist() if len(numbers) == 2 else (-1, 0)
        if not rows == len(references) == len(edges) <= capacity <= self._items_max:
            raise ValueError("there is not one count of references for each item")
        pins = references - edges
        sizes = self.names.lengths()
        if (pins < 0).any() or (pins > 1).any() or references[sizes == 0].any():
            raise ValueError("items have other references than edges and a pin, or no name")
        pinned, size = int(pins.sum()), int((pins * sizes).sum())
        if pinned * 2 > self._items_max + 1 or size * 2 > self._names_bytes_max:
            raise ValueError("too many pins")
        self._pins, self._pinned_bytes = pinned, size
        self.references = np.zeros(capacity, np.int32)
        self.references[:rows] = references
        if unswept:
            self.recycle_unused()

    def unpin_all(self, edges: NDArray[np.int64]) -> None:
        """Every `pin` is gone; `edges` has the edges of each row. O(rows)."""
        self.references[: len(edges)] = edges
        self._pins = self._pinned_bytes = 0
        self.recycle_unused()
