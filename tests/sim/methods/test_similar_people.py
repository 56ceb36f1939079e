"""Likeness as published, against the formula person by person."""

import numpy as np
import pytest

from sim.methods.similar_people import similar_people
from sim.methods.web3recommend import Web3Recommend
from tests.sim.methods.worlds import dense, random_world, world


def naive(shares, u, x, most):
    """The published score of x for u."""
    common = np.flatnonzero((shares[u] > 0) & (shares[x] > 0))
    a, b = shares[u, common], shares[x, common]
    d_a, d_b = a - shares[u][shares[u] > 0].mean(), b - shares[x][shares[x] > 0].mean()
    spread = np.abs(d_a).sum() * np.abs(d_b).sum()
    pcc = (d_a * d_b).sum() / spread if spread > 1e-12 else 0.0
    both = np.concatenate([a, b])
    span = both.max() - both.min()
    rdci = 1 - np.abs(a - b).mean() / span if span > 1e-9 else 0.0
    return 0.5 * (0.5 * common.size / most * pcc + 0.5 * rdci + 1)


@pytest.mark.parametrize("person", range(4))
def test_scores_are_those_of_the_formula(person) -> None:
    the_world = random_world(2)
    shares = dense(the_world)
    shares /= shares.sum(1, keepdims=True)
    ranker = Web3Recommend().prepare(the_world)
    found, weight = similar_people(ranker.content, ranker.item_share, person)
    common = ((shares > 0) & (shares[person] > 0)).sum(1)
    common[person] = 0
    assert sorted(found.tolist()) == np.flatnonzero(common).tolist()
    wanted = [naive(shares, person, x, common.max()) for x in found.tolist()]
    assert weight == pytest.approx(wanted, abs=1e-4)
    assert (np.diff(weight) <= 1e-6).all()


def test_a_clone_comes_first_and_loners_have_nobody() -> None:
    hers = {0: 1.0, 1: 0.25, 2: 0.5}
    the_world = world({0: hers, 1: {0: 0.25, 1: 1.0}, 2: hers, 3: {4: 1.0}})
    ranker = Web3Recommend().prepare(the_world)
    assert similar_people(ranker.content, ranker.item_share, 0)[0].tolist() == [2, 1]
    assert similar_people(ranker.content, ranker.item_share, 3)[0].size == 0
