"""A scenario from its table to its outcome."""

import math
from functools import cache

import pytest
from msgspec.structs import replace

from sim import running
from sim.scenario.schema import (
    Claim,
    Compared,
    Fidelity,
    News,
    Planted,
    Questions,
    Speaking,
    Sybil,
    Time,
    World,
)
from sim.virtual.running import run
from tests.sim.virtual.small import scenario


def small(**changes):
    usual = scenario(
        world=World(people=12, planted=Planted(clusters=2, items=60, likes=8, friends=3)),
        time=Time(duration_s=20, round_s=1),
        news=News(items=3, from_s=5, until_s=9),
        questions=Questions(people=6),
    )
    return replace(usual, **changes)


def test_a_run_leaves_figures_lines_samples_and_a_digest():
    told = []
    found = run(small(), 3, told.append)
    assert found.fidelity is Fidelity.VIRTUAL
    assert found.metrics["coverage"] == 1
    assert len(found.samples["ndcg"]) == len(found.samples["fakes"]) == 6
    assert len(found.series["peers"]) == 100
    assert found.series["rounds"][-1][1] == 1
    assert len(found.digest) == 64
    assert [p.done for p in told] == sorted(p.done for p in told)
    assert told[-1].done == 1
    assert told[-1].peers == 12
    assert told[-1].messages > 0


def test_the_same_seed_gives_the_same_outcome_but_for_what_the_machine_took():
    one, other = run(small(), 3), run(small(), 3)
    assert one.digest == other.digest
    for name, value in one.metrics.items():
        if not name.startswith(("cpu", "bytes_of_memory")):
            same = other.metrics[name]
            assert value == same or (math.isnan(value) and math.isnan(same))


def test_claims_are_looked_at_when_it_is_run_by_its_name():
    claims = (Claim(assert_="coverage >= 0.99"), Claim(assert_="coverage < 0.5"))
    found = running.run(small(claim=claims), 1, Fidelity.VIRTUAL)
    assert [claim.held for claim in found.claims] == [True, False]


@pytest.mark.slow
@pytest.mark.parametrize("how", ["garbage", "equivocate", "flap"])
def test_honest_peers_stay_sound_among_hostile_ones(how):
    hostile = (Speaking(how=how, peers=2, rate_per_s=2.0, vouched=3),)
    found = run(small(adversary=hostile), 2)
    assert found.metrics["coverage"] == 1


BARE = ("alpha", "beta", "kappa", "edge-cap")
ATTACK = (Sybil(edges=12, identities=2, fakes=5, entries=2),)


@cache
def beside():
    """An attack, the same without defences, and both without attack."""
    return run(
        small(
            adversary=ATTACK,
            compared=(
                Compared(label="bare", off=BARE),
                Compared(label="calm", attacked=False),
                Compared(label="bare-calm", off=BARE, attacked=False),
            ),
        ),
        2,
    )


@pytest.mark.slow
def test_the_same_world_again_with_other_settings_and_without_the_attack():
    alone, found = run(small(adversary=ATTACK), 2), beside()
    calm = run(small(), 2)
    bare = run(small(adversary=ATTACK, off=BARE), 2)
    for label, other in (("", alone), ("calm.", calm), ("bare.", bare)):
        for name in ("ndcg", "fakes", "coverage", "messages", "bytes"):
            assert found.metrics[label + name] == other.metrics[name], label + name
        assert found.samples[f"{label}ndcg"] == other.samples["ndcg"]
    assert found.metrics["bare.fakes"] > found.metrics["fakes"]
    assert found.digest != alone.digest
    assert "bare.bytes_of_memory_per_peer" not in found.metrics


@pytest.mark.slow
def test_what_an_attack_costs_is_told_beside_the_same_settings_without_it():
    figures = beside().metrics
    for label in ("", "bare"):
        own, calm = (f"{label}." if label else ""), (f"{label}-calm." if label else "calm.")
        lost = 1 - figures[f"{own}ndcg"] / figures[f"{calm}ndcg"]
        assert figures[f"{own}honest_loss"] == pytest.approx(lost)
        assert 0 < figures[f"{own}rbo"] <= 1
    assert "calm.honest_loss" not in figures
    assert figures["bare.rbo"] < figures["rbo"]
    assert "honest_loss" not in run(small(adversary=ATTACK), 2).metrics
