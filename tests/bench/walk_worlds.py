"""The worlds that walks and questions are measured in.

Gowalla's training part stands there several times over, each copy with people and items of its
own and all of them numbered at random, so that the memory behaves as in a graph of that size. A
question meets one copy only. At the tiny size everything is drawn at random instead.

In Gowalla few items have many listeners, so hardly any question is worth sampling. The dense world
is for that: everybody likes 250 items or so of as many as there are people, mostly what is popular
and what her group likes.
"""

import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ranking.snapshot import GraphSnapshot
from tests.bench.nodes import ROOT, BenchFailed
from trust.vouches import CompiledVouches

I32 = NDArray[np.int32]

DATA = Path(os.environ.get("GRAPEVINE_DATA", ROOT.parent / "shared" / "data"))
GOWALLA_PEOPLE, GOWALLA_ITEMS = 29_858, 40_981
VOUCHES_LEAST, VOUCHES_MOST = 10, 15
GROUPS, DENSE_DRAWS, GROUP_TASTE, POPULARITY = 40, 310, 8.0, 0.7


@dataclass(frozen=True, slots=True)
class WalkWorld:
    """A graph, and what each person of the test part is to find, item rows by author row; empty
    where there is no test part."""

    snapshot: GraphSnapshot
    wanted: dict[int, I32]

    @property
    def edges(self) -> int:
        return int(self.snapshot.author_item.size)


def adjacency(path: Path) -> tuple[I32, I32]:
    """(people, items) of LightGCN's text, `user item item ...`, gzipped."""
    if not path.exists():
        raise BenchFailed(f"{path} is missing: say where the data are with GRAPEVINE_DATA=DIR")
    with gzip.open(path, "rt", encoding="ascii") as file:
        rows = [np.array(line.split(), np.int32) for line in file]
    people = np.concatenate([np.full(row.size - 1, row[0], np.int32) for row in rows])
    return people, np.concatenate([row[1:] for row in rows])


def walk_world(copies: int, rng: np.random.Generator) -> WalkWorld:
    """Gowalla so many times, all affinities 1; a small random world for 0 copies."""
    if copies == 0:
        people, items = (rng.integers(0, n, 4_000, np.int32) for n in (200, 300))
        test, n_people, n_items, copies = (people[:500], (items[:500] + 7) % 300), 200, 300, 1
    else:
        people, items = adjacency(DATA / "gowalla" / "train.txt.gz")
        test = adjacency(DATA / "gowalla" / "test.txt.gz")
        n_people, n_items = GOWALLA_PEOPLE, GOWALLA_ITEMS
    row_of = rng.permutation(n_people * copies).astype(np.int32).reshape(copies, n_people)
    item_of = rng.permutation(n_items * copies).astype(np.int32).reshape(copies, n_items)
    pairs = np.unique(row_of[:, people].astype(np.int64) * item_of.size + item_of[:, items])
    snapshot = GraphSnapshot.from_triples(
        (pairs // item_of.size).astype(np.int32),
        (pairs % item_of.size).astype(np.int32),
        np.ones(pairs.size, np.float32),
        row_of.size,
        item_of.size,
    )
    starts = np.flatnonzero(np.diff(test[0], prepend=-1))
    wanted = {
        int(row_of[c, test[0][start]]): item_of[c, found]
        for start, found in zip(starts, np.split(test[1], starts[1:]), strict=True)
        for c in range(copies)
    }
    return WalkWorld(snapshot, wanted)


def dense_world(n_people: int, rng: np.random.Generator) -> WalkWorld:
    """As many items as people, in 40 groups: popularity falls with rank ** .7, and what belongs to
    one's own group is eight times as likely."""
    popularity = np.arange(1, n_people + 1) ** -POPULARITY
    group, item_group = rng.integers(0, GROUPS, (2, n_people))
    pairs = []
    for k in range(GROUPS):
        people = np.flatnonzero(group == k)
        upto = np.cumsum(popularity * np.where(item_group == k, GROUP_TASTE, 1.0))
        goal = rng.random((people.size, min(DENSE_DRAWS, n_people))) * upto[-1]
        items = np.minimum(np.searchsorted(upto, goal), n_people - 1)
        pairs.append(np.unique(people[:, None] * n_people + items))
    author, item = np.divmod(np.concatenate(pairs), n_people)
    likes = author.astype(np.int32), item.astype(np.int32), np.ones(author.size, np.float32)
    return WalkWorld(GraphSnapshot.from_triples(*likes, n_people, n_people), {})


def random_vouches(n_authors: int, rng: np.random.Generator) -> CompiledVouches:
    """Everybody vouches fully for 10 to 15 others, drawn at random."""
    count = rng.integers(VOUCHES_LEAST, VOUCHES_MOST + 1, n_authors)
    caster = np.repeat(np.arange(n_authors), count)
    target = rng.integers(0, n_authors, caster.size)
    pair = np.unique(caster * n_authors + target)
    pair = pair[pair // n_authors != pair % n_authors]
    caster, target = pair // n_authors, (pair % n_authors).astype(np.int32)
    return CompiledVouches.from_triples(
        n_authors, caster.astype(np.int32), target, np.ones(pair.size, np.float32)
    )
