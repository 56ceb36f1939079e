"""An immutable picture of the graph for walks: both directions, decayed affinities."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranking.affinity import Side, ages_max, encoded, table
from ranking.kernels_storage import transpose


@dataclass(frozen=True, slots=True, eq=False)
class GraphSnapshot:
    """Bipartite graph of authors and items in compressed rows, both ways. Never written to.

    `author_item[author_ptr[v]:author_ptr[v+1]]` are the items that author row v likes, ascending,
    with the codes of their affinities a(v, i) in (0, 1] beside them (see `ranking.affinity`);
    `item_*` is the transpose. Rows in recycling have no edges. 10 bytes an edge.
    """

    author_ptr: NDArray[np.int64]
    author_item: NDArray[np.int32]
    author_code: NDArray[np.uint8]
    item_ptr: NDArray[np.int64]
    item_author: NDArray[np.int32]
    item_code: NDArray[np.uint8]
    disliked_ptr: NDArray[np.int64]
    disliked_item: NDArray[np.int32]
    version: int = 0
    affinity: NDArray[np.float32] = field(default_factory=table)
    """float32[256]: what each code means."""

    @property
    def n_authors(self) -> int:
        """Author rows, empty ones included."""
        return len(self.author_ptr) - 1

    @property
    def n_items(self) -> int:
        """Item rows, empty ones included."""
        return len(self.item_ptr) - 1

    def liked(self, author: int) -> NDArray[np.int32]:
        """Items that the author likes, ascending."""
        return self.author_item[self.author_ptr[author] : self.author_ptr[author + 1]]

    def disliked(self, author: int) -> NDArray[np.int32]:
        """Items that the author dislikes, ascending."""
        return self.disliked_item[self.disliked_ptr[author] : self.disliked_ptr[author + 1]]

    def arrays(self) -> tuple[NDArray[Any], ...]:
        """All arrays."""
        return (
            self.author_ptr, self.author_item, self.author_code, self.item_ptr,
            self.item_author, self.item_code, self.disliked_ptr, self.disliked_item,
            self.affinity,
        )  # fmt: skip

    @property
    def author_side(self) -> Side:
        """What each author likes, for kernels."""
        return Side(self.author_ptr, self.author_item, self.author_code, self.affinity)

    @property
    def item_side(self) -> Side:
        """Who likes each item, for kernels."""
        return Side(self.item_ptr, self.item_author, self.item_code, self.affinity)

    @property
    def author_affinity(self) -> NDArray[np.float32]:
        """a(v, i) beside `author_item`, decoded. O(edges)."""
        return self.affinity[self.author_code]

    @property
    def item_affinity(self) -> NDArray[np.float32]:
        """a(v, i) beside `item_author`, decoded. O(edges)."""
        return self.affinity[self.item_code]

    @property
    def nbytes(self) -> int:
        """Memory of all arrays."""
        return sum(array.nbytes for array in self.arrays())

    @classmethod
    def from_rows(
        cls,
        ptr: NDArray[np.int64],
        item: NDArray[np.int32],
        code: NDArray[np.uint8],
        disliked_ptr: NDArray[np.int64],
        disliked_item: NDArray[np.int32],
        n_items: int,
        version: int = 0,
    ) -> "GraphSnapshot":
        """Complete compressed author rows with their transpose. O(edges)."""
        item_ptr, item_author, item_code = transpose(ptr, item, code, n_items)
        made = cls(
            ptr, item, code, item_ptr, item_author, item_code,
            disliked_ptr, disliked_item, version,
        )  # fmt: skip
        return made._sealed()

    def decayed(self, factor: float) -> "GraphSnapshot":
        """The same edges with every affinity times a factor in (0, 1]. O(1): only `affinity` is
        another one."""
        return replace(self, affinity=self.affinity * np.float32(factor))._sealed()

    def _sealed(self) -> "GraphSnapshot":
        for array in self.arrays():
            array.setflags(write=False)
        return self

    @classmethod
    def from_triples(
        cls,
        authors: NDArray[np.int32],
        items: NDArray[np.int32],
        weights: NDArray[np.float32],
        n_authors: int,
        n_items: int,
    ) -> "GraphSnapshot":
        """From edge lists: affinity in (0, 1] is liked, < 0 disliked. Pairs must be distinct."""
        order = np.lexsort((items, authors))
        authors, items, weights = authors[order], items[order], weights[order]
        good, bad = weights > 0, weights < 0

        def pointers(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
            counts = np.bincount(authors[mask], minlength=n_authors)
            return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)

        return cls.from_rows(
            pointers(good),
            items[good].astype(np.int32),
            encoded(weights[good]),
            pointers(bad),
            items[bad].astype(np.int32),
            n_items,
        )


@dataclass(slots=True)
class DatedSnapshot:
    """A snapshot made on one day, for later days too: as long as no edge is dated to come or has
    reached the floor, all affinities lose the same factor, and no edge needs to be copied again.
    """

    base: GraphSnapshot
    made_on: int
    """Day on which `base` was made."""
    until: int
    """Last day that `base` can be decayed to."""
    half_life_days: float | None
    shown: GraphSnapshot
    """As it was last asked for, on `shown_on`."""
    shown_on: int

    @classmethod
    def made(
        cls,
        snapshot: GraphSnapshot,
        today: int,
        ages: Sequence[tuple[int, int]],
        half_life_days: float | None,
    ) -> "DatedSnapshot":
        """ages: what `copy_edges` returned."""
        least = min((ages[0] for ages in ages), default=0)
        greatest = max((ages[1] for ages in ages), default=0)
        until = today
        if least >= 0:
            until += max(0, ages_max(half_life_days) - max(greatest, 0))
        return cls(snapshot, today, until, half_life_days, snapshot, today)

    def on(self, today: int) -> GraphSnapshot | None:
        """The graph on that day; None when it has to be made anew."""
        if today == self.shown_on or self.half_life_days is None:
            return self.shown
        if not self.made_on <= today <= self.until:
            return None
        self.shown = self.base.decayed(2.0 ** ((self.made_on - today) / self.half_life_days))
        self.shown_on = today
        return self.shown
