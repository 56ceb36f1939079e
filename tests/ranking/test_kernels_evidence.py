"""The evidence kernel against the formula on dictionaries."""

import numpy as np
import pytest

from ranking.config import RankConfig
from ranking.evidence import judge
from ranking.salsa import kappa_of, own_items, score_items
from tests.ranking import naive
from tests.ranking.worlds import random_likes, random_trust, snapshot


@pytest.mark.parametrize("seed", range(6))
def test_excess_and_final_score_are_the_formula(seed):
    rng = np.random.default_rng(seed)
    likes = random_likes(rng, 15, 25, 5)
    trust, passes = random_trust(rng, 15, owner=1)
    config = RankConfig(people_kept=15)
    snap = snapshot(likes, 15, 25)
    scores = score_items(snap, trust, config, rng)
    kappa = kappa_of(trust, own_items(snap, 1, 100)[1], config)
    twin = naive.Salsa(likes, dict(enumerate(trust.t.tolist())), 1, config, kappa)
    items = np.flatnonzero(scores.score).astype(np.int32)
    judged = judge(scores, items)
    for k, i in enumerate(items.tolist()):
        expected = {x: e for x, e in twin.excesses(i, passes).items() if e > 1e-5}
        found = dict(zip(judged.person[k].tolist(), judged.excess[k].tolist(), strict=True))
        found = {x: e for x, e in found.items() if x >= 0 and e > 1e-5}
        assert found == pytest.approx(expected, abs=1e-4)
        assert judged.excess[k].tolist() == sorted(judged.excess[k].tolist(), reverse=True)
        assert judged.score[k] == pytest.approx(twin.final(i, passes), rel=1e-3)
        assert judged.error[k] == 0


def test_only_the_worst_people_are_kept():
    rng = np.random.default_rng(1)
    likes = random_likes(rng, 15, 25, 5)
    trust, _ = random_trust(rng, 15, owner=1)
    snap = snapshot(likes, 15, 25)
    many = score_items(snap, trust, RankConfig(people_kept=15), rng)
    items = np.flatnonzero(many.score).astype(np.int32)
    few = score_items(snap, trust, RankConfig(people_kept=2), rng)
    assert judge(few, items).excess == pytest.approx(judge(many, items).excess[:, :2], abs=2e-6)
