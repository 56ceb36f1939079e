import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranking.trust_vector import Passing
from tests.ranking.naive import water_filled
from trust.config import ConnectivityDecay, TrustConfig
from trust.decays import (
    accumulate_epochs,
    capped,
    decayed_by_connectivity,
    negative_mass,
    walk_penalty,
)
from trust.vouches import VouchGraph


@given(st.lists(st.floats(1e-4, 1.0), min_size=1, max_size=40), st.floats(0.003, 0.3))
@settings(max_examples=200, deadline=None)
def test_cap_is_water_filling(mass, cap):
    t = capped(np.array(mass), cap, 2.0)
    limit = max(cap, 2.0 / len(mass))
    assert t.sum() == pytest.approx(1)
    if len(mass) > 1:
        assert t.max() <= limit * (1 + 1e-9)
        assert t == pytest.approx(water_filled(mass, limit), rel=1e-5, abs=1e-9)
    assert (np.diff(t[np.argsort(mass, kind="stable")]) >= -1e-12).all()


def test_three_friends_keep_their_order():
    assert capped(np.array([0.0, 0.6, 0.3, 0.1]), 0.003, 2.0) == pytest.approx([0, 0.6, 0.3, 0.1])
    assert capped(np.array([0.9, 0.08, 0.02]), 0.003, 2.0) == pytest.approx([2 / 3, 4 / 15, 1 / 15])


def test_many_friends_meet_the_cap():
    t = capped(np.arange(1.0, 2001.0) ** -1, 0.003, 2.0)
    assert t.max() == pytest.approx(0.003)


def test_nobody_has_nothing():
    assert capped(np.zeros(3), 0.003, 2.0).tolist() == [0, 0, 0]


def distrust(*casts):
    graph = VouchGraph()
    for cast in casts:
        graph.put(*cast)
    return graph.compiled(8)


def test_distrust_is_bounded_by_who_casts_it():
    vouches = distrust((1, 5, -100), (1, 6, -100), (2, 5, -50))
    lost = negative_mass(vouches, np.array([0, 0.2, 0.1, 0, 0, 0.9, 0.9, 0]), 0)
    assert lost == pytest.approx([0, 0, 0, 0, 0, 0.1 + 0.05, 0.1, 0])


@given(st.lists(st.tuples(st.integers(1, 7), st.integers(1, 7), st.integers(-100, -1))))
@settings(max_examples=60, deadline=None)
def test_no_crowd_takes_away_more_than_it_has(casts):
    mass = np.array([0, 0.3, 0.2, 0.1, 0.1, 0.05, 0.05, 0.2])
    assert negative_mass(distrust(*casts), mass, 0).sum() <= mass.sum() + 1e-6


def test_strangers_cannot_bad_mouth():
    vouches = distrust(*((v, 1, -100) for v in range(2, 8)))
    assert negative_mass(vouches, np.array([0, 0.5, 0, 0, 0, 0, 0, 0]), 0).sum() == 0


PASSES = Passing(
    # 1 and 2 stand alone, 3 is known through 1 only, 4 through 1 in half of the walks
    np.array([0, 0, 1, 2, 4, 6], np.int64),
    np.array([1, 2, 3, 1, 4, 1], np.int32),
    np.array([1, 1, 1, 1, 1, 0.5], np.float32),
)
MASS = np.array([0, 0.4, 0.4, 0.1, 0.1])


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (ConnectivityDecay.NONE, [0.4, 0.4, 0.1, 0.1]),
        # .099 is gone, and nobody gets it
        (ConnectivityDecay.WEB3RECOMMEND, [0.4, 0.4, 0.001, 0.1]),
        # 1 / (1 - .099) for the others
        (ConnectivityDecay.MERITRANK, [0.4 / 0.901, 0.4 / 0.901, 0.001, 0.1 / 0.901]),
        # 55 % of all trust passes 1, so her half of 4's walks is nothing special
        (ConnectivityDecay.EXCESS, [0.4, 0.4, 0.001, 0.1]),
    ],
)
def test_forms_of_beta(form, expected):
    decayed = decayed_by_connectivity(PASSES, MASS, TrustConfig(connectivity=form, beta=0.99))
    assert decayed[1:] == pytest.approx(expected)


def test_meritrank_keeps_the_share_where_the_bridge_is_not_total():
    """.1 * .5 * 1 and .1 * .5 * .5 are left; .125 taken: the rest / .875."""
    config = TrustConfig(connectivity=ConnectivityDecay.MERITRANK, beta=0.5, beta_threshold=0.5)
    decayed = decayed_by_connectivity(PASSES, MASS, config)
    assert decayed[1:] == pytest.approx([0.4 / 0.875, 0.4 / 0.875, 0.05, 0.025])


def test_web3recommend_flags_above_its_threshold_and_meritrank_from_it_on():
    half = {"beta": 0.5, "beta_threshold": 0.5}
    config = TrustConfig(connectivity=ConnectivityDecay.WEB3RECOMMEND, **half)
    decayed = decayed_by_connectivity(PASSES, MASS, config)
    assert decayed[1:] == pytest.approx([0.4, 0.4, 0.05, 0.1])


def test_meritrank_leaves_nothing_where_everybody_hangs_on_a_bridge():
    """All that is left is what the flagged keep: there is nobody to scale up."""
    config = TrustConfig(connectivity=ConnectivityDecay.MERITRANK, beta=1.0)
    passing = Passing(
        np.array([0, 2], np.int64), np.array([0, 1], np.int32), np.array([1, 1], np.float32)
    )
    assert decayed_by_connectivity(passing, np.array([1.0]), config).tolist() == [0.0]


def test_epochs_add_up_as_published():
    """Three epochs of MeritRank's running total, theta .5: e1 / 4 + e2 / 2 + e3, to sum 1."""
    e1, e2, e3 = np.eye(3)
    two = accumulate_epochs(e1, e2, 0.5)
    assert two == pytest.approx(np.array([0.5, 1, 0]) / 1.5)
    assert accumulate_epochs(two, e3, 0.5, epochs=2) == pytest.approx(np.array([1, 2, 4]) / 7)


def test_published_penalties_by_hand():
    """0 distrusts 3 by .5 and 2 by .2: one walk of two comes by both, in that order."""
    vouches = distrust((0, 3, -50), (0, 2, -20))
    walks = np.array([[0, 1, 2, 3], [0, 1, -1, -1]], np.int32)
    lost = walk_penalty(vouches, walks, 0)
    assert lost == pytest.approx([0.35, 0.35, 0.35, 0.25, 0, 0, 0, 0])


def test_epochs_fade():
    earlier, current = np.array([0.0, 1.0]), np.array([0.0, 0.5, 0.5])
    assert accumulate_epochs(earlier, current, 1.0) == pytest.approx(current)
    assert accumulate_epochs(earlier, current, 0.0) == pytest.approx([0, 0.75, 0.25])
