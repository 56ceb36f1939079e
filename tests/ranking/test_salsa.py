"""Scores against the formula on dictionaries; exact and sampled against each other."""

from dataclasses import replace

import numpy as np
import pytest

from ranking.config import Method, RankConfig
from ranking.salsa import NO_ITEM, kappa_of, own_items, score_items
from ranking.trust_vector import TrustVector
from tests.ranking import naive
from tests.ranking.worlds import random_likes, random_trust, snapshot, trust_vector


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("exponent", [0.5, 1.0])
def test_scores_are_the_formula(seed, exponent):
    likes = random_likes(rng(seed), 20, 30, 6)
    trust, _ = random_trust(rng(seed), 20, owner=2)
    config = RankConfig(exponent=exponent)
    snap = snapshot(likes, 20, 30)
    scores = score_items(snap, trust, config, rng())
    kappa = kappa_of(trust, own_items(snap, 2, 100)[1], config)
    twin = naive.Salsa(likes, dict(enumerate(trust.t.tolist())), 2, config, kappa)
    assert scores.score == pytest.approx([twin.score(i) for i in range(30)], rel=1e-4)
    assert scores.method is Method.EXACT


def test_paths_are_the_formula_and_add_up():
    likes = random_likes(rng(5), 20, 30, 6)
    trust, _ = random_trust(rng(5), 20, owner=0)
    snap, config = snapshot(likes, 20, 30), RankConfig()
    scores = score_items(snap, trust, config, rng())
    kappa = kappa_of(trust, own_items(snap, 0, 100)[1], config)
    twin = naive.Salsa(likes, dict(enumerate(trust.t.tolist())), 0, config, kappa)
    for i in range(30):
        source, author, part = scores.paths(i)
        pairs = zip(source.tolist(), author.tolist(), strict=True)
        assert dict(zip(pairs, part, strict=True)) == pytest.approx(twin.parts(i), rel=1e-4)
        assert part.sum() == pytest.approx(scores.score[i], rel=1e-4)


def test_strangers_cannot_move_a_score():
    likes = random_likes(rng(1), 10, 30, 6)
    trust, _ = random_trust(rng(1), 10, owner=0)
    before = score_items(snapshot(likes, 10, 30), trust, RankConfig(), rng()).score
    crowd = likes | {v: dict(likes[0]) | {29: 1.0} for v in range(10, 200)}
    after = score_items(snapshot(crowd, 200, 30), trust.resized(200), RankConfig(), rng()).score
    assert (before == after).all()


def test_splitting_an_identity_gains_nothing():
    """The same trust in one clone or spread over ten: first-order weights cannot tell."""
    base = {0: {0: 1.0, 1: 1.0}, 1: {0: 1.0, 2: 1.0}}
    fake = {0: 1.0, 1: 1.0, 3: 1.0}
    config = RankConfig(kappa=0.1, echo=0.0)
    one = score_items(
        snapshot(base | {2: fake}, 3, 4), trust_vector({1: 0.5, 2: 0.5}, 0), config, rng()
    )
    many = trust_vector({1: 0.5} | dict.fromkeys(range(2, 12), 0.05), 0)
    more = many.effective_authors() / one.trust.effective_authors()
    config = replace(config, kappa=config.kappa * more)
    ten = score_items(
        snapshot(base | dict.fromkeys(range(2, 12), fake), 12, 4), many, config, rng()
    )
    assert ten.score[3] == pytest.approx(one.score[3], rel=1e-4)


@pytest.mark.parametrize("exponent", [0.5, 1.0])
def test_an_echo_and_a_weight_of_long_lists_are_the_formula(exponent):
    likes = random_likes(rng(3), 20, 30, 6)
    trust, _ = random_trust(rng(3), 20, owner=2)
    config = RankConfig(exponent=exponent, echo=0.7, taste_exponent=0.5)
    snap = snapshot(likes, 20, 30)
    scores = score_items(snap, trust, config, rng())
    kappa = kappa_of(trust, own_items(snap, 2, 100)[1], config)
    twin = naive.Salsa(likes, dict(enumerate(trust.t.tolist())), 2, config, kappa)
    assert scores.score == pytest.approx([twin.score(i) for i in range(30)], rel=1e-3, abs=1e-7)
    plain = score_items(snap, trust, replace(config, echo=0.0), rng())
    assert (scores.score <= plain.score).all()
    assert (scores.score < plain.score).any()
    for i in range(30):
        assert scores.paths(i)[2].sum() == pytest.approx(scores.score[i], rel=1e-4)


def test_strangers_cannot_move_an_echo():
    likes, config = random_likes(rng(1), 10, 30, 6), RankConfig(echo=0.7)
    trust, _ = random_trust(rng(1), 10, owner=0)
    before = score_items(snapshot(likes, 10, 30), trust, config, rng()).score
    crowd = likes | {v: dict(likes[0]) | {29: 1.0} for v in range(10, 200)}
    after = score_items(snapshot(crowd, 200, 30), trust.resized(200), config, rng()).score
    assert (before == after).all()


@pytest.fixture
def crowd():
    likes = random_likes(rng(7), 600, 80, 12)
    trust, _ = random_trust(rng(7), 600, owner=0)
    return snapshot(likes, 600, 80), trust


def test_sampled_approaches_exact(crowd):
    """Coarse walks are a little low (the sum is concave), fine ones agree."""
    snap, trust = crowd
    plain = RankConfig(echo=0.0, kappa=0.1)
    exact = score_items(snap, trust, replace(plain, method=Method.EXACT), rng()).score
    config = replace(plain, method=Method.SAMPLED, walks=600)
    finer = replace(config, walks=4800)
    runs = [score_items(snap, trust, finer, rng(seed)) for seed in range(20)]
    assert all(run.method is Method.SAMPLED for run in runs)
    assert np.mean([run.score for run in runs], axis=0) == pytest.approx(exact, rel=0.03)
    error = [
        np.abs(score_items(snap, trust, c, rng()).score - exact).sum() for c in (config, finer)
    ]
    assert error[1] < 0.5 * error[0]


def test_the_cheaper_method_is_chosen(crowd):
    snap, trust = crowd
    cheap = score_items(snap, trust, RankConfig(), rng())
    assert cheap.method is Method.EXACT
    tight = RankConfig(edges_max=cheap.edges - 1, walks=60)
    dear = score_items(snap, trust, tight, rng())
    assert dear.method is Method.SAMPLED
    assert dear.edges < cheap.edges


def test_an_item_that_very_many_like_costs_no_more_than_the_authors_reached():
    likes = {0: {0: 1.0}, 1: {0: 1.0, 1: 1.0, 2: 0.5}} | {v: {1: 1.0} for v in range(2, 300)}
    trust = TrustVector.everyone_equal(300, 0)
    scores = score_items(snapshot(likes, 300, 3), trust, RankConfig(), rng())
    assert scores.reached_edges == 3
    items = np.array([1, 2], np.int32)
    ptr, who, affinity = scores.listeners(items)
    assert ptr.tolist() == [0, 1, 2]
    assert scores.reach.author[who].tolist() == [1, 1]
    assert affinity.tolist() == pytest.approx([1.0, 0.5], rel=0.024)
    for item in items.tolist():
        assert scores.paths(item)[2].sum() == pytest.approx(scores.score[item], rel=1e-5)


def test_own_items_are_bounded_to_the_strongest():
    snap = snapshot({0: {i: (i + 1) / 10 for i in range(10)}}, 1, 10)
    items, weights = own_items(snap, 0, 3)
    assert items.tolist() == [7, 8, 9]
    assert weights == pytest.approx([0.8, 0.9, 1.0], rel=0.024)


def test_owner_without_items_hears_whom_she_trusts():
    likes = {1: {0: 1.0, 1: 0.5}, 2: {2: 1.0}, 3: {3: 1.0}}
    scores = score_items(
        snapshot(likes, 4, 4), trust_vector({1: 0.7, 2: 0.3}, 0), RankConfig(), rng()
    )
    assert scores.score[3] == 0
    assert (scores.score[:3] > 0).all()
    assert scores.sources.tolist() == [NO_ITEM]


def test_owner_without_items_or_trust_gets_nothing():
    nobody = trust_vector({1: 0.0}, 0)
    assert not score_items(snapshot({1: {0: 1.0}}, 2, 1), nobody, RankConfig(), rng()).score.any()


def test_kappa_follows_the_number_of_effective_authors():
    weights = np.array([0.5, 1.0], np.float32)
    trust = TrustVector.everyone_equal(1001, 0)
    assert kappa_of(trust, weights, RankConfig(kappa=0.1)) == pytest.approx(0.1 / 1000 * 0.75)
