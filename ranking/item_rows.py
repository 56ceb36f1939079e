"""Rows of items: who refers to them, and when they may stand for another item.

A row is in use while an edge or a pin refers to it. Readers who translate the rows of a snapshot
back to names hold all rows meanwhile.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ranking.interner import ROW_BYTES_MAX, Interner

ITEM_BYTES = ROW_BYTES_MAX + 4
"""Of an item beside its name: interner row and count of references."""


class ItemRows:
    """The interner of item names, with a count of references for each row.

    `references` is written by the graph's kernels too; whoever lowers it calls `recycle` after.
    """

    def __init__(self, *, key: int, items_max: int, names_bytes_max: int) -> None:
        self.names = Interner(key=key, names_max=items_max, names_bytes_max=names_bytes_max)
        self.references = np.zeros(0, np.int32)
        self._items_max = items_max
        self._holds = 0
        self._unswept = False

    @property
    def nbytes(self) -> int:
        """Memory of every array, names included."""
        return self.names.nbytes + self.references.nbytes

    @property
    def held(self) -> bool:
        """Whether no row may be recycled now."""
        return self._holds > 0

    def intern(self, names: Sequence[bytes]) -> NDArray[np.int32]:
        """Rows of the names, -1 at a cap. New rows count as unused until something refers."""
        rows = self.names.intern_many(names)
        if self.names.rows > len(self.references):
            size = self.names.rows + self.names.rows // 8 + 64
            self.references.resize(min(self._items_max, size), refcheck=False)
        return rows

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
