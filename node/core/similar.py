"""What `similar` answers from: for the last who asked an embedding, and an index where it is large.

Questions of one person take turns, since an index follows the graph while it answers. An index is
made, and made anew when it is stale, beside the questions, a slice of it at a time.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ranking.embedding import Embedding, Neighbourhood
from ranking.graph import BoundedGraph
from ranking.interner import Interner
from ranking.kernels_embedding import hash_rows
from ranking.similar import Near, SimilarConfig, near_exact, people_around
from ranking.similar_index import Picture, SimilarIndex, loaded
from ranking.view import TrustView

I32 = NDArray[np.int32]
U64 = NDArray[np.uint64]

PEOPLE_MAX = 2
"""People whose embeddings are kept; the longest unused go first."""

WAITING_MAX = 64
"""Questions of one person that wait for their turn; further ones are refused as busy."""

BUILD_REST = 9.0
"""Between two builds of one index, times what the last one took: a tenth of one core."""


class IndexFile(Protocol):
    """Where the owner's index lasts over a restart. Both are called on the worker, never fail, and
    tell whoever runs the node what went wrong."""

    def read(self) -> Mapping[str, Any] | None:
        """What was written last, bit by bit, or nothing."""
        ...

    def refused(self, why: str) -> None:
        """What was read does not fit."""
        ...

    def write(self, parts: Mapping[str, Any]) -> None:
        """Keep these parts instead."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """A copy of an interner's names, for the worker: rows may get other names meanwhile."""

    arena: NDArray[np.uint8]
    starts: I32
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


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The graph as the last question saw it. index: None where all is looked at."""

    state: tuple[int, ...]
    view: TrustView
    hidden: I32
    picture: Picture
    embedding: Embedding
    index: SimilarIndex | None
    placed: Neighbourhood


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is read on the Peer's thread. names: of items, of authors; None when `seen` has them."""

    state: tuple[int, ...]
    names: tuple[Names, Names] | None
    seen: Seen | None
    item: int
    n: int
    hidden: I32


@dataclass(slots=True, eq=False)
class Kept:
    """One person's. Jobs of hers take turns, so that one at a time changes it."""

    key: U64
    file: IndexFile | None
    seen: Seen | None = None
    embedding: Embedding | None = None
    index: SimilarIndex | None = None
    wanted: tuple[Picture, Embedding | None] | None = None
    """An index is to be made of this."""
    turn: bool = False
    waiting: list[Callable[[float], list[Any]]] = field(default_factory=list)
    building: bool = False
    build_at: float = 0.0
    """When the next build may begin."""

    @property
    def nbytes(self) -> int:
        """Memory of the embedding and the index."""
        if self.index is not None:
            return self.index.nbytes
        return self.embedding.nbytes if self.embedding is not None else 0


class SimilarDesk:
    """`new_key`: 128 secret bits; identities, and so random directions, come of them."""

    def __init__(
        self,
        graph: BoundedGraph,
        config: SimilarConfig,
        *,
        new_key: Callable[[], int],
        file: IndexFile | None = None,
    ) -> None:
        self.config = config
        self.file = file
        """The first person's."""
        self._graph = graph
        self._new_key = new_key
        self._kept: dict[int, Kept] = {}

    @property
    def nbytes(self) -> int:
        """Memory of all that is kept."""
        return sum(kept.nbytes for kept in self._kept.values())

    def kept(self, person: int, *, owner: bool) -> Kept:
        """What is kept for the person with this author row, who is asking."""
        kept = self._kept.pop(person, None)
        if kept is None:
            key = self._new_key()
            words = np.array([key & (2**64 - 1), key >> 64 & (2**64 - 1)], np.uint64)
            kept = Kept(words, self.file if owner else None)
        self._kept[person] = kept
        if len(self._kept) > PEOPLE_MAX:
            del self._kept[next(iter(self._kept))]
        return kept

    def forget_pictures(self) -> None:
        """The graph has changed: let the older snapshot go."""
        for kept in self._kept.values():
            kept.seen = None

    def question(self, kept: Kept, item: int, n: int, hidden: I32) -> Question:
        """Read what a question needs. On the Peer's thread."""
        graph = self._graph
        state = graph.version, graph.authors.rows, graph.items.rows
        seen = kept.seen
        if seen is not None and seen.state == state:
            return Question(state, None, seen, item, n, hidden)
        names = Names.of(graph.items), Names.of(graph.authors)
        return Question(state, names, None, item, n, hidden)

    # ---------------------------------------------------------------------------- on the worker
    def answer(self, kept: Kept, view: TrustView, question: Question) -> list[Near]:
        """The neighbours, after taking in what has changed; the person's turn."""
        if kept.file is not None:
            self._read(kept, kept.file)
        seen = question.seen
        if (
            seen is None
            or seen.view is not view
            or seen.index is not kept.index
            or not np.array_equal(seen.hidden, question.hidden)
        ):
            seen = self._look(kept, view, question)
            kept.seen = seen
        if seen.index is not None:
            return seen.index.near(seen.placed, question.item, question.n)
        around = seen.picture.around
        return near_exact(seen.embedding, around, question.item, question.n, question.hidden)

    def _read(self, kept: Kept, file: IndexFile) -> None:
        kept.file = None
        parts = file.read()
        if parts is None:
            return
        try:
            kept.index = loaded(parts, self.config)
            kept.key, kept.seen = kept.index.key, None
        except ValueError as error:
            file.refused(str(error))

    def _look(self, kept: Kept, view: TrustView, question: Question) -> Seen:
        if question.names is not None:
            items, authors = (names.identities(kept.key) for names in question.names)
        else:
            assert question.seen is not None
            around = question.seen.picture.around
            items, authors = around.item_identity, around.identities[0]
        n_items, n_authors = view.snapshot.n_items, view.snapshot.n_authors
        around = people_around(view, items[:n_items], authors[:n_authors], self.config)
        picture = Picture(around, question.hidden)
        large = int(np.count_nonzero(view.mass)) >= self.config.index_from
        if not large:
            kept.index, kept.embedding, kept.wanted = None, None, None
        elif kept.index is not None:
            placed = kept.index.follow(picture)
            kept.wanted = (picture, None) if kept.index.stale else None
            embedding = kept.index.embedding
            return Seen(
                question.state, view, question.hidden, picture, embedding, kept.index, placed
            )
        if kept.embedding is None:
            embedding = Embedding.of(around, self.config.embedding)
        else:
            embedding = kept.embedding.extended(around)
        if large:
            kept.embedding, kept.wanted = embedding, (picture, embedding)
        return Seen(question.state, view, question.hidden, picture, embedding, None, around)

    def build(
        self, picture: Picture, embedding: Embedding | None, key: U64
    ) -> Iterator[SimilarIndex]:
        """An index of what was wanted, a slice at a time, `complete` at the end."""
        config = self.config
        if embedding is None:
            embedding = Embedding.of(picture.around, config.embedding)
        yield from SimilarIndex.building(picture, embedding, config, key)
