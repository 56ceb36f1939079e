"""Small worlds for the tests of methods, from lists of edges."""

import numpy as np

from ranking.snapshot import GraphSnapshot
from sim.methods.method import World
from trust.vouches import CompiledVouches


def world(likes, vouches=None, n_items=None):
    """likes: {person: {item: affinity} or [items]}; vouches: {(caster, target): weight}."""
    rows = [
        (v, i, items[i] if isinstance(items, dict) else 1.0)
        for v, items in likes.items()
        for i in items
    ]
    authors, items, weights = (np.array(column) for column in zip(*rows, strict=True))
    n_authors = max(likes) + 1
    n_items = n_items or int(items.max()) + 1
    snapshot = GraphSnapshot.from_triples(
        authors.astype(np.int32),
        items.astype(np.int32),
        weights.astype(np.float32),
        n_authors,
        n_items,
    )
    if vouches is None:
        return World(snapshot)
    pairs = np.array(list(vouches), np.int32).reshape(-1, 2)
    weight = np.array(list(vouches.values()), np.float32)
    return World(
        snapshot, CompiledVouches.from_triples(n_authors, pairs[:, 0], pairs[:, 1], weight)
    )


def random_world(seed, n_people=30, n_items=40, degree=8, friends=4):
    """Uniform random likes with affinities of .25, .5 or 1, and symmetric vouches."""
    rng = np.random.default_rng(seed)
    likes = {
        v: {
            int(i): float(rng.choice([0.25, 0.5, 1.0]))
            for i in rng.choice(n_items, rng.integers(2, degree + 1), replace=False)
        }
        for v in range(n_people)
    }
    pairs = rng.integers(0, n_people, (n_people * friends // 2, 2))
    vouches = {(int(a), int(b)): 1.0 for a, b in pairs if a != b}
    vouches |= {(b, a): 1.0 for a, b in vouches}
    return world(likes, vouches, n_items)


def dense(the_world):
    """float64[people, items] of affinities."""
    snapshot = the_world.snapshot
    a = np.zeros((snapshot.n_authors, snapshot.n_items))
    row = np.repeat(np.arange(snapshot.n_authors), np.diff(snapshot.author_ptr))
    a[row, snapshot.author_item] = snapshot.author_affinity
    return a


def listed(ranked):
    """{item: score}, best first."""
    return dict(zip(ranked.item.tolist(), ranked.score.tolist(), strict=True))
