"""The vouch graph: the highest stamp stands, caps hold, the compiled form says the same."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trust.config import VouchConfig
from trust.vouches import GATHERED_MAX, CompiledVouches, VouchGraph


def as_dict(graph, caster):
    targets, weights = graph.of(caster)
    return dict(zip(targets.tolist(), weights.tolist(), strict=True))


def hear(graph, said):
    """Statements (caster, target, weight, seq, device) at once."""
    graph.put_many(*np.array(said, np.int64).reshape(-1, 5).T)


def assert_says(graph, expected, rows):
    """`expected`: (caster, target) -> weight, of live vouches."""
    assert len(graph) == len(expected)
    compiled = graph.compiled(rows)
    for caster in range(rows):
        mine = {t: w for (c, t), w in expected.items() if c == caster}
        assert as_dict(graph, caster) == mine
        up = dict(zip(*(a.tolist() for a in compiled.out(caster)), strict=True))
        down = dict(zip(*(a.tolist() for a in compiled.distrusted_by(caster)), strict=True))
        assert up == pytest.approx({t: w / 100 for t, w in mine.items() if w > 0})
        assert down == pytest.approx({t: -w / 100 for t, w in mine.items() if w < 0})


class Model:
    """What a graph without caps holds, in dicts."""

    def __init__(self):
        self.held = {}

    def hear(self, said):
        for caster, target, weight, *stamp in said:
            known = self.held.get((caster, target))
            if caster != target and (known is None or known[0] <= stamp):
                self.held[caster, target] = (stamp, weight)

    def forget(self, goes):
        self.held = {pair: said for pair, said in self.held.items() if not goes(*pair)}

    @property
    def live(self):
        return {pair: weight for pair, (_, weight) in self.held.items() if weight}


ROWS = 6
ROW = st.integers(0, ROWS - 1)
STATEMENTS = st.lists(
    st.tuples(
        ROW,
        ROW,
        st.sampled_from((-100, -7, 0, 0, 1, 60, 100)),
        st.sampled_from((0, 1, 2, 2**32 - 1)),
        st.sampled_from((0, 1, 2**62)),
    ),
    max_size=12,
)
MASK = st.lists(st.booleans(), min_size=ROWS, max_size=ROWS)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("hear"), STATEMENTS),
        st.tuples(st.just("hear"), STATEMENTS),
        st.tuples(st.just("read"), st.none()),
        st.tuples(st.just("drop_author"), ROW),
        st.tuples(st.just("forget_rows"), MASK),
        st.tuples(st.just("drop_untrusted"), MASK),
    ),
    max_size=12,
)


@given(ACTS)
@settings(max_examples=150, deadline=None)
def test_the_highest_stamp_stands_whatever_is_read_or_forgotten_in_between(acts):
    graph, model = VouchGraph(), Model()
    for act, subject in acts:
        match act:
            case "hear":
                hear(graph, subject)
                model.hear(subject)
            case "drop_author":
                graph.drop_author(subject)
                model.forget(lambda caster, _, author=subject: caster == author)
            case "forget_rows":
                graph.forget_rows(np.array(subject))
                model.forget(lambda caster, target, gone=subject: gone[caster] or gone[target])
            case "drop_untrusted":
                before = len(model.live)
                model.forget(lambda caster, _, trusted=subject: not trusted[caster])
                assert graph.drop_untrusted(np.array(subject)) == before - len(model.live)
        if act != "hear":
            assert graph.statements == len(model.held)
            assert_says(graph, model.live, ROWS)
    assert graph.statements == len(model.held)
    assert_says(graph, model.live, ROWS)


@given(STATEMENTS, st.integers(0, 2**32), st.integers(0, 12))
@settings(max_examples=100, deadline=None)
def test_any_order_of_the_same_statements_gives_the_same(said, seed, cut):
    """Of one bundle, which has one stamp, the order stays."""
    said = list({(c, t, *stamp): (c, t, w, *stamp) for c, t, w, *stamp in said}.values())
    shuffled = list(said)
    Random(seed).shuffle(shuffled)
    one, other = VouchGraph(), VouchGraph()
    hear(one, said)
    hear(other, shuffled[:cut])
    assert len(other) <= cut
    hear(other, shuffled[cut:])
    model = Model()
    model.hear(said)
    assert_says(one, model.live, ROWS)
    assert_says(other, model.live, ROWS)


def test_what_was_taken_back_does_not_come_back_with_an_older_word():
    graph = VouchGraph()
    graph.put(0, 1, 0, seq=5, device=2)
    graph.put(0, 1, 70, seq=5, device=1)
    graph.put(0, 1, 70, seq=4, device=9)
    assert as_dict(graph, 0) == {}
    assert graph.statements == 1
    graph.put(0, 1, 70, seq=5, device=2)
    assert as_dict(graph, 0) == {1: 70}


def test_many_more_than_are_gathered_at_once_are_all_there():
    rng = Random(1)
    graph, model = VouchGraph(), Model()
    said = [
        (rng.randrange(300), rng.randrange(300), rng.randrange(-3, 4), rng.randrange(9), 0)
        for _ in range(3 * GATHERED_MAX)
    ]
    for at in range(0, len(said), 1000):
        hear(graph, said[at : at + 1000])
    model.hear(said)
    assert_says(graph, model.live, 300)


def test_a_vouch_for_oneself_is_void():
    graph = VouchGraph()
    graph.put(1, 1, 100)
    assert graph.statements == len(graph) == 0


def test_a_target_without_a_row_is_skipped_and_the_others_are_heard():
    graph = VouchGraph()
    hear(graph, [(0, 1, 50, 1, 0), (0, -1, 50, 1, 0), (0, 2, 50, 1, 0)])
    assert as_dict(graph, 0) == {1: 50, 2: 50}
    assert graph.statements == 2


@pytest.mark.parametrize("put", [(0, 1, 101), (0, 1, -101), (-1, 1, 5), (0, -1, 5)])
def test_impossible_vouches_are_refused(put):
    with pytest.raises(ValueError, match=r"must be in|not negative"):
        VouchGraph().put(*put)


def test_at_her_cap_a_caster_loses_her_weakest():
    graph = VouchGraph(VouchConfig(vouches_per_author_max=3))
    for target, weight in [(1, 50), (2, -10), (3, 80), (4, 20)]:
        graph.put(0, target, weight)
    assert as_dict(graph, 0) == {1: 50, 3: 80, 4: 20}
    hear(graph, [(0, 5, 90, 1, 0), (0, 6, -70, 1, 0), (7, 1, 1, 1, 0)])
    assert as_dict(graph, 0) == {3: 80, 5: 90, 6: -70}
    assert as_dict(graph, 7) == {1: 1}, "nobody else pays for it"


def test_of_equally_weak_vouches_the_oldest_goes():
    graph = VouchGraph(VouchConfig(vouches_per_author_max=2))
    hear(graph, [(0, 1, 50, 3, 0), (0, 2, 50, 1, 9), (0, 3, 50, 2, 0), (0, 4, 50, 1, 8)])
    assert as_dict(graph, 0) == {1: 50, 3: 50}


def test_beyond_her_cap_a_casters_oldest_withdrawals_are_forgotten_and_no_live_vouch():
    graph = VouchGraph(VouchConfig(vouches_per_author_max=2, statements_per_author_max=4))
    hear(graph, [(0, 1, 50, 1, 0), (0, 2, 50, 2, 0)])
    for n in range(3, 9):
        graph.put(0, n, 0, seq=20 - n)
    assert graph.statements == 4
    hear(graph, [(0, n, -5, 10, 0) for n in range(3, 7)])
    assert as_dict(graph, 0) == {1: 50, 2: 50}, "stronger, or taken back later than seq 10"
    assert graph.statements == 4
    hear(graph, [(0, 1, 0, 30, 0), (0, 2, 0, 30, 0)])
    hear(graph, [(0, 3, -5, 15, 0), (0, 5, -5, 15, 0)])
    assert as_dict(graph, 0) == {5: -5}, "its withdrawal was one of the oldest, and went"


def test_at_the_whole_cap_strangers_are_refused_and_own_people_are_not():
    graph = VouchGraph(VouchConfig(statements_max=3))
    graph.protect(9)
    hear(graph, [(5, 4, 100, 1, 0), (0, 1, 0, 1, 0), (3, 2, 100, 1, 0), (0, 4, 100, 1, 0)])
    assert [as_dict(graph, caster) for caster in (0, 3, 5)] == [{}, {2: 100}, {4: 100}]
    hear(graph, [(1, 2, 100, 1, 0), (0, 1, 50, 2, 0), (9, 1, 100, 1, 0)])
    assert as_dict(graph, 1) == {}
    assert as_dict(graph, 0) == {1: 50}
    assert as_dict(graph, 9) == {1: 100}
    assert len(graph) == graph.statements == 4


def test_caps_that_leave_no_withdrawal_to_forget_are_refused():
    with pytest.raises(ValueError, match="statements_per_author_max"):
        VouchConfig(vouches_per_author_max=4, statements_per_author_max=3)


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


def test_compiled_and_version_are_kept_until_a_live_vouch_changes():
    graph = VouchGraph()
    graph.put(0, 1, 100, seq=5)
    first, version = graph.compiled(3), graph.version
    for weight, seq in [(-100, 4), (100, 5), (100, 6)]:
        graph.put(0, 1, weight, seq=seq)
        graph.put(0, 2, 0, seq=seq)
        assert graph.compiled(3) is first
        assert graph.version == version
    graph.drop_author(2)
    assert graph.compiled(3) is first
    graph.put(0, 2, 100, seq=6)
    assert graph.version > version
    assert graph.compiled(3) is not first
    assert first.target.tolist() == [1]
    second = graph.compiled(3)
    graph.drop_author(0)
    assert graph.compiled(3) is not second


def test_rows_beyond_the_asked_number_are_left_out():
    graph = VouchGraph()
    for caster, target in [(0, 1), (0, 7), (7, 1)]:
        graph.put(caster, target, 100)
    assert graph.compiled(3).target.tolist() == [1]


def test_a_statement_costs_21_bytes_merged_or_not():
    graph = VouchGraph()
    for caster in range(50):
        hear(graph, [(caster, 100 + target, target % 2, 1, 7) for target in range(10)])
    assert graph.nbytes == 500 * 21
    assert len(graph) == 250
    assert graph.nbytes == 500 * 21
    graph.drop_author(3)
    assert graph.nbytes == 490 * 21


def test_what_is_repeated_does_not_pile_up():
    graph = VouchGraph()
    for _ in range(20):
        hear(graph, [(0, target, 50, 1, 7) for target in range(1, 257)] * 2)
    assert graph.nbytes < 21 * (GATHERED_MAX + 512)


def test_whom_the_masked_casters_speak_of():
    graph = VouchGraph()
    hear(graph, [(0, 5, 10, 1, 0), (1, 6, 10, 1, 0), (2, 7, -10, 1, 0), (2, 8, 0, 1, 0)])
    hear(graph, [(9, 3, 10, 1, 0)])
    assert graph.targets_of(np.array([True, False, True])).tolist() == [5, 7]


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


def test_triples_compile_to_what_put_would_give() -> None:
    caster = np.array([2, 0, 0, 1, 1], np.int32)
    target = np.array([0, 2, 1, 1, 0], np.int32)
    weight = np.array([0.5, -0.25, 1.0, 1.0, 0.0], np.float32)
    made = CompiledVouches.from_triples(3, caster, target, weight)
    graph = VouchGraph()
    graph.put(2, 0, 50)
    graph.put(0, 2, -25)
    graph.put(0, 1, 100)
    put = graph.compiled(3)
    for name in ("ptr", "target", "weight", "threshold", "other", "against_ptr", "against"):
        assert np.array_equal(getattr(made, name), getattr(put, name)), name
    assert np.array_equal(made.against_weight, put.against_weight)


@pytest.mark.parametrize("caster", [0, 1, 2, 3])
def test_further_edges_stand_beside_a_casters_vouches(caster):
    triples = [(0, 1, 1.0), (0, 2, 0.5), (2, 0, 0.25), (2, 3, -0.5), (3, 1, 0.3), (3, 2, 0.9)]
    extra = [(caster, (caster + step) % 4, 0.2 * step) for step in (1, 2, 3)]
    caster_of, target, weight = zip(*triples, strict=True)
    made = CompiledVouches.from_triples(
        4, np.array(caster_of), np.array(target, np.int32), np.array(weight, np.float32)
    )
    more = np.array([t for _, t, _ in extra]), np.array([w for _, _, w in extra])
    with_more = made.with_edges(caster, *more)
    for row in range(4):
        share = np.zeros(4)
        for slot in range(with_more.ptr[row], with_more.ptr[row + 1]):
            degree = with_more.ptr[row + 1] - with_more.ptr[row]
            keep, other = with_more.threshold[slot], with_more.other[slot]
            share[with_more.target[slot]] += keep / degree
            share[with_more.target[other]] += (1 - keep) / degree
        wanted = np.zeros(4)
        for frm, to, strength in triples + extra:
            if frm == row and strength > 0:
                wanted[to] += strength
        assert share == pytest.approx(wanted / max(wanted.sum(), 1e-9), abs=1e-6)
    assert made.target.size == 5, "the original is left alone"
    assert with_more.distrusted_by(2)[0].tolist() == [3]


def test_further_edges_are_checked():
    made = CompiledVouches.from_triples(2, np.array([0]), np.array([1]), np.array([1.0]))
    with pytest.raises(ValueError, match="rows below 2"):
        made.with_edges(0, np.array([2]), np.array([1.0]))
    for weight in (0.0, -0.5, 1.5, np.nan):
        with pytest.raises(ValueError, match=r"\(0, 1\]"):
            made.with_edges(0, np.array([1]), np.array([weight]))
    assert made.with_edges(0, np.array([0]), np.array([1.0])).target.tolist() == [1]


@settings(max_examples=25, deadline=None)
@given(st.lists(STATEMENTS, max_size=3), st.lists(ROW, max_size=3))
def test_a_graph_goes_on_from_its_dump(batches, gone):
    graph, again = VouchGraph(), VouchGraph()
    for said in batches:
        hear(graph, said)
    again.load(graph.dump())
    assert [a.tolist() for a in again.dump()] == [a.tolist() for a in graph.dump()]
    mask = np.zeros(ROWS, np.bool_)
    mask[gone] = True
    again.drop_authors(mask)
    for author in gone:
        graph.drop_author(author)
    for said in batches:
        hear(graph, said)
        hear(again, said)
    assert [a.tolist() for a in again.dump()] == [a.tolist() for a in graph.dump()]


def test_no_more_is_loaded_than_fits_and_nothing_out_of_order():
    graph = VouchGraph()
    hear(graph, [(1, 2, 50, 1, 0), (1, 3, 50, 1, 0)])
    small = VouchConfig(vouches_per_author_max=1, statements_per_author_max=1, statements_max=1)
    with pytest.raises(ValueError, match="at most 1"):
        VouchGraph(small).load(graph.dump())
    with pytest.raises(ValueError, match="order"):
        VouchGraph().load(graph.dump().take(np.array([1, 0])))
