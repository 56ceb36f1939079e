"""Whose turn it is to give way, and which edges go first. What the graph does with it is in
`test_graph_caps.py`."""

import numpy as np
import pytest

from ranking.eviction import PROTECTED, STANDING_BYTES, Standing, without_oldest


def standing(priorities, heard=()):
    made = Standing()
    made.grow(len(priorities))
    made.priority[:] = priorities
    made.hear(np.array(heard, np.int64))
    return made


def test_the_least_priority_goes_first_then_the_longest_unheard():
    order = standing([0.5, 0.1, 0.1, PROTECTED], heard=[2, 0, 1, 3])
    assert order.in_order(np.arange(4)).tolist() == [2, 1, 0, 3]
    order.hear(np.array([2]))
    assert order.in_order(np.arange(4)).tolist() == [1, 2, 0, 3]


@pytest.mark.parametrize(
    ("edges", "whole", "partly"),
    [(1, [], 1), (5, [1], -1), (6, [1], 2), (9, [1, 2], -1), (10, [1, 2], 0), (999, [1, 2, 0], -1)],
)
def test_whole_authors_go_and_of_the_last_a_part(edges, whole, partly):
    order = standing([0.5, 0.1, 0.3, PROTECTED, 0.0], heard=[0, 1, 2, 3, 4])
    count = np.array([7, 5, 4, 100, 0], np.int32)
    found = order.victims(count, edges, priority_max=PROTECTED, but=-1)
    assert (found[0].tolist(), found[1]) == (whole, partly)


def test_nobody_above_the_priority_nor_the_author_herself_gives_way():
    order = standing([0.5, 0.1, 0.3])
    whole, partly = order.victims(np.full(3, 4, np.int32), 99, priority_max=0.3, but=1)
    assert (whole.tolist(), partly) == ([2], -1)


def test_a_row_that_is_forgotten_starts_anew():
    order = standing([0.5, 0.2], heard=[0, 1])
    order.forget(0)
    assert order.in_order(np.arange(2)).tolist() == [0, 1]
    assert not order.protected(0)
    assert order.nbytes == 2 * STANDING_BYTES


@pytest.mark.parametrize("seed", range(10))
def test_the_oldest_by_day_seq_and_place_go(seed):
    rng = np.random.default_rng(seed)
    day, seq = rng.integers(0, 4, 30).astype(np.uint16), rng.integers(0, 3, 30).astype(np.uint32)
    edges = int(rng.integers(1, 31))
    oldest = sorted(range(30), key=lambda k: (day[k], seq[k], k))[:edges]
    assert np.flatnonzero(~without_oldest(day, seq, edges)).tolist() == sorted(oldest)


def test_what_cannot_be_is_not_restored():
    good = standing([0.5, 0.2], heard=[1, 0])
    made = Standing()
    made.restore(good.arrays(), 2)
    assert made.in_order(np.arange(2)).tolist() == good.in_order(np.arange(2)).tolist()
    with pytest.raises(ValueError, match="another number"):
        made.restore(good.arrays(), 3)
    with pytest.raises(ValueError, match="not a number"):
        made.restore(standing([np.nan, 0.2]).arrays(), 2)
