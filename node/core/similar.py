"""The embeddings that `similar` answers from: made on the worker, kept for the next question."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranking.graph import BoundedGraph
from ranking.interner import Interner
from ranking.kernels_embedding import hash_rows
from ranking.similar import SimilarConfig, SimilarItems, people_around
from ranking.view import TrustView

U64 = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """A copy of an interner's names, for the worker: rows may get other names meanwhile."""

    arena: NDArray[np.uint8]
    starts: NDArray[np.int32]
    lengths: NDArray[np.uint8]

    @classmethod
    def of(cls, interner: Interner) -> "Names":
        """Copy them. O(bytes), 15 ms for a million names."""
        _, arena, starts, lengths = interner.arrays()
        return cls(arena.copy(), starts.copy(), lengths.copy())

    def identities(self, key: U64) -> U64:
        """uint64 of each row's name under a secret key, so that nobody can choose equal ones."""
        made: U64 = hash_rows(self.arena, self.starts, self.lengths, key)
        return made


class SimilarDesk:
    """`key`: secret; items' identities, and so their random directions, come of it."""

    def __init__(self, graph: BoundedGraph, config: SimilarConfig, *, key: int) -> None:
        self.config = config
        self._graph = graph
        self._key = np.array([key & (2**64 - 1), key >> 64 & (2**64 - 1)], np.uint64)
        self._kept: tuple[TrustView, SimilarItems] | None = None

    def names(self) -> tuple[Names, Names]:
        """What items and authors are called now, for `items` on the worker."""
        return Names.of(self._graph.items), Names.of(self._graph.authors)

    def items(self, view: TrustView, names: tuple[Names, Names]) -> SimilarItems:
        """Every item as this view sees it, made now or kept from the last question. On the worker;
        the graph must be held."""
        kept = self._kept
        if kept is not None and kept[0] is view:
            return kept[1]
        items, authors = (name.identities(self._key) for name in names)
        n_items, n_authors = view.snapshot.n_items, view.snapshot.n_authors
        around = people_around(view, items[:n_items], authors[:n_authors], self.config)
        made = SimilarItems.of(around, self.config)
        self._kept = view, made
        return made
