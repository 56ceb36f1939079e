"""Attacks stay within the budget and sizes, whatever is drawn and changed; all can be reached."""

import numpy as np
import pytest

from sim.adversaries.regions import plan_of
from sim.scenario.names import ENTRANCES, REGIONS, STRATEGIES
from sim.scenario.schema import Sybil
from sim.studies.cells import (
    ALL_IDENTITIES_MAX,
    CLIQUE_MAX,
    FAKES_MAX,
    NAMES,
    canonical,
    drawn,
    mutated,
)


@pytest.mark.parametrize("edges", [1, 20, 200])
def test_every_attack_can_be_run_within_the_budget(edges: int) -> None:
    rng = np.random.default_rng(edges)
    cell = drawn(edges, rng)
    for n in range(2_000):
        cell = drawn(edges, rng) if n % 5 == 0 else mutated(cell, edges, rng)
        plan = plan_of(cell)
        assert 1 <= plan.edges <= edges
        assert plan.entries <= plan.edges
        assert plan.regions * plan.identities <= ALL_IDENTITIES_MAX
        assert plan.topology != "clique" or plan.identities <= CLIQUE_MAX
        assert 1 <= plan.fakes <= FAKES_MAX
        assert canonical(cell, edges) == cell


def test_all_that_can_be_chosen_is_drawn() -> None:
    rng = np.random.default_rng(0)
    cells = [drawn(20, rng) for _ in range(500)]
    assert {cell.topology for cell in cells} == set(REGIONS)
    assert {cell.strategy for cell in cells} == set(STRATEGIES)
    assert {cell.entrance for cell in cells} == set(ENTRANCES)
    for name in NAMES:
        assert len({getattr(cell, name) for cell in cells}) >= 2, name
    assert min(cell.identities for cell in cells) == 1
    assert max(cell.identities for cell in cells) > 500


def test_a_mutation_changes_little_and_something() -> None:
    rng = np.random.default_rng(1)
    base = Sybil(edges=20, identities=30, entries=4, topology="tree", shared=True, profile=20)
    changed = [
        sum(getattr(base, name) != getattr(one, name) for name in NAMES)
        for one in (mutated(base, 20, rng) for _ in range(300))
    ]
    assert max(changed) <= 6, "three, and what they bring with them"
    assert np.mean(changed) > 0.7
