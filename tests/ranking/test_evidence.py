"""One person's word is not enough, and a list does not rest on one person."""

from dataclasses import replace

import numpy as np
import pytest

from ranking.config import RankConfig
from ranking.evidence import Bench, Judged, judge, within_budget
from ranking.salsa import score_items
from tests.ranking.worlds import random_likes, random_trust, snapshot, trust_vector


def judged(*rows):
    """Rows of (score, {person: excess})."""
    keep = max((len(people) for _, people in rows), default=1) or 1
    person = np.full((len(rows), keep), -1, np.int32)
    excess = np.zeros((len(rows), keep), np.float32)
    for k, (_, people) in enumerate(rows):
        for m, (x, e) in enumerate(people.items()):
            person[k, m], excess[k, m] = x, e
    score = np.array([s for s, _ in rows], np.float32)
    return Judged(np.arange(len(rows), dtype=np.int32), score, score * 0, excess, person)


def behind_a_gate():
    """Author 1 vouched for 2..5 alone (their walks all pass her); 6..9 are known through others.

    Items 1 (theirs) and 2 (the others') are alike otherwise.
    """
    likes = {0: {0: 1.0}}
    likes |= {v: {0: 1.0, 1: 1.0} for v in range(2, 6)}
    likes |= {v: {0: 1.0, 2: 1.0} for v in range(6, 10)}
    passes = {v: {v: 1.0, 1: 1.0} for v in range(2, 6)} | {v: {v: 1.0} for v in range(6, 10)}
    passes |= {v: {v: 1.0} for v in (1, *range(10, 90))}
    t = dict.fromkeys(range(1, 90), 1 / 89)
    return snapshot(likes, 90, 3), trust_vector(t, 0, passes)


def test_evidence_behind_one_person_loses_its_score():
    snap, trust = behind_a_gate()
    scores = score_items(snap, trust, RankConfig(), np.random.default_rng(0))
    assert scores.score[1] == pytest.approx(scores.score[2])
    result = judge(scores, np.array([1, 2], np.int32))
    assert result.person[0, 0] == 1
    assert result.excess[0, 0] > 0.99
    assert result.score[0] < 0.05 * result.score[1]


THREE = RankConfig(dependents_max=3)


def test_budget_holds_for_every_person_an_item_rests_on():
    rows = [(9.0, {1: 0.9, 2: 0.8})] * 3 + [(5.0, {2: 0.5}), (4.0, {1: 0.41}), (3.0, {1: 0.4})]
    chosen = within_budget(judged(*rows), 20, THREE)
    assert chosen.tolist() == [0, 1, 2, 5]  # .4 is not above .4


def test_what_has_its_place_already_counts_and_is_not_chosen_again():
    rows = [(9.0, {1: 0.9}), (8.0, {1: 0.9}), (7.0, {1: 0.9}), (6.0, {}), (5.0, {2: 0.9})]
    every = judged(*rows)
    taken = judged((1.0, {1: 0.5}), (1.0, {2: 0.5}))  # items 0 and 1
    assert within_budget(every, 3, THREE, taken=taken).tolist() == [2, 3, 4]
    config = replace(THREE, dependents_max=1)
    assert within_budget(every, 3, config, taken=taken).tolist() == [3]
    rows = within_budget(judged(*[(1.0, {1: 0.9})] * 9), 19, THREE, taken=taken)
    assert rows.size == 5, "21 places begin the second twenty"


def test_budget_grows_with_the_list():
    rows = [(9.0, {1: 0.9})] * 10
    assert within_budget(judged(*rows), 20, THREE).size == 3
    assert within_budget(judged(*rows), 40, THREE).size == 6


def test_in_a_short_list_somebody_carries_her_part_of_all_trust_and_one_at_least():
    """20 places: .03 of them are less than one, .07 more than one, .3 more than the budget."""
    rows = [(9.0, {1: 0.9})] * 3 + [(8.0, {2: 0.9})] * 3 + [(7.0, {3: 0.9})] * 3
    prior = np.array([0.0, 0.03, 0.07, 0.3], np.float32)
    assert within_budget(judged(*rows), 20, RankConfig()).tolist() == [0, 1, 3, 4, 6, 7]
    short = within_budget(judged(*rows), 20, RankConfig(), prior=prior)
    assert short.tolist() == [0, 3, 6, 7]
    assert within_budget(judged(*rows), 40, THREE, prior=prior).size == 1 + 3 + 3


def full_and_short(n):
    """n items that everybody has and ten that one person alone has, among 30 alike."""
    likes = {0: dict.fromkeys(range(5), 1.0), 1: dict.fromkeys([*range(5), *range(40, 50)], 1.0)}
    likes |= {v: dict.fromkeys(range(5 + n), 1.0) for v in range(2, 31)}
    t = dict.fromkeys(range(1, 31), 1 / 30)
    scores = score_items(
        snapshot(likes, 31, 60), trust_vector(t, 0), RankConfig(), np.random.default_rng(0)
    )
    bench = Bench.of(scores, np.arange(5, dtype=np.int32))
    return bench.listed(20).item


@pytest.mark.parametrize(("n", "hers", "size"), [(5, 1, 6), (18, 2, 20), (30, 0, 20)])
def test_who_has_a_thirtieth_of_all_trust_fills_two_places_but_one_of_a_short_list(n, hers, size):
    listed = full_and_short(n)
    assert listed.size == size
    assert np.count_nonzero(listed >= 40) == hers


def test_budget_is_a_guarantee_whatever_the_trust():
    rng = np.random.default_rng(3)
    for seed in range(10):
        likes = random_likes(np.random.default_rng(seed), 25, 60, 12)
        trust, _ = random_trust(np.random.default_rng(seed), 25, owner=0)
        scores = score_items(snapshot(likes, 25, 60), trust, RankConfig(), rng)
        bench = Bench.of(scores, np.array(sorted(likes[0]), np.int32))
        rows = bench.best(20)
        for x in range(25):
            rests = (bench.judged.person[rows] == x) & (bench.judged.excess[rows] > 0.4)
            assert rests.any(axis=1).sum() <= 2


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_the_list_is_the_same_however_few_are_judged_at_a_time(step):
    likes = random_likes(np.random.default_rng(1), 25, 60, 12)
    trust, _ = random_trust(np.random.default_rng(1), 25, owner=0)
    config = replace(RankConfig(), candidates_step=step)
    scores = score_items(snapshot(likes, 25, 60), trust, config, np.random.default_rng(0))
    bench = Bench.of(scores, np.array(sorted(likes[0]), np.int32))
    everyone = judge(scores, bench.waiting).ordered()
    expected = everyone.item[within_budget(everyone, 8, config)]
    rows = bench.best(8)
    assert bench.judged.item[rows].tolist() == expected.tolist()


def test_rank_counts_all_that_score_higher():
    likes = random_likes(np.random.default_rng(2), 25, 60, 12)
    trust, _ = random_trust(np.random.default_rng(2), 25, owner=0)
    config = replace(RankConfig(), candidates_step=2)
    scores = score_items(snapshot(likes, 25, 60), trust, config, np.random.default_rng(0))
    bench = Bench.of(scores, np.empty(0, np.int32))
    everyone = judge(scores, bench.waiting).ordered()
    for rank in (1, 5, 20):
        fresh = Bench.of(scores, np.empty(0, np.int32))
        assert fresh.rank_of(float(everyone.score[rank - 1])) == rank


def test_rank_beyond_the_candidates_is_unknown():
    likes = random_likes(np.random.default_rng(2), 25, 60, 12)
    trust, _ = random_trust(np.random.default_rng(2), 25, owner=0)
    config = replace(RankConfig(), candidates_max=4, items_max=4)
    scores = score_items(snapshot(likes, 25, 60), trust, config, np.random.default_rng(0))
    bench = Bench.of(scores, np.empty(0, np.int32))
    assert bench.waiting.size == 4
    assert bench.rank_of(1e-9) is None
