"""Engines small enough for tests: real lists of real methods in a town under a real attack."""

import numpy as np

from sim.adversaries import regions
from sim.attacks.attacked import attack
from sim.attacks.regions import Attack
from sim.data.interactions import Interactions, Wanted
from sim.measures.accuracy import measure
from sim.methods.registry import method
from sim.outcome import Outcome
from sim.scenario.schema import Fidelity, Followers, Scenario, Sybil
from tests.sim.attacks.towns import ITEMS, PEOPLE, town


def run(scenario: Scenario, seed: int, fidelity=None, progress=None) -> Outcome:
    """Everybody of the town is asked for a list with `scenario.method`; she wants the item after
    those she has. The first adversary attacks."""
    world, rng = town(), np.random.default_rng((seed, 1))
    hostile = attack(world, plan_of(scenario), rng)
    asked = min(scenario.questions.people or PEOPLE, PEOPLE)
    people = (np.arange(asked, dtype=np.int32) * PEOPLE // asked).astype(np.int32)
    k = scenario.questions.k
    ranker = method(scenario.method).prepare(hostile.world)
    shown = [
        ranker.rank(one, k, np.random.default_rng((seed, 2, one))).item for one in people.tolist()
    ]
    lists = np.full((people.size, k), -1, np.int32)
    for row, items in enumerate(shown):
        lists[row, : items.size] = np.where(items < ITEMS, items, -1)
    everybody = np.arange(PEOPLE, dtype=np.int32)
    test = Interactions(
        everybody, ((everybody + 10) % ITEMS).astype(np.int32), np.ones(PEOPLE, np.float32), None,
        PEOPLE, ITEMS,
    )  # fmt: skip
    ndcg = measure(people, lists, Wanted.of(test), np.ones(ITEMS, np.int64))["ndcg"]
    fakes = np.array([np.count_nonzero(items >= ITEMS) for items in shown]) / k
    by_place = [
        (float(place), float(np.mean([(items[:place] >= ITEMS).mean() for items in shown])))
        for place in range(1, k + 1)
    ]
    return Outcome(
        scenario=scenario,
        seed=seed,
        fidelity=fidelity or Fidelity.GRAPH,
        metrics={"ndcg": float(ndcg.mean()), "fakes": float(fakes.mean())},
        series={"exposure_by_place": by_place},
        samples={"ndcg": ndcg.tolist(), "fakes": fakes.tolist()},
        digest=f"{seed}",
        wall_s=0.01,
    )


def plan_of(scenario: Scenario) -> Attack:
    """Of the first adversary; nobody is fooled without one."""
    if not scenario.adversary:
        return Attack(edges=0, fakes=0)
    spec = scenario.adversary[0]
    if isinstance(spec, Followers):
        return Attack(edges=spec.followers, identities=spec.sybils + 1)
    assert isinstance(spec, Sybil)
    return regions.plan_of(spec)


def run_once_allowed(scenario: Scenario, seed: int, fidelity=None, progress=None) -> Outcome:
    """Odd seeds fail until the file that `about` names is there."""
    if seed % 2:
        with open(scenario.about):
            pass
    return run(scenario, seed, fidelity, progress)


def run_or_wait(scenario: Scenario, seed: int, fidelity=None, progress=None) -> Outcome:
    """Seeds from 2 on wait for somebody to write into the pipe that `about` names."""
    if seed >= 2:
        with open(scenario.about):
            pass
    return run(scenario, seed, fidelity, progress)
