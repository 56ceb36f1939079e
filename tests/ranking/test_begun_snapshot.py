"""Snapshots in two steps: what is finished later, elsewhere, is of the moment when it was begun."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ranking.graph import BYTES_MIN, BoundedGraph, GraphConfig
from tests.ranking.graphs import author_key, check_accounts, put


def make(**settings):
    graph = BoundedGraph(GraphConfig(bytes_max=BYTES_MIN, **settings), hash_key=9)
    for k in range(3):
        put(graph, graph.author_row(author_key(k)), [b"a", b"b%d" % k], days=100)
    return graph


def same(one, other):
    return all(map(np.array_equal, one.arrays(), other.arrays()))


def test_the_graph_goes_on_while_a_snapshot_is_finished_on_another_thread():
    graph, still = make(), make()
    begun = graph.begin_snapshot(today=120)
    assert not begun.ready
    check_accounts(graph)
    put(graph, 0, [b"later"], seq=2)
    with ThreadPoolExecutor(1) as pool:
        finished = pool.submit(begun.finish).result()
    assert same(finished, still.snapshot(today=120))
    assert finished is begun.finish()
    assert graph.snapshot(today=120).liked(0).size == 3


def test_a_begun_snapshot_is_not_begun_again():
    graph = make()
    first, second = (graph.begin_snapshot(today=120) for _ in range(2))
    assert first.finish() is second.finish() is graph.snapshot(today=120)
    assert graph.begin_snapshot(today=120).ready


def test_another_day_costs_a_copy_only_before_the_first_is_finished():
    graph = make()
    unfinished = graph.begin_snapshot(today=120)
    assert not graph.begin_snapshot(today=121).ready
    assert unfinished.finish().affinity[255] == 1
    graph.snapshot(today=120)
    later = graph.begin_snapshot(today=130)
    assert later.ready
    assert same(later.finish(), graph.snapshot(today=130))
    assert later.finish().affinity[255] < 1
    check_accounts(graph)


def test_there_is_one_kept_snapshot_at_a_time():
    graph = make()
    graph.snapshot(today=120)
    before = graph.statistics()
    assert before.nbytes > before.snapshot_nbytes > 0
    put(graph, 0, [b"later"], seq=2)
    graph.begin_snapshot(today=120)
    assert graph.statistics().snapshot_nbytes < before.snapshot_nbytes
    check_accounts(graph)
