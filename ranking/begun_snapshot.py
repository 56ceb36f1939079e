"""A snapshot in two steps: copied by the graph's writer, finished on any thread.

The writer copies the forward direction, a few nanoseconds an edge; the reverse one, which takes ten
times as long, is made of that copy alone.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranking.affinity import decay_levels
from ranking.kernels_forward import copy_edges, count_signs
from ranking.segment import BlockStore
from ranking.snapshot import DatedSnapshot, GraphSnapshot


class Forward(NamedTuple):
    """Who likes and dislikes what on `today`, as compressed rows; see `GraphSnapshot`."""

    ptr: NDArray[np.int64]
    item: NDArray[np.int32]
    code: NDArray[np.uint8]
    disliked_ptr: NDArray[np.int64]
    disliked_item: NDArray[np.int32]
    n_items: int
    version: int
    ages: list[tuple[int, int]]
    """Least and greatest age of what is liked, of each part of the copy."""
    today: int


class ForwardCopy:
    """A copy of the forward direction, and the snapshots that were made of it."""

    __slots__ = ("_dated", "_forward", "_half_life_days", "_made")

    def __init__(self, forward: Forward, half_life_days: float | None) -> None:
        self._forward = forward
        self._half_life_days = half_life_days
        self._made: GraphSnapshot | None = None
        self._dated: DatedSnapshot | None = None

    @classmethod
    def of(
        cls,
        blocks: BlockStore,
        version: int,
        n_authors: int,
        n_items: int,
        *,
        today: int,
        half_life_days: float | None,
    ) -> "ForwardCopy":
        """Copy so many rows of authors, with affinities decayed to `today`. O(edges)."""
        liked, disliked = np.zeros((2, n_authors), np.int64)
        segments = blocks.by_segment()
        for data, authors in segments:
            count_signs(authors, blocks.blocks, data, liked, disliked)
        ptr, bad_ptr = _pointers(liked), _pointers(disliked)
        item, code = np.empty(ptr[-1], np.int32), np.empty(ptr[-1], np.uint8)
        good, bad = (ptr, item, code), (bad_ptr, np.empty(bad_ptr[-1], np.int32))
        scale = decay_levels(half_life_days)
        ages = [
            copy_edges(authors, blocks.blocks, data, good, bad, scale, today)
            for data, authors in segments
        ]
        return cls(Forward(*good, *bad, n_items, version, ages, today), half_life_days)

    @property
    def nbytes(self) -> int:
        """Memory of every array so far."""
        if self._made is None:
            f = self._forward
            arrays = (f.ptr, f.item, f.code, f.disliked_ptr, f.disliked_item)
            return sum(array.nbytes for array in arrays)
        shown = self._dated.shown if self._dated is not None else self._made
        return self._made.nbytes + (shown.affinity.nbytes if shown is not self._made else 0)

    def finish(self) -> GraphSnapshot:
        """The snapshot of the day of the copy; always the same object. On any thread."""
        if self._made is None:
            f = self._forward
            self._made = GraphSnapshot.from_rows(
                f.ptr, f.item, f.code, f.disliked_ptr, f.disliked_item, f.n_items, f.version
            )
        return self._made

    def begun(self, today: int) -> "BegunSnapshot | None":
        """The snapshot of that day; None when the edges have to be copied anew. O(1)."""
        if self._made is None:
            return BegunSnapshot(self) if today == self._forward.today else None
        if self._dated is None:
            ages, made_on = self._forward.ages, self._forward.today
            self._dated = DatedSnapshot.made(self._made, made_on, ages, self._half_life_days)
        shown = self._dated.on(today)
        return BegunSnapshot(self, shown) if shown is not None else None


@dataclass(frozen=True, slots=True)
class BegunSnapshot:
    """What `BoundedGraph.begin_snapshot` gives; `finish` it where the time does not hurt."""

    _copy: ForwardCopy
    _ready: GraphSnapshot | None = None

    @property
    def ready(self) -> bool:
        """Whether `finish` has nothing left to do."""
        return self._ready is not None

    def finish(self) -> GraphSnapshot:
        """The snapshot, the same object each time.

        Pure: reads nothing of the graph, and may run on another thread while the graph changes.
        O(edges), 20 ms a million.
        """
        return self._ready if self._ready is not None else self._copy.finish()


def _pointers(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
