"""Walkers are added until the list stands, and no further."""

from dataclasses import replace

import numpy as np
import pytest

from ranking.config import Method, RankConfig
from ranking.evidence import Bench
from ranking.recommend import RecommendRequest, rank_items
from ranking.rounds import growth_needed, walked
from ranking.salsa import Walkers, score_items
from ranking.trust_vector import TrustVector
from ranking.view import TrustView
from tests.ranking.worlds import random_likes, snapshot

SAMPLED = RankConfig(
    echo=0.0, kappa=0.1, method=Method.SAMPLED, walks=1600, discovery_every=0, excess_weight=0.0
)
NONE = np.empty(0, np.int32)


def walkers(snap, config, seed=0):
    view = TrustView.of(snap, TrustVector.everyone_equal(snap.n_authors, 0))
    return Walkers.of(view, config, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def crowd():
    """Many listeners of each item, many items in between."""
    likes = random_likes(np.random.default_rng(7), 600, 80, 12)
    return snapshot(likes | {0: dict.fromkeys(range(4), 1.0)}, 600, 80)


@pytest.fixture(scope="module")
def clear():
    """Items 2..6 are liked by all who have the owner's, 7..70 by one in forty."""
    rng = np.random.default_rng(3)
    likes = {0: {0: 1.0, 1: 1.0}}
    for v in range(1, 1000):
        rare = rng.choice(np.arange(7, 71), rng.integers(1, 4), replace=False).tolist()
        likes[v] = dict.fromkeys([0, 1, *range(2, 7), *rare], 1.0)
    return snapshot(likes, 1000, 71)


def test_a_list_that_stands_takes_an_eighth_of_the_walkers(clear):
    known = np.array([0, 1], np.int32)
    scores, bench = walked(walkers(clear, SAMPLED), known, 5)
    assert scores.walks == SAMPLED.walks // 8
    assert sorted(bench.listed(5).item.tolist()) == [2, 3, 4, 5, 6]
    request = RecommendRequest(n=5, config=SAMPLED)
    trust = TrustVector.everyone_equal(1000, 0)
    made = rank_items(clear, trust, request, np.random.default_rng(0))
    assert (made.walks, made.method) == (SAMPLED.walks // 8, Method.SAMPLED)


def test_a_list_that_does_not_stand_takes_the_budget(clear):
    known = np.array([0, 1], np.int32)
    scores, _ = walked(walkers(clear, SAMPLED), known, 3)  # of five equal ones
    assert scores.walks == SAMPLED.walks
    whole = score_items(
        clear, TrustVector.everyone_equal(1000, 0), SAMPLED, np.random.default_rng(0)
    )
    assert (scores.score == whole.score).all(), "the last round is the answer without rounds"


def test_hopeless_rounds_are_left_out(clear, monkeypatch):
    parts, scores = [], Walkers.scores

    def counted(self, part=8):
        parts.append(part)
        return scores(self, part)

    monkeypatch.setattr(Walkers, "scores", counted)
    walked(walkers(clear, SAMPLED), np.array([0, 1], np.int32), 3)
    assert parts == [1, 8]
    parts.clear()
    monkeypatch.setattr("ranking.rounds.growth_needed", lambda *_: 3.5)
    walked(walkers(clear, SAMPLED), NONE, 3)
    assert parts == [1, 4, 8]


def test_a_list_longer_than_what_is_found_takes_the_budget(clear):
    assert walked(walkers(clear, SAMPLED), NONE, 80)[0].walks == SAMPLED.walks


def test_without_a_separation_all_walk(clear):
    config = replace(SAMPLED, separation=None)
    assert walked(walkers(clear, config), np.array([0, 1], np.int32), 5)[0].walks == config.walks


@pytest.mark.parametrize(("walks", "used"), [(20, 20), (4 * 15 + 3, 4 * 15), (4 * 63, 4 * 63)])
def test_few_walkers_an_item_all_walk_at_once(crowd, walks, used):
    """Errors of a handful would mean nothing: with one each they would be 0."""
    config = replace(SAMPLED, walks=walks)
    assert walkers(crowd, config).rounds == (8,)
    assert walked(walkers(crowd, config), NONE, 5)[0].walks == used
    assert walkers(crowd, replace(config, walks=4 * 64)).rounds == (1, 2, 4, 8)


def test_what_is_exact_needs_no_rounds(crowd):
    config = replace(SAMPLED, method=Method.EXACT)
    scores, bench = walked(walkers(crowd, config), NONE, 5)
    assert (scores.walks, scores.method) == (0, Method.EXACT)
    assert growth_needed(bench, 5, 2.0) == 1.0


def test_growth_is_what_the_errors_ask_for(crowd):
    bench = Bench.of(walkers(crowd, SAMPLED).scores(2), NONE)
    first, second = (bench.listed(2).score.astype(float)).tolist()
    error = np.hypot(*bench.listed(2).error.tolist())
    expected = (3.0 * error / (first - second)) ** 2
    assert growth_needed(bench, 1, 3.0) == pytest.approx(expected, rel=1e-5)
    assert growth_needed(bench, 80, 3.0) == np.inf


@pytest.mark.compiled
@pytest.mark.parametrize("part", [1, 2, 4, 8])
def test_errors_cover_the_exact_scores_over_seeds(crowd, part):
    exact = score_items(
        crowd,
        TrustVector.everyone_equal(600, 0),
        replace(SAMPLED, method=Method.EXACT),
        np.random.default_rng(0),
    )
    top = np.argsort(-exact.score)[:20]
    off, claimed = [], []
    for seed in range(40):
        bench = Bench.of(walkers(crowd, SAMPLED, seed).scores(part), NONE)
        found = bench.listed(60)
        place = {int(i): k for k, i in enumerate(found.item)}
        for i in top:
            off.append(found.score[place[i]] - exact.score[i])
            claimed.append(found.error[place[i]])
    off, claimed = np.array(off), np.array(claimed)
    assert (np.abs(off) <= 2 * claimed).mean() > 0.93
    assert 0.3 < off.std() / claimed.mean() <= 1.1, "an upper bound, and not a wild one"
