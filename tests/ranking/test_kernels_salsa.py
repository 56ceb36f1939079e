"""The SALSA kernels against plain loops over the same arrays."""

import numpy as np
import pytest

from ranking import kernels_salsa as kernels
from tests.ranking.worlds import random_likes, snapshot


@pytest.fixture
def world():
    rng = np.random.default_rng(1)
    likes = random_likes(rng, 25, 40, 8)
    trust = (rng.random(25) * (rng.random(25) < 0.7)).astype(np.float32)
    return likes, snapshot(likes, 25, 40), trust


def hops_of(snap, trust, items, kappa=0.01):
    ptr, author, weight = kernels.trusted_listeners(items, snap.item_side, trust)
    return ptr, author, weight, kernels.exact_hops(ptr, weight, kappa)


def test_trusted_mass_skips_strangers(world):
    likes, snap, trust = world
    mass, taste = kernels.trusted_mass(snap.author_side, trust, 40)
    for i in range(40):
        expected = sum(trust[v] * likes[v].get(i, 0) for v in likes)
        assert mass[i] == pytest.approx(expected, rel=1e-5)
    for v in likes:
        expected = sum(likes[v].values()) if trust[v] > 0 else 0
        assert taste[v] == pytest.approx(expected, rel=1e-5)


def test_exact_hops_leave_kappa_to_the_owner(world):
    likes, snap, trust = world
    items = np.array([0, 3, 7], np.int32)
    ptr, author, _, p = hops_of(snap, trust, items)
    for k, j in enumerate(items.tolist()):
        masses = {v: trust[v] * likes[v][j] for v in likes if j in likes[v] and trust[v] > 0}
        window = slice(ptr[k], ptr[k + 1])
        found = dict(zip(author[window].tolist(), p[window].tolist(), strict=True))
        total = sum(masses.values()) + 0.01
        assert found == pytest.approx({v: m / total for v, m in masses.items()}, rel=1e-5)


def test_sampled_hops_are_unbiased_and_stratified(world):
    _, snap, trust = world
    items = np.array([0, 1], np.int32)
    ptr, _, weight, exact = hops_of(snap, trust, items)
    rng = np.random.default_rng(2)
    runs = [kernels.sampled_hops(ptr, weight, 0.01, 3, rng.random(6))[0] for _ in range(4000)]
    assert np.mean(runs, axis=0) == pytest.approx(exact, abs=0.02)
    many, sampled = kernels.sampled_hops(ptr, weight, 0.01, 8, rng.random(16))
    assert sampled.all()
    assert np.abs(many - exact).max() < 2 / 8  # at most one stratum off at either end


def test_few_listeners_are_done_exactly(world):
    _, snap, trust = world
    ptr, _, weight, exact = hops_of(snap, trust, np.array([0, 30], np.int32))
    p, sampled = kernels.sampled_hops(ptr, weight, 0.01, 100, np.zeros(200))
    assert not sampled.any()
    assert (p == exact).all()


@pytest.mark.parametrize("exponent", [0.4, 0.5, 1.0])
def test_spread_is_the_concave_sum(world, exponent):
    likes, snap, trust = world
    items = np.array([0, 2, 5], np.int32)
    ptr, author, _, p = hops_of(snap, trust, items)
    gain = np.array([1.0, 2.0, 0.5], np.float32)
    _, taste = kernels.trusted_mass(snap.author_side, trust, 40)
    score = kernels.spread((ptr, author, p), gain, exponent, snap.author_side, taste, 40)
    for i in range(40):
        expected = 0.0
        for k in range(3):
            mass = sum(
                p[e] * likes[author[e]].get(i, 0) / sum(likes[author[e]].values())
                for e in range(ptr[k], ptr[k + 1])
            )
            expected += gain[k] * mass**exponent if mass > 0 else 0
        assert score[i] == pytest.approx(expected, rel=1e-4)


def test_transpose_keeps_every_hop_that_carries_something(world):
    _, snap, trust = world
    ptr, author, _, p = hops_of(snap, trust, np.array([0, 2, 5], np.int32))
    p[1] = 0.0
    back, hop, q = kernels.transpose_hops(ptr, author, p, 25)
    forth = {(k, author[e]): p[e] for k in range(3) for e in range(ptr[k], ptr[k + 1]) if p[e]}
    assert {(hop[e], v): q[e] for v in range(25) for e in range(back[v], back[v + 1])} == forth


def test_spread_cost_counts_edges_of_hops_that_carry_something(world):
    _, snap, trust = world
    _, author, _, p = hops_of(snap, trust, np.array([0], np.int32))
    p[0] = 0.0
    assert kernels.spread_cost(author, p, snap.author_ptr) == 8 * (author.size - 1)
