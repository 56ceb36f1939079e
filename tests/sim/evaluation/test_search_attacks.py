"""Hostile clicks in a search: who stands where, and that each ranker is given what it needs."""

from dataclasses import replace

import numpy as np
import pytest

from sim.evaluation import search_attacks
from sim.evaluation.search_attacks import (
    ATTACKS,
    RANKERS,
    attack_table,
    attacked,
    places_won,
    scene_of,
    with_region,
)
from sim.evaluation.searching import trust_in
from tests.sim.evaluation.click_towns import world


@pytest.fixture(scope="module")
def town():
    return world(people=150, items=600, terms=2, tags=60)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(search_attacks, "PLACE", 60)


def won(town, attack, draws=6):
    rng = np.random.default_rng(1)
    found = [places_won(town, attack, person, person % 2, rng) for person in range(draws)]
    return {name: np.mean([one[name] for one in found]) for name in RANKERS}


def test_a_region_is_entered_over_its_edges_alone(town):
    vouches = with_region(
        town.vouches, ATTACKS["collusion, 5 entries"], 30, np.random.default_rng(0)
    )
    people = town.n_people
    caster = np.repeat(np.arange(vouches.n_authors), np.diff(vouches.ptr))
    inward = (caster < people) & (vouches.target >= people)
    assert inward.sum() == 20
    assert set(vouches.target[inward].tolist()) == set(range(people, people + 5))
    honest = caster < people
    assert (honest & ~inward).sum() == town.vouches.target.size
    lonely = with_region(town.vouches, ATTACKS["no vouches"], 30, np.random.default_rng(0))
    assert lonely.target.size == town.vouches.target.size


def test_hostile_rows_are_added_and_nothing_else(town):
    n, trust = 12, trust_in(town, 3)
    vouches = with_region(town.vouches, ATTACKS["no vouches"], n, np.random.default_rng(0))
    calm = scene_of(replace(town, vouches=vouches), 3, 0, replace(trust).resized(150 + n))
    for name in ("inflation", "clones", "query bomb"):
        told = attacked(calm, ATTACKS[name], n, 7, np.random.default_rng(0))
        hostile = told.clicks.author >= 150
        aimed = hostile & (told.clicks.term == 0) & (told.clicks.item == 7)
        assert (~hostile).sum() == calm.clicks.author.size
        assert aimed.sum() == n
        assert (told.times[aimed] == ATTACKS[name].rows).all()
        mine = int((calm.clicks.author == 3).sum())
        if name == "clones":
            assert hostile.sum() in (n * mine, n * (mine + 1))


def test_strangers_win_nothing_where_trust_decides_and_all_where_everybody_counts(town):
    found = won(town, ATTACKS["no vouches"])
    for name in ("trust sum", "bucket median", "grapevine"):
        assert found[name] == 0, name
    assert found["written F=1"] > 50


def test_edges_that_lift_an_item_by_the_sum_of_trust_hardly_move_it_as_a_node_answers(town):
    found = won(town, ATTACKS["collusion"])
    print(found)
    assert found["trust sum"] > 20
    assert found["grapevine"] <= 2


@pytest.mark.slow
def test_the_table_has_every_cell(town):
    table = attack_table(town, seed=0, draws=2, people=10)
    assert {(c.attack, c.ranker) for c in table.cells} == {(a, r) for a in ATTACKS for r in RANKERS}
    assert all(0 < table.ndcg[name].mean <= 1 for name in RANKERS if name != "coded")
    again = attack_table(town, seed=0, draws=2, people=10)
    assert again == table
