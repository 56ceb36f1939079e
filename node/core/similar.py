"""What `similar` answers from: for the last who asked an embedding, and an index where it is large.

Questions of one person take turns, since an index follows the graph while it answers. An index is
made, and made anew when it is stale, beside the questions, a slice of it at a time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from node.core.tags import TagLog
from ranking.embedding import Embedding, Neighbourhood
from ranking.graph import BoundedGraph
from ranking.interner import Interner
from ranking.kernels_embedding import hash_rows
from ranking.similar import Near, SimilarConfig, affinity_of, near_exact, people_around
from ranking.similar_index import Picture, SimilarIndex, loaded
from ranking.tag_contexts import Tagged, Tags, shared_tags, tags_only, with_tags
from ranking.unplayed import Unplayed, draw_unplayed
from ranking.view import TrustView

I32 = NDArray[np.int32]
U64 = NDArray[np.uint64]

PEOPLE_MAX = 2
"""People whose embeddings are kept; the longest unused go first."""

WAITING_MAX = 64
"""Questions of one person that wait for their turn; further ones are refused as busy."""

BUILD_REST = 9.0
"""Between two builds, times what the last one took: a tenth of one core."""


TAGS_SHOWN = 5
"""Tags named that two items share."""


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

    @property
    def nbytes(self) -> int:
        """Memory of the copy."""
        return self.arena.nbytes + self.starts.nbytes + self.lengths.nbytes

    def name(self, row: int) -> bytes:
        """The name of a row in use."""
        start = int(self.starts[row])
        return self.arena[start : start + int(self.lengths[row])].tobytes()

    def identities(self, key: U64) -> U64:
        """uint64 of each row's name under a secret key, so that nobody can choose equal ones."""
        made: U64 = hash_rows(self.arena, self.starts, self.lengths, key)
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """All that the worker needs to know of names and tags, copied on the Peer's thread."""

    items: Names
    authors: Names
    tagged: Names
    """What tags are said of, in rows of the tag log's own."""
    tags: Names
    stated: I32

    @property
    def nbytes(self) -> int:
        """Memory of the copies."""
        names = (self.items, self.authors, self.tagged, self.tags)
        return sum(each.nbytes for each in names) + self.stated.nbytes


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The graph as the last question saw it. index: None where all is looked at."""

    state: tuple[int, ...]
    reading: Reading
    view: TrustView
    picture: Picture
    tagged: Tagged
    embedding: Embedding
    index: SimilarIndex | None
    placed: Neighbourhood

    @property
    def nbytes(self) -> int:
        """Memory beside the view, the embedding and the index."""
        around = self.tagged.around
        identities = around.item_identity.nbytes + sum(one.nbytes for one in around.identities)
        tags = sum(side.nbytes for side in around.kinds[-1][:2])
        tags += self.tagged.row_of.nbytes + self.tagged.stated.nbytes
        return self.reading.nbytes + identities + tags

    def name(self, item: int) -> str | None:
        """The name of an item that only tags know; None for one of the graph."""
        if item < self.tagged.first_cold:
            return None
        return self.reading.tagged.name(self.tagged.own_row(item)).decode()

    def tags(self, item: int, other: int) -> list[str]:
        """Tags that trusted people say of both."""
        rows = shared_tags(self.tagged, item, other, TAGS_SHOWN)
        return [self.reading.tags.name(row).decode() for row in rows.tolist()]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is read on the Peer's thread. reading: None when `seen` has it. item, tagged: its row in
    the graph, and among what tags are said of; -1 for none. hidden: rows that must not be found,
    in both likewise."""

    state: tuple[int, ...]
    reading: Reading | None
    seen: Seen | None
    item: int
    tagged: int
    n: int
    hidden: tuple[I32, I32]


@dataclass(frozen=True, slots=True)
class Answered:
    """Neighbours, and of each its name if the graph has none, and the tags shared. item: row of
    what was asked about."""

    item: int
    near: list[Near]
    names: list[str | None]
    tags: list[list[str]]
    by: str


@dataclass(frozen=True, slots=True, eq=False)
class Excluded:
    """What is not to be recommended: rows of the graph, and of what tags are said of."""

    items: I32
    named: list[int]


@dataclass(frozen=True, slots=True)
class Hint:
    """An unplayed item, and its name where the graph has none."""

    found: Unplayed
    name: str


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

    @property
    def nbytes(self) -> int:
        """Memory of the embedding, the index, and what the last question has left."""
        seen = self.seen.nbytes if self.seen is not None else 0
        if self.index is not None:
            return seen + self.index.nbytes
        return seen + (self.embedding.nbytes if self.embedding is not None else 0)


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
        self.building = False
        self.build_at = 0.0
        """When the next build may begin, whoever's it is: nobody can have one after the other made
        by asking for many people."""

    @property
    def nbytes(self) -> int:
        """Memory of all that is kept."""
        return sum(kept.nbytes for kept in self._kept.values())

    def kept(self, person: int, *, owner: bool) -> Kept:
        """What is kept for the person with this author row, who is asking."""
        kept = self._kept.pop(person, None)
        if kept is None:
            kept = self._fresh(self.file if owner else None)
        self._kept[person] = kept
        if len(self._kept) > PEOPLE_MAX:
            del self._kept[next(iter(self._kept))]
        return kept

    def peek(self, person: int, *, owner: bool) -> Kept:
        """What is kept for her, for the owner from now on; else nothing, under a passing key."""
        if owner and person not in self._kept:
            return self.kept(person, owner=True)
        kept = self._kept.get(person)
        return self._fresh(None) if kept is None else kept

    def _fresh(self, file: IndexFile | None) -> Kept:
        key = self._new_key()
        words = np.array([key & (2**64 - 1), key >> 64 & (2**64 - 1)], np.uint64)
        return Kept(words, file)

    def forget_pictures(self) -> None:
        """The graph has changed: let the older snapshot go."""
        for kept in self._kept.values():
            kept.seen = None

    def question(
        self, kept: Kept, tags: TagLog, item: bytes, n: int, hidden: Iterable[str]
    ) -> Question:
        """Read what a question needs. On the Peer's thread."""
        names = [name.encode() for name in hidden]
        rows = self._graph.items.lookup_many(names), tags.items.lookup_many(names)
        state, seen = self._state(tags), kept.seen
        if seen is not None and seen.state != state:
            seen = None
        return Question(
            state,
            self.reading(tags) if seen is None else None,
            seen,
            self._graph.item_row(item),
            tags.items.lookup(item),
            n,
            (rows[0][rows[0] >= 0], rows[1][rows[1] >= 0]),
        )

    def _state(self, tags: TagLog) -> tuple[int, ...]:
        graph = self._graph
        return graph.version, graph.authors.rows, graph.items.rows, tags.version

    def reading(self, tags: TagLog) -> Reading:
        """Names and tags as they are. On the Peer's thread."""
        return Reading(
            Names.of(self._graph.items),
            Names.of(self._graph.authors),
            Names.of(tags.items),
            Names.of(tags.tags),
            tags.stated(),
        )

    # ---------------------------------------------------------------------------- on the worker
    def answer(self, kept: Kept, view: TrustView, question: Question) -> Answered:
        """The neighbours, after taking in what has changed; the person's turn."""
        if kept.file is not None:
            self._read(kept, kept.file)
        seen = question.seen
        if seen is None or not self._as_asked(seen, kept, view, question):
            seen = kept.seen = self._look(kept, view, question)
        item = question.item
        if not 0 <= item < seen.tagged.first_cold:
            item = int(seen.tagged.row_of[question.tagged]) if question.tagged >= 0 else -1
        near: list[Near] = []
        if item >= 0 and seen.index is not None:
            near = seen.index.near(seen.placed, item, question.n)
        elif item >= 0:
            around, hidden = seen.picture.around, seen.picture.hidden
            near = near_exact(seen.embedding, around, item, question.n, hidden)
        return Answered(
            item,
            near,
            [seen.name(one.item) for one in near],
            [seen.tags(item, one.item) for one in near],
            "exact" if seen.index is None else "index",
        )

    @staticmethod
    def _as_asked(seen: Seen, kept: Kept, view: TrustView, question: Question) -> bool:
        """Whether nothing has changed since."""
        if seen.view is not view or seen.index is not kept.index:
            return False
        return np.array_equal(seen.picture.hidden, _hidden(seen.tagged, question))

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

    def tagged(self, view: TrustView, reading: Reading, key: U64) -> Tagged:
        """What trusted people like and say, items and people known by identities under the key."""
        n_items, n_authors = view.snapshot.n_items, view.snapshot.n_authors
        items = reading.items.identities(key)[:n_items]
        people = people_around(
            view, items, reading.authors.identities(key)[:n_authors], self.config
        )
        weight = self.config.tag_weight * affinity_of(view)
        return with_tags(people, self._tags(reading, key), view.trust.t, weight)

    @staticmethod
    def _tags(reading: Reading, key: U64) -> Tags:
        return Tags(reading.stated, reading.tagged.identities(key), reading.tags.identities(key))

    def unplayed(
        self, kept: Kept, view: TrustView, reading: Reading, excluded: Excluded, seed: int
    ) -> Hint | None:
        """An item for a discovery's place that nobody trusted has played; None when there is none,
        or what would place it is not known yet: then an index is wanted. Changes nothing else, so
        that a recommendation waits for nobody's turn.
        """
        if not len(reading.stated) or not self.config.unplayed_chance:
            return None
        said = self._tags(reading, kept.key)
        items = reading.items.identities(kept.key)
        if not tags_only(items, view.mass > 0, said, view.trust.t):
            return None
        tagged = self.tagged(view, reading, kept.key)
        cold = tagged.row_of[excluded.named]
        rows = np.concatenate((excluded.items, cold[cold >= 0]))
        index, embedding = kept.index, kept.embedding
        if index is not None:
            embedding = index.embedding
        elif embedding is None and not self.is_large(tagged):
            embedding = Embedding.of(tagged.around, self.config.embedding)
        if embedding is None:
            nothing = np.empty(0, np.int32)  # what she knows is to be in the index all the same
            kept.wanted = kept.wanted or (Picture(tagged.around, nothing), None)
            return None
        found = draw_unplayed(
            embedding, tagged, view, rows, np.random.default_rng(seed),
            chance=self.config.unplayed_chance,
        )  # fmt: skip
        if found is None:
            return None
        if found.item < tagged.first_cold:
            return Hint(found, "")
        return Hint(found, reading.tagged.name(tagged.own_row(found.item)).decode())

    def _look(self, kept: Kept, view: TrustView, question: Question) -> Seen:
        reading = question.reading
        if reading is None:
            assert question.seen is not None
            reading = question.seen.reading
        tagged = self.tagged(view, reading, kept.key)
        around = tagged.around
        picture = Picture(around, _hidden(tagged, question))
        seen = partial(Seen, question.state, reading, view, picture, tagged)
        large = self.is_large(tagged)
        if not large:
            kept.index, kept.embedding, kept.wanted = None, None, None
        elif kept.index is not None:
            placed = kept.index.follow(picture)
            kept.wanted = (picture, None) if kept.index.stale else None
            return seen(kept.index.embedding, kept.index, placed)
        if kept.embedding is None:
            embedding = Embedding.of(around, self.config.embedding)
        else:
            embedding = kept.embedding.extended(around)
        if large:
            kept.embedding, kept.wanted = embedding, (picture, embedding)
        return seen(embedding, None, around)

    def is_large(self, tagged: Tagged) -> bool:
        """Whether its items get an index."""
        return int(np.count_nonzero(tagged.around.mass())) >= self.config.index_from

    def build(
        self, picture: Picture, embedding: Embedding | None, key: U64
    ) -> Iterator[SimilarIndex]:
        """An index of what was wanted, a slice at a time, `complete` at the end."""
        config = self.config
        if embedding is None:
            embedding = Embedding.of(picture.around, config.embedding)
        yield from SimilarIndex.building(picture, embedding, config, key)


def _hidden(tagged: Tagged, question: Question) -> I32:
    graph, named = question.hidden
    cold = tagged.row_of[named]
    rows = np.concatenate((graph[graph < tagged.first_cold], cold[cold >= 0]))
    return np.unique(rows).astype(np.int32)
