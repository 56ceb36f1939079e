"""The kernels of kept walks against their naive twin, draw for draw."""

import numpy as np
import pytest

from tests.ranking.naive import paths_of
from tests.ranking.naive_kept import KeptTwin
from trust.kept_walks import KeptWalks, WalkGraph

ALPHA = 0.15
LEAKS = (0.0, 0.0, 0.5)


def weights(rng, n):
    """Of binary fractions, so that no sum is rounded and both sides see the same numbers."""
    return rng.integers(1, 9, n).astype(np.float32) / np.float32(8)


def random_row(rng, n_nodes):
    degree = int(rng.integers(0, 7))
    target = rng.choice(n_nodes, degree, replace=False).astype(np.int32)
    return target, weights(rng, degree), float(rng.choice(LEAKS)) if degree else 0.0


def as_edges(target, weight, leak):
    return dict(zip(target.tolist(), weight.tolist(), strict=True)), leak


def world(rng, n_nodes):
    rows = [random_row(rng, n_nodes) for _ in range(n_nodes)]
    return rows, {node: as_edges(*row) for node, row in enumerate(rows)}


def graph_of(rows):
    ptr = np.concatenate([[0], np.cumsum([target.size for target, _, _ in rows])])
    target = np.concatenate([target for target, _, _ in rows])
    weight = np.concatenate([weight for _, weight, _ in rows])
    return WalkGraph(ptr, target, weight, np.array([leak for _, _, leak in rows]))


def both(rows, graph, seed, n_walks=60, steps_max=9):
    kept = KeptWalks.drawn(
        graph_of(rows),
        0,
        n_walks=n_walks,
        steps_max=steps_max,
        alpha=ALPHA,
        rng=np.random.default_rng(seed),
    )
    return kept, KeptTwin(graph, 0, n_walks, steps_max, ALPHA, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(6))
def test_mending_is_the_naive_mending_draw_for_draw(seed):
    rng = np.random.default_rng(seed)
    rows, graph = world(rng, 9)
    kept, twin = both(rows, graph, seed)
    assert paths_of(kept.walks) == twin.walks
    draws = np.random.default_rng(100 + seed)
    twin.rng = np.random.default_rng(100 + seed)
    cut = 0
    for step in range(25):
        node = int(rng.integers(0, 9 + step // 12))
        target, weight, leak = random_row(rng, 9 + step // 12)
        cut += kept.change(node, target, weight, draws, leak=leak)
        twin.change(node, *as_edges(target, weight, leak))
        assert paths_of(kept.walks) == twin.walks
    assert cut > 60


@pytest.mark.parametrize("seed", range(6))
def test_many_nodes_change_at_once(seed):
    rng = np.random.default_rng(seed)
    rows, graph = world(rng, 9)
    kept, twin = both(rows, graph, seed)
    for step in range(5):
        new, new_graph = world(rng, 9 + step)
        others = kept.mended(graph_of(new), np.random.default_rng(step))
        twin.rng = np.random.default_rng(step)
        before = kept.walks.copy()
        twin.change_all(new_graph)
        assert paths_of(others.walks) == twin.walks
        assert (kept.walks == before).all(), "those that were mended stay as they were"
        kept = others


def test_slots_are_the_edges_taken():
    rng = np.random.default_rng(3)
    rows, graph = world(rng, 9)
    kept, _ = both(rows, graph, 3)
    slots, edges = kept.slots(), kept.graph.edges
    assert (slots >= 0).sum() == (kept.walks[:, 1:] >= 0).sum()
    for r, k in np.argwhere(slots >= 0).tolist():
        node = kept.walks[r, k - 1]
        assert edges.start[node] <= slots[r, k] < edges.start[node] + edges.degree[node]
        assert edges.target[slots[r, k]] == kept.walks[r, k]
