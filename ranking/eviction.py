"""Who gives way when the graph is full: whose turn it is, and which of an author's edges go first.

The authors with the least priority go first, of equal ones those longest unheard; `PROTECTED` ones
(own and vouched) never do. An author's own edges go by age.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

PROTECTED = float("inf")
"""Priority of own and vouched authors."""

STANDING_BYTES = 8
"""Priority of an author, and when she was last heard."""

_CLOCK = 0xFFFFFFFF


class Standing:
    """Priority of each author row, and in which order they were last heard."""

    def __init__(self) -> None:
        self.priority = np.zeros(0, np.float32)
        self._heard = np.zeros(0, np.uint32)
        self._clock = 0

    @property
    def nbytes(self) -> int:
        """Memory of every array."""
        return self.priority.nbytes + self._heard.nbytes

    def grow(self, authors: int) -> None:
        """Make the tables so many rows long."""
        self.priority.resize(authors, refcheck=False)
        self._heard.resize(authors, refcheck=False)

    def hear(self, authors: NDArray[np.int64]) -> None:
        """These authors have spoken, one after the other."""
        self._heard[authors] = (self._clock + 1 + np.arange(len(authors))) & _CLOCK
        self._clock += len(authors)

    def forget(self, author: int) -> None:
        """The row starts anew: no priority, never heard."""
        self.priority[author] = 0
        self._heard[author] = 0

    def protected(self, author: int) -> bool:
        """Whether nobody's edges may displace the author's."""
        return bool(self.priority[author] == PROTECTED)

    def in_order(self, authors: NDArray[np.int64]) -> NDArray[np.int64]:
        """Authors in the order in which they go: least priority, then longest unheard."""
        heard = self._heard[authors] - np.uint32((self._clock + 1) & _CLOCK)
        return authors[np.lexsort((heard, self.priority[authors]))]

    def victims(
        self, count: NDArray[np.int32], edges: int, *, priority_max: float, but: int
    ) -> tuple[NDArray[np.int64], int]:
        """Who loses everything that `edges` edges may go, and who a part of hers, or -1.

        count: edges of each author. Nobody above `priority_max`, nor `but`, nor PROTECTED ones.
        O(authors log authors).
        """
        may = (count > 0) & (self.priority <= priority_max) & (self.priority < PROTECTED)
        authors = np.flatnonzero(may)
        authors = self.in_order(authors[authors != but])
        upto = np.cumsum(count[authors], dtype=np.int64)
        whole = int(np.searchsorted(upto, edges, side="right"))
        enough = whole == len(authors) or (whole and upto[whole - 1] >= edges)
        return authors[:whole], -1 if enough else int(authors[whole])

    # ------------------------------------------------------------------------------ checkpoint
    def arrays(self) -> list[NDArray[Any]]:
        """All there is, for `restore`: views, void after any change."""
        return [np.array([self._clock], np.int64), self.priority, self._heard]

    def restore(self, arrays: Sequence[NDArray[Any]], authors: int) -> None:
        """Become what gave these `arrays`, of so many rows; ValueError if they cannot be."""
        clock, priority, heard = (array.copy() for array in arrays)
        if len(clock) != 1 or clock[0] < 0 or not len(priority) == len(heard) == authors:
            raise ValueError("priorities of another number of authors")
        if np.isnan(priority).any():
            raise ValueError("a priority is not a number")
        self._clock = int(clock[0])
        self.priority, self._heard = priority, heard


def without_oldest(
    day: NDArray[np.uint16], seq: NDArray[np.uint32], edges: int
) -> NDArray[np.bool_]:
    """Which edges of a block stay when so many, 1..all, of the oldest by (day, seq, place) go."""
    age = day.astype(np.uint64) << np.uint64(32) | seq
    last = np.partition(age, edges - 1)[edges - 1]
    keep: NDArray[np.bool_] = age >= last
    ties = np.flatnonzero(age == last)
    keep[ties[: edges - (len(keep) - int(keep.sum()))]] = False
    return keep
