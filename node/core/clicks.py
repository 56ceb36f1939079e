"""Clicks heard: who opened which item for which term, once each.

Arrays only, bounded by `clicks_max` and by the caps of the terms. A tenth of both is kept for the
people who live here; the rest refuses what finds no room until `make_room` has forgotten the
clicks of authors whom nobody trusts.
"""

import numpy as np
from numpy.typing import NDArray

from ranking.click_table import ClickTable
from ranking.graph import BoundedGraph
from ranking.interner import Interner

CLICK_BYTES = 212
"""Of a click: its row, and its place in the table of what was counted."""

TERMS_MAX = 50_000
TERMS_BYTES_MAX = 1_600_000

FULL = 0.9
"""Part of the caps that everybody shares."""


class ClickLog:
    """Every click counted once per author, term and item, so that repetition is worth nothing."""

    def __init__(
        self,
        graph: BoundedGraph,
        *,
        hash_key: int,
        clicks_max: int = 200_000,
        terms_max: int = TERMS_MAX,
    ) -> None:
        self._graph = graph
        self._max = clicks_max
        self._terms_max = terms_max
        self._hash_key = hash_key
        self._protected: dict[int, None] = {}
        self._rows = np.zeros((64, 3), np.int32)
        self._count = 0
        self._seen: dict[tuple[int, int, int], None] = {}
        self.terms = self._no_terms()

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """The rows, the terms, and the table of what was counted."""
        return self._rows.nbytes + self.terms.nbytes + CLICK_BYTES * self._count

    def protect(self, author: int) -> None:
        """A hosted person: the last tenth is kept for her and her like."""
        self._protected[author] = None

    def add(self, author: int, terms: tuple[str, ...], item: str) -> None:
        """Count a click once for each of its terms; nothing happens at a cap."""
        for term in terms:
            if self._full(author):
                return
            row = self.terms.intern(term.casefold().encode())
            pinned = self._graph.pin(item.encode()) if row >= 0 else -1
            if pinned < 0:
                continue
            key = (author, row, pinned)
            if key in self._seen:
                self._graph.unpin(pinned)
                continue
            if self._count == len(self._rows):
                self._rows = np.concatenate((self._rows, np.zeros_like(self._rows)))
            self._rows[self._count] = key
            self._seen[key] = None
            self._count += 1

    def drop_author(self, author: int) -> None:
        """Forget the author's clicks."""
        self._keep(self._rows[: self._count, 0] != author)

    def forget_rows(self, gone: NDArray[np.bool_]) -> None:
        """Forget the clicks of all authors in the mask over author rows."""
        self._keep(~gone[self._rows[: self._count, 0]])

    def make_room(self, trusted: NDArray[np.bool_]) -> int:
        """When nearly full, forget the clicks of all but the trusted rows and the people here;
        how many went. Terms that nobody uses any more go, too. O(clicks)."""
        if not self._nearly_full():
            return 0
        before = self._count
        author = self._rows[: self._count, 0]
        known = np.zeros(max(int(author.max(initial=0)) + 1, trusted.size), np.bool_)
        known[: trusted.size] = trusted
        known[[row for row in self._protected if row < known.size]] = True
        self._keep(known[author])
        self._forget_unused_terms()
        return before - self._count

    def table(self) -> ClickTable:
        """All clicks, for a search on the worker thread. A copy; O(clicks log clicks)."""
        rows = self._rows[: self._count]
        return ClickTable.of(rows[:, 0], rows[:, 1], rows[:, 2])

    def dump(self) -> tuple[NDArray[np.int32], list[bytes]]:
        """(author, term, item) rows of the clicks, and the terms' names by row: copies."""
        terms = [self.terms.name(row) for row in range(self.terms.rows)]
        return self._rows[: self._count].copy(), terms

    def load(self, rows: NDArray[np.int32], terms: list[bytes]) -> None:
        """Hold what gave this `dump`, in a graph that has its items pinned for each of the rows.

        ValueError if it is none, or beyond the caps. About 1 µs a click.
        """
        self.terms = self._no_terms()
        known = self.terms.intern_many(terms)
        fits = (known == np.arange(len(terms))).all() and (rows[:, 1] < len(terms)).all()
        if not fits or len(rows) > self._max or (rows < 0).any():
            raise ValueError("the clicks do not fit")
        self._rows = np.concatenate((rows, np.zeros((64, 3), np.int32)))
        self._count = len(rows)
        self._seen = dict.fromkeys(zip(*rows.T.tolist(), strict=True))

    def _nearly_full(self) -> bool:
        terms, size = len(self.terms), self.terms.names_nbytes
        return (
            self._count >= FULL * self._max
            or terms >= FULL * self._terms_max
            or size >= FULL * TERMS_BYTES_MAX
        )

    def _full(self, author: int) -> bool:
        if author in self._protected:
            return self._count >= self._max
        return self._nearly_full()

    def _keep(self, keep: NDArray[np.bool_]) -> None:
        if keep.all():
            return
        rows = self._rows[: self._count]
        for author, term, item in rows[~keep].tolist():
            del self._seen[author, term, item]
            self._graph.unpin(item)
        kept = rows[keep]
        self._rows[: len(kept)] = kept
        self._count = len(kept)

    def _forget_unused_terms(self) -> None:
        rows = self._rows[: self._count]
        names = [self.terms.name(row) for row in rows[:, 1].tolist()]
        self.terms = self._no_terms()
        rows[:, 1] = self.terms.intern_many(names)
        self._seen = dict.fromkeys(zip(*rows.T.tolist(), strict=True))

    def _no_terms(self) -> Interner:
        return Interner(
            key=self._hash_key, names_max=self._terms_max, names_bytes_max=TERMS_BYTES_MAX
        )
