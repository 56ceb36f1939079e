"""The bounded graph, rule by rule. `test_graph_machine.py` has its twin, `test_graph_caps.py` the
floods."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranking.graph import BYTES_MIN, PROTECTED, BoundedGraph, GraphConfig
from tests.ranking.graphs import (
    author_key,
    check_accounts,
    edges_by_name,
    put,
    put_many,
    tiny,
)


def make(bytes_max=BYTES_MIN, **settings):
    return BoundedGraph(GraphConfig(bytes_max=bytes_max, **settings), hash_key=9)


def authors(graph, n):
    return [graph.author_row(author_key(k)) for k in range(n)]


# ---------------------------------------------------------------------------------- statements
def test_the_highest_seq_device_index_stands():
    graph = make()
    a = graph.author_row(author_key(0))
    put(graph, a, [b"x"], 10, seq=5, device=1)
    put(graph, a, [b"x"], 20, seq=4, device=9)
    put(graph, a, [b"x"], 30, seq=5, device=0)
    assert graph.edges_of(a)[1].tolist() == [10]
    put(graph, a, [b"x"], 40, seq=5, device=2)
    assert graph.edges_of(a)[1].tolist() == [40]
    weights = np.array([1, 2, 3], np.int8)
    graph.put(a, [b"x", b"y", b"x"], weights, np.zeros(3, np.uint16), seq=6)
    assert edges_by_name(graph)[author_key(0)] == {b"x": (6, 0, 3), b"y": (6, 0, 2)}


def test_weight_zero_takes_back_and_stands_against_what_is_older():
    graph = make()
    a = graph.author_row(author_key(0))
    put(graph, a, [b"x"], 80, seq=2)
    put(graph, a, [b"x"], 0, seq=3)
    put(graph, a, [b"x"], 80, seq=2)
    snapshot = graph.snapshot(today=100)
    assert snapshot.liked(a).size == snapshot.disliked(a).size == 0
    assert graph.edges_of(a)[1].tolist() == [0]


STATEMENTS = st.lists(
    st.tuples(
        st.integers(0, 4),  # author
        st.integers(1, 6),  # seq
        st.integers(0, 2),  # device
        st.lists(
            st.tuples(st.integers(0, 12), st.integers(-100, 100), st.integers(0, 3)), max_size=8
        ),
    ),
    max_size=25,
    unique_by=lambda bundle: bundle[:3],  # a feed says one thing at a seq
)


@settings(max_examples=80, deadline=None)
@given(bundles=STATEMENTS, data=st.data())
def test_any_order_of_the_same_statements_gives_the_same_graph(bundles, data):
    """By name: rows are given out in the order in which names are heard. One at a time or many."""
    shuffled = data.draw(st.permutations(bundles))
    graphs = [make(), make(), make()]
    for graph, order in zip(graphs, (bundles, shuffled), strict=False):
        for author, seq, device, claims in order:
            items = [b"i%d" % item for item, _, _ in claims]
            graph.put(
                graph.author_row(author_key(author)),
                items,
                np.array([weight for _, weight, _ in claims], np.int8),
                np.array([day for _, _, day in claims], np.uint16),
                seq=seq,
                device=device,
            )
    rows = [
        (graphs[2].author_row(author_key(author)), b"i%d" % item, seq, device, day, weight)
        for author, seq, device, claims in shuffled
        for item, weight, day in claims
    ]
    put_many(graphs[2], rows)
    first, second, third = map(check_accounts, graphs)
    assert first == second == third
    assert all(graph.statistics().evicted == graph.statistics().refused == 0 for graph in graphs)


def test_of_equal_statements_the_later_stands():
    """A person's unpublished facts all carry the same stamp."""
    graph = make()
    a = graph.author_row(author_key(0))
    put(graph, a, [b"x"], 10, seq=7)
    put(graph, a, [b"x"], 20, seq=7)
    assert graph.edges_of(a)[1].tolist() == [20]


def test_names_that_cannot_be_are_refused_and_counted():
    graph = make()
    a = graph.author_row(author_key(0))
    put(graph, a, [b"", b"n" * 256, b"x"])
    assert graph.statistics().refused == 2
    assert list(edges_by_name(graph)[author_key(0)]) == [b"x"]


def test_many_statements_about_names_that_cannot_be_change_nothing_else():
    """Their row, -1, once freed the last name that the table had room for."""
    graph = make()
    a = graph.author_row(author_key(0))
    for n in range(200):
        put_many(graph, [(a, b"", 1, 0, 1, 1), (a, b"n" * 256, 1, 0, 1, 1)])
        assert len(edges_by_name(graph).get(author_key(0), {})) == n
        put(graph, a, [b"%d" % n])
    assert graph.statistics().refused == 400


def test_nothing_put_is_nothing():
    graph = make()
    a = graph.author_row(author_key(0))
    put(graph, a, [])
    put_many(graph, [])
    assert graph.version == 0
    assert check_accounts(graph) == {}


@pytest.mark.timeout(60)
def test_authors_whose_names_are_all_refused_take_no_room():
    """Each once kept an empty block for the bundle, which nothing could evict: a free flood."""
    graph = make()
    for row in authors(graph, 450):
        put(graph, row, [b"n" * 256] * 60)
    a = graph.author_row(author_key(450))
    put(graph, a, [b"%d" % k for k in range(60)])
    assert graph.edges_of(a)[0].size == 60


# --------------------------------------------------------------------------------------- quota
def test_an_author_over_her_quota_loses_her_own_oldest():
    graph = make(edges_per_author_max=10)
    a, b = authors(graph, 2)
    put(graph, b, [b"theirs-%d" % k for k in range(10)])
    for day in (5, 3, 4):
        put(graph, a, [b"%d-%d" % (day, k) for k in range(5)], days=day, seq=10 - day)
    left = edges_by_name(graph)
    assert sorted(left[author_key(0)]) == sorted(
        b"%d-%d" % (d, k) for d in (4, 5) for k in range(5)
    )
    assert len(left[author_key(1)]) == 10
    put(graph, a, [b"old"], days=0, seq=99)
    assert b"old" not in edges_by_name(graph)[author_key(0)]
    assert graph.statistics().evicted == 6


def test_equally_old_edges_go_by_row():
    graph = make(edges_per_author_max=4)
    a = graph.author_row(author_key(0))
    put(graph, a, [b"%d" % k for k in range(7)])
    assert list(edges_by_name(graph)[author_key(0)]) == [b"3", b"4", b"5", b"6"]


def test_protected_authors_have_their_own_quota():
    graph = make(edges_per_author_max=4, edges_per_protected_max=6)
    a = graph.author_row(author_key(0))
    graph.set_priority(a, PROTECTED)
    put(graph, a, [b"%d" % k for k in range(9)])
    assert graph.statistics().edges == 6
    graph.set_priority(a, 0.5)
    put(graph, a, [b"8"], seq=2)
    assert graph.statistics().edges == 4


# ------------------------------------------------------------------------------------- authors
def test_priorities_at_once():
    graph = make()
    a, b, c = authors(graph, 3)
    for row in (a, b, c):
        put(graph, row, [b"x"])
    graph.set_priority(c, PROTECTED)
    graph.set_priorities(np.array([0.5, 0.1], np.float32))
    assert graph.stalest_authors(9).tolist() == [b, a]
    graph.set_priorities(np.full(10_000, 0.2, np.float32))
    assert graph.stalest_authors(1).tolist() == [a]


def test_of_equal_priority_the_longest_unheard_is_the_stalest():
    graph = make()
    rows = authors(graph, 4)
    for row in (2, 0, 1, 2):
        put(graph, rows[row], [b"x"])
    assert graph.stalest_authors(9).tolist() == [rows[3], rows[0], rows[1], rows[2]]


def test_the_clock_of_who_was_heard_may_wrap():
    graph = make()
    a, b = authors(graph, 2)
    graph._puts = 2**32 - 2
    put(graph, a, [b"x"])
    put(graph, b, [b"x"])
    assert graph.stalest_authors(2).tolist() == [a, b]


def test_a_released_row_starts_anew():
    graph = make()
    a, b = authors(graph, 2)
    put(graph, b, [b"x"])
    put(graph, a, [b"x", b"y"])
    graph.set_priority(a, 0.9)
    graph.release_author(a)
    assert graph.author_row(author_key(0), create=False) == -1
    assert graph.author_row(author_key(7)) == a
    assert graph.edges_of(a)[0].size == 0
    assert graph.stalest_authors(2).tolist() == [a, b]
    assert graph.item_row(b"y") == -1


def test_a_released_row_is_nobody_elses_while_rows_are_held():
    graph = make()
    a, b = authors(graph, 2)
    put(graph, a, [b"x"])
    graph.hold()
    graph.release_author(a)
    graph.release_author(b)
    assert graph.edges_of(a)[0].size == 0
    assert graph.author_row(author_key(7)) not in (a, b)
    assert graph.author_row(author_key(0)) == a  # she is back: her row stays hers
    graph.unhold()
    assert graph.author_row(author_key(0), create=False) == a
    assert graph.author_row(author_key(1), create=False) == -1


def test_rows_of_many_authors_are_those_of_each():
    graph = make()
    a, b = authors(graph, 2)
    graph.hold()
    graph.release_author(a)
    keys = [author_key(k) for k in (1, 300, 0, 300)]
    rows = graph.author_rows(keys).tolist()
    assert rows == [b, rows[1], a, rows[1]]
    graph.unhold()
    assert [graph.author_row(key) for key in keys] == rows  # who is back keeps her row
    put(graph, rows[1], [b"x"])
    assert graph.author_rows([]).size == 0


def test_author_rows_run_out_and_come_back():
    graph = BoundedGraph(tiny(1 << 16), hash_key=1)
    n = graph.config.authors_max
    rows = authors(graph, n + 5)
    assert rows == [*range(n), *[-1] * 5]
    graph.release_author(int(graph.stalest_authors(1)[0]))
    assert graph.author_row(author_key(n)) >= 0
    check_accounts(graph)


# ----------------------------------------------------------------------------------- snapshots
def test_the_snapshot_is_made_anew_when_anything_shows():
    graph = make()
    a = graph.author_row(author_key(0))
    put(graph, a, [b"x"])
    first = graph.snapshot(today=100)
    assert graph.snapshot(today=100) is first
    assert graph.snapshot(today=101) is not first
    graph.author_row(author_key(1))
    assert graph.snapshot(today=100).n_authors == 2
    row = int(graph.pin_many([b"y"])[0])
    assert graph.snapshot(today=100).n_items == row + 1
    put(graph, a, [b"z"], seq=2)
    assert graph.snapshot(today=100).liked(a).size == 2
    assert graph.snapshot(today=100).version == graph.version > first.version


@pytest.mark.parametrize("half_life", [0.01, 0.05, 1.5, 365.0, 36_500.0])
def test_affinities_halve_with_each_half_life_and_never_vanish(half_life):
    graph = make(half_life_days=half_life)
    a = graph.author_row(author_key(0))
    days = np.array([60_000, 59_999, 59_000, 0, 60_001], np.uint16)
    graph.put(a, [b"%d" % k for k in range(5)], np.full(5, 100, np.int8), days, seq=1)
    affinity = graph.snapshot(today=60_000).author_affinity
    expected = [2 ** -min(age / half_life, 10) for age in (0, 1, 1000, 60_000, 0)]
    assert affinity.tolist() == pytest.approx(expected, rel=0.024)


def test_days_that_pass_copy_no_edge_and_say_what_a_copy_would():
    graph, fresh = make(half_life_days=100.0), make(half_life_days=100.0)
    for each in (graph, fresh):
        a = each.author_row(author_key(0))
        put(each, a, [b"x", b"y"], days=60_000)
        put(each, a, [b"z"], days=59_500, seq=2)
    first = graph.snapshot(today=60_000)
    later = graph.snapshot(today=60_050)
    assert later.author_code is first.author_code
    expected = fresh.snapshot(today=60_050).author_affinity
    assert later.author_affinity == pytest.approx(expected, rel=0.048)
    floor = graph.snapshot(today=60_501)
    assert floor.author_code is not first.author_code
    assert floor.author_affinity == pytest.approx([2**-6.01, 2**-6.01, 2**-11], rel=0.024)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bytes_max": BYTES_MIN - 1}, "bytes_max"),
        ({"edges_per_author_max": 0}, "edges_per_author_max"),
        ({"edges_per_author_max": 200_000}, "edges_per_protected_max"),
        ({"half_life_days": 0.0}, "half_life_days"),
        ({"half_life_days": 40_000.0}, "half_life_days"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        GraphConfig(**settings)
