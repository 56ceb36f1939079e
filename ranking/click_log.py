"""Distinct clicks by rows, held as sorted arrays: 18 bytes a click and cheap to read by term.

Rows only: who the authors are, which words the terms and what caps the whole is the caller's
business. Not thread-safe; what `for_terms` and `all` return is copied and may go anywhere.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranking.kernels_clicks import (
    CROWDED,
    KNOWN,
    WAITING,
    ClickColumns,
    add_clicks,
    merge_runs,
    oldest_beyond,
)

CLICK_BYTES = 18
"""Memory of a click; twice that for a moment while the short run is merged."""

SHORT_MAX = 2_048
"""Clicks in the short run: a longer one is merged more seldom and makes each click dearer."""

SEEN_MAX = 2**32 - 1

_TYPES = (np.int32, np.int32, np.int32, np.uint16, np.uint32)


def no_clicks(n: int = 0) -> ClickColumns:
    """Columns for `n` clicks, all 0."""
    return ClickColumns(*(np.zeros(n, dtype) for dtype in _TYPES))  # type: ignore[arg-type]


def clicks_at(run: ClickColumns, which: NDArray[Any] | slice) -> ClickColumns:
    """Those at these places or in this mask."""
    author, term, item, position, seen = run
    return ClickColumns(author[which], term[which], item[which], position[which], seen[which])


class SortedClicks:
    """Clicks, each (author, term, item) once, sorted by (term, author, item).

    per_term_max: clicks of one author for one term; beyond it her oldest for it go, an eighth at a
    time.
    """

    def __init__(self, *, per_term_max: int) -> None:
        if per_term_max < 1:
            raise ValueError("per_term_max must be at least 1")
        self._per_term_max = per_term_max
        self._long = no_clicks()
        self._short = no_clicks(16)
        self._size = 0
        self._seen = 0

    def __len__(self) -> int:
        return len(self._long.term) + self._size

    @property
    def nbytes(self) -> int:
        """Memory of the arrays between two calls."""
        return sum(column.nbytes for column in (*self._long, *self._short))

    def add_many(self, new: ClickColumns) -> tuple[NDArray[np.bool_], ClickColumns]:
        """Count these; their `seen` is overwritten, the first the oldest.

        Returns which are new, and those that went for them. About 15 µs, and 2 µs a click.
        """
        count = len(new.term)
        if self._seen + count > SEEN_MAX:
            self._number_anew()
        new.seen[:] = np.arange(self._seen, self._seen + count, dtype=np.uint32)
        self._seen += count
        outcome = np.zeros(count, np.uint8)
        while True:
            self._size = add_clicks(
                self._long, self._short, self._size, new, outcome, self._per_term_max
            )
            if (outcome != WAITING).all():
                break
            self._make_short_room()
        gone = no_clicks()
        if (outcome == CROWDED).any():
            gone = self._thin_out()
        return outcome != KNOWN, gone

    def for_terms(self, terms: NDArray[np.int32]) -> ClickColumns:
        """The clicks for any of the terms, sorted by (term, author, item). A copy; O(terms log
        clicks + result)."""
        wanted = np.unique(terms).tolist()
        short = clicks_at(self._short, slice(self._size))
        parts = []
        for term in wanted:
            held, late = (clicks_at(run, _of_term(run, term)) for run in (self._long, short))
            parts.append(_merged(held, late, len(late.term)) if late.term.size else held)
        return _joined(parts)

    def all(self) -> ClickColumns:
        """Every click, sorted by (term, author, item). A copy; O(clicks)."""
        return _merged(self._long, self._short, self._size)

    def merged(self) -> ClickColumns:
        """`all`, not copied: a view, to be read before anything else is done here."""
        self._merge()
        return self._long

    def keep(self, keep: NDArray[np.bool_]) -> ClickColumns:
        """Keep those in the mask over `merged`; returns the others. O(clicks)."""
        gone = clicks_at(self._long, ~keep)
        if gone.term.size:
            self._long = clicks_at(self._long, keep)
        return gone

    def rename_terms(self, new: NDArray[np.int32]) -> None:
        """Term row t becomes new[t]; the order of terms in use must stay. O(clicks)."""
        self._merge()
        self._long = self._long._replace(term=new[self._long.term])

    def restore(self, clicks: ClickColumns) -> None:
        """Hold these, which `all` gave. ValueError if they are not sorted and distinct."""
        t, a, i = (column.astype(np.int64) for column in (clicks.term, clicks.author, clicks.item))
        sizes = {len(column) for column in clicks}
        if len(sizes) > 1 or any(column.min(initial=0) < 0 for column in (t, a, i)):
            raise ValueError("the clicks do not fit")
        terms, authors, items = np.diff(t), np.diff(a), np.diff(i)
        same = (terms == 0) & (authors == 0)
        if not ((terms > 0) | ((terms == 0) & (authors > 0)) | (same & (items > 0))).all():
            raise ValueError("the clicks do not fit: they are not in order")
        self._long, self._size = clicks, 0
        self._seen = int(clicks.seen.max(initial=0)) + 1

    # ----------------------------------------------------------------------------------- runs
    def _make_short_room(self) -> None:
        """The short run begins small: thousands of simulated peers hold hardly a click."""
        room = len(self._short.term)
        if room < SHORT_MAX:
            wider = no_clicks(min(SHORT_MAX, 4 * room))
            merge_runs(no_clicks(), self._short, room, wider)
            self._short = wider
        else:
            self._merge()

    def _merge(self) -> None:
        if self._size:
            self._long = _merged(self._long, self._short, self._size)
            self._size = 0

    def _thin_out(self) -> ClickColumns:
        keep = np.ones(len(self), np.bool_)
        limit = self._per_term_max
        oldest_beyond(self.merged(), keep, limit, limit - limit // 8)
        return self.keep(keep)

    def _number_anew(self) -> None:
        self._merge()
        order = np.argsort(self._long.seen, kind="stable")
        seen = np.empty(len(order), np.uint32)
        seen[order] = np.arange(len(order), dtype=np.uint32)
        self._long = self._long._replace(seen=seen)
        self._seen = len(order)


def _of_term(run: ClickColumns, term: int) -> slice:
    low, high = np.searchsorted(run.term, [term, term + 1])
    return slice(int(low), int(high))


def _merged(long: ClickColumns, short: ClickColumns, size: int) -> ClickColumns:
    out = no_clicks(len(long.term) + size)
    merge_runs(long, short, size, out)
    return out


def _joined(parts: Sequence[ClickColumns]) -> ClickColumns:
    if not parts:
        return no_clicks()
    return ClickColumns(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
