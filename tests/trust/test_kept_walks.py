"""After any changes the kept walks are distributed as fresh ones, and the test would notice."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ranking.naive import paths_of
from tests.trust.kept_rules import (
    ALPHA,
    FAR,
    WRONG,
    SharedRedraw,
    deviation,
    exact,
    steps_of,
    two_samples,
)
from trust.kept_walks import KeptWalks, WalkGraph

NODES = 6


def empty(n):
    return WalkGraph(np.zeros(n + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))


def kept_on(graph, n, *, n_walks=20_000, steps_max=200, rng):
    made = empty(n)
    for node, edges in graph.items():
        made.set(node, *arrays(edges))
    return KeptWalks.drawn(made, 0, n_walks=n_walks, steps_max=steps_max, alpha=ALPHA, rng=rng)


def arrays(edges):
    return np.array([*edges], np.int32), np.array([*edges.values()], np.float32)


def history(seed):
    """A graph, and edges set in it one after the other; weight 0 removes."""
    rng = np.random.default_rng(seed)
    graph = {0: {1: 1.0, 2: 0.5}, 1: {0: 1.0}, 2: {1: 0.25, 3: 1.0}, 3: {2: 1.0}, 4: {0: 1.0}}
    changes = []
    for _ in range(15):
        source, target = (int(x) for x in rng.choice(NODES, 2, replace=False))
        changes.append((source, target, float(rng.choice([0, 0.25, 1, 4]))))
    return graph, changes


def played(graph, changes):
    """The graph after the changes, one state for each."""
    graph = {node: dict(edges) for node, edges in graph.items()}
    for source, target, weight in changes:
        edges = graph.setdefault(source, {})
        edges.pop(target, None)
        if weight:
            edges[target] = weight
        yield source, graph


def ours(seed, steps_max=200):
    graph, changes = history(seed)
    rng = np.random.default_rng(1000 + seed)
    kept = kept_on(graph, NODES, rng=rng, steps_max=steps_max)
    for source, now in played(graph, changes):
        last = now
        kept.change(source, *arrays(now.get(source, {})), rng)
    return paths_of(kept.walks), steps_of(last, NODES)


def published(rule, seed, n_walks=6_000):
    graph, changes = history(seed)
    walks = rule(graph, n_walks, np.random.default_rng(2000 + seed))
    for change in changes:
        walks.set_edge(*change)
    *_, (_, last) = played(graph, changes)
    return deviation(walks.walks, exact(steps_of(last, NODES)))


@pytest.mark.compiled
@pytest.mark.parametrize("seed", range(8))
def test_after_any_history_counts_are_those_of_the_linear_solve(seed):
    walks, steps = ours(seed)
    assert deviation(walks, exact(steps)) < FAR


@pytest.mark.compiled
@pytest.mark.parametrize("seed", range(4))
def test_walks_that_are_cut_at_their_last_step_stay_right(seed):
    walks, steps = ours(seed, steps_max=4)
    assert deviation(walks, exact(steps, 4)) < FAR


def test_the_published_rule_put_right_passes():
    assert max(published(SharedRedraw, seed) for seed in range(6)) < FAR


@pytest.mark.parametrize("rule", WRONG)
def test_each_published_fault_is_found(rule):
    assert any(published(rule, seed) > FAR for seed in (5, 4, 3, 2, 1, 0))


@pytest.mark.compiled
def test_on_a_larger_graph_they_are_as_fresh_ones():
    rng = np.random.default_rng(5)
    n = 300

    def row():
        target = rng.choice(n, int(rng.integers(0, 20)), replace=False).astype(np.int32)
        leak = float(rng.choice([0, 0, 1.5])) if target.size else 0.0
        return target, rng.random(target.size).astype(np.float32) + np.float32(0.01), leak

    rows = {node: row() for node in range(n)}
    graph = empty(n)
    for node, (target, weight, leak) in rows.items():
        graph.set(node, target, weight, leak)
    kept = KeptWalks.drawn(graph, 0, n_walks=20_000, steps_max=40, alpha=ALPHA, rng=rng)
    for node in [*range(n), *rng.integers(0, n, 100).tolist()]:
        rows[node] = row()
        kept.change(node, *rows[node][:2], rng, leak=rows[node][2])
    anew = empty(n)
    for node, (target, weight, leak) in rows.items():
        anew.set(node, target, weight, leak)
    fresh = KeptWalks.drawn(anew, 0, n_walks=20_000, steps_max=40, alpha=ALPHA, rng=rng)
    other = KeptWalks.drawn(empty(n), 0, n_walks=20_000, steps_max=40, alpha=ALPHA, rng=rng)
    other = other.mended(fresh.graph, rng)
    for walks in (kept.walks, other.walks):
        for cells in (lambda w: w[:, 1], lambda w: w[:, 3], ends):
            assert two_samples(counted(cells(walks), n), counted(cells(fresh.walks), n)) < FAR


def counted(cells, n):
    return np.bincount(cells + 1, minlength=n + 1)


def ends(walks):
    return walks[np.arange(len(walks)), (walks >= 0).sum(axis=1) - 1]


@pytest.mark.compiled
@pytest.mark.parametrize("seed", range(3))
def test_claims_change_under_walks_between_people_and_items(seed):
    """Trust-weighted SALSA: person -> item by affinity, item -> person by trust * affinity."""
    rng = np.random.default_rng(seed)
    people, items = 5, 7
    trust = rng.random(people) + 0.1
    claims = {(0, 0): 1.0, (0, 1): 1.0, (1, 0): 0.5, (2, 1): 1.0, (2, 4): 1.0}

    def edges(node):
        if node < people:
            return {people + i: a for (v, i), a in claims.items() if v == node}
        return {v: trust[v] * a for (v, i), a in claims.items() if people + i == node}

    graph = {node: edges(node) for node in range(people + items)}
    kept = kept_on(graph, people + items, rng=rng)
    for _ in range(30):
        person, item = int(rng.integers(people)), int(rng.integers(items))
        claims.pop((person, item), None)
        if rng.random() < 0.7:
            claims[person, item] = float(rng.choice([0.2, 0.5, 1.0]))
        for node in (person, people + item):
            kept.change(node, *arrays(edges(node)), rng)
    graph = {node: edges(node) for node in range(people + items)}
    steps = steps_of(graph, people + items)
    assert deviation(paths_of(kept.walks), exact(steps)) < FAR


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 7),
        st.dictionaries(st.integers(0, 7), st.sampled_from([0.25, 0.5, 1.0]), max_size=6),
        st.sampled_from([0.0, 0.5]),
    ),
    max_size=12,
)


@given(CHANGES, st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_the_index_holds_every_visit_and_walks_only_use_edges(changes, seed):
    rng = np.random.default_rng(seed)
    kept = kept_on({0: {1: 1.0}, 1: {0: 1.0, 2: 1.0}}, 3, n_walks=30, steps_max=6, rng=rng)
    graph = {0: {1: 1.0}, 1: {0: 1.0, 2: 1.0}}
    for node, edges, leak in changes:
        kept.change(node, *arrays(edges), rng, leak=leak)
        graph[node] = edges
    for node in range(kept.graph.n_nodes):
        visited = np.argwhere(kept.walks == node).tolist()
        assert sorted(map(list, kept.visits(node))) == visited
        targets, weights = kept.graph.out(node)
        assert dict(zip(targets.tolist(), weights.tolist(), strict=True)) == graph.get(node, {})
    for walk in paths_of(kept.walks):
        assert walk[0] == 0
        assert all(b in graph.get(a, {}) for a, b in pairwise(walk))


def test_the_same_history_gives_the_same_walks():
    one, same, other = (
        kept_on({0: {1: 1.0, 2: 1.0}, 1: {0: 1.0}}, 3, n_walks=200, rng=np.random.default_rng(s))
        for s in (1, 1, 2)
    )
    for kept in (one, same, other):
        assert kept.change(0, [1, 2], [1.0, 0.25], np.random.default_rng(7)) > 0
    assert (one.walks == same.walks).all()
    assert (one.walks != other.walks).any()
    assert one.change(0, [1, 2], [1.0, 0.25], np.random.default_rng(7)) == 0, "nothing changed"


def test_a_target_named_twice_has_the_sum_and_bad_input_is_refused():
    rng = np.random.default_rng(1)
    kept = kept_on({0: {1: 1.0}}, 2, n_walks=10, rng=rng)
    kept.change(0, [1, 2, 1], [0.25, 0.5, 0.25], rng)
    assert dict(zip(*(part.tolist() for part in kept.graph.out(0)), strict=True)) == {
        1: 0.5,
        2: 0.5,
    }
    for weight in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="finite"):
            kept.change(0, [1], [weight], rng)
    with pytest.raises(ValueError, match="not negative"):
        kept.change(0, [-1], [1.0], rng)
    with pytest.raises(ValueError, match="only come"):
        kept.mended(empty(2), rng)
    with pytest.raises(ValueError, match="node 9"):
        KeptWalks.drawn(empty(2), 9, n_walks=1, steps_max=2, alpha=ALPHA, rng=rng)
    assert kept.nbytes > kept.graph.nbytes > 0
