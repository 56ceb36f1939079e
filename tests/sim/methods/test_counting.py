"""Popularity counts listeners; chance gives every item somebody has the same place."""

import numpy as np

from sim.methods.counting import Chance, Popularity
from tests.sim.methods.worlds import listed, world

WORLD = world({0: [0, 1], 1: [1, 2, 3], 2: [1, 2], 3: [2, 4]}, n_items=6)


def rng(seed=1):
    return np.random.default_rng(seed)


def test_popularity_counts_listeners_and_leaves_out_what_she_has() -> None:
    ranker = Popularity().prepare(WORLD)
    assert listed(ranker.rank(0, 1, rng())) == {2: 3.0}
    whole = listed(ranker.rank(0, 10, rng()))
    assert whole == {2: 3.0, 3: 1.0, 4: 1.0}
    assert next(iter(whole)) == 2


def test_equal_counts_stand_in_random_order() -> None:
    ranker = Popularity().prepare(WORLD)
    orders = {tuple(ranker.rank(0, 3, rng(seed)).item.tolist()) for seed in range(20)}
    assert orders == {(2, 3, 4), (2, 4, 3)}


def test_chance_lists_every_item_that_somebody_has_equally_often() -> None:
    ranker = Chance().prepare(WORLD)
    first = [int(ranker.rank(0, 1, rng(seed)).item[0]) for seed in range(300)]
    counts = np.bincount(first, minlength=6)
    assert counts[[0, 1, 5]].sum() == 0
    assert counts[[2, 3, 4]].min() > 70


def test_equal_seeds_give_equal_lists() -> None:
    ranker = Chance().prepare(WORLD)
    assert listed(ranker.rank(1, 3, rng(5))) == listed(ranker.rank(1, 3, rng(5)))
