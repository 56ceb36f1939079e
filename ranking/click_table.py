"""Clicks as columns: who opened which item for which term, and where it stood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

I32 = NDArray[np.int32]
U16 = NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class ClickTable:
    """Distinct clicks as columns of rows, sorted by term. Immutable.

    position: uint16, the place at which the item was shown, 0 is the top. Of what an author says
    of an item for a term the highest place in the list stands, the one that weighs least.
    """

    author: I32
    term: I32
    item: I32
    position: U16

    @classmethod
    def of(cls, author: I32, term: I32, item: I32, position: U16 | None = None) -> ClickTable:
        """Sort and drop repetitions; without `position` all were at the top. O(clicks log
        clicks)."""
        place = np.zeros(author.size, np.uint16) if position is None else position
        order = np.lexsort((place, author, item, term))
        a, t, i = author[order], term[order], item[order]
        first = np.ones(order.size, np.bool_)
        first[1:] = (a[1:] != a[:-1]) | (t[1:] != t[:-1]) | (i[1:] != i[:-1])
        return cls(a[first], t[first], i[first], place[order][first])

    def of_term(self, term: int) -> slice:
        """Where the term's clicks stand. O(log clicks)."""
        low, high = np.searchsorted(self.term, (term, term + 1))
        return slice(int(low), int(high))
