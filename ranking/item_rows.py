"""Rows of items: who refers to them, and when they may stand for another item.

A row is in use while an edge or a pin refers to it. Readers who translate the rows of a snapshot
back to names hold all rows meanwhile, so a full table cannot make room just then: what is spare is
for those whose items must never be refused. Pins may keep half of all, no more.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ranking.interner import ROW_BYTES_MAX, Interner, can_be_named

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

    def intern(self, names: Sequence[bytes], *, spare: bool = True) -> NDArray[np.int32]:
        """Rows of the names, -1 at a cap. New rows count as unused until something refers.

        spare: whether new names may take what is kept back.
        """
        if spare:
            rows = self.names.intern_many(names)
        else:
            rows = self.names.lookup_many(names)
            new = [k for k in np.flatnonzero(rows < 0).tolist() if can_be_named(names[k])]
            if new:
                new = self._within_spare(names, new)
                rows[new] = self.names.intern_many([names[k] for k in new])
        if self.names.rows > len(self.references):
            size = self.names.rows + self.names.rows // 8 + 64
            self.references.resize(min(self._items_max, size), refcheck=False)
        return rows

    def _within_spare(self, names: Sequence[bytes], new: list[int]) -> list[int]:
        """Which of the new names leave the spare part alone, the first coming first."""
        sizes = np.cumsum([len(names[k]) for k in new])
        bytes_left = self._common_bytes - self.names.names_nbytes
        fit = int(np.searchsorted(sizes, bytes_left, side="right"))
        return new[: max(0, min(fit, self._common_rows - len(self.names)))]

    def pin(self, name: bytes) -> int:
        """Row of an item that something besides edges refers to, -1 at a cap; undo with `unpin`."""
        size = self._pinned_bytes + len(name)
        if self._pins * 2 >= self._items_max or size * 2 > self._names_bytes_max:
            return -1
        row = int(self.intern((name,), spare=False)[0])
        if row >= 0:
            self.references[row] += 1
            self._pins += 1
            self._pinned_bytes = size
        return row

    def unpin(self, row: int) -> None:
        """One `pin` of the row is gone."""
        self._pins -= 1
        self._pinned_bytes -= len(self.names.name(row))
        self.references[row] -= 1
        self.recycle(np.array([row], np.int32))

    def refer(self, rows: NDArray[np.int32], by: int) -> None:
        """Change the references of rows, some of which may stand twice; -1 is left out."""
        np.add.at(self.references, rows[rows >= 0], by)

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
