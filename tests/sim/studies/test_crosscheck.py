"""Fidelities agree within the bounds asked for, and are found out where they do not."""

import math

import pytest
from msgspec.structs import replace

from sim.outcome import Outcome, Progress
from sim.scenario.errors import ScenarioError
from sim.scenario.schema import Fidelity, Questions, Scenario, Sybil
from sim.studies.crosscheck import agreements_of, crosscheck
from tests.sim.studies.engines import run

GRAPH, VIRTUAL, REAL = Fidelity
TOWN = Scenario(
    name="town", title="Town", fidelities=(GRAPH, VIRTUAL), questions=Questions(people=0, k=10),
    adversary=(Sybil(edges=4),),
)  # fmt: skip


def unlike(scenario: Scenario, seed: int, fidelity=None, progress=None) -> Outcome:
    """A virtual run that ranks in another way."""
    progress(Progress(0.5))
    method = "salsa" if fidelity is VIRTUAL else "popularity"
    return run(replace(scenario, method=method), seed, fidelity)


def test_the_same_lists_agree_other_lists_do_not() -> None:
    same = crosscheck(TOWN, 3, run=run)
    assert same.ok
    held = {one.bound.metric: one.held for one in same.agreements}
    unknown = dict.fromkeys(("held", "rounds_to_99", "bytes_per_peer_s"))
    assert held == {"ndcg": True, "fakes": True} | unknown
    heard: list[Progress] = []
    other = crosscheck(TOWN, 3, (VIRTUAL, GRAPH), heard.append, run=unlike)
    assert not other.ok
    assert [one.fidelity for one in other.outcomes] == [GRAPH, VIRTUAL]
    assert [one.done for one in heard] == [0.25, 0.75]
    assert other.as_data()["agreements"][0]["held"] is False


def outcome(fidelity: Fidelity, **metrics: float) -> Outcome:
    return Outcome(scenario=TOWN, seed=0, fidelity=fidelity, metrics=metrics)


def test_bounds_are_those_asked_for() -> None:
    graph = outcome(GRAPH, ndcg=0.3, fakes=0.01)
    virtual = outcome(VIRTUAL, ndcg=0.309, fakes=0.0131, rounds_to_99=11.9, bytes_per_peer_s=50)
    real = outcome(REAL, ndcg=0.32, fakes=0.0129, rounds_to_99=10, bytes_per_peer_s=40)
    held = {
        (one.near, one.real, one.bound.metric): one.held
        for one in agreements_of([graph, virtual, real])
    }
    assert held[GRAPH, VIRTUAL, "ndcg"] is True
    assert held[GRAPH, VIRTUAL, "fakes"] is False
    assert held[GRAPH, REAL, "fakes"] is True
    assert held[VIRTUAL, REAL, "ndcg"] is False
    assert held[VIRTUAL, REAL, "rounds_to_99"] is True
    assert held[VIRTUAL, REAL, "bytes_per_peer_s"] is False
    assert held[GRAPH, REAL, "rounds_to_99"] is None
    nothing = agreements_of([outcome(VIRTUAL, rounds_to_99=1), outcome(REAL, rounds_to_99=0)])
    assert {one.bound.metric: one.held for one in nothing}["rounds_to_99"] is False


def test_what_only_one_run_knows_is_no_agreement_and_a_graph_sends_nothing() -> None:
    unheard = outcome(VIRTUAL, ndcg=0.3, rounds_to_99=math.nan, held=0.5)
    real = outcome(REAL, ndcg=0.3, rounds_to_99=10, held=1.0)
    found = {one.bound.metric: one for one in agreements_of([unheard, real])}
    assert found["rounds_to_99"].held is False
    assert found["held"].held is False
    assert found["fakes"].held is None
    assert found["fakes"].incomparable == "unknown in both"
    (rounds,) = [
        one for one in agreements_of([outcome(GRAPH), real]) if one.bound.metric == "rounds_to_99"
    ]
    assert rounds.held is None
    assert rounds.incomparable == "a graph run sends nothing"


def test_runs_that_share_no_metric_show_nothing() -> None:
    def silent(scenario: Scenario, seed: int, fidelity=None, progress=None) -> Outcome:
        return outcome(fidelity, ndcg=math.nan)

    assert not crosscheck(TOWN, 0, run=silent).ok


def test_one_fidelity_or_one_it_is_not_made_for_is_refused() -> None:
    with pytest.raises(ScenarioError, match="two fidelities"):
        crosscheck(TOWN, 0, (GRAPH,), run=run)
    with pytest.raises(ScenarioError, match="no scenario for real"):
        crosscheck(TOWN, 0, (GRAPH, REAL), run=run)
