"""Clicks heard: who opened which item for which term, once each.

Arrays only, bounded by `clicks_max`; a full log refuses strangers' clicks rather than forget.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranking.graph import BoundedGraph
from ranking.interner import Interner

CLICK_BYTES = 12


class ClickTable(NamedTuple):
    """Distinct (author, term, item) rows, as the search kernels take them. Copies."""

    author: NDArray[np.int32]
    term: NDArray[np.int32]
    item: NDArray[np.int32]


class ClickLog:
    """Every click counted once per author, term and item, so that repetition is worth nothing."""

    def __init__(self, graph: BoundedGraph, *, hash_key: int, clicks_max: int = 200_000) -> None:
        self._graph = graph
        self._max = clicks_max
        self.terms = Interner(key=hash_key, names_max=50_000, names_bytes_max=1_600_000)
        self._rows = np.zeros((64, 3), np.int32)
        self._count = 0
        self._seen: dict[tuple[int, int, int], None] = {}

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """The rows, the terms, and the table of what was counted."""
        return self._rows.nbytes + self.terms.nbytes + 200 * self._count

    def add(self, author: int, terms: tuple[str, ...], item: str) -> None:
        """Count a click once for each of its terms; nothing happens at a cap."""
        for term in terms:
            row = self.terms.intern(term.casefold().encode())
            key = (author, row, self._graph.item_row(item.encode()))
            if row < 0 or key in self._seen or self._count >= self._max:
                continue
            pinned = self._graph.pin(item.encode())
            if pinned < 0:
                continue
            key = (author, row, pinned)
            if self._count == len(self._rows):
                self._rows = np.concatenate((self._rows, np.zeros_like(self._rows)))
            self._rows[self._count] = key
            self._seen[key] = None
            self._count += 1

    def drop_author(self, author: int) -> None:
        """Forget the author's clicks."""
        rows = self._rows[: self._count]
        gone = rows[:, 0] == author
        if not gone.any():
            return
        for key in rows[gone].tolist():
            del self._seen[(key[0], key[1], key[2])]
            self._graph.unpin(key[2])
        kept = rows[~gone]
        self._rows[: len(kept)] = kept
        self._count = len(kept)

    def table(self) -> ClickTable:
        """All clicks, for a search on the worker thread."""
        rows = self._rows[: self._count].copy()
        return ClickTable(rows[:, 0], rows[:, 1], rows[:, 2])
