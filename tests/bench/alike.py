"""Whether neighbours are alike: what else a person has, from one of her items and nothing else.

A fifth of each person's items is held out (Gowalla: the published split). For people drawn by
chance one of their other items is asked about, and the first 20 neighbours that they do not have
yet are compared with what was held out: recall@20. Beside it the cosine of co-occurrence, and the
same with the exponent of popularity that does best. The embedding's numbers were chosen on parts
held out of Gowalla's training part and on another draw of Last.fm.

That rewards popular neighbours, so on Last.fm the tags of artists are compared, too, which no
method here is told: the mean cosine (log counts, idf) of an artist's tags and its first ten
neighbours'.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranking.embedding import Embedding
from ranking.similar import SimilarConfig, lengthened, people_around
from ranking.snapshot import GraphSnapshot
from ranking.trust_vector import TrustVector
from ranking.view import TrustView
from sim.data.interactions import Interactions, Names
from sim.data.loading import Files, load
from sim.data.splits import HELD_OUT, hold_out
from tests.bench import unplayed
from tests.bench.figures import Figure
from tests.bench.hetrec import hetrec
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch
from tests.bench.walk_worlds import DATA

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
N = 20
TAGGED, TAGGED_LISTENERS = 10, 3
"""Neighbours whose tags are compared, and listeners that an artist must have."""

AT_ONCE = 200
EXPONENTS = (0.1, 0.3, 0.5, 0.7)
"""Of the neighbour's popularity, which its count is divided by: .5 is the cosine."""

Score = Callable[[I64], F32]
"""Items asked about -> their likeness to every item."""


@dataclass(frozen=True, slots=True, eq=False)
class Halves:
    """A graph, and what else its people have."""

    graph: GraphSnapshot
    held: dict[int, set[int]]
    asked: list[tuple[int, int]]
    """(person, one of her items)."""

    @classmethod
    def of(cls, train: Interactions, test: Interactions, questions: int) -> Halves:
        """So many people, of those who have items in both."""
        ones = np.ones(len(train.user), np.float32)
        graph = GraphSnapshot.from_triples(
            train.user, train.item, ones, train.n_users, train.n_items
        )
        held: dict[int, set[int]] = {}
        for user, item in zip(test.user.tolist(), test.item.tolist(), strict=True):
            held.setdefault(user, set()).add(item)
        rng = np.random.default_rng(4)
        both = [user for user in sorted(held) if graph.liked(user).size]
        people = rng.choice(both, questions).tolist()
        return cls(graph, held, [(user, int(rng.choice(graph.liked(user)))) for user in people])

    def recall(self, score: Score) -> float:
        """Mean part of the held out items among the first `N` that the person does not have."""
        parts = []
        for at in range(0, len(self.asked), AT_ONCE):
            chunk = self.asked[at : at + AT_ONCE]
            likeness = score(np.array([item for _, item in chunk]))
            for row, (user, _) in zip(likeness, chunk, strict=True):
                row[self.graph.liked(user)] = -np.inf
                first = np.argpartition(-row, N)[:N]
                held = self.held[user]
                parts.append(len(held & set(first.tolist())) / min(N, len(held)))
        return float(np.mean(parts))


def by_embedding(graph: GraphSnapshot, config: SimilarConfig) -> Score:
    """As `similar` has it where everybody is trusted alike."""
    trust = TrustVector.everyone_equal(graph.n_authors, -1)
    names = np.random.default_rng(5).integers(1, 2**63, graph.n_items + graph.n_authors)
    identity = names.astype(np.uint64)
    view = TrustView.of(graph, trust)
    around = people_around(view, identity[: graph.n_items], identity[graph.n_items :], config)
    made = Embedding.of(around, config.embedding)
    rows = np.arange(graph.n_items, dtype=np.int32)
    vectors, mass = made.vectors(around.placed(made.identity), rows)
    alike = lengthened(vectors.copy(), mass, around.floor)
    return lambda items: np.asarray(vectors[items] @ alike.T, np.float32)


def by_counting(graph: GraphSnapshot, exponent: float) -> Score:
    """People who have both, over a power of those who have the neighbour."""
    popularity = np.maximum(np.diff(graph.item_ptr), 1) ** exponent

    def score(items: I64) -> F32:
        made = np.zeros((len(items), graph.n_items), np.float32)
        for row, item in zip(made, items.tolist(), strict=True):
            who = graph.item_author[graph.item_ptr[item] : graph.item_ptr[item + 1]]
            theirs = np.concatenate([graph.liked(v) for v in who.tolist()] or [items[:0]])
            row[:] = np.bincount(theirs, minlength=graph.n_items) / popularity
        return made

    return score


def measure(scratch: Scratch, scale: Scale) -> list[Figure]:
    """On Gowalla and Last.fm."""
    del scratch
    data = hetrec(scale.public_tables)
    drawn = hold_out(data.train, HELD_OUT, np.random.default_rng(8))
    sets = {"Last.fm": Halves.of(drawn.train, drawn.test, scale.alike_questions)}
    if scale.public_tables:
        files = Files(DATA / "gowalla" / "train.txt.gz", test=DATA / "gowalla" / "test.txt.gz")
        split = load(files)
        assert split.test is not None
        sets["Gowalla"] = Halves.of(split.train, split.test, scale.alike_questions)
    figures = [_figure(name, halves) for name, halves in sets.items()]
    if scale.public_tables:
        figures += [_tags_figure(sets["Last.fm"], data.items), unplayed.figure(data)]
    return figures


def tag_vectors(items: Names) -> F32:
    """float32[items, tags] of length 1, or 0 for artists without tags."""
    file = DATA / "hetrec-lastfm-2k" / "user_taggedartists.dat.gz"
    with gzip.open(file, "rt") as lines:
        pairs = Counter(tuple(line.split("\t")[1:3]) for line in lines)
    tags = {tag: k for k, tag in enumerate(sorted({tag for _, tag in pairs}))}
    made = np.zeros((len(items), len(tags)), np.float32)
    for (artist, tag), count in pairs.items():
        if artist in items.row:
            made[items.row[artist], tags[tag]] = np.log1p(count)
    made *= np.log(len(items) / np.maximum((made > 0).sum(axis=0), 1))
    length = np.linalg.norm(made, axis=1, keepdims=True)
    made /= np.where(length > 0, length, 1)
    return made


def _tags_figure(halves: Halves, items: Names) -> Figure:
    tags, graph = tag_vectors(items), halves.graph
    known = tags.any(axis=1) & (np.diff(graph.item_ptr) >= TAGGED_LISTENERS)
    asked = np.random.default_rng(6).choice(np.flatnonzero(known), len(halves.asked) // 2)

    def agreement(score: Score) -> float:
        parts = []
        for at in range(0, len(asked), AT_ONCE):
            chunk = asked[at : at + AT_ONCE]
            likeness = score(chunk)
            likeness[np.arange(len(chunk)), chunk] = -np.inf
            near = np.argpartition(-likeness, TAGGED, axis=1)[:, :TAGGED]
            parts += [tags[row] @ tags[item] for row, item in zip(near, chunk, strict=True)]
        return float(np.mean(parts))

    counted = {p: agreement(by_counting(graph, p)) for p in EXPONENTS}
    best = max(counted, key=counted.__getitem__)
    told = f"{len(asked):,} artists; cosine of co-occurrence {counted[0.5]:.4f}, with the best "
    told += f"exponent ({best}) {counted[best]:.4f}"
    return Figure(
        f"neighbours, Last.fm, cosine of tags of the first {TAGGED}",
        counted[best],
        agreement(by_embedding(graph, SimilarConfig())),
        "",
        at_least=True,
        detail=told,
    )


def _figure(name: str, halves: Halves) -> Figure:
    ours = halves.recall(by_embedding(halves.graph, SimilarConfig()))
    bare = halves.recall(by_embedding(halves.graph, SimilarConfig(kappa=0)))
    counted = {p: halves.recall(by_counting(halves.graph, p)) for p in EXPONENTS}
    best = max(counted, key=counted.__getitem__)
    told = f"{len(halves.asked):,} questions; cosine of co-occurrence {counted[0.5]:.4f}, with the "
    told += f"best exponent ({best}) {counted[best]:.4f}; without the floor on mass {bare:.4f}"
    return Figure(
        f"neighbours, {name}, recall@{N}", counted[best], ours, "", at_least=True, detail=told
    )
