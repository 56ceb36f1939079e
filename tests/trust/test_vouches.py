"""The vouch graph: last word counts, caps hold, the compiled form says the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trust.config import VouchConfig
from trust.vouches import VouchGraph


def as_dict(graph, caster):
    targets, weights = graph.of(caster)
    return dict(zip(targets.tolist(), weights.tolist(), strict=True))


ROW = st.integers(0, 5)
PUTS = st.lists(st.tuples(ROW, ROW, st.integers(-100, 100)), max_size=60)


@given(PUTS)
@settings(max_examples=60, deadline=None)
def test_the_last_word_counts_and_the_compiled_form_says_the_same(puts):
    graph, expected = VouchGraph(), {}
    for caster, target, weight in puts:
        graph.put(caster, target, weight)
        if caster != target:
            expected[caster, target] = weight
    expected = {pair: weight for pair, weight in expected.items() if weight}
    assert len(graph) == len(expected)
    compiled = graph.compiled(6)
    for caster in range(6):
        mine = {t: w for (c, t), w in expected.items() if c == caster}
        assert as_dict(graph, caster) == mine
        up = dict(zip(*(a.tolist() for a in compiled.out(caster)), strict=True))
        down = dict(zip(*(a.tolist() for a in compiled.distrusted_by(caster)), strict=True))
        assert up == pytest.approx({t: w / 100 for t, w in mine.items() if w > 0})
        assert down == pytest.approx({t: -w / 100 for t, w in mine.items() if w < 0})


def test_a_vouch_for_oneself_is_void():
    graph = VouchGraph()
    assert not graph.put(1, 1, 100)
    assert len(graph) == 0


@pytest.mark.parametrize("put", [(0, 1, 101), (0, 1, -101), (-1, 1, 5), (0, -1, 5)])
def test_impossible_vouches_are_refused(put):
    with pytest.raises(ValueError, match=r"must be in|not negative"):
        VouchGraph().put(*put)


def test_at_her_cap_a_caster_loses_her_weakest():
    graph = VouchGraph(VouchConfig(vouches_per_author_max=3))
    for target, weight in [(1, 50), (2, -10), (3, 80), (4, 20)]:
        assert graph.put(0, target, weight)
    assert as_dict(graph, 0) == {1: 50, 3: 80, 4: 20}


def test_at_the_whole_cap_strangers_are_refused_and_own_people_are_not():
    graph = VouchGraph(VouchConfig(vouches_max=2))
    graph.protect(9)
    assert graph.put(0, 1, 100)
    assert graph.put(0, 2, 100)
    assert not graph.put(1, 2, 100)
    assert graph.put(0, 2, 50)
    assert graph.put(9, 1, 100)
    assert len(graph) == 3


def test_untrusted_casters_make_room():
    graph = VouchGraph()
    graph.protect(3)
    for caster in range(4):
        graph.put(caster, 10, 100)
        graph.put(caster, 11, -100)
    assert graph.drop_untrusted(np.array([False, True])) == 4
    assert [len(as_dict(graph, caster)) for caster in range(4)] == [0, 2, 0, 2]
    graph.drop_author(1)
    assert len(graph) == 2


def test_compiled_is_kept_until_something_changes():
    graph = VouchGraph()
    graph.put(0, 1, 100)
    first = graph.compiled(3)
    assert graph.compiled(3) is first
    graph.put(0, 2, 100)
    assert graph.compiled(3) is not first
    assert first.target.tolist() == [1]


def test_rows_beyond_the_asked_number_are_left_out():
    graph = VouchGraph()
    for caster, target in [(0, 1), (0, 7), (7, 1)]:
        graph.put(caster, target, 100)
    assert graph.compiled(3).target.tolist() == [1]


def test_bytes_are_accounted():
    graph = VouchGraph()
    for target in range(1, 101):
        graph.put(0, target, 100)
    assert 500 < graph.nbytes < 1000


def test_targets_stand_in_the_order_asked_for_whatever_order_they_came_in():
    order = np.array([5, 1, 9, 3], np.uint64)
    for puts in ([1, 2, 3], [3, 1, 2], [2, 3, 1]):
        graph = VouchGraph()
        for target in puts:
            graph.put(0, target, 10 * target)
        targets, weights = graph.compiled(4, order).out(0)
        assert targets.tolist() == [1, 3, 2]
        assert weights.tolist() == pytest.approx([0.1, 0.3, 0.2])


def test_rows_that_will_stand_for_others_are_forgotten_on_both_sides():
    graph = VouchGraph()
    for caster, target in [(0, 1), (0, 2), (1, 2), (2, 0), (3, 1)]:
        graph.put(caster, target, 50)
    graph.forget_rows(np.array([False, True, False, False]))
    assert [as_dict(graph, caster) for caster in range(4)] == [{2: 50}, {}, {0: 50}, {}]
    assert len(graph) == 2
    assert graph.compiled(4).target.tolist() == [2, 0]
