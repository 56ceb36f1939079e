"""Means of values that come in clusters."""

import numpy as np
import pytest

from sim.evaluation.clustered import of_clusters
from sim.evaluation.intervals import of_draws


def test_clusters_of_one_are_as_independent_draws():
    values = np.random.default_rng(1).random(50)
    found, plain = of_clusters(values, np.arange(50)), of_draws(values)
    assert found.mean == pytest.approx(plain.mean)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high))


def test_saying_a_value_twice_tells_nothing_new():
    values, cluster = np.random.default_rng(2).random(30), np.arange(30)
    once = of_clusters(values, cluster)
    twice = of_clusters(np.tile(values, 2), np.tile(cluster, 2))
    assert (twice.low, twice.high) == pytest.approx((once.low, once.high))


def test_weights_are_as_so_many_of_the_same():
    values, cluster = np.array([0.0, 1.0, 1.0, 0.5]), np.array([0, 0, 1, 1])
    weighted = of_clusters(values, cluster, np.array([1.0, 2.0, 1.0, 3.0]))
    several = of_clusters(np.repeat(values, [1, 2, 1, 3]), np.repeat(cluster, [1, 2, 1, 3]))
    assert (weighted.mean, weighted.low) == pytest.approx((several.mean, several.low))


def test_one_cluster_tells_no_bounds():
    found = of_clusters(np.array([1.0, 0.0]), np.zeros(2, int))
    assert (found.mean, found.low, found.high) == (0.5, None, None)
