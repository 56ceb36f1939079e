"""`best`: the highest positive scores without what is known, ties at random."""

import numpy as np

from sim.methods.method import best
from tests.sim.methods.worlds import listed

NOTHING = np.empty(0, np.int32)


def rng(seed=1):
    return np.random.default_rng(seed)


def test_the_highest_come_first_and_neither_the_known_nor_the_worthless_at_all() -> None:
    score = np.array([0.5, 0.0, 3.0, -1.0, 2.0, 1.0], np.float32)
    found = listed(best(score, np.array([2], np.int32), 2, rng()))
    assert list(found.items()) == [(4, 2.0), (5, 1.0)]
    assert listed(best(score, np.array([2], np.int32), 9, rng())) == {4: 2.0, 5: 1.0, 0: 0.5}
    assert score[2] == 3.0
    assert best(np.zeros(3), NOTHING, 5, rng()).item.size == 0


def test_equal_scores_take_every_place_equally_often() -> None:
    score = np.array([1.0, 2.0, 1.0, 1.0, 1.0])
    lists = [best(score, NOTHING, 3, rng(seed)).item.tolist() for seed in range(400)]
    assert all(found[0] == 1 for found in lists)
    for place in (1, 2):
        counts = np.bincount([found[place] for found in lists], minlength=5)
        assert counts[1] == 0
        assert counts[[0, 2, 3, 4]].min() > 70


def test_equal_seeds_give_equal_lists() -> None:
    score = np.ones(50)
    assert best(score, NOTHING, 9, rng(3)).item.tolist() == (
        best(score, NOTHING, 9, rng(3)).item.tolist()
    )
