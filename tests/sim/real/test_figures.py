"""Lists of names become the figures that all fidelities share."""

import numpy as np

from sim.adversaries import hostile_feeds
from sim.population.drawing import population_of
from sim.population.people import item_name
from sim.real.figures import asked, metrics_of, rows_of, samples_of
from sim.scenario.schema import Planted, Questions, Sybil, World

PEOPLE = population_of(World(people=20, planted=Planted(items=60, likes=10)), 1)
SAID = hostile_feeds((Sybil(edges=2, identities=2, fakes=3),), PEOPLE, 1)


def test_names_become_rows() -> None:
    shown = [[item_name(2), "sim:news:1", item_name(61)], []]
    assert rows_of(shown, 63, 4).tolist() == [[2, -2, 61, -1], [-1, -1, -1, -1]]


def test_the_same_people_are_asked_with_the_same_seed() -> None:
    few = Questions(people=5)
    assert asked(few, PEOPLE, 1).tolist() == asked(few, PEOPLE, 1).tolist()
    assert len(asked(few, PEOPLE, 1)) == 5
    assert len(asked(Questions(people=0), PEOPLE, 1)) == np.count_nonzero(PEOPLE.wanted.sizes)


def test_perfect_lists_and_fakes() -> None:
    people = asked(Questions(people=0), PEOPLE, 1)
    k = int(PEOPLE.wanted.sizes.max()) + 1
    shown = [[item_name(i) for i in PEOPLE.wanted.of_person(p).tolist()] for p in people.tolist()]
    lists = rows_of([[*names, item_name(PEOPLE.wanted.n_items)] for names in shown], 63, k)
    samples = samples_of(PEOPLE, people, lists)
    found = metrics_of(PEOPLE, SAID, people, lists, samples)
    assert found["recall"] == found["ndcg"] == found["niche_recall"] == 1
    assert np.isclose(found["fakes"], 1 / k)
    assert found["fakes_high"] >= found["fakes"]
    assert found["fakes_adjusted"] > 0
