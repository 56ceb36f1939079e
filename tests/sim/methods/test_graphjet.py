"""GraphJet's seeds and lists."""

import numpy as np
import pytest

from sim.methods.graphjet import GraphJet
from tests.sim.methods.worlds import listed, world

LIKES = {0: [0], 1: [0, 1, 2], 2: [0, 2], 3: [3], 4: []}
VOUCHES = {(0, 1): 1.0, (0, 2): 1.0, (0, 4): 1.0, (2, 3): 1.0}


def rng(seed=1):
    return np.random.default_rng(seed)


def test_the_circle_shares_a_tenth_of_the_walks_by_page_rank() -> None:
    seeds, part = GraphJet().prepare(world(LIKES, VOUCHES)).seeds(0, rng())
    assert seeds.tolist() == [0, 1, 2, 3]
    # Visits: 1 and 2 each 1/3, 3 behind 2 .85 of that; 4 has no items.
    assert part == pytest.approx([0.9, 0.1 / 2.85, 0.1 / 2.85, 0.085 / 2.85], abs=0.004)
    seeds, part = GraphJet(circle=0).prepare(world(LIKES, VOUCHES)).seeds(0, rng())
    assert (seeds.tolist(), part.tolist()) == ([0], [1.0])
    assert GraphJet().prepare(world(LIKES)).seeds(0, rng())[0].tolist() == [0]
    small = GraphJet(circle=3, query_fraction=0.5).prepare(world(LIKES, VOUCHES)).seeds(0, rng())
    assert small[0].tolist() == [0, 1, 2]
    assert small[1] == pytest.approx([0.5, 0.25, 0.25], abs=0.03)


def test_a_newcomer_without_items_starts_at_her_circle_alone() -> None:
    the_world = world(LIKES, {(4, 1): 1.0})
    seeds, part = GraphJet().prepare(the_world).seeds(4, rng())
    assert (seeds.tolist(), part.tolist()) == ([1], [1.0])
    assert set(listed(GraphJet().prepare(the_world).rank(4, 5, rng()))) == {0, 1, 2}
    assert GraphJet().prepare(world(LIKES)).rank(4, 5, rng()).item.size == 0


def test_items_are_ranked_by_visits() -> None:
    found = listed(GraphJet(length=3, reset=0.0).prepare(world(LIKES)).rank(0, 5, rng()))
    # All 10,000 visit item 0 first, and of the second visits 1/3 1/3 is to 1, 1/3 (1/3 + 1/2) to 2.
    assert found == pytest.approx({2: 5 / 36, 1: 1 / 18}, abs=0.01)
    assert list(found) == [2, 1]


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="length must be odd, not 4"):
        GraphJet(length=4)
    for wrong in ({"reset": 1.0}, {"query_fraction": 1.0}, {"walks": 0}, {"circle": -1}):
        with pytest.raises(ValueError, match="need"):
            GraphJet(**wrong)
