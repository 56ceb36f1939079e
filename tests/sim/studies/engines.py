"""Engines small enough for tests: real lists of real methods in a town under a real attack."""

import numpy as np

from sim.attacks.attacked import attack
from sim.attacks.exposure import expose
from sim.attacks.regions import Attack, Strategy, Topology
from sim.data.interactions import Interactions, Wanted
from sim.evaluation.metrics import measure
from sim.methods.registry import method
from sim.outcome import Outcome
from sim.scenario.schema import Fidelity, Followers, Scenario, Sybil
from tests.sim.attacks.towns import ITEMS, PEOPLE, town


def run(scenario: Scenario, seed: int, fidelity=None, progress=None) -> Outcome:
    """Everybody of the town is asked for a list with `scenario.method`; she wants the item after
    those she has. The first adversary attacks."""
    world, rng = town(), np.random.default_rng((seed, 1))
    hostile = attack(world, plan_of(scenario), rng)
    people = np.arange(PEOPLE, dtype=np.int32)
    k = scenario.questions.k
    seen = expose(method(scenario.method), hostile, people, n=k, seed=(seed, 2))
    lists = np.full((PEOPLE, k), -1, np.int32)
    for row, items in enumerate(seen.lists):
        lists[row, : items.size] = np.where(items < ITEMS, items, -1)
    test = Interactions(
        people, ((people + 10) % ITEMS).astype(np.int32), np.ones(PEOPLE, np.float32), None,
        PEOPLE, ITEMS,
    )  # fmt: skip
    ndcg = measure(people, lists, Wanted.of(test), np.ones(ITEMS, np.int64))["ndcg"]
    fakes = seen.fakes / k
    shown = [
        (float(place), float(np.mean([(one[:place] >= ITEMS).mean() for one in seen.lists])))
        for place in range(1, k + 1)
    ]
    return Outcome(
        scenario=scenario,
        seed=seed,
        fidelity=fidelity or Fidelity.GRAPH,
        metrics={"ndcg": float(ndcg.mean()), "fakes": float(fakes.mean())},
        series={"exposure_by_place": shown},
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
    return Attack(
        spec.edges, spec.identities, spec.entries, Topology(spec.topology),
        Strategy(spec.strategy), spec.shared, spec.fakes, slander=spec.slander,
    )  # fmt: skip


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
