"""The cells of the attack grid."""

import numpy as np
import pytest

from sim.attacks.grid import (
    EDGES,
    ENTRIES,
    IDENTITIES,
    STRATEGIES,
    canonical,
    corners,
    others,
)
from sim.attacks.regions import Attack, Strategy, Topology


def test_corners_hold_the_ends_of_every_size_with_every_shape_and_disguise() -> None:
    cells = corners()
    assert len(cells) == len(set(cells))
    assert {c.edges for c in cells} == {EDGES[0], EDGES[-1]}
    assert {c.identities for c in cells} == {IDENTITIES[0], IDENTITIES[-1]}
    assert {c.entries for c in cells} == {ENTRIES[0], ENTRIES[-1]}
    for topology in Topology:
        for strategy in STRATEGIES:
            for shared in (False, True):
                assert Attack(200, 200, 50, topology, strategy, shared) in cells


def test_equal_attacks_have_one_name() -> None:
    assert canonical(Attack(1, 1, 50, Topology.TREE, Strategy.OWN, True)) == Attack(
        1, 1, 1, Topology.STAR, Strategy.OWN, False
    )


def test_the_others_are_no_corners_and_come_from_the_seed() -> None:
    drawn = others(60, np.random.default_rng(1))
    assert len(set(drawn)) == 60
    assert not set(drawn) & set(corners())
    assert drawn == others(60, np.random.default_rng(1))
    with pytest.raises(ValueError, match="the grid has"):
        others(10_000, np.random.default_rng(1))
