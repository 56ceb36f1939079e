"""The SALSA kernels against plain loops over the same arrays."""

import numpy as np
import pytest

from ranking import kernels_salsa as kernels
from tests.ranking import naive
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


def sampled(world, per_item, part, seed):
    """(p, sampled) of items 0 and 1 with everything drawn from the seed, and the exact p."""
    _, snap, trust = world
    ptr, _, weight, exact = hops_of(snap, trust, np.array([0, 1], np.int32))
    rng = np.random.default_rng(seed)
    draws = rng.random(2 * per_item)
    shifts = rng.integers(0, 8, 2 * -(-per_item // 8), dtype=np.int8)
    return *kernels.sampled_hops(ptr, weight, 0.01, per_item, draws, shifts, part), exact


@pytest.mark.parametrize(("per_item", "part"), [(3, 8), (8, 1), (8, 2), (8, 4), (8, 8)])
def test_sampled_hops_are_unbiased_whatever_part_of_them_walks(world, per_item, part):
    runs = [sampled(world, per_item, part, seed) for seed in range(3000)]
    assert all(run[1].all() for run in runs)
    assert np.mean([p for p, _, _ in runs], axis=0) == pytest.approx(runs[0][2], abs=0.025)


def test_sampled_hops_are_stratified(world):
    p, _, exact = sampled(world, 8, 8, 1)
    assert np.abs(p - exact).max() < 2 / 8  # at most one stratum off at either end


def test_sampled_hops_draw_for_draw(world):
    _, snap, trust = world
    ptr, _, weight, exact = hops_of(snap, trust, np.array([0, 1], np.int32))
    rng = np.random.default_rng(5)
    draws, shifts = rng.random(32), rng.integers(0, 8, 4, dtype=np.int8)
    for part in (1, 2, 4, 8):
        p, _ = kernels.sampled_hops(ptr, weight, 0.01, 16, draws, shifts, part)
        expected = np.zeros(weight.size)
        for j in range(2):
            row = list(range(ptr[j], ptr[j + 1]))
            if len(row) <= 2 * part:
                expected[row] = exact[row]
                continue
            for k in naive.strata(16, shifts[2 * j : 2 * j + 2].tolist(), part):
                goal = (k + draws[16 * j + k]) / 16 * (weight[row].sum(dtype=float) + 0.01)
                for e in row:
                    goal -= float(weight[e])
                    if goal < 0:
                        expected[e] += 1 / (2 * part)
                        break
        assert p == pytest.approx(expected, abs=1e-6)


def test_a_larger_part_contains_the_smaller_ones():
    for shifts in ([0, 0], [3, 6]):
        chosen = [set(naive.strata(16, shifts, part)) for part in (1, 2, 4, 8)]
        assert [len(strata) for strata in chosen] == [2, 4, 8, 16]
        assert chosen[0] < chosen[1] < chosen[2] < chosen[3]


def test_few_listeners_are_done_exactly(world):
    _, snap, trust = world
    ptr, _, weight, exact = hops_of(snap, trust, np.array([0, 30], np.int32))
    p, sampled = kernels.sampled_hops(
        ptr, weight, 0.01, 100, np.zeros(200), np.zeros(26, np.int8), 8
    )
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


def reach_of(snap, trust, items):
    ptr, author, _, p = hops_of(snap, trust, items)
    p[1] = 0.0
    reach = kernels.Reach(*kernels.transpose_hops(ptr, author, p, snap.n_authors))
    return (ptr, author, p), reach


def test_transpose_keeps_every_hop_that_carries_something(world):
    _, snap, trust = world
    (ptr, author, p), reach = reach_of(snap, trust, np.array([0, 2, 5], np.int32))
    forth = {(k, author[e]): p[e] for k in range(3) for e in range(ptr[k], ptr[k + 1]) if p[e]}
    back = {
        (reach.hop[e], v): reach.p[e]
        for at, v in enumerate(reach.author.tolist())
        for e in range(reach.ptr[at], reach.ptr[at + 1])
    }
    assert back == forth
    assert sorted(reach.author.tolist()) == sorted({v for _, v in forth})
    for v in range(25):
        at = reach.place[v]
        assert reach.author[at] == v if v in reach.author else at == -1


def test_listeners_that_are_reached_are_found_from_either_side(world):
    likes, snap, trust = world
    _, reach = reach_of(snap, trust, np.array([0, 2, 5], np.int32))
    items = np.array([4, 0, 39, 7], np.int32)
    for ptr, who, affinity in (
        kernels.reached_listeners(items, snap.item_side, reach),
        kernels.reached_by_author(items, snap.author_side, reach, 40),
    ):
        for k, i in enumerate(items.tolist()):
            window = slice(ptr[k], ptr[k + 1])
            authors = reach.author[who[window]].tolist()
            found = dict(zip(authors, affinity[window].tolist(), strict=True))
            assert found == {v: likes[v][i] for v in reach.author.tolist() if i in likes[v]}


def test_the_side_of_trusted_authors_is_the_item_side_without_the_others(world):
    likes, snap, trust = world
    ptr, author, code = kernels.trusted_side(snap.author_side, trust, 40)
    for i in range(40):
        window = slice(ptr[i], ptr[i + 1])
        found = list(zip(author[window].tolist(), snap.affinity[code[window]], strict=True))
        assert found == [(v, likes[v][i]) for v in likes if i in likes[v] and trust[v] > 0]


def test_spread_cost_counts_edges_of_hops_that_carry_something(world):
    _, snap, trust = world
    _, author, _, p = hops_of(snap, trust, np.array([0], np.int32))
    p[0] = 0.0
    assert kernels.spread_cost(author, p, snap.author_ptr, 10**9) == 8 * (author.size - 1)
    assert kernels.spread_cost(author, p, snap.author_ptr, 9) == 16
