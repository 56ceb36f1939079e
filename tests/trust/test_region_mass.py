"""A region's trust does not grow with its identities; by the published credit a chain's does."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.attacks.regions import Topology
from tests.trust.region_mass import Honest, masses, slope
from trust.config import Credit, TrustConfig
from trust.meritrank import trust_from
from trust.vouches import CompiledVouches

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


def told_off(entered, n_identities=60):
    """(without, with) what the identities say against ten honest people; entered by so many."""
    honest, config = small_world(), TrustConfig(author_cap=1.0)
    rng = np.random.default_rng(2)
    fooled = rng.choice(honest.n, entered, replace=False)
    identities = honest.n + np.arange(n_identities)
    inside = honest.n + (np.arange(n_identities) + 1) % n_identities
    victims = np.unique(honest.target[honest.caster == 0])[:10]
    slander = np.repeat(identities, victims.size), np.tile(victims, n_identities)
    caster = np.concatenate([honest.caster, fooled, identities, slander[0]])
    target = np.concatenate([honest.target, identities[:entered], inside, slander[1]])
    found = []
    for weight in (0.0, -1.0):
        said = np.ones(caster.size, np.float32)
        said[-slander[0].size :] = weight
        rows = caster.astype(np.int32), target.astype(np.int32), said
        vouches = CompiledVouches.from_triples(honest.n + n_identities, *rows)
        found.append(trust_from(vouches, 0, config, np.random.default_rng(3)).t)
    return found, victims, honest.n


@pytest.mark.compiled
def test_strangers_change_nobodys_trust_by_bad_mouthing():
    (before, after), _, _ = told_off(entered=0)
    assert (before == after).all()


@pytest.mark.compiled
def test_a_region_takes_away_no_more_than_it_has():
    """What victims lose is its part at most, and what all others gain by that as much again."""
    (before, after), victims, n_honest = told_off(entered=20)
    region = before[n_honest:].sum()
    assert 0 < region < 0.5
    assert (after[victims] <= before[victims]).all()
    assert after[victims].sum() < before[victims].sum()
    assert np.abs(after - before).sum() <= 2 * region / (1 - region)


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.compiled
@pytest.mark.parametrize("topology", Topology)
def test_more_identities_gain_nothing_among_friends_on_last_fm(topology):
    fitted, upper = growth(Honest.last_fm(DATA), topology, 1, range(8))
    assert fitted <= upper <= GROWTH_MAX
