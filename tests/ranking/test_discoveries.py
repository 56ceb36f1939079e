"""Strangers get their labelled places and no more."""

import numpy as np
import pytest

from ranking.config import RankConfig
from ranking.discoveries import Discovery, discover, places, rare_items
from ranking.salsa import score_items
from ranking.trust_vector import TrustVector
from tests.ranking.worlds import snapshot, trust_vector


def world(strangers=3, near=(), chance=1.0, trace=0.0):
    """1 and 2 are trusted; author 3 + k is a stranger with item 10 + k of her own. near: authors
    whom two walks reached; trace: the trust that they have."""
    likes = {0: {0: 1.0}, 1: {0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0}, 2: {0: 1.0, 1: 1.0, 2: 1.0, 4: 0.1}}
    likes |= {3 + k: {0: 1.0, 10 + k: 1.0} for k in range(strangers)}
    n = 3 + strangers
    vector = trust_vector({1: 0.5, 2: 0.5} | dict.fromkeys(near, trace), 0).resized(n)
    hits = np.zeros(n, np.int32)
    hits[list(near)] = 2
    trust = TrustVector(0, vector.t, hits, vector.walks, vector.passing, vector.prior)
    scores = score_items(
        snapshot(likes, n, 10 + strangers), trust, RankConfig(newcomer_chance=chance), None
    )
    excluded = np.zeros(10 + strangers, np.bool_)
    excluded[0] = True
    return scores, excluded, np.zeros(n, np.bool_)


@pytest.mark.parametrize(
    ("n", "every", "expected"), [(20, 10, [9, 19]), (9, 10, []), (30, 10, [9, 19, 29]), (20, 0, [])]
)
def test_places(n, every, expected):
    assert places(n, every) == expected


def test_one_rare_item_and_one_newcomer():
    found = discover(*world()[:1], 2, *world()[1:], np.random.default_rng(0))
    assert found[0] == (4, Discovery.RARE)
    assert found[1][1] is Discovery.NEWCOMER
    assert found[1][0] >= 10


def test_the_same_generator_state_gives_the_same_discoveries():
    scores, excluded, barred = world(50)
    runs = [discover(scores, 2, excluded, barred, np.random.default_rng(s)) for s in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_those_whom_a_trust_walk_reached_come_first():
    scores, excluded, barred = world(50, near=(7,))
    for seed in range(20):
        found = discover(scores, 2, excluded, barred, np.random.default_rng(seed))
        assert found[1] == (10 + 7 - 3, Discovery.NEWCOMER)


def test_who_has_a_trace_of_trust_is_a_newcomer():
    made = world(3, near=(3, 4), trace=1e-6)
    assert made[0].trust.t[3] > 0
    for seed in range(20):
        _, (item, kind) = discover(*made[:1], 2, *made[1:], np.random.default_rng(seed))
        assert item in (10, 11)
        assert kind is Discovery.NEWCOMER
    trusted = world(3, near=(3, 4), trace=0.01)
    _, (item, kind) = discover(*trusted[:1], 2, *trusted[1:], np.random.default_rng(0))
    assert (item, kind) == (12, Discovery.NEWCOMER), "her of whom nothing is known"


def test_newcomers_are_drawn_as_often_as_walks_come_by():
    scores, excluded, barred = world(3, near=(3, 4))
    scores.trust.hits[[3, 4]] = 90, 10
    found = [
        discover(scores, 2, excluded, barred, np.random.default_rng(seed))[1][0]
        for seed in range(200)
    ]
    assert found.count(10) == pytest.approx(180, abs=15)
    assert found.count(11) == pytest.approx(20, abs=15)


def test_barred_authors_are_not_discovered():
    scores, excluded, barred = world(2)
    barred[[3, 4]] = True
    found = discover(scores, 2, excluded, barred, np.random.default_rng(0))
    assert [kind for _, kind in found] == [Discovery.RARE]


def test_excluded_items_are_not_discovered_and_none_comes_twice():
    scores, excluded, barred = world(3)
    excluded[[4, 10]] = True
    for seed in range(20):
        found = discover(scores, 4, excluded, barred, np.random.default_rng(seed))
        items = [item for item, _ in found]
        assert len(set(items)) == len(items)
        assert not {0, 4, 10} & set(items)


def test_nothing_to_discover():
    scores, excluded, barred = world(0)
    excluded[:] = True
    assert rare_items(scores, excluded).size == 0
    assert discover(scores, 2, excluded, barred, np.random.default_rng(0)) == []


def test_newcomers_come_with_their_chance():
    scores, excluded, barred = world(50, chance=0.25)
    kinds = [
        kind
        for seed in range(400)
        for _, kind in discover(scores, 2, excluded, barred, np.random.default_rng(seed))
    ]
    assert kinds.count(Discovery.NEWCOMER) == pytest.approx(100, abs=30)
