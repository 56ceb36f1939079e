"""Clicks heard: who opened which item for which term, once each, where it was shown.

Sorted arrays, bounded by `clicks_max` and by the caps of the terms. At a cap those whom nobody here
trusts go first, then those who are trusted least; of one author who says too much her own oldest
go. The last tenth of all caps is for the people who live here, and strangers get no more than half.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranking.click_log import SortedClicks, clicks_at, no_clicks
from ranking.click_table import ClickTable
from ranking.graph import BoundedGraph
from ranking.interner import Interner
from ranking.kernels_clicks import ClickColumns

CLICKS_MAX = 1_200_000
"""22 MB, and as much for a moment while a merge goes on."""

PER_AUTHOR_MAX = 10_000
"""Clicks of one author who does not live here; beyond it her oldest eighth goes."""

PER_TERM_MAX = 256
"""Clicks of one author for one term; beyond it her oldest eighth for it goes."""

TERMS_MAX = 200_000
TERMS_BYTES_MAX = 4_800_000

FULL = 0.9
"""Part of the caps that is for those who do not live here."""

STRANGERS = 0.5
"""Part of the caps that authors whom nobody here trusts may fill."""

ROOM = 0.75
"""Where even the trusted alone fill the log, the least trusted go until this part is left."""

CHUNK = 256
"""Clicks counted at once: none is counted beyond a cap for which so few may be refused early."""


class Said(NamedTuple):
    """One click as its author says it."""

    author: int
    terms: tuple[str, ...]
    item: str
    position: int = 0


class ClickLog:
    """Every click counted once per author, term and item, so that repetition is worth nothing."""

    def __init__(
        self,
        graph: BoundedGraph,
        *,
        hash_key: int,
        clicks_max: int = CLICKS_MAX,
        terms_max: int = TERMS_MAX,
        per_author_max: int = PER_AUTHOR_MAX,
        per_term_max: int = PER_TERM_MAX,
    ) -> None:
        self._graph = graph
        self._max = clicks_max
        self._terms_max = terms_max
        self._per_author_max = per_author_max
        self._hash_key = hash_key
        self._protected: dict[int, None] = {}
        self._trusted: NDArray[np.bool_] | None = None
        self._clicks = SortedClicks(per_term_max=per_term_max)
        self._of_author = np.zeros(0, np.int32)
        self._of_item = np.zeros(0, np.int32)
        self.terms = self._no_terms()

    def __len__(self) -> int:
        return len(self._clicks)

    @property
    def nbytes(self) -> int:
        """Clicks, counts and terms."""
        counts = self._of_author.nbytes + self._of_item.nbytes
        return self._clicks.nbytes + counts + self.terms.nbytes

    def protect(self, author: int) -> None:
        """A hosted person: the last tenth is kept for her and her like."""
        self._protected[author] = None

    def add(self, author: int, terms: tuple[str, ...], item: str, position: int = 0) -> None:
        """Count a click once for each of its terms; nothing happens at a cap. About 50 µs."""
        self.add_many([Said(author, terms, item, position)])

    def add_many(self, said: Sequence[Said]) -> None:
        """`add` of many, about 3 µs for each term. Of a click told twice the smallest position
        stands, whatever came first."""
        each = [(one, term) for one in said for term in one.terms]
        for start in range(0, len(each), CHUNK):
            self._count_in(each[start : start + CHUNK])

    def drop_author(self, author: int) -> None:
        """Forget the author's clicks."""
        if author < self._of_author.size and self._of_author[author]:
            self._keep(self._clicks.merged().author != author)

    def forget_rows(self, gone: NDArray[np.bool_]) -> None:
        """Forget the clicks of all authors in the mask over author rows."""
        if self._trusted is not None:
            self._trusted[np.flatnonzero(gone[: self._trusted.size])] = False
        if len(self):
            self._keep(~gone[self._clicks.merged().author])

    def make_room(self, trust: NDArray[Any]) -> int:
        """When nearly full, forget the clicks of authors who have none of the trust, by row, and do
        not live here; where that is not enough, of those who have least. How many went.

        Terms that nobody uses any more go, too. O(clicks).
        """
        self._trusted = trust > 0
        if not self._full(FULL):
            return 0
        before = len(self)
        author = self._clicks.merged().author
        known = np.zeros(max(int(author.max(initial=0)) + 1, trust.size))
        known[: trust.size] = trust
        known[[row for row in self._protected if row < known.size]] = np.inf
        self._keep(known[author] > 0)
        self._forget_unused_terms()
        if self._full(FULL):
            self._keep_most_trusted(known)
            self._forget_unused_terms()
        return before - len(self)

    def for_terms(self, terms: NDArray[np.int32]) -> ClickTable:
        """The clicks for any of these terms, for the worker thread. A copy; O(result)."""
        return _table(self._clicks.for_terms(terms))

    def table(self) -> ClickTable:
        """All clicks: only comparisons need them. A copy; O(clicks)."""
        return _table(self._clicks.all())

    def dump(self) -> tuple[ClickColumns, list[bytes]]:
        """The clicks, and the terms' names by row: copies."""
        terms = [self.terms.name(row) for row in range(self.terms.rows)]
        return self._clicks.all(), terms

    def load(self, clicks: ClickColumns, terms: list[bytes]) -> None:
        """Hold what gave this `dump`, in a graph that has the clicks' items pinned.

        ValueError if it is none, or beyond the caps. About .1 µs a click.
        """
        self.terms = self._no_terms()
        known = self.terms.intern_many(terms)
        n_terms = int(clicks.term.max(initial=-1)) + 1
        fits = (known == np.arange(len(terms))).all() and n_terms <= len(terms)
        if not fits or len(clicks.term) > self._max:
            raise ValueError("the clicks do not fit")
        self._clicks.restore(clicks)
        self._of_author = np.bincount(clicks.author).astype(np.int32)
        self._of_item = np.bincount(clicks.item).astype(np.int32)

    # -------------------------------------------------------------------------------- counting
    def _count_in(self, each: Sequence[tuple[Said, str]]) -> None:
        """Those that find room, at most `CHUNK`."""
        left = {part: self._room(part) for part in (STRANGERS, FULL, 1.0)}
        each = [
            (one, term) for k, (one, term) in enumerate(each) if k < left[self._part(one.author)]
        ]
        if not each:
            return
        terms = self.terms.intern_many([term.casefold().encode() for _, term in each])
        names = [one.item.encode() for one, _ in each]
        items = self._pinned(names, terms >= 0)
        fits = (terms >= 0) & (items >= 0)
        new = no_clicks(len(each))
        new.author[:] = [one.author for one, _ in each]
        new.term[:], new.item[:] = terms, items
        new.position[:] = [one.position for one, _ in each]
        new = clicks_at(new, fits)
        if not new.term.size:
            return
        added, gone = self._clicks.add_many(new)
        self._of_author = _counted(self._of_author, new.author[added])
        self._of_item = _counted(self._of_item, new.item[added])
        self._let_go(gone)
        self._thin_out(new.author)

    def _pinned(self, names: list[bytes], wanted: NDArray[np.bool_]) -> NDArray[np.int32]:
        """Rows of the items: those that no click names yet are pinned, -1 for want of room."""
        items = self._graph.items.lookup_many(names)
        known = (items >= 0) & (items < self._of_item.size)
        known[known] = self._of_item[items[known]] > 0
        missing = np.flatnonzero(wanted & ~known).tolist()
        if missing:
            fresh = list(dict.fromkeys(names[k] for k in missing))
            rows = dict(zip(fresh, self._graph.pin_many(fresh).tolist(), strict=True))
            items[missing] = [rows[names[k]] for k in missing]
        return items

    def _thin_out(self, authors: NDArray[np.int32]) -> None:
        """Whoever has too many of all loses her oldest."""
        for author in np.unique(authors[self._of_author[authors] > self._per_author_max]).tolist():
            if author in self._protected:
                continue
            run = self._clicks.merged()
            hers = np.flatnonzero(run.author == author)
            kept = self._per_author_max - self._per_author_max // 8
            keep = np.ones(len(run.author), np.bool_)
            keep[hers[np.argsort(run.seen[hers])][: len(hers) - kept]] = False
            self._keep(keep)

    def _part(self, author: int) -> float:
        """Up to which part of the caps the author's clicks are counted."""
        if author in self._protected:
            return 1.0
        known = self._trusted
        return FULL if known is None or (author < known.size and known[author]) else STRANGERS

    def _room(self, part: float) -> int:
        """How many more clicks those may add who may fill this part of the caps."""
        if part < 1 and self._terms_full(part):
            return 0
        return int(part * self._max) - len(self)

    def _full(self, part: float) -> bool:
        return len(self) >= part * self._max or self._terms_full(part)

    def _terms_full(self, part: float) -> bool:
        terms, size = len(self.terms), self.terms.names_nbytes
        return terms >= part * self._terms_max or size >= part * TERMS_BYTES_MAX

    # -------------------------------------------------------------------------------- forgetting
    def _keep_most_trusted(self, trust: NDArray[np.float64]) -> None:
        """Whole authors go, the least trusted first, until there is room."""
        order = np.argsort(trust, kind="stable")
        held = np.zeros(trust.size, np.int64)
        held[: self._of_author.size] = self._of_author[: trust.size]
        surplus = len(self) - int(ROOM * self._max)
        if self._terms_full(FULL):
            surplus = max(surplus, len(self) - int(ROOM * len(self)))
        before = np.cumsum(held[order]) - held[order]
        going = order[(before < surplus) & np.isfinite(trust[order])]
        gone = np.zeros(trust.size, np.bool_)
        gone[going] = True
        self._keep(~gone[self._clicks.merged().author])

    def _keep(self, keep: NDArray[np.bool_]) -> None:
        """Keep those in a mask over the merged clicks."""
        self._let_go(self._clicks.keep(keep))

    def _let_go(self, gone: ClickColumns) -> None:
        if not gone.term.size:
            return
        np.subtract.at(self._of_author, gone.author, 1)
        np.subtract.at(self._of_item, gone.item, 1)
        items = np.unique(gone.item)
        self._graph.unpin_many(items[self._of_item[items] == 0])

    def _forget_unused_terms(self) -> None:
        used = np.unique(self._clicks.merged().term)
        new = np.full(self.terms.rows, -1, np.int32)
        names = [self.terms.name(row) for row in used.tolist()]
        self.terms = self._no_terms()
        new[used] = self.terms.intern_many(names)  # in their order, so that the clicks stay sorted
        self._clicks.rename_terms(new)

    def _no_terms(self) -> Interner:
        return Interner(
            key=self._hash_key, names_max=self._terms_max, names_bytes_max=TERMS_BYTES_MAX
        )


def _counted(counts: NDArray[np.int32], rows: NDArray[np.int32]) -> NDArray[np.int32]:
    """`counts` with one more for each of the rows, made longer if need be."""
    highest = int(rows.max(initial=-1)) + 1
    if highest > counts.size:
        counts = np.concatenate((counts, np.zeros(highest + highest // 8 - counts.size, np.int32)))
    np.add.at(counts, rows, 1)
    return counts


def _table(clicks: ClickColumns) -> ClickTable:
    return ClickTable(clicks.author, clicks.term, clicks.item, clicks.position)
