"""Kernels against the published loops in plain Python."""

import numpy as np
import pytest

from sim.methods.kernels_published_walks import (
    before_first,
    count_key,
    count_occurrences,
    cumulative,
    empty_table,
    endorsed,
    greatest_counts,
    greatest_excess,
    leading,
    pick,
    through_trust,
    trust_walks,
)
from sim.methods.trust_graph import TrustGraph
from tests.sim.methods import naive_walks
from tests.sim.methods.naive_walks import split
from trust.vouches import CompiledVouches


def signed_graph(seed, n=12, edges=40):
    """(TrustGraph, {caster: [(target, weight)]}) with a quarter of negative edges."""
    rng = np.random.default_rng(seed)
    pairs = {}
    for a, b in rng.integers(0, n, (edges, 2)):
        if a != b:
            pairs[int(a), int(b)] = float(rng.choice([1.0, 0.5, 0.25, -0.5]))
    caster, target = np.array(list(pairs), np.int32).T
    weight = np.array(list(pairs.values()), np.float32)
    graph = TrustGraph.signed(CompiledVouches.from_triples(n, caster, target, weight))
    out = {}
    for sign in (1, -1):
        for (a, b), w in sorted(pairs.items()):
            if w * sign > 0:
                out.setdefault(a, []).append((b, w))
    return graph, out


@pytest.mark.parametrize("seed", range(4))
def test_walks_are_the_published_ones_draw_for_draw(seed) -> None:
    graph, out = signed_graph(seed)
    for stop, hops_max in ((0.15, 10_000), (0.02, 6)):
        walks = trust_walks(0, graph.arrays, stop, hops_max, 60, np.random.default_rng(seed))
        wanted = naive_walks.trust_walks(0, out, stop, hops_max, 60, np.random.default_rng(seed))
        assert split(walks, graph.ptr.size - 1) == wanted


@pytest.mark.parametrize("seed", range(4))
def test_counts_of_who_precedes_whom(seed) -> None:
    graph, _ = signed_graph(seed, n=8, edges=30)
    walks = trust_walks(0, graph.arrays, 0.1, 50, 80, np.random.default_rng(seed))
    listed = split(walks, graph.ptr.size - 1)
    n = 8
    found = leading(walks, 0, n)
    assert {v: c for v, c in enumerate(found.tolist()) if c} == naive_walks.leading(listed, 0)
    found = through_trust(walks, 0, n)
    assert {v: c for v, c in enumerate(found.tolist()) if c} == naive_walks.through(listed, 0)
    keys, counts, _ = before_first(walks, 0, 3, n, n)
    pairs = {divmod(key, n): c for key, c in zip(keys.tolist(), counts.tolist(), strict=True) if c}
    wanted = naive_walks.before_first(listed, 0, 3)
    assert pairs == wanted
    some = before_first(walks, 0, 3, 2, n)
    assert some[1].sum() == sum(c for (_, x), c in wanted.items() if x < 2)
    occurrences, hits = count_occurrences(walks, n)
    assert occurrences.tolist() == [sum(w.count(v) for w in listed) for v in range(n)]
    assert hits.tolist() == [sum(v in w for w in listed) for v in range(n)]


def test_a_repeated_author_leads_to_herself() -> None:
    walk = (np.array([0, 4], np.int64), np.array([0, 1, 2, 1], np.int32))
    assert leading(walk, 0, 3).tolist() == [0, 1, 1]
    # Once behind the root again, what was before it leads nowhere.
    walk = (np.array([0, 4], np.int64), np.array([0, 1, 0, 2], np.int32))
    assert leading(walk, 0, 3).tolist() == [0, 0, 0]


def test_excess_is_relative_to_the_part_of_all_walks() -> None:
    # 4 walks; 1 is on three of them, 2 and 3 behind it; 3 is reached without it once.
    walks = (
        np.array([0, 3, 7, 9, 10], np.int64),
        np.array([0, 1, 2, 0, 1, 2, 3, 0, 3, 0], np.int32),
    )
    _, hits = count_occurrences(walks, 4)
    table = before_first(walks, 0, 1, 4, 4)
    # prior of 1 and of 2 is 2/4. 2 always passes 1: excess 1. 3 passes each in 1 of 2: none.
    assert greatest_excess(table, hits, 4).tolist() == [0.0, 0.0, 1.0, 0.0]


def test_the_table_counts_what_it_is_given_however_much() -> None:
    rng = np.random.default_rng(3)
    keys = rng.integers(0, 500, 3000) * 7919
    table = empty_table(1)
    for key in keys.tolist():
        table = count_key(table, key)
    found = {k: c for k, c in zip(table[0].tolist(), table[1].tolist(), strict=True) if k >= 0}
    wanted, counts = np.unique(keys, return_counts=True)
    assert found == dict(zip(wanted.tolist(), counts.tolist(), strict=True))
    assert table[2] == wanted.size
    n = 2000
    greatest = np.zeros(n, np.int64)
    np.maximum.at(greatest, wanted // n, counts)
    assert greatest_counts(table, n).tolist() == greatest.tolist()


def test_picks_in_proportion_to_weight() -> None:
    total = cumulative(np.array([0, 2, 5]), np.array([9.0, 9.0, 1.0, 2.0, 1.0], np.float32))
    assert total.tolist() == [9.0, 18.0, 1.0, 3.0, 4.0]
    picked = [pick(total, 2, 5, x) for x in (0.0, 0.99, 1.0, 2.99, 3.0, 3.99, 4.0)]
    assert picked == [2, 2, 3, 3, 4, 4, 4]


def test_reputation_is_handed_out_over_what_people_like() -> None:
    ptr, item = np.array([0, 2, 3]), np.array([0, 1, 1], np.int32)
    share = np.array([0.25, 0.75, 1.0], np.float32)
    assert endorsed(np.array([0.4, 0.2]), ptr, item, share, 3) == pytest.approx([0.1, 0.5, 0.0])
