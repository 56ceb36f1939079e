"""The shapes of hostile regions."""

import numpy as np
import pytest

from sim.attacks.regions import (
    Attack,
    Topology,
    all_inner_vouches,
    entries_of,
    inner_vouches,
)

FOUR = {
    Topology.CHAIN: {(0, 1), (1, 2), (2, 3)},
    Topology.STAR: {(0, 1), (0, 2), (0, 3)},
    Topology.CYCLE: {(0, 1), (1, 2), (2, 3), (3, 0)},
    Topology.TREE: {(0, 1), (0, 2), (1, 3)},
    Topology.CLIQUE: {(i, j) for i in range(4) for j in range(4) if i != j},
}


@pytest.mark.parametrize("topology", Topology)
def test_four_identities(topology: Topology) -> None:
    source, target = inner_vouches(topology, 4)
    assert set(zip(source.tolist(), target.tolist(), strict=True)) == FOUR[topology]


@pytest.mark.parametrize("topology", Topology)
def test_one_identity_vouches_for_nobody(topology: Topology) -> None:
    assert inner_vouches(topology, 1)[0].size == 0


@pytest.mark.parametrize("topology", Topology)
def test_every_identity_can_be_reached_from_the_head(topology: Topology) -> None:
    source, target = inner_vouches(topology, 23)
    reached = {0}
    for _ in range(23):
        reached |= {int(t) for s, t in zip(source, target, strict=True) if int(s) in reached}
    assert reached == set(range(23))


def test_regions_do_not_touch() -> None:
    plan = Attack(edges=6, identities=5, entries=2, topology=Topology.CLIQUE)
    assert plan.regions == 3
    source, target = all_inner_vouches(plan)
    assert np.array_equal(source // 5, target // 5)
    assert source.size == 3 * 5 * 4
    assert entries_of(plan).tolist() == [0, 1, 5, 6, 10, 11]


def test_more_entries_than_identities_enter_the_same_ones() -> None:
    assert entries_of(Attack(edges=4, identities=2, entries=4)).tolist() == [0, 1, 0, 1]


def test_strangers_have_one_region_and_no_entry() -> None:
    plan = Attack(edges=0, identities=100)
    assert (plan.regions, entries_of(plan).size) == (1, 0)


@pytest.mark.parametrize("field", ["edges", "identities", "entries", "fakes"])
def test_nonsense_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=field):
        Attack(**{field: -1})
