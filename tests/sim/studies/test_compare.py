"""Comparisons are of one world and the same seeds, and see what an attack does."""

import math

import pytest
from msgspec.structs import replace

from sim.scenario.schema import Fidelity, Questions, Scenario, Sybil, World
from sim.studies.compare import ComparisonError, compare
from tests.sim.studies.engines import run

QUIET = Scenario(
    name="quiet", title="Quiet", fidelities=(Fidelity.GRAPH,), method="salsa",
    questions=Questions(people=0, k=10),
)  # fmt: skip
ATTACKED = replace(
    QUIET, name="attacked", adversary=(Sybil(edges=4, identities=20, strategy="clone"),)
)
SEEDS = (1, 2, 3)


def test_an_attack_shows_seed_by_seed_and_person_by_person() -> None:
    made = compare(
        [run(QUIET, seed) for seed in (*SEEDS, 9)], [run(ATTACKED, seed) for seed in SEEDS]
    )
    assert (made.seeds, made.left_out) == (SEEDS, (9,))
    fakes, ndcg = made.metrics["fakes"], made.metrics["ndcg"]
    assert fakes.a == 0
    assert fakes.b > 0.2
    assert fakes.off.mean == pytest.approx(fakes.b)
    assert fakes.sure
    assert fakes.people.low > 0
    assert ndcg.off.mean < 0
    assert made.settings["adversary.0.edges"] == ("-", "4")
    assert "title" not in made.settings
    told = made.as_data()
    assert told["metrics"]["fakes"]["difference"]["mean"] == fakes.off.mean


def test_the_same_twice_differs_in_nothing() -> None:
    runs = [run(ATTACKED, seed) for seed in SEEDS]
    made = compare(runs, runs)
    assert not made.settings
    for one in made.metrics.values():
        assert one.off.mean == one.people.mean == 0
        assert not one.sure


def test_lists_of_other_lengths_are_of_the_same_people_other_people_are_not() -> None:
    runs = [run(ATTACKED, 1)]
    longer = [run(replace(ATTACKED, questions=Questions(people=0, k=15)), 1)]
    assert compare(runs, longer).metrics["fakes"].people is not None
    others = [replace(runs[0], scenario=replace(ATTACKED, questions=Questions(people=40, k=10)))]
    assert compare(runs, others).metrics["fakes"].people is None


def test_what_only_one_knows_is_left_out_and_nan_is_no_number() -> None:
    one = replace(run(QUIET, 1), metrics={"ndcg": 1.0, "rbo": math.nan, "recall": 1.0})
    other = replace(run(QUIET, 1), metrics={"ndcg": 1.0, "rbo": 1.0}, samples={})
    made = compare([one], [other])
    assert list(made.metrics) == ["ndcg", "rbo"]
    assert made.metrics["rbo"].off is None
    assert not made.metrics["rbo"].sure
    assert made.as_data()["metrics"]["rbo"]["a"] is None


def test_what_cannot_be_compared_is_refused() -> None:
    here, there = run(QUIET, 1), run(replace(QUIET, world=World(people=77)), 1)
    with pytest.raises(ComparisonError, match="people is 100 and 77"):
        compare([here], [there])
    with pytest.raises(ComparisonError, match="no seed in common"):
        compare([here], [run(QUIET, 2)])
    with pytest.raises(ComparisonError, match="2 runs of seed 1"):
        compare([here, here], [here])
    with pytest.raises(ComparisonError, match="no run"):
        compare([], [here])
    with pytest.raises(ComparisonError, match="different settings"):
        compare([here, run(ATTACKED, 2)], [here])
