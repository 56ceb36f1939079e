"""One person's index of neighbours: made once, follows the graph, and says when it is stale.

Items are known by the identity of their name, so that rows may come to stand for others. An index
follows what has changed since the last question: items that came are put in, at their vector from
the profiles there are, items that nobody trusted has any more go, and those move of whose contexts
a tenth or more have changed. Profiles of people who were there stay what they were, so an index
ages; `drift` says by how much.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranking.embedding import Embedding, Neighbourhood, places
from ranking.kernels_embedding import fingerprints
from ranking.nearest import NearestIndex, vector_bytes
from ranking.similar import Near, SimilarConfig, lengthened

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]

SLICE = 2_048
"""Items put in at a time: a fifth of a second."""

MOVED = 0.1
"""Part of an item's contexts that must have changed for it to be put elsewhere."""

ENTRY_BYTES = 48


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The graph of the moment. hidden: item rows that are nobody's neighbours."""

    around: Neighbourhood
    hidden: I32

    def described(self) -> tuple[U64, I64]:
        """(fingerprint, contexts) of every item row, 0 where there are none or it is hidden."""
        rows = np.arange(self.around.n_items, dtype=np.int32)
        print_, degree = np.zeros(len(rows), np.uint64), np.zeros(len(rows), np.int64)
        for kind, identity in zip(self.around.kinds, self.around.identities, strict=True):
            fingerprints(kind, identity, rows, print_, degree)
        print_[self.hidden], degree[self.hidden] = 0, 0
        return print_, degree


@dataclass(slots=True, eq=False)
class Entries:
    """What is in an index, one row an item, ascending by label. embedded, built: what the item's
    contexts were when it was put where it is, and at the build (0 for those that came since)."""

    label: I64
    identity: U64
    embedded: U64
    embedded_degree: I64
    built: U64
    built_degree: I64

    @classmethod
    def none(cls) -> Entries:
        """No entry."""
        i64, u64 = np.empty(0, np.int64), np.empty(0, np.uint64)
        return cls(i64, u64, u64, i64, u64, i64)

    def __len__(self) -> int:
        return len(self.label)

    def arrays(self) -> tuple[NDArray[np.int64] | U64, ...]:
        """All columns."""
        return (
            self.label, self.identity, self.embedded, self.embedded_degree,
            self.built, self.built_degree,
        )  # fmt: skip

    def kept(self, which: NDArray[np.bool_]) -> Entries:
        """The entries where the mask is true."""
        return Entries(*(column[which] for column in self.arrays()))  # type: ignore[arg-type]

    def joined(self, more: Entries) -> Entries:
        """These, and others with larger labels."""
        pairs = zip(self.arrays(), more.arrays(), strict=True)
        return Entries(*(np.concatenate(pair) for pair in pairs))  # type: ignore[arg-type]


class SimilarIndex:
    """See the module. `key`: what its identities were made with (`uint64[2]`, secret)."""

    def __init__(self, config: SimilarConfig, embedding: Embedding, key: U64) -> None:
        self.config = config
        self.key = key
        self.embedding = embedding
        self.entries = Entries.none()
        self.nearest = NearestIndex(embedding.config.dimensions)
        self.edges_built = 0
        self.gone_edges = 0
        self.next_label = 0
        self.trust_built: tuple[U64, F32] = np.empty(0, np.uint64), np.empty(0, np.float32)
        self.complete = False
        """Whether the build has come to its end."""
        self.drift = 0.0
        """Part of the edges, the items or the trust that has changed since the build, as the last
        `follow` found it."""
        self._row: I32 = np.empty(0, np.int32)
        """Item row of each entry, as of the last `follow`; -1 for those that are gone."""

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def items_max(self) -> int:
        """Items there is room for."""
        each = vector_bytes(self.embedding.config.dimensions) + ENTRY_BYTES
        return max(1, (self.config.bytes_max - self.embedding.nbytes) // each)

    @property
    def nbytes(self) -> int:
        """Memory of all of it."""
        columns = sum(column.nbytes for column in self.entries.arrays())
        return self.nearest.nbytes + self.embedding.nbytes + columns + self._row.nbytes

    @property
    def stale(self) -> bool:
        """Whether it is time for another one."""
        return self.drift > self.config.stale

    # ------------------------------------------------------------------------------- building
    @classmethod
    def building(
        cls, picture: Picture, embedding: Embedding, config: SimilarConfig, key: U64
    ) -> Iterator[SimilarIndex]:
        """An index of everything, the same one each time, complete at the end: `SLICE` items at a
        time, so that whoever else wants the thread has it between. 100 µs an item."""
        made = cls(config, embedding, key)
        print_, degree = picture.described()
        rows = np.flatnonzero(print_)
        if len(rows) > made.items_max:
            mass = picture.around.mass()[rows]
            rows = rows[np.argsort(-mass, kind="stable")[: made.items_max]]
        rows = rows[np.argsort(picture.around.item_identity[rows])]
        made.edges_built = int(degree.sum())
        made.trust_built = _trust(picture.around)
        placed = picture.around.placed(embedding.identity)
        for at in range(0, len(rows), SLICE):
            made._put(placed, rows[at : at + SLICE].astype(np.int32), print_, degree)
            yield made
        made.entries.built = made.entries.embedded.copy()
        made.entries.built_degree = made.entries.embedded_degree.copy()
        made.complete = True
        yield made

    def _put(self, placed: Neighbourhood, rows: I32, print_: U64, degree: I64) -> None:
        """New entries for these rows, as far as their vectors are known."""
        vectors, mass = self.embedding.vectors(placed, rows)
        known = vectors.any(axis=1)
        rows, vectors, mass = rows[known], vectors[known], mass[known]
        if not len(rows):
            return
        labels = np.arange(self.next_label, self.next_label + len(rows))
        self.next_label += len(rows)
        self.nearest.add(labels, lengthened(vectors, mass, placed.floor))
        new, none = np.zeros(len(rows), np.uint64), np.zeros(len(rows), np.int64)
        columns = labels, placed.item_identity[rows], print_[rows], degree[rows], new, none
        self.entries = self.entries.joined(Entries(*columns))
        self._row = np.concatenate((self._row, rows))

    # ------------------------------------------------------------------------------ following
    def follow(self, picture: Picture) -> Neighbourhood:
        """Take in what has changed; what `near` is to be asked with. O(edges + items), 20 ms a
        million edges, and 200 µs for each item put in or moved, `followed_max` at most."""
        around = picture.around
        self.embedding = self.embedding.extended(around)
        placed = around.placed(self.embedding.identity)
        print_, degree = picture.described()
        entry = self._entries_of(around.item_identity, print_)
        here = np.zeros(len(self.entries), np.bool_)
        here[entry[entry >= 0]] = True
        self.gone_edges += int(self.entries.built_degree[~here].sum())
        self.nearest.delete(self.entries.label[~here])
        kept = np.cumsum(here) - 1
        entry = np.where(entry >= 0, kept[entry], -1) if len(kept) else entry
        self.entries = self.entries.kept(here)
        self._row = np.full(len(self.entries), -1, np.int32)
        at = np.flatnonzero(entry >= 0)
        self._row[entry[at]] = at
        moved = self._moved(print_, degree)[: self.config.followed_max]
        new = np.flatnonzero((entry < 0) & (print_ != 0)).astype(np.int32)
        room = min(self.config.followed_max - len(moved), self.items_max - len(self))
        self._move(placed, moved, print_, degree)
        self._put(placed, new[: max(0, room)], print_, degree)
        self.drift = self._drifted(around, print_, degree)
        return placed

    def _entries_of(self, identity: U64, print_: U64) -> I64:
        """int64[rows]: the entry of each row that has contexts, else -1."""
        order = np.argsort(self.entries.identity)
        found = places(self.entries.identity[order], identity)
        known = (found >= 0) & (print_ != 0)
        return np.where(known, order[found] if len(order) else -1, -1)

    def _moved(self, print_: U64, degree: I64) -> I64:
        """Entries that are to be put elsewhere."""
        entries, row = self.entries, self._row
        changed = np.abs(degree[row] - entries.embedded_degree)
        changed = np.where(print_[row] != entries.embedded, np.maximum(changed, 1), 0)
        return np.flatnonzero(changed > MOVED * entries.embedded_degree)

    def _move(self, placed: Neighbourhood, moved: I64, print_: U64, degree: I64) -> None:
        rows = self._row[moved]
        again = np.ones(len(self.entries), np.bool_)
        again[moved] = False
        built, built_degree = self.entries.built[moved], self.entries.built_degree[moved]
        self.nearest.delete(self.entries.label[moved])
        self.entries, self._row = self.entries.kept(again), self._row[again]
        before = len(self.entries)
        self._put(placed, rows, print_, degree)
        if len(self.entries) - before == len(moved):
            self.entries.built[before:], self.entries.built_degree[before:] = built, built_degree

    def _drifted(self, around: Neighbourhood, print_: U64, degree: I64) -> float:
        entries, row = self.entries, self._row
        changed = np.abs(degree[row] - entries.built_degree)
        changed = np.where(print_[row] != entries.built, np.maximum(changed, 1), 0)
        edges = int(changed.sum()) + self.gone_edges
        came = int((entries.built_degree == 0).sum())
        return max(
            edges / max(1, self.edges_built),
            came / max(1, len(entries)),
            _moved_trust(self.trust_built, _trust(around)),
        )

    # ------------------------------------------------------------------------------ answering
    def near(self, placed: Neighbourhood, item: int, n: int) -> list[Near]:
        """At most n items, the most like first, without the item itself. `placed`: what the last
        `follow` gave. 300 µs among 100,000."""
        query, _ = self.embedding.vectors(placed, np.array([item], np.int32))
        if not query.any():
            return []
        labels, likeness = self.nearest.nearest(query[0], n + 1)
        entry = np.searchsorted(self.entries.label, labels)
        rows = self._row[entry]
        return [
            Near(row, min(1.0, x))
            for row, x in zip(rows.tolist(), likeness.tolist(), strict=True)
            if row >= 0 and row != item and x > 0
        ][:n]


def _trust(around: Neighbourhood) -> tuple[U64, F32]:
    """(identities, ascending, and parts of all trust) of the people who are heard."""
    people, identity = around.kinds[0], around.identities[0]
    heard = np.flatnonzero(people.scale > 0)
    order = heard[np.argsort(identity[heard])]
    scale = people.scale[order]
    return identity[order], scale / np.float32(max(float(scale.sum()), 1e-30))


def _moved_trust(before: tuple[U64, F32], now: tuple[U64, F32]) -> float:
    """Part of all trust that is with others now: half the sum of the differences."""
    who = np.union1d(before[0], now[0])
    if not len(who):
        return 0.0
    parts = np.zeros((2, len(who)), np.float32)
    for part, (identity, scale) in zip(parts, (before, now), strict=True):
        part[places(who, identity)] = scale
    return float(np.abs(parts[0] - parts[1]).sum()) / 2


# ------------------------------------------------------------------------------------ to a file
VERSION = 1
"""Goes up whenever a part means something else than before."""


def saved(index: SimilarIndex) -> dict[str, Any]:
    """Numbers and arrays that `loaded` makes the index of again; some are views, to be used before
    it follows again."""
    return {
        "version": VERSION,
        "dimensions": index.embedding.config.dimensions,
        "key": index.key,
        "identity": index.embedding.identity,
        "first": index.embedding.first.reshape(-1),
        "mixed": index.embedding.mixed.reshape(-1),
        "entries": list(index.entries.arrays()),
        "edges_built": index.edges_built,
        "gone_edges": index.gone_edges,
        "next_label": index.next_label,
        "trust_built": list(index.trust_built),
        "nearest": index.nearest.state(),
    }


def loaded(parts: Mapping[str, Any], config: SimilarConfig) -> SimilarIndex:
    """The index that gave these parts of `saved`. ValueError if they do not fit together, or were
    made with other dimensions; the caller sees to it that they are what was saved, bit by bit."""
    try:
        return _loaded(parts, config)
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise ValueError(f"the index cannot be used: {error}") from error


def _loaded(parts: Mapping[str, Any], config: SimilarConfig) -> SimilarIndex:
    if parts["version"] != VERSION or parts["dimensions"] != config.embedding.dimensions:
        raise ValueError("it has another version or other dimensions")
    identity, shape = parts["identity"], (-1, config.embedding.dimensions)
    first, mixed = parts["first"].reshape(shape), parts["mixed"].reshape(shape)
    embedding = Embedding(config.embedding, identity, first, mixed)
    made = SimilarIndex(config, embedding, parts["key"])
    made.entries = Entries(*parts["entries"])
    made.edges_built, made.gone_edges = parts["edges_built"], parts["gone_edges"]
    made.complete = True
    made.next_label, made.trust_built = parts["next_label"], tuple(parts["trust_built"])
    made.nearest = NearestIndex.from_state(config.embedding.dimensions, parts["nearest"])
    made._row = np.full(len(made.entries), -1, np.int32)
    labels = made.entries.label
    fits = (
        made.key.shape == (2,)
        and len(first) == len(mixed) == len(identity)
        and bool((identity[1:] > identity[:-1]).all())
        and len({len(column) for column in made.entries.arrays()}) == 1
        and np.array_equal(labels, made.nearest.labels)
        and made.next_label > labels.max(initial=-1)
        and len(made.trust_built) == 2
        and len(made.trust_built[0]) == len(made.trust_built[1])
    )
    if not fits:
        raise ValueError("its parts do not fit together")
    return made
