"""Whole runs in arrays, on a planted world."""

import math

import pytest

from sim.graph.running import run
from sim.outcome import Progress
from sim.scenario.schema import (
    Compared,
    Fidelity,
    Followers,
    Planted,
    Questions,
    Scenario,
    World,
)

pytestmark = pytest.mark.slow

WORLD = World(people=120, planted=Planted(clusters=6, items=300, likes=30))
ATTACK = Followers(attackers=12, followers=5, sybils=60, clone=True, fakes=5)


def scenario(**more) -> Scenario:
    usual = {"world": WORLD, "questions": Questions(people=40, k=10), "adversary": (ATTACK,)}
    return Scenario(name="small", title="", fidelities=(Fidelity.GRAPH,), **(usual | more))


@pytest.fixture(scope="module")
def outcome():
    salsa = Compared(label="no-defence", method="salsa")
    calm = Compared(label="calm", method="salsa", attacked=False)
    return run(scenario(compared=(salsa, calm)), 3)


def test_clones_get_into_undefended_lists_and_not_into_ours(outcome):
    figures = outcome.metrics
    assert figures["no-defence.fakes"] > 0.05
    assert figures["no-defence.reputation_gain"] > 0.02
    assert figures["fakes"] < figures["no-defence.fakes"] / 4
    assert figures["no-defence.honest_loss"] > 0
    assert figures["no-defence.rbo"] < 1
    assert figures["no-defence.gain_per_edge"] == pytest.approx(
        figures["no-defence.fakes"] * 10 * 120 / 60
    )


def test_who_is_not_attacked_is_as_plain_salsa(outcome):
    figures = outcome.metrics
    assert figures["calm.ndcg"] == figures["plain.ndcg"] > 0.1
    assert figures["calm.fakes"] == 0
    assert "calm.rbo" not in figures


def test_what_decays_cost_is_taken_against_the_reference():
    told = {"none": {"reset": 0.01, "beta": 0.0}, "some": {"reset": 0.1}, "much": {"reset": 0.5}}
    compared = tuple(
        Compared(label=label, method="meritrank-pht", set=values, reference=label == "none")
        for label, values in told.items()
    )
    questions = Questions(people=10, k=10)
    figures = run(scenario(adversary=(), compared=compared, questions=questions), 3).metrics
    assert 0 < figures["some.information_loss"] < figures["much.information_loss"] < 2
    assert figures["information_loss"] > 0, "ours has reputations, too"
    assert "none.information_loss" not in figures


def test_samples_are_of_those_asked_and_mean_the_figure(outcome):
    for name in ("ndcg", "fakes", "no-defence.fakes", "plain.recall"):
        assert len(outcome.samples[name]) == 40
        assert sum(outcome.samples[name]) / 40 == pytest.approx(outcome.metrics[name])


def test_the_bound_is_above_the_mean(outcome):
    assert outcome.metrics["no-defence.fakes_high"] > outcome.metrics["no-defence.fakes"]


def test_a_seed_gives_one_digest_and_others_others():
    one, again, other = run(scenario(), 3), run(scenario(), 3), run(scenario(), 4)
    assert one.digest == again.digest != other.digest
    assert one.metrics == pytest.approx(again.metrics, nan_ok=True)


def test_another_method_compared_changes_none_of_our_figures(outcome):
    alone = run(scenario(), 3)
    for name, value in alone.metrics.items():
        assert outcome.metrics[name] == pytest.approx(value, nan_ok=True), name


def test_settings_of_peers_and_switched_off_defences_are_those_of_the_lists():
    usual = run(scenario(), 3)
    assert run(scenario(peer={"trust.alpha": 0.9}), 3).digest != usual.digest
    assert run(scenario(off=("beta",)), 3).digest != usual.digest


def test_a_quiet_world_has_accuracy_and_no_exposure():
    figures = run(scenario(adversary=()), 3).metrics
    assert figures["ndcg"] > 0.1
    assert "fakes" not in figures


def test_where_nothing_is_held_out_accuracy_is_not_known():
    world = World(people=60, held_out=0.0, planted=WORLD.planted)
    figures = run(scenario(world=world), 3).metrics
    assert math.isnan(figures["ndcg"])
    assert figures["fakes"] >= 0


def test_progress_goes_on_to_the_end():
    told: list[Progress] = []
    run(scenario(), 3, told.append)
    done = [one.done for one in told]
    assert done == sorted(done)
    assert done[-1] == 1
    assert told[-1].peers == 120


def test_a_comparison_ranks_with_the_scenarios_settings_and_its_own():
    given = {"peer": {"trust.alpha": 0.9}}
    made = (
        Compared(label="same"),
        Compared(label="usual", peer={"trust.alpha": 0.08}),
        Compared(label="open", off=("beta", "kappa", "edge-cap")),
    )
    found = run(scenario(**given, compared=made), 3).metrics
    usual = run(scenario(), 3).metrics
    for name in ("ndcg", "fakes", "rbo"):
        assert found[f"same.{name}"] == found[name]
        assert found[f"usual.{name}"] == usual[name]
    assert found["open.fakes"] > found["fakes"]
