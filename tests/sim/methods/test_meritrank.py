"""MeritRank against the published rules, exact probabilities and a graph done by hand."""

import numpy as np
import pytest

from sim.methods.meritrank import MeritRank, meritrank_pht, meritrank_ppr, trust_ppr
from tests.sim.methods import naive_walks
from tests.sim.methods.worlds import listed, world

LIKES = {0: [0], 1: [0, 1], 2: {0: 1.0, 2: 0.5}, 3: [3]}
"""Item v is liked by person v; she by herself alone, but for item 0."""


def rng(seed=1):
    return np.random.default_rng(seed)


def test_visits_and_hits_have_their_exact_probabilities() -> None:
    # MeritRank's own test graph: 0 -> 1, 0 -> 2, 1 -> 2 with P(continue) .85.
    the_world = world(LIKES, {(0, 1): 1.0, (0, 2): 1.0, (1, 2): 1.0})
    for make in (meritrank_ppr, meritrank_pht):
        found = make(beta=0.0, walks=200_000).prepare(the_world).reputation(0, rng())
        assert found == pytest.approx([0, 0.425 / 1.21125, 0.78625 / 1.21125, 0], abs=0.005)


def test_a_loop_gains_visits_but_no_hits() -> None:
    the_world = world(LIKES, {(0, 1): 1.0, (1, 2): 1.0, (2, 1): 1.0, (0, 3): 1.0})
    visits = meritrank_ppr(beta=0.0, walks=50_000).prepare(the_world).reputation(0, rng())
    hits = meritrank_pht(beta=0.0, walks=50_000).prepare(the_world).reputation(0, rng())
    once = 0.425 * np.array([1, 0.85, 1])
    assert hits[1:] == pytest.approx(once / once.sum(), abs=0.01)
    loops = 0.425 * np.array([1 / (1 - 0.85**2), 0.85 / (1 - 0.85**2), 1])
    assert visits[1:] == pytest.approx(loops / loops.sum(), abs=0.01)


def test_who_is_behind_a_bridge_is_cut_and_the_rest_scaled_as_published() -> None:
    rules = MeritRank(beta=0.5, threshold=1.0)
    # 2 is always led to by 1; 3 nearly always.
    found = rules.decayed(
        np.array([0.0, 0.5, 0.3, 0.2]), np.array([0, 10, 10, 10]), np.array([0, 0, 10, 9])
    )
    assert found == pytest.approx([0.0, 0.5 / 0.85, 0.15, 0.2 / 0.85])
    found = MeritRank(beta=0.5, threshold=0.9).decayed(
        np.array([0.0, 0.5, 0.3, 0.2]), np.array([0, 10, 10, 10]), np.array([0, 0, 10, 9])
    )
    assert found == pytest.approx([0.0, 0.5 / 0.74, 0.15, 0.2 * 0.5 * 0.9])


@pytest.mark.parametrize("hitting", [0, 1])
def test_reputation_is_the_published_one_of_the_same_walks(hitting) -> None:
    pairs = {(0, 1): 1.0, (0, 2): 0.5, (1, 3): 1.0, (2, 1): 1.0, (1, 0): 0.25, (3, 2): -0.5}
    out = {}
    for (a, b), w in sorted(pairs.items(), key=lambda pair: (pair[0][0], pair[1] < 0, pair[0][1])):
        out.setdefault(a, []).append((b, w))
    walks = naive_walks.trust_walks(0, out, 0.15, 10_000, 1000, rng(4))
    neck = naive_walks.leading(walks, 0)
    hits = {v: sum(v in walk for walk in walks) for v in (1, 2, 3)}
    counted = hits if hitting else {v: sum(walk.count(v) for walk in walks) for v in (1, 2, 3)}
    rep = {v: c / sum(counted.values()) for v, c in counted.items()}
    flagged = {v for v in rep if neck.get(v, 0) > 0 and neck[v] >= hits[v]}
    assert flagged == {3}
    kept = {v: rep[v] * 0.2 * neck[v] / hits[v] for v in flagged}
    removed = sum(rep[v] - kept[v] for v in flagged)
    wanted = [kept.get(v, rep[v] / (1 - removed)) for v in (1, 2, 3)]
    method = MeritRank(hitting=hitting)
    found = method.prepare(world(LIKES, pairs)).reputation(0, rng(4))
    assert found[1:].tolist() == pytest.approx(wanted)


def test_items_are_those_of_people_with_reputation_in_proportion_to_affinity() -> None:
    ranker = trust_ppr().prepare(world(LIKES, {(0, 2): 1.0}))
    assert listed(ranker.rank(0, 5, rng())) == pytest.approx({2: 1 / 3}, abs=1e-2)


def test_distrust_ends_a_walk() -> None:
    ranker = meritrank_ppr(beta=0.0).prepare(world(LIKES, {(0, 1): 1.0, (0, 3): -1.0}))
    assert ranker.reputation(0, rng()).tolist() == [0.0, 1.0, 0.0, 0.0]


def test_whoever_reaches_nobody_hears_everybody_alike() -> None:
    for vouches in (None, {(1, 2): 1.0}, {(0, 1): -1.0}):
        found = meritrank_pht().prepare(world(LIKES, vouches)).reputation(0, rng())
        assert found == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3])


def test_what_makes_no_sense_is_refused() -> None:
    for wrong in ({"reset": 0.0}, {"beta": 1.5}, {"threshold": 0.0}, {"walks": 0}, {"hitting": 2}):
        with pytest.raises(ValueError, match="need"):
            MeritRank(**wrong)
