"""A region's trust does not grow with its identities; by the published credit a chain's does."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.attacks.regions import Topology
from tests.trust.region_mass import Honest, masses, slope
from trust.config import Credit, TrustConfig

DATA = Path(os.environ.get("GRAPEVINE_DATA", Path(__file__).parents[3] / "shared" / "data"))
GROWTH_MAX = 0.05
SIZES = (1, 10, 100, 1000)


def growth(honest, topology, edges, seeds, config=None):
    config = config or TrustConfig()
    found = [masses(honest, topology, SIZES, edges, config, owners=3, seed=s) for s in seeds]
    assert np.mean(found) > 0, "nobody was fooled: this measures nothing"
    return slope(SIZES, found)


def small_world():
    return Honest.random(400, 4, np.random.default_rng(1))


@pytest.mark.compiled
@pytest.mark.parametrize("edges", [1, 20])
@pytest.mark.parametrize("topology", Topology)
def test_more_identities_gain_nothing(topology, edges):
    """Without the cap, which where everybody is near holds one identity below her due."""
    config = replace(TrustConfig(), author_cap=1.0)
    fitted, upper = growth(small_world(), topology, edges, range(6), config)
    assert fitted <= upper <= GROWTH_MAX


@pytest.mark.compiled
@pytest.mark.parametrize("credit", [Credit.HITS, Credit.VISITS])
def test_a_chain_gains_by_the_published_credit(credit):
    config = replace(TrustConfig(), credit=credit)
    fitted, _ = growth(small_world(), Topology.CHAIN, 1, range(6), config)
    assert fitted > 2 * GROWTH_MAX


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.compiled
@pytest.mark.parametrize("topology", Topology)
def test_more_identities_gain_nothing_among_friends_on_last_fm(topology):
    fitted, upper = growth(Honest.last_fm(DATA), topology, 1, range(8))
    assert fitted <= upper <= GROWTH_MAX
