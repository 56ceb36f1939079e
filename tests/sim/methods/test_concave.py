"""The concave sum against the formula, and each defence against what it is for."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from ranking.config import RankConfig
from ranking.recommend import RecommendRequest, rank_items
from sim.methods.concave import Concave, RawConcave, trust_of
from sim.methods.method import World
from sim.methods.registry import METHODS, method
from tests.sim.methods.worlds import dense, listed, random_world, world
from trust.config import TrustConfig


def rng(seed=1):
    return np.random.default_rng(seed)


def formula(a, t, person, degree, exponent=0.5, gain=0.25, penalty=0.3):
    """s(i) of every item that the person does not have, by dense matrices."""
    score = np.zeros(a.shape[1])
    taste = a.sum(1, keepdims=True)
    onward = np.divide(a, taste, where=taste > 0, out=np.zeros_like(a))
    for j in np.flatnonzero(a[person]):
        p = t * a[:, j]
        if p.sum() > 0:
            score += degree[j] ** gain * (p / p.sum() @ onward) ** exponent
    return np.where(a[person] > 0, 0.0, score * degree**-penalty)


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("with_vouches", [False, True])
def test_scores_are_of_the_formula(raw, with_vouches) -> None:
    the_world = random_world(7)
    if not with_vouches:
        the_world = World(the_world.snapshot)
    a = dense(the_world)
    for person in range(4):
        rules = RawConcave() if raw else Concave()
        trust = (rules.undefended if raw else rules).trust
        t = trust_of(the_world, person, trust, rng(3)).t.astype(float)
        mass = a.mean(0) if raw else t @ a
        wanted = formula(a, t, person, 1 + 1000 * mass)
        found = listed(rules.prepare(the_world).rank(person, 100, rng(3)))
        assert set(found) == set(np.flatnonzero(wanted).tolist())
        for item, score in found.items():
            assert score == pytest.approx(wanted[item], rel=1e-3)


def test_who_has_no_items_gets_what_the_trusted_like() -> None:
    the_world = world({0: [], 1: [0, 1], 2: [2]}, {(0, 1): 1.0})
    for rules in (Concave(), RawConcave()):
        assert set(listed(rules.prepare(the_world).rank(0, 5, rng()))) == {0, 1}


def test_strangers_move_the_raw_degree_only() -> None:
    likes = {0: [0], 1: [0, 1, 2], 2: [5]}
    crowd = {v: [1] for v in range(3, 30)}
    vouches = {(0, 1): 1.0}
    before = world(likes | {v: [5] for v in crowd}, vouches)
    after = world(likes | crowd, vouches)
    assert listed(Concave().prepare(before).rank(0, 5, rng())) == (
        listed(Concave().prepare(after).rank(0, 5, rng()))
    )
    bad = listed(RawConcave().prepare(after).rank(0, 5, rng()))
    good = listed(RawConcave().prepare(before).rank(0, 5, rng()))
    assert good[1] == pytest.approx(good[2])
    assert bad[1] < 0.5 * bad[2]


def test_everything_on_is_the_nodes_own_ranking() -> None:
    the_world = random_world(8)
    own, theirs = RankConfig(discovery_every=0), TrustConfig()
    rules = Concave(
        exponent=own.exponent,
        source_gain=own.source_gain,
        item_penalty=own.item_penalty,
        echo=own.echo,
        alpha=theirs.alpha,
        walks=theirs.walks,
        cap=theirs.author_cap,
        kappa=own.kappa,
        beta=theirs.beta,
        edge_flow=theirs.edge_flow_max,
        credit=theirs.credit.value,
        excess_weight=own.excess_weight,
        budget=own.dependents_max,
    )
    assert rules.trust == theirs
    found = rules.prepare(the_world).rank(2, 10, rng())
    generator = rng()
    trust = trust_of(the_world, 2, theirs, generator)
    wanted = rank_items(the_world.snapshot, trust, RecommendRequest(n=10, config=own), generator)
    assert found.item.tolist() == wanted.item.tolist()
    assert found.score.tolist() == wanted.score.tolist()


@pytest.mark.parametrize("name", [name for name in METHODS if name.startswith("concave+")])
def test_each_defence_alone_differs_from_the_undefended_in_one_field(name) -> None:
    plain, defended = method("concave"), method(name)
    assert isinstance(plain, Concave)
    assert isinstance(defended, Concave)
    changed = {
        field
        for field in METHODS["concave"].parameters
        if getattr(plain, field) != getattr(defended, field)
    }
    assert len(changed) == 1
    assert replace(defended, **{f: getattr(plain, f) for f in changed}) == plain
    assert isinstance(METHODS[name].make, partial)


def test_a_chain_behind_a_friend_gains_less_with_a_bound_on_its_edge() -> None:
    likes = {0: [0], 1: [0, 1], 2: [0, 2], 3: [0, 3], 4: [0, 4]}
    # 0 trusts 1 and 2; behind 1 there are two more.
    the_world = world(likes, {(0, 1): 1.0, (0, 2): 1.0, (1, 3): 1.0, (3, 4): 1.0})
    part = {
        name: trust_of(the_world, 0, Concave(**rules).trust, rng()).t[3:].sum()
        for name, rules in {
            "free": {},
            "bound": {"edge_flow": 0.01},
            "endpoint": {"credit": "endpoint"},
            "beta": {"beta": 0.99},
            "cap": {"cap": 0.1},
        }.items()
    }
    assert part["free"] == pytest.approx((0.85 + 0.85**2) / (2 + 0.85 + 0.85**2), abs=0.01)
    assert part["bound"] < 0.03
    assert part["endpoint"] < part["free"]
    assert part["beta"] < part["free"]


def test_what_makes_no_sense_is_refused() -> None:
    for wrong in (
        {"budget": -1},
        {"exponent": 0.0},
        {"alpha": 1.0},
        {"credit": "all"},
        {"cap": 0.0},
    ):
        with pytest.raises(ValueError, match=r"must be|need|not a valid"):
            Concave(**wrong)
    with pytest.raises(ValueError, match="exponent"):
        RawConcave(exponent=2.0)
