"""The evidence kernel against the formula on dictionaries."""

import numpy as np
import pytest

from ranking.config import RankConfig
from ranking.evidence import judge
from ranking.kernels_evidence import budgeted
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
        assert judged.score[k] == pytest.approx(twin.final(i, passes), rel=1e-3, abs=1e-6)
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


@pytest.mark.parametrize("seed", range(10))
def test_the_budget_is_kept_as_plainly_counted(seed):
    rng = np.random.default_rng(seed)

    def rows(count):
        item = rng.permutation(60)[:count].astype(np.int32)
        person = np.full((count, 4), -1, np.int32)
        excess = np.zeros((count, 4), np.float32)
        for k in range(count):
            some = int(rng.integers(0, 5))
            person[k, :some] = rng.permutation(6)[:some]
            excess[k, :some] = np.sort(rng.random(some))[::-1]
        plain = [
            (int(item[k]), {int(x): float(e) for x, e in zip(person[k], excess[k], strict=True)})
            for k in range(count)
        ]
        for _, people in plain:
            people.pop(-1, None)
        return (item, person, excess), plain

    (listed, plain), (taken, plainly_taken) = rows(40), rows(int(rng.integers(0, 4)))
    for n, most in ((0, 3), (5, 1), (20, 3), (40, 6)):
        budget = rng.integers(0, most + 1, 6).astype(np.int32)
        found = budgeted(listed, taken, 0.4, n, budget)
        assert found.tolist() == naive.budgeted(plain, plainly_taken, 0.4, n, budget)
