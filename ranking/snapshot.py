"""An immutable picture of the graph for walks: both directions, decayed affinities."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranking.kernels_storage import transpose


@dataclass(frozen=True, slots=True, eq=False)
class GraphSnapshot:
    """Bipartite graph of authors and items in compressed rows, both ways. Never written to.

    `author_item[author_ptr[v]:author_ptr[v+1]]` are the items that author row v likes, ascending,
    with affinities a(v, i) in (0, 1] beside them; `item_*` is the transpose. Rows in recycling
    have no edges. About 16 bytes an edge.
    """

    author_ptr: NDArray[np.int64]
    author_item: NDArray[np.int32]
    author_weight: NDArray[np.float32]
    item_ptr: NDArray[np.int64]
    item_author: NDArray[np.int32]
    item_weight: NDArray[np.float32]
    disliked_ptr: NDArray[np.int64]
    disliked_item: NDArray[np.int32]
    version: int = 0

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
            self.author_ptr, self.author_item, self.author_weight, self.item_ptr,
            self.item_author, self.item_weight, self.disliked_ptr, self.disliked_item,
        )  # fmt: skip

    @property
    def author_affinity(self) -> NDArray[np.float32]:
        """a(v, i) beside `author_item`, decoded."""
        return self.author_weight

    @property
    def item_affinity(self) -> NDArray[np.float32]:
        """a(v, i) beside `item_author`, decoded."""
        return self.item_weight

    @property
    def nbytes(self) -> int:
        """Memory of all arrays."""
        return sum(array.nbytes for array in self.arrays())

    @classmethod
    def from_rows(
        cls,
        ptr: NDArray[np.int64],
        item: NDArray[np.int32],
        weight: NDArray[np.float32],
        disliked_ptr: NDArray[np.int64],
        disliked_item: NDArray[np.int32],
        n_items: int,
        version: int = 0,
    ) -> "GraphSnapshot":
        """Complete compressed author rows with their transpose. O(edges)."""
        item_ptr, item_author, item_weight = transpose(ptr, item, weight, n_items)
        made = cls(
            ptr, item, weight, item_ptr, item_author, item_weight,
            disliked_ptr, disliked_item, version,
        )  # fmt: skip
        for array in made.arrays():
            array.setflags(write=False)
        return made

    @classmethod
    def from_triples(
        cls,
        authors: NDArray[np.int32],
        items: NDArray[np.int32],
        weights: NDArray[np.float32],
        n_authors: int,
        n_items: int,
    ) -> "GraphSnapshot":
        """From edge lists: affinity > 0 is liked, < 0 disliked. Pairs must be distinct."""
        order = np.lexsort((items, authors))
        authors, items, weights = authors[order], items[order], weights[order]
        good, bad = weights > 0, weights < 0

        def pointers(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
            counts = np.bincount(authors[mask], minlength=n_authors)
            return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)

        return cls.from_rows(
            pointers(good),
            items[good].astype(np.int32),
            weights[good].astype(np.float32),
            pointers(bad),
            items[bad].astype(np.int32),
            n_items,
        )
