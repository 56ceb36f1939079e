"""Plain SALSA is the product of three stochastic steps, herself left out of the middle."""

import numpy as np

from sim.methods.salsa import PlainSalsa
from tests.sim.methods.worlds import dense, listed, random_world


def test_scores_are_walk_probabilities() -> None:
    world = random_world(3)
    a = dense(world)
    ranker = PlainSalsa().prepare(world)
    for person in range(5):
        others = a.copy()
        others[person] = 0.0
        own = a[person] > 0
        heard = others[:, own].sum(0)
        back = np.divide(others[:, own], heard, where=heard > 0, out=np.zeros_like(others[:, own]))
        score = back.sum(1) @ (a / a.sum(1, keepdims=True))
        score[own] = 0.0
        found = listed(ranker.rank(person, 100, np.random.default_rng(1)))
        assert sorted(found) == np.flatnonzero(score).tolist()
        for item, s in found.items():
            assert abs(s - score[item]) < 1e-5
        assert list(found.values()) == sorted(found.values(), reverse=True)
