"""Bounds of figures and of differences, against what is known of the numbers they are made of."""

import math

import numpy as np
import pytest

from sim.evaluation.differences import (
    difference_by_person,
    difference_of,
    difference_within,
    interval_of,
    names_of,
)
from sim.outcome import Outcome
from sim.scenario.schema import Fidelity, Scenario

ONE = Scenario(name="one", title="One")


def outcome(seed: int, metrics: dict, samples: dict | None = None) -> Outcome:
    return Outcome(
        scenario=ONE, seed=seed, fidelity=Fidelity.GRAPH, metrics=metrics, samples=samples or {}
    )


def test_bounds_cover_the_mean_as_often_as_they_say() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(400):
        made = interval_of([outcome(n, {"x": float(rng.normal(5, 2))}) for n in range(4)], "x")
        assert made is not None
        assert made.low is not None
        assert made.high is not None
        covered += made.low < 5 < made.high
    assert 0.92 <= covered / 400 <= 0.98


def test_a_pair_takes_out_what_seeds_have_in_common() -> None:
    rng = np.random.default_rng(4)
    worlds = rng.normal(0, 10, 6)
    a = [outcome(n, {"x": float(level)}) for n, level in enumerate(worlds)]
    b = [outcome(n, {"x": float(level + 1 + rng.normal(0, 0.1))}) for n, level in enumerate(worlds)]
    off = difference_of(a, b, "x")
    assert off is not None
    assert off.low is not None
    assert off.high is not None
    assert 0.7 < off.low < 1 < off.high < 1.3


def test_people_tell_more_than_one_seed() -> None:
    rng = np.random.default_rng(5)
    lists = rng.random(200)
    better = lists + rng.normal(0.1, 0.2, 200)
    a = [outcome(1, {"ndcg": float(lists.mean())}, {"ndcg": lists.tolist()})]
    b = [outcome(1, {"ndcg": float(better.mean())}, {"ndcg": better.tolist()})]
    assert difference_of(a, b, "ndcg").low is None
    by_person = difference_by_person(a, b, "ndcg")
    assert by_person.mean == pytest.approx((better - lists).mean())
    assert 0 < by_person.low < 0.1 < by_person.high < 0.2
    assert interval_of(a, "ndcg").low is not None


def test_samples_of_something_else_are_not_taken_for_the_figure() -> None:
    a = [outcome(n, {"fakes": 0.1 * n}, {"fakes": [3.0, 4.0]}) for n in (1, 2)]
    assert interval_of(a, "fakes").mean == pytest.approx(0.15)


def test_what_is_not_known_is_no_number() -> None:
    a = [outcome(1, {"x": math.nan, "y": 1.0}), outcome(2, {"z": 1.0})]
    assert names_of(a) == ["x", "y", "z"]
    assert interval_of(a, "x") is None
    assert interval_of(a, "y").mean == 1
    assert difference_of(a, a, "x") is None
    assert difference_by_person(a, a, "x") is None


def test_people_who_are_not_the_same_number_are_not_paired() -> None:
    a = [outcome(1, {"x": 0.5}, {"x": [0.0, 1.0]})]
    b = [outcome(1, {"x": 0.5}, {"x": [0.5]})]
    assert difference_by_person(a, b, "x") is None


def test_worlds_with_more_and_fewer_people_count_together() -> None:
    a = [outcome(1, {"x": 0.5}, {"x": [0.0, 1.0]}), outcome(2, {"x": 1.0}, {"x": [1.0]})]
    assert interval_of(a, "x").mean == pytest.approx(2 / 3)


def test_methods_of_one_run_are_paired_by_person() -> None:
    rng = np.random.default_rng(6)
    runs = []
    for seed in range(3):
        lists = rng.random(100)
        other = lists + rng.normal(0.05, 0.1, 100)
        metrics = {"x": float(lists.mean()), "m.x": float(other.mean())}
        runs.append(outcome(seed, metrics, {"x": lists.tolist(), "m.x": other.tolist()}))
    off = difference_within(runs, "x", "m.x")
    assert 0 < off.low < 0.05 < off.high < 0.1
    by_seed = difference_within([outcome(one.seed, one.metrics) for one in runs], "x", "m.x")
    assert by_seed.mean == pytest.approx(off.mean)
    assert difference_within(runs, "x", "y") is None
