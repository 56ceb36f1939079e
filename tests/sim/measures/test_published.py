"""The published measures, by hand."""

import numpy as np
import pytest

from sim.measures.published import (
    fake_mass,
    information_loss,
    ranking_significance,
    rbo,
    reputation_gain,
    sybil_gain,
)


def test_reputation_gain_is_the_fakes_share_of_all_scores():
    score = np.array([[3.0, 1.0, 0.0], [2.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    fake = np.array([[False, True, False], [True, False, True], [False, False, False]])
    assert reputation_gain(score, fake).tolist() == [0.25, 0.75, 0.0]


def test_the_mass_of_fakes_is_not_their_share_of_what_is_left():
    fake = np.array([[False, True, True]])
    whole, decayed = np.array([[0.5, 0.25, 0.25]]), np.array([[0.1, 0.05, 0.05]])
    assert fake_mass(whole, fake) == pytest.approx([0.5])
    assert fake_mass(decayed, fake) == pytest.approx([0.1])
    assert reputation_gain(decayed, fake) == reputation_gain(whole, fake)


def test_ranking_significance_counts_from_the_worst_place():
    fake = np.array([[True, False, False, True], [False] * 4, [True] * 4])
    assert ranking_significance(fake).tolist() == [3.0, 0.0, 6.0]


def test_rbo_of_equal_lists_is_one_and_of_disjoint_ones_nothing():
    one = np.arange(12, dtype=np.int32).reshape(2, 6)
    assert rbo(one, one) == pytest.approx([1, 1])
    assert rbo(one, one + 100).tolist() == [0, 0]
    none = np.full((1, 3), -1, np.int32)
    assert rbo(none, none).tolist() == [1]


def test_rbo_by_hand():
    """Depth 1: 0 of 1 agree; 2: both of 2; 3: 2 of 3."""
    one, other = np.array([[1, 2, 3]], np.int32), np.array([[2, 1, 4]], np.int32)
    p = 0.9
    expected = (1 - p) / p * (0 * p + 1 * p**2 + 2 / 3 * p**3) + p**3 * 2 / 3
    assert rbo(one, other, p) == pytest.approx([expected])


def test_sybil_gain_is_relative_to_the_attackers():
    reputation = np.array([[0.5, 0.2, 0.1, 0.0], [0.5, 0.2, 0.1, 0.2]])
    attackers, sybils = np.array([1], np.int32), np.array([2, 3], np.int32)
    assert sybil_gain(reputation, attackers, sybils) == pytest.approx(1.0)
    assert np.isnan(sybil_gain(np.zeros((1, 4)), attackers, sybils))


def test_information_is_lost_as_far_as_reputations_deviate_from_those_known():
    truth = np.array([[0.5, 0.5, 0.0], [0.2, 0.8, 0.0]])
    assert information_loss(truth, truth) == 0
    found = np.array([[0.25, 0.75, 0.0], [0.2, 0.4, 0.4]])
    assert information_loss(found, truth) == pytest.approx((0.5 + 0.5 + 0 + 0.5) / 4)
    assert np.isnan(information_loss(found, np.zeros((2, 3))))
