"""The index against looking at all; what is deleted is never found, what is added is."""

import numpy as np
import pytest

from ranking.nearest import NearestIndex, nearest_exact, vector_bytes

DIMENSIONS = 32


def clustered(n, seed=0):
    """Vectors of length .2 to 1 about 40 centres."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((40, DIMENSIONS))
    made = centres[rng.integers(0, 40, n)] + 0.6 * rng.standard_normal((n, DIMENSIONS))
    made *= (rng.uniform(0.2, 1, n) / np.linalg.norm(made, axis=1))[:, None]
    return made.astype(np.float32)


def recall(index, vectors, labels, queries):
    """Part of the ten nearest that the index finds."""
    hits = 0
    for query in queries:
        found, products = index.nearest(query, 10)
        rows, expected = nearest_exact(vectors, query, 10)
        assert products == pytest.approx(np.sort(products)[::-1])
        assert products[0] <= expected[0] + 1e-5
        hits += len(set(found.tolist()) & set(labels[rows].tolist()))
    return hits / (10 * len(queries))


def test_exact_is_the_largest_products_first():
    vectors = np.array([[1, 0], [0, 1], [2, 0], [1, 0]], np.float32)
    rows, products = nearest_exact(vectors, np.array([1, 0], np.float32), 3)
    assert (rows.tolist(), products.tolist()) == ([2, 0, 3], [2, 1, 1])


@pytest.mark.parametrize("part_max", [4000, 1500])
def test_it_finds_what_looking_at_all_finds(part_max):
    vectors, labels = clustered(4000), np.arange(4000)
    index = NearestIndex(DIMENSIONS, part_max=part_max)
    index.add(labels, vectors)
    assert len(index) == 4000
    assert recall(index, vectors, labels, clustered(100, seed=1)) >= 0.95


def test_it_follows_what_comes_and_goes():
    vectors, rng = clustered(3000), np.random.default_rng(2)
    index = NearestIndex(DIMENSIONS, part_max=700)
    index.add(np.arange(1000), vectors[:1000])
    there = dict.fromkeys(range(1000))
    for at in range(1000, 3000, 250):
        gone = rng.choice(list(there), 200, replace=False)
        index.delete(gone)
        for label in gone.tolist():
            del there[label]
        index.add(np.arange(at, at + 250), vectors[at : at + 250])
        there |= dict.fromkeys(range(at, at + 250))
        labels = np.array(sorted(there))
        assert len(index) == len(labels)
        for query in vectors[:: 3000 // 40]:
            assert set(index.nearest(query, 10)[0].tolist()) <= set(there)
        assert recall(index, vectors[labels], labels, clustered(30, seed=at)) >= 0.95
    assert index.nbytes <= 1900 * vector_bytes(DIMENSIONS), "places of the deleted were used"


def test_to_ask_for_all_is_no_error():
    index = NearestIndex(DIMENSIONS, part_max=300)
    index.add(np.arange(500), clustered(500))
    index.delete(np.arange(0, 500, 3))
    for n in (1, 333, 10_000):
        labels, _ = index.nearest(clustered(1, seed=9)[0], n)
        assert 0 < len(labels) <= min(n, 333)
        assert (labels % 3 != 0).all()


def test_the_same_order_gives_the_same_graph():
    made = []
    for _ in range(2):
        index = NearestIndex(DIMENSIONS, part_max=300)
        index.add(np.arange(500), clustered(500))
        made.append([part["data_level0"].tobytes() for part in index.state()])
    assert made[0] == made[1]


def test_it_comes_back_with_its_deleted():
    vectors = clustered(800)
    index = NearestIndex(DIMENSIONS, part_max=300)
    index.add(np.arange(800), vectors)
    index.delete(np.arange(0, 800, 4))
    back = NearestIndex.from_state(DIMENSIONS, index.state(), part_max=300)
    assert len(back) == len(index) == 600
    for query in clustered(20, seed=5):
        assert index.nearest(query, 10)[0].tolist() == back.nearest(query, 10)[0].tolist()
    back.add(np.arange(800, 1100), clustered(300, seed=6))
    assert len(back) == 900


def test_an_empty_one_finds_nothing_and_comes_back():
    index = NearestIndex(DIMENSIONS)
    assert index.nearest(np.ones(DIMENSIONS, np.float32), 5)[0].size == 0
    assert index.state() == []
    assert len(NearestIndex.from_state(DIMENSIONS, [])) == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dim", 31),
        ("dim", None),
        ("M", 5),
        ("space", "l2"),
        ("cur_element_count", 10**9),
        ("max_elements", -1),
        ("max_elements", 1),
        ("enterpoint_node", 200),
        ("size_data_per_element", 8),
        ("data_level0", np.zeros(7, np.int8)),
        ("data_level0", np.zeros(7, np.float64)),
        ("link_lists", np.zeros(1, np.int8)),
        ("element_levels", np.full(100, 77, np.int32)),
        ("label_lookup_internal", np.full(100, 100, np.uint32)),
        ("label_lookup_external", np.zeros(99, np.uint64)),
    ],
    ids=str,
)
def test_a_state_whose_sizes_cannot_be_is_refused(name, value):
    index = NearestIndex(DIMENSIONS)
    index.add(np.arange(100), clustered(100))
    with pytest.raises(ValueError, match="cannot be"):
        NearestIndex.from_state(DIMENSIONS, [index.state()[0] | {name: value}])


def test_parts_that_share_a_label_or_are_too_large_are_refused():
    index = NearestIndex(DIMENSIONS)
    index.add(np.arange(100), clustered(100))
    with pytest.raises(ValueError, match="twice"):
        NearestIndex.from_state(DIMENSIONS, index.state() * 2)
    with pytest.raises(ValueError, match="cannot be"):
        NearestIndex.from_state(DIMENSIONS, index.state(), part_max=99)


def test_a_state_with_links_to_nowhere_is_refused():
    index = NearestIndex(DIMENSIONS)
    index.add(np.arange(100), clustered(100))
    [state] = index.state()
    state["data_level0"] = state["data_level0"].copy()
    state["data_level0"].view(np.uint32)[1] = 100
    with pytest.raises(ValueError, match="cannot be"):
        NearestIndex.from_state(DIMENSIONS, [state])
