"""Measures of one list against what they are by hand."""

import numpy as np
import pytest

from sim.measures.places import ndcg, recall, reciprocal_rank


def test_the_first_hit_counts():
    ranked = np.array([5, 3, 9, 4])
    assert reciprocal_rank(ranked, np.array([4, 9])) == pytest.approx(1 / 3)
    assert reciprocal_rank(ranked, np.array([7])) == 0
    assert reciprocal_rank(np.array([], int), np.array([7])) == 0
    assert recall(ranked, np.array([4, 9, 7, 8])) == 0.5


def test_ndcg_is_one_for_the_best_order_and_sees_k_places():
    gain = {"a": 3.0, "b": 1.0}
    assert ndcg(["a", "b", "c"], gain, 10) == pytest.approx(1)
    by_hand = (1 + 3 / np.log2(3)) / (3 + 1 / np.log2(3))
    assert ndcg(["b", "a"], gain, 10) == pytest.approx(by_hand)
    assert ndcg(["c", "d", "a"], gain, 2) == 0
    assert ndcg(["a"], gain, 1) == pytest.approx(1)
