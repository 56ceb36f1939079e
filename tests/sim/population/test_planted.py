"""Planted worlds have the truth that was planted."""

import numpy as np
import pytest

from sim.population.planted import planted
from sim.scenario.schema import Planted

PLAN = Planted(clusters=4, items=200, likes=20, taste=0.9, friends=6, homophily=0.75)


def made(plan=PLAN, people=80, seed=0):
    return planted(plan, people, np.random.default_rng(seed))


def test_everybody_likes_distinct_items_mostly_of_her_own_cluster():
    plan = made()
    assert plan.likes.sizes.tolist() == [20] * 80
    assert np.unique(plan.likes.pair).size == len(plan.likes)
    own = plan.cluster[plan.likes.user] == plan.item_cluster[plan.likes.item]
    assert own.mean() > 0.7
    indifferent = made(Planted(clusters=4, items=200, likes=20, taste=0.0))
    own = (
        indifferent.cluster[indifferent.likes.user]
        == indifferent.item_cluster[indifferent.likes.item]
    )
    assert own.mean() == pytest.approx(0.25, abs=0.06)


def test_clusters_are_of_one_size():
    plan = made()
    assert np.bincount(plan.cluster).tolist() == [20] * 4
    assert np.bincount(plan.item_cluster).tolist() == [50] * 4


def test_everybody_vouches_for_distinct_others_mostly_like_her():
    plan = made()
    v = plan.vouches
    assert np.bincount(v.source, minlength=80).tolist() == [6] * 80
    assert (v.source != v.target).all()
    assert np.unique(v.source.astype(np.int64) * 80 + v.target).size == len(v)
    alike = (plan.cluster[v.source] == plan.cluster[v.target]).mean()
    assert alike == pytest.approx(0.75 + 0.25 * 15 / 74, abs=0.06)


def test_popular_items_come_first():
    plan = made(Planted(clusters=1, items=200, likes=20, zipf=1.5, friends=0))
    heard = np.bincount(plan.likes.item, minlength=200)
    assert heard[:20].sum() > heard[20:].sum() / 2
    assert heard[:5].min() > heard[100:].max()


def test_the_seed_decides():
    one, same, other = made(), made(), made(seed=1)
    assert np.array_equal(one.likes.item, same.likes.item)
    assert not np.array_equal(one.likes.item, other.likes.item)


def test_few_people_have_few_friends():
    plan = made(Planted(clusters=2, items=20, likes=30, friends=10), people=3)
    assert np.bincount(plan.vouches.source).tolist() == [2, 2, 2]
    assert plan.likes.sizes.tolist() == [20, 20, 20]
