"""Tags as contexts of items: what trusted people say of them, also of those that nobody has played.

A tag counts for an item with the trust of those who say it, each person once; what people without
trust say is not there at all. Items that only tags know get rows of their own behind the graph's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranking.affinity import Side, encoded, table
from ranking.embedding import Neighbourhood, places
from ranking.kernels_embedding import Contexts

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Tags:
    """What is said. stated: int32[n, 3] of author, item and tag, the items and tags in rows of
    their own; identity of each of those, 0 for rows that are free."""

    stated: I32
    item_identity: U64
    tag_identity: U64


@dataclass(frozen=True, slots=True, eq=False)
class Tagged:
    """A neighbourhood with tags. `around`: its items are the graph's and, from `first_cold` on,
    those that only trusted tags know. row_of: item row of each of the tags' own item rows, -1 for
    those of whom nobody trusted says anything. stated: the trusted statements, each once, in
    item rows of `around`."""

    around: Neighbourhood
    first_cold: int
    row_of: I32
    stated: I32

    def own_row(self, cold: int) -> int:
        """The tags' own row of an item row from `first_cold` on."""
        return int(np.flatnonzero(self.row_of == cold)[0])


def with_tags(people: Neighbourhood, tags: Tags, trust: F32, weight: float) -> Tagged:
    """Add tags to what people like. weight: of a tag said by somebody beside the same person's
    liking the item. trust: float32[authors]. O(statements log statements + items)."""
    n_items = people.n_items
    heard = trusted_statements(tags.stated, trust)
    row_of = _item_rows(people.item_identity, tags.item_identity, heard)
    new = np.flatnonzero(row_of >= n_items)
    identity = np.concatenate((people.item_identity, tags.item_identity[new]))
    heard[:, 1] = row_of[heard[:, 1]]
    contexts = _contexts(heard, trust, len(identity), len(tags.tag_identity), weight)
    around = Neighbourhood(
        identity,
        (*people.kinds, contexts),
        (*people.identities, tags.tag_identity),
        people.floor,
    )
    return Tagged(around, n_items, row_of, heard)


def trusted_statements(stated: I32, trust: F32) -> I32:
    """The statements of people with trust, each once. O(statements log statements)."""
    heard = np.append(trust, np.float32(0))[np.minimum(stated[:, 0], len(trust))] > 0
    return each_once(stated[heard])


def each_once(stated: I32) -> I32:
    """Distinct statements, ascending. Items must be fewer than 2^20, tags than 2^20."""
    author, item, tag = (stated[:, column].astype(np.int64) for column in range(3))
    packed = np.unique(author << 40 | item << 20 | tag)
    columns = packed >> 40, packed >> 20 & 0xFFFFF, packed & 0xFFFFF
    return np.column_stack(columns).astype(np.int32)


def tags_only(graph: U64, liked: NDArray[np.bool_], tags: Tags, trust: F32) -> bool:
    """Whether trusted people say tags of any item that none of them likes; `liked`: of the graph's
    items. O(statements + items), much less than `with_tags`."""
    heard = np.append(trust, np.float32(0))[np.minimum(tags.stated[:, 0], len(trust))] > 0
    said = np.zeros(len(tags.item_identity), np.bool_)
    said[tags.stated[heard, 1]] = True
    known = np.sort(graph[: len(liked)][liked])
    return bool((places(known, tags.item_identity[said]) < 0).any())


def _item_rows(graph: U64, named: U64, heard: I32) -> I32:
    """int32[named]: the graph's row of each, or one behind them, -1 if nothing is said of it."""
    order = np.argsort(graph, kind="stable")
    found = places(graph[order], named)
    rows = np.where(found >= 0, order[found] if len(order) else -1, -1).astype(np.int32)
    said = np.zeros(len(named), np.bool_)
    said[heard[:, 1]] = True
    rows[~said | (named == 0)] = -1
    new = np.flatnonzero(said & (rows < 0))
    rows[new] = len(graph) + np.arange(len(new), dtype=np.int32)
    return rows


def _contexts(heard: I32, trust: F32, n_items: int, n_tags: int, weight: float) -> Contexts:
    """Tags both ways, with the trust of those who say them for affinities."""
    pair = heard[:, 1].astype(np.int64) * max(1, n_tags) + heard[:, 2]
    pairs, at = np.unique(pair, return_inverse=True)
    said = np.bincount(at, weights=trust[heard[:, 0]], minlength=len(pairs))
    item, tag = pairs // max(1, n_tags), pairs % max(1, n_tags)
    most = float(said.max(initial=0.0)) or 1.0
    code = encoded((said / most).astype(np.float32))
    affinity = table(most)
    by_tag = np.argsort(tag, kind="stable")
    of_items = Side(_pointers(item, n_items), tag.astype(np.int32), code, affinity)
    items_of = Side(
        _pointers(tag[by_tag], n_tags), item[by_tag].astype(np.int32), code[by_tag], affinity
    )
    scale = np.zeros(n_tags, np.float32)
    scale[tag] = weight
    for side in (of_items, items_of):
        for array in side:
            array.setflags(write=False)  # as a snapshot's, or kernels would be compiled once more
    return Contexts(of_items, items_of, scale, np.full(n_tags, -1, np.int32))


def _pointers(row: I64, n: int) -> I64:
    return np.concatenate(([0], np.cumsum(np.bincount(row, minlength=n)))).astype(np.int64)


def shared_tags(tagged: Tagged, item: int, other: int, n: int) -> I32:
    """At most n tag rows that trusted people say of both items, the most trusted first."""
    side = tagged.around.kinds[-1].of_items
    if max(item, other) >= len(side.ptr) - 1:
        return np.empty(0, np.int32)
    one, two = (slice(side.ptr[i], side.ptr[i + 1]) for i in (item, other))
    both, a, b = np.intersect1d(side.row[one], side.row[two], return_indices=True)
    said = side.affinity[side.code[one]][a] * side.affinity[side.code[two]][b]
    return both[np.argsort(-said, kind="stable")[:n]].astype(np.int32)
