import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.data.interactions import Wanted
from sim.measures.accuracy import BY_PERSON, METRICS, coverage, measure
from tests.sim.data.test_interactions import likes

N_ITEMS = 12


def measured(lists: list[list[int]], wanted: list[set[int]], listeners: list[int] | None = None):
    """Lists are filled up with -1; the people are 0, 1, ..."""
    k = max(len(one) for one in lists)
    filled = np.array([one + [-1] * (k - len(one)) for one in lists], np.int32)
    test = likes([(u, i) for u, items in enumerate(wanted) for i in items], len(wanted), N_ITEMS)
    counts = np.array(listeners or [1] * N_ITEMS, np.int64)
    people = np.arange(len(lists), dtype=np.int32)
    return measure(people, filled, Wanted.of(test), counts)


def test_by_hand() -> None:
    found = measured([[3, 1, 5, 2], [7, 8, 9, 10]], [{1, 2, 11}, {0}])
    assert found["recall"].tolist() == [2 / 3, 0]
    gain = 1 / math.log2(3) + 1 / math.log2(5)
    assert found["ndcg"].tolist() == [gain / (1 + 1 / math.log2(3) + 0.5), 0]
    assert found["mrr"].tolist() == [0.5, 0]
    assert found["hit_rate"].tolist() == [1, 0]


def test_the_best_list_has_ndcg_1_however_much_is_wanted() -> None:
    found = measured([[4, 5, 6], [4, -1, -1]], [{4, 5, 6, 7, 8}, {4}])
    assert found["ndcg"].tolist() == [1, 1]
    assert found["recall"].tolist() == [3 / 5, 1]


def test_novelty_is_the_mean_surprise_of_what_is_there() -> None:
    listeners = [4, 2, 1, 0] + [1] * 8
    found = measured([[0, 1, 2], [3], [0], [0]], [{9}] * 4, listeners)
    assert found["novelty"].tolist() == [1, 2, 0, 0]
    empty = measured([[-1, -1], [0, 1]], [{9}] * 2)
    assert math.isnan(empty["novelty"][0])
    assert [empty[name][0] for name in BY_PERSON[:-1]] == [0, 0, 0, 0]


def test_coverage_counts_items_once() -> None:
    assert coverage(np.array([[1, 2, -1], [2, 3, 1]], np.int32), 12) == 0.25


def naive(found: list[int], wanted: set[int], k: int, listeners: list[int], people: int):
    hits = [n for n, item in enumerate(found, 1) if item in wanted]
    ideal = sum(1 / math.log2(n + 1) for n in range(1, min(k, len(wanted)) + 1))
    surprise = [-math.log2(max(listeners[item], 1) / people) for item in found]
    return {
        "recall": len(hits) / len(wanted),
        "ndcg": sum(1 / math.log2(n + 1) for n in hits) / ideal,
        "mrr": 1 / hits[0] if hits else 0,
        "hit_rate": float(bool(hits)),
        "novelty": sum(surprise) / len(surprise) if surprise else math.nan,
    }


items = st.integers(0, N_ITEMS - 1)
people = st.lists(
    st.tuples(st.lists(items, unique=True, max_size=6), st.sets(items, min_size=1)),
    min_size=1, max_size=6,
)  # fmt: skip


@given(people, st.lists(st.integers(0, 6), min_size=N_ITEMS, max_size=N_ITEMS))
def test_against_the_naive_twin(cases, listeners) -> None:
    lists = [[*found] for found, _ in cases]
    lists[0] += [-1] * (6 - len(lists[0]))  # k = 6 for all
    wanted = [want for _, want in cases]
    made = measured(lists, wanted, listeners)
    for row, (found, want) in enumerate(cases):
        twin = naive(found, want, 6, listeners, len(cases))
        for name in BY_PERSON:
            assert made[name][row] == pytest.approx(twin[name], nan_ok=True), name


def test_every_metric_is_shown() -> None:
    assert set(METRICS) == {*BY_PERSON, "coverage"}
