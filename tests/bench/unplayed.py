"""Artists that nobody is left to have: how well tags alone place them, on Last.fm.

All listens of 300 artists with three listeners and a tag are taken out, and of tags on them those
that the same listeners said. Of people who had some of them: how many are among the first 20 of the
300, by what else they have. Everybody is trusted alike. Beside it the number of tags said.
"""

import gzip
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ranking.embedding import Embedding
from ranking.similar import SimilarConfig, affinity_of, people_around
from ranking.snapshot import GraphSnapshot
from ranking.tag_contexts import Tags, with_tags
from ranking.trust_vector import TrustVector
from ranking.view import TrustView
from sim.data.interactions import Dataset
from tests.bench.figures import Figure
from tests.bench.walk_worlds import DATA

TAKEN, LISTENERS, N = 300, 3, 20


def said(data: Dataset) -> tuple[NDArray[np.int32], int]:
    """(person, artist, tag) of all that is said of artists with listeners; how many tags."""
    tags: dict[str, int] = {}

    def rows() -> Iterator[tuple[int, int, int]]:
        file = DATA / "hetrec-lastfm-2k" / "user_taggedartists.dat.gz"
        with gzip.open(file, "rt") as lines:
            for line in lines:
                person, artist, tag = line.split("\t")[:3]
                if person in data.people.row and artist in data.items.row:
                    yield (
                        data.people.row[person],
                        data.items.row[artist],
                        tags.setdefault(tag, len(tags)),
                    )

    return np.array(list(rows()), np.int32), len(tags)


def figure(data: Dataset) -> Figure:
    """Recall against that of the number of tags."""
    train, config, rng = data.train, SimilarConfig(), np.random.default_rng(0)
    stated, n_tags = said(data)
    tagged = np.isin(np.arange(train.n_items), stated[:, 1])
    known = tagged & (np.bincount(train.item, minlength=train.n_items) >= LISTENERS)
    taken = np.sort(rng.choice(np.flatnonzero(known), TAKEN, replace=False)).astype(np.int32)
    out = np.isin(train.item, taken)
    pair = stated[:, 0].astype(np.int64) * train.n_items + stated[:, 1]
    stated = stated[~np.isin(pair, train.pair[out])]
    had: dict[int, set[int]] = {}
    for user, item in zip(train.user[out].tolist(), train.item[out].tolist(), strict=True):
        had.setdefault(user, set()).add(int(np.searchsorted(taken, item)))
    user, item = train.user[~out], train.item[~out]
    ones = np.ones(len(user), np.float32)
    graph = GraphSnapshot.from_triples(user, item, ones, train.n_users, train.n_items)
    view = TrustView.of(graph, TrustVector.everyone_equal(train.n_users, -1))
    names = rng.integers(1, 2**63, train.n_items + train.n_users + n_tags).astype(np.uint64)
    items, people, tags = np.split(names, [train.n_items, train.n_items + train.n_users])
    likes = people_around(view, items, people, config)
    weight = config.tag_weight * affinity_of(view)
    around = with_tags(likes, Tags(stated, items, tags), view.trust.t, weight).around
    made = Embedding.of(around, config.embedding)
    rows = np.arange(train.n_items, dtype=np.int32)
    vectors, mass = made.vectors(around.placed(made.identity), rows)
    theirs = vectors[taken] * (mass[taken] / (mass[taken] + around.floor))[:, None]
    count = np.bincount(stated[:, 1], minlength=train.n_items)[taken]
    counted = set(np.argsort(-count, kind="stable")[:N].tolist())
    ours, by_count = [], []
    for person, wanted in had.items():
        own = graph.liked(person)
        if own.size:
            fit = theirs @ vectors[own].sum(axis=0)
            first = set(np.argsort(-fit, kind="stable")[:N].tolist())
            ours.append(len(first & wanted) / min(N, len(wanted)))
            by_count.append(len(counted & wanted) / min(N, len(wanted)))
    return Figure(
        f"unplayed artists by their tags, recall@{N} of {TAKEN}",
        float(np.mean(by_count)),
        float(np.mean(ours)),
        "",
        at_least=True,
        detail=f"{len(ours):,} people; by the number of tags {np.mean(by_count):.3f}, by chance "
        f"{N / TAKEN:.3f}",
    )
