"""The two steps against their formula."""

import numpy as np
import pytest

from ranking.kernels_echo import two_steps
from tests.ranking.worlds import random_likes, snapshot


def test_two_steps_are_the_formula():
    rng = np.random.default_rng(0)
    side = snapshot(random_likes(rng, 12, 15, 5), 12, 15).author_side
    likes = np.zeros((12, 15))
    for v in range(12):
        for e in range(side.ptr[v], side.ptr[v + 1]):
            likes[v, side.row[e]] = side.affinity[side.code[e]]
    author, weight = np.array([1, 4, 7], np.int32), np.array([0.2, 0.5, 3.0], np.float32)
    mass = (1 + rng.random(15)).astype(np.float32)
    taste = np.sqrt(likes.sum(axis=1)).astype(np.float32)
    taste[4] = 0.0
    first = (rng.random(15) * (rng.random(15) < 0.6)).astype(np.float32)
    expected = np.zeros(15)
    for v, w in zip(author, weight, strict=True):
        if taste[v]:
            expected += w * (likes[v] @ (first / mass)) * likes[v] / taste[v]
    made = two_steps(side, mass, taste, first, author, weight)
    assert made == pytest.approx(expected, rel=1e-5)
    assert made.dtype == np.float32
