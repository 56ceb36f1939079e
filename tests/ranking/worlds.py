"""Small random worlds for the ranking tests."""

import numpy as np

from ranking.affinity import table
from ranking.snapshot import GraphSnapshot
from ranking.trust_vector import Passing, TrustVector

AFFINITIES = table()
"""What a snapshot can hold exactly."""


def snapshot(likes, n_authors, n_items):
    """likes[v][i] = affinity, negative for a dislike."""
    rows = [(v, i, a) for v, items in likes.items() for i, a in items.items()]
    authors, items, weights = zip(*rows, strict=True) if rows else ((), (), ())
    return GraphSnapshot.from_triples(
        np.array(authors, np.int32),
        np.array(items, np.int32),
        np.array(weights, np.float32),
        n_authors,
        n_items,
    )


def random_likes(rng, n_authors, n_items, per_author):
    """Every author likes `per_author` items, low rows more often, at affinities of .01 to 1."""
    chance = 1.0 / np.arange(1, n_items + 1)
    chance /= chance.sum()
    return {
        v: {
            int(i): float(AFFINITIES[rng.integers(155, 256)])
            for i in rng.choice(n_items, per_author, replace=False, p=chance)
        }
        for v in range(n_authors)
    }


def trust_vector(t, owner, passes=None):
    """A trust vector from {author: t}; passes[v] = {x: share}, themselves by default."""
    n = max([owner, *t]) + 1
    vector = np.zeros(n, np.float32)
    for v, value in t.items():
        vector[v] = value
    vector[owner] = 0
    if passes is None:
        passing = Passing.themselves(vector > 0)
    else:
        ptr = np.cumsum([0] + [len(passes.get(v, {})) for v in range(n)])
        entries = [e for v in range(n) for e in passes.get(v, {}).items()]
        author, share = zip(*entries, strict=True)
        passing = Passing(
            ptr.astype(np.int64), np.array(author, np.int32), np.array(share, np.float32)
        )
    return TrustVector(
        owner,
        vector,
        np.zeros(n, np.int32),
        np.full((1, 2), -1, np.int32),
        passing,
        passing.prior(vector),
    )


def random_trust(rng, n_authors, owner):
    """Random t (some zero) of sum 1 with random passing shares."""
    t = rng.random(n_authors) * (rng.random(n_authors) < 0.7)
    t[owner] = 0
    t /= t.sum()
    passes = {
        v: {v: 1.0}
        | {int(x): float(np.float32(rng.random())) for x in rng.choice(n_authors, 3) if x != owner}
        for v in range(n_authors)
        if t[v] > 0
    }
    for v, shares in passes.items():
        shares[v] = 1.0
    return trust_vector(dict(enumerate(t.tolist())), owner, passes), passes
