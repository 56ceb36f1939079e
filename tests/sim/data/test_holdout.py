"""A hold-out asks for items as popular as it is told to."""

import numpy as np
import pytest

from sim.data.holdout import bias_of, popular_hold_out, popularity_recall
from sim.data.interactions import Interactions
from sim.data.splits import Split


def pairs(rows, n_users, n_items):
    user, item = np.array(sorted(set(rows)), np.int32).reshape(-1, 2).T
    return Interactions(user, item, np.ones(len(user), np.float32), None, n_users, n_items)


@pytest.fixture
def town():
    """300 people with 20 of 200 items each, item i drawn as often as 1 / (i + 3)."""
    rng = np.random.default_rng(0)
    chance = 1 / (np.arange(200) + 3)
    chance /= chance.sum()
    rows = [
        (user, item)
        for user in range(300)
        for item in rng.choice(200, 20, replace=False, p=chance).tolist()
    ]
    return pairs(rows, 300, 200)


def popularity_of(town, part):
    return np.bincount(town.item, minlength=200)[part.item].mean()


def test_everybody_keeps_the_part_and_nothing_is_lost(town):
    split = popular_hold_out(town, 0.5, np.random.default_rng(1), 0.25)
    assert (split.test.sizes == 5).all()
    assert (split.train.sizes == 15).all()
    both = np.concatenate([split.train.pair, split.test.pair])
    assert sorted(both.tolist()) == sorted(town.pair.tolist())


def test_who_has_few_items_keeps_them_all():
    split = popular_hold_out(
        pairs([(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (1, 3)], 2, 4),
        0.0,
        np.random.default_rng(0),
        0.3,
    )
    assert split.test.sizes.tolist() == [0, 1]


def test_without_bias_every_item_is_as_likely(town):
    held = np.zeros(len(town))
    for seed in range(200):
        split = popular_hold_out(town, 0.0, np.random.default_rng(seed))
        held += np.isin(town.pair, split.test.pair)
    assert held.mean() == pytest.approx(200 * 0.2)
    assert np.abs(held - 40).max() < 5.5 * np.sqrt(200 * 0.2 * 0.8)


def test_a_bias_asks_for_more_popular_items(town):
    rng = np.random.default_rng(2)
    means = [popularity_of(town, popular_hold_out(town, b, rng).test) for b in (0.0, 0.3, 1.0)]
    assert means[0] == pytest.approx(popularity_of(town, town), rel=0.05)
    assert means[0] * 1.1 < means[1] < means[2]


def test_recall_of_the_most_popular_is_counted_by_hand():
    """0 has the most popular item 0, so 1 and 2 are shown; of her wishes, 2 and 3, one is found."""
    train = pairs([(0, 0), (1, 0), (2, 0), (1, 1), (2, 1), (3, 1), (3, 2), (1, 3)], 4, 5)
    split = Split(train, pairs([(0, 2), (0, 3), (3, 0)], 4, 5))
    assert popularity_recall(split, 2) == pytest.approx((0.5 + 1.0) / 2)
    assert popularity_recall(split, 1) == pytest.approx((0.0 + 1.0) / 2)
    assert popularity_recall(Split(train, train.take(train.user < 0)), 2) == 0.0


def test_the_bias_is_the_one_that_gives_the_published_recall(town):
    wanted = popularity_recall(popular_hold_out(town, 0.4, np.random.default_rng(5)), 10)
    bias = bias_of(town, wanted, 10, seed=6)
    assert bias == pytest.approx(0.4, abs=0.15)
    made = popularity_recall(popular_hold_out(town, bias, np.random.default_rng(6)), 10)
    assert made == pytest.approx(wanted, rel=0.05)
    assert bias_of(town, 1.0, 10, seed=6) > 0.99
    assert bias_of(town, 0.0, 10, seed=6) < 0.01


@pytest.mark.parametrize(("bias", "part"), [(-0.1, 0.2), (1.1, 0.2), (0.0, 0.0), (0.0, 1.0)])
def test_what_cannot_be_is_refused(town, bias, part):
    with pytest.raises(ValueError, match="must lie between"):
        popular_hold_out(town, bias, np.random.default_rng(0), part)
