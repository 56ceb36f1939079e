"""What attackers get, by hand."""

import math

import numpy as np
import pytest

from sim.measures.exposure import (
    Stakes,
    adjusted,
    fake_share,
    gain_per_edge,
    honest_loss,
    hostile_trust,
    niche_items,
)

STAKES = Stakes(people=100, n_items=90, n_fakes=10, edges=4)


def test_a_share_counts_places_not_items():
    lists = np.array([[1, 95, 2, 91], [1, 2, 3, -1], [-1, -1, -1, -1]], np.int32)
    assert fake_share(lists, 90).tolist() == [0.5, 0.0, 0.0]


def test_lists_at_random_have_an_adjusted_share_of_one():
    assert adjusted(0.1, STAKES) == pytest.approx(1.0)
    assert math.isnan(adjusted(0.0, Stakes(100, 90, 0, 0)))


def test_gain_is_of_all_people_for_each_edge():
    assert gain_per_edge(0.05, 20, STAKES) == pytest.approx(25.0)
    assert math.isnan(gain_per_edge(0.0, 20, Stakes(100, 90, 10, 0)))


def test_trust_of_the_hostile_is_their_part_of_everybodys():
    reputation = np.array([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]])
    assert hostile_trust(reputation, np.array([1, 2], np.int32)) == pytest.approx(0.25)
    assert hostile_trust(reputation, np.empty(0, np.int32)) == 0


def test_loss_is_a_part_of_what_there_was():
    assert honest_loss(np.array([0.2, 0.1]), np.array([0.2, 0.2])) == pytest.approx(0.25)
    assert honest_loss(np.array([0.3]), np.array([0.2])) == pytest.approx(-0.5)
    assert honest_loss(np.zeros(2), np.zeros(2)) == 0


def test_niche_items_share_half_of_all_listens():
    niche = niche_items(np.array([10, 1, 2, 3, 4]))
    assert niche.tolist() == [False, True, True, True, True]
    assert niche_items(np.array([4, 4, 4, 4])).tolist() == [True, True, False, False]
