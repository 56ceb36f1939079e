"""The walk kernels against their naive twins, draw for draw."""

from collections import Counter

import numpy as np
import pytest

from ranking import kernels_walks as kernels
from tests.ranking import naive

ALPHA = 0.15


def random_graph(rng, n=30, edges=150):
    caster = np.sort(rng.integers(0, n - 3, edges))  # the last rows vouch for nobody
    ptr = np.searchsorted(caster, np.arange(n + 1)).astype(np.int64)
    target = rng.integers(0, n, edges).astype(np.int32)
    weight = rng.integers(1, 101, edges).astype(np.float32) / np.float32(100)
    return ptr, target, weight


def random_walks(rng, n_walks=200, steps=12, n=15):
    walks = np.full((n_walks, steps), -1, np.int32)
    walks[:, 0] = 0
    for r, length in enumerate(rng.integers(1, steps + 1, n_walks)):
        walks[r, 1:length] = rng.integers(0, n, length - 1)
    return walks


@pytest.mark.parametrize("seed", range(5))
def test_alias_tables_give_each_edge_its_share(seed):
    ptr, _, weight = random_graph(np.random.default_rng(seed))
    threshold, other = kernels.alias_tables(ptr, weight)
    for row in range(ptr.size - 1):
        window = range(ptr[row], ptr[row + 1])
        share = dict.fromkeys(window, 0.0)
        for e in window:
            share[e] += threshold[e] / len(window)
            share[int(other[e])] += (1 - threshold[e]) / len(window)
        total = weight[ptr[row] : ptr[row + 1]].sum()
        for e in window:
            assert share[e] == pytest.approx(weight[e] / total, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_step_is_the_naive_step(seed):
    rng = np.random.default_rng(seed)
    ptr, target, weight = random_graph(rng)
    threshold, other = kernels.alias_tables(ptr, weight)
    admit = rng.choice([0, 0.5, 1], ptr.size - 1).astype(np.float32)
    at = rng.integers(0, ptr.size - 1, 500).astype(np.int32)
    draw = rng.random(500)
    row, slot = kernels.step_walkers(at, draw, ptr, target, threshold, other, admit, ALPHA)
    for k in range(500):
        expected = naive.alias_step(ptr, target, threshold, other, admit, ALPHA, at[k], draw[k])
        assert (row[k], slot[k]) == expected


def test_step_follows_weights_and_stops_with_alpha():
    ptr = np.array([0, 2, 2, 2], np.int64)
    target = np.array([1, 2], np.int32)
    tables = kernels.alias_tables(ptr, np.array([0.9, 0.3], np.float32))
    n = 40_000
    draw = np.random.default_rng(1).random(n)
    at, admit = np.zeros(n, np.int32), np.ones(3, np.float32)
    row, _ = kernels.step_walkers(at, draw, ptr, target, *tables, admit, ALPHA)
    shares = [(row == to).mean() for to in (-1, 1, 2)]
    assert shares == pytest.approx([0.15, 0.85 * 0.75, 0.85 * 0.25], abs=0.01)


@pytest.mark.parametrize("flow_max", [1, 3, 1000])
def test_no_edge_carries_more_than_its_bound(flow_max):
    rng = np.random.default_rng(flow_max)
    walks = random_walks(rng)
    slots = rng.integers(0, 20, walks.shape).astype(np.int32)
    expected = naive.bounded_flow(walks, slots, flow_max, owner=0)
    before = (walks >= 0).sum()
    cuts = kernels.bound_edge_flow(walks, slots, 20, flow_max, 0)
    assert naive.paths_of(walks) == expected
    assert (cuts > 0) == ((walks >= 0).sum() < before)


def test_hits_count_a_walk_once():
    walks = random_walks(np.random.default_rng(3))
    hits = kernels.count_hits(walks, 15)
    assert hits.tolist() == [naive.hits(walks)[v] for v in range(15)]


def test_visits_count_every_return():
    walks = random_walks(np.random.default_rng(3))
    visits = Counter(v for walk in naive.paths_of(walks) for v in walk)
    assert kernels.count_visits(walks, 15).tolist() == [visits[v] for v in range(15)]


@pytest.mark.parametrize("seed", range(3))
def test_penalties_charge_whoever_leads_to_the_distrusted(seed):
    rng = np.random.default_rng(seed)
    walks, against = random_walks(rng), np.where(rng.random(15) < 0.2, rng.random(15), 0.0)
    lost = naive.penalties(walks, against)
    assert kernels.penalties(walks, against) == pytest.approx([lost[v] for v in range(15)])


def test_cut_before_leaves_the_author_out_and_the_original_alone():
    walks = random_walks(np.random.default_rng(4))
    original = walks.copy()
    kept = naive.paths_of(kernels.cut_before(walks, 7))
    assert kept == [walk[: walk.index(7)] if 7 in walk else walk for walk in naive.paths_of(walks)]
    assert (walks == original).all()


@pytest.mark.parametrize("share_min", [0.01, 0.2, 1.0])
def test_passing_shares_are_the_naive_ones(share_min):
    rng = np.random.default_rng(5)
    walks = random_walks(rng, steps=8)
    hits = kernels.count_hits(walks, 15)
    wanted = rng.random(15) < 0.7
    ptr, author, share = kernels.passing_shares(walks, hits, wanted, 0, share_min)
    expected = naive.passing(walks, set(np.flatnonzero(wanted)), 0, share_min)
    for v in range(15):
        window = slice(ptr[v], ptr[v + 1])
        found = dict(zip(author[window].tolist(), share[window].tolist(), strict=True))
        assert found == pytest.approx(expected.get(v, {}))


def test_shortest_paths_end_at_whom_they_lead_to():
    walks = random_walks(np.random.default_rng(6), n_walks=40)
    wanted = np.array([3, 9, 14], np.int32)
    paths = naive.paths_of(kernels.shortest_paths(walks, wanted, 20))
    for author, path in zip(wanted, paths, strict=True):
        prefixes = [w[: w.index(author) + 1] for w in naive.paths_of(walks) if author in w]
        assert path in prefixes
        assert len(path) == min(map(len, prefixes))


def test_shortest_path_to_the_unreached_is_empty():
    walks = np.array([[0, 1, -1]], np.int32)
    assert (kernels.shortest_paths(walks, np.array([5], np.int32), 6) == -1).all()
