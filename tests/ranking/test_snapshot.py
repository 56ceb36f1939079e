"""The immutable picture of the graph: both directions agree, and nobody can write to it."""

import numpy as np
import pytest

from ranking.affinity import table
from ranking.snapshot import DatedSnapshot, GraphSnapshot
from tests.ranking.naive_storage import transposed

AUTHORS, ITEMS = 12, 20


def random_edges(seed):
    """{(author, item): affinity}, some of them dislikes; the last author and item have none."""
    rng = np.random.default_rng(seed)
    return {
        (v, i): float(rng.choice([1, -1]) * table()[rng.integers(1, 256)])
        for v in range(AUTHORS - 1)
        for i in range(ITEMS - 1)
        if rng.random() < 0.3
    }


def made(edges, seed=0):
    pairs = list(edges)
    np.random.default_rng(seed).shuffle(pairs)
    return GraphSnapshot.from_triples(
        np.array([v for v, _ in pairs], np.int32),
        np.array([i for _, i in pairs], np.int32),
        np.array([edges[v, i] for v, i in pairs], np.float32),
        AUTHORS,
        ITEMS,
    )


@pytest.mark.parametrize("seed", range(5))
def test_both_directions_hold_what_is_liked(seed):
    edges = random_edges(seed)
    snapshot = made(edges, seed)
    assert (snapshot.n_authors, snapshot.n_items) == (AUTHORS, ITEMS)
    rows = [[(i, edges[v, i]) for i in range(ITEMS) if edges.get((v, i), 0) > 0]
            for v in range(AUTHORS)]  # fmt: skip
    for v in range(AUTHORS):
        window = slice(snapshot.author_ptr[v], snapshot.author_ptr[v + 1])
        assert snapshot.liked(v).tolist() == [i for i, _ in rows[v]]
        assert snapshot.author_affinity[window].tolist() == [a for _, a in rows[v]]
        bad = [i for i in range(ITEMS) if edges.get((v, i), 0) < 0]
        assert snapshot.disliked(v).tolist() == bad
    columns = transposed(rows)
    for i in range(ITEMS):
        window = slice(snapshot.item_ptr[i], snapshot.item_ptr[i + 1])
        listeners, weights = snapshot.item_author[window], snapshot.item_affinity[window]
        found = list(zip(listeners.tolist(), weights.tolist(), strict=True))
        assert found == columns.get(i, [])


def test_the_order_of_the_triples_does_not_matter():
    edges = random_edges(1)
    one, other = made(edges, 1), made(edges, 2)
    pairs = zip(one.arrays(), other.arrays(), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)


def test_nobody_can_write_to_it():
    snapshot = made(random_edges(1))
    for array in snapshot.arrays():
        with pytest.raises(ValueError, match="read-only"):
            array[:1] = 0


def test_memory_is_ten_bytes_a_liked_edge_and_the_pointers():
    edges = random_edges(1)
    snapshot = made(edges)
    liked = sum(a > 0 for a in edges.values())
    pointers = 8 * (2 * (AUTHORS + 1) + ITEMS + 1)
    assert snapshot.nbytes == 10 * liked + 4 * (len(edges) - liked) + pointers + 4 * 256


def test_an_empty_world():
    snapshot = made({})
    assert snapshot.liked(AUTHORS - 1).size == snapshot.disliked(0).size == 0


def test_decay_is_another_table_over_the_same_edges():
    snapshot = made(random_edges(1))
    older = snapshot.decayed(0.5)
    assert older.author_item is snapshot.author_item
    assert older.author_affinity == pytest.approx(snapshot.author_affinity / 2)
    assert older.item_affinity == pytest.approx(snapshot.item_affinity / 2)
    with pytest.raises(ValueError, match="read-only"):
        older.affinity[0] = 1


@pytest.mark.parametrize(
    ("ages", "until"),
    [([], 200), ([(0, 0)], 200), ([(3, 40), (0, 99)], 101), ([(5, 300)], 100), ([(-1, 3)], 100)],
)
def test_a_dated_snapshot_serves_until_an_edge_would_not_decay_like_the_others(ages, until):
    snapshot = made(random_edges(1))
    dated = DatedSnapshot.made(snapshot, 100, ages, half_life_days=10.0)
    assert dated.on(100) is snapshot
    for day in (until - 1, until):
        if day > 100:
            shown = dated.on(day)
            assert dated.on(day) is shown
            assert shown.author_affinity == pytest.approx(
                snapshot.author_affinity * 2 ** ((100 - day) / 10)
            )
    assert dated.on(until + 1) is None
    assert dated.on(99) is None
