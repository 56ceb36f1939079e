"""The search finds what hurts, tells how to see it again, and ends when its budget does."""

import itertools

import pytest
from msgspec.structs import replace

from sim.outcome import Progress
from sim.scenario.errors import ScenarioError
from sim.scenario.reading import parsed
from sim.scenario.schema import Claim, Compared, Fidelity, Questions, Scenario, Sybil
from sim.studies import attack_search
from sim.studies.attack_search import RUNGS, Found, search
from tests.sim.studies.engines import run

pytestmark = pytest.mark.slow

TOWN = Scenario(
    name="town",
    title="Town",
    fidelities=(Fidelity.GRAPH, Fidelity.VIRTUAL),
    method="salsa",
    questions=Questions(people=0, k=10),
    adversary=(Sybil(edges=40),),
    compared=(Compared(label="ours"),),
    claim=(Claim(assert_="fakes <= 0"),),
)


@pytest.fixture(scope="module")
def found() -> Found:
    return search(TOWN, edges=3, seed=1, runs=100, run=run)


def test_it_finds_worse_than_it_began_with(found: Found) -> None:
    begin, end = found.trials[0], max(found.trials, key=lambda one: (one.rung, one.score))
    assert begin.cell == Sybil(edges=3)
    assert end.rung == len(RUNGS) - 1
    assert found.searched == end.score[0]
    assert found.searched > begin.score[0] + 0.1, "an undefended town has much worse than a star"
    assert found.confirmed.mean > begin.score[0]
    assert found.confirmed.low is not None
    assert found.runs == 100


def test_what_it_finds_can_be_seen_again_from_its_file(found: Found) -> None:
    scenario = parsed(found.toml)
    assert scenario == found.scenario
    assert run(scenario, found.seed, Fidelity.GRAPH).metrics["fakes"] == found.fakes
    assert found.fakes >= found.confirmed.mean
    assert not scenario.claim
    assert not scenario.compared
    assert scenario.questions == TOWN.questions
    assert found.as_data()["cell"]["edges"] <= 3


def test_no_attack_is_over_the_budget_and_all_rungs_are_climbed(found: Found) -> None:
    assert all(trial.cell.edges <= 3 for trial in found.trials)
    assert {trial.rung for trial in found.trials} == set(range(len(RUNGS)))
    per_rung = [sum(trial.rung == n for trial in found.trials) for n in range(len(RUNGS))]
    assert per_rung[0] > 2 * per_rung[1] > 2 * per_rung[2]


def test_equal_seeds_find_the_same_whatever_the_clock_says(found: Found) -> None:
    ticks = itertools.count()
    heard: list[Progress] = []
    again = search(
        TOWN, edges=3, seed=1, runs=100, seconds=1e9, run=run, clock=lambda: next(ticks),
        progress=heard.append,
    )  # fmt: skip
    assert again == found
    assert all(a.done <= b.done for a, b in itertools.pairwise(heard))
    assert heard[-1].exposure > 0


def test_time_ends_it_and_leaves_enough_to_confirm() -> None:
    now = [0.0]

    def slow(scenario: Scenario, seed: int, fidelity=None, progress=None):
        now[0] += 10
        return run(scenario, seed, fidelity)

    made = search(TOWN, edges=2, seconds=200, run=slow, clock=lambda: now[0])
    assert made.runs == 15
    assert now[0] == 200


def test_where_nothing_shows_the_mass_says_what_is_worse() -> None:
    def hidden(scenario: Scenario, seed: int, fidelity=None, progress=None):
        outcome = run(scenario, seed, fidelity)
        return replace(
            outcome,
            metrics={"fakes": 0.0, "reputation_gain": outcome.metrics["fakes"]},
            samples={"fakes": [0.0] * 40},
        )

    made = search(TOWN, edges=3, seed=1, runs=100, run=hidden)
    end = max(made.trials, key=lambda one: (one.rung, one.score))
    assert end.score[0] == 0
    assert end.score[1] > made.trials[0].score[1] + 0.1


def test_what_cannot_be_searched_is_refused() -> None:
    with pytest.raises(ValueError, match="budget"):
        search(TOWN, edges=3, run=run)
    with pytest.raises(ValueError, match="budget"):
        search(TOWN, edges=0, seconds=1, run=run)
    with pytest.raises(ScenarioError, match="graph"):
        search(replace(TOWN, fidelities=(Fidelity.VIRTUAL,)), edges=3, seconds=1, run=run)


def test_the_engine_asks_fewer_people_first() -> None:
    asked: list[int] = []

    def counted(scenario: Scenario, seed: int, fidelity=None, progress=None):
        asked.append(scenario.questions.people)
        return run(scenario, seed, fidelity)

    search(TOWN, edges=2, runs=20, run=counted)
    assert asked[0] == 0
    assert asked[3] == round(40 * RUNGS[0][0]) < asked[12] == round(40 * RUNGS[1][0])
    assert asked[-attack_search.CONFIRMED :] == [0] * attack_search.CONFIRMED
