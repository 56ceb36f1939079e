"""Lists of names become the figures that all fidelities share."""

from dataclasses import replace

import numpy as np

from sim.adversaries import hostile_feeds
from sim.evaluation.lists import asked, list_of, metrics_of, samples_of, stakes_of
from sim.population.drawing import population_of
from sim.population.people import item_name
from sim.scenario.schema import Planted, Questions, Sybil, World

PEOPLE = population_of(World(people=20, planted=Planted(items=60, likes=10)), 1)
SAID = hostile_feeds((Sybil(edges=2, identities=2, fakes=3),), PEOPLE, 1)


def test_names_become_rows() -> None:
    row_of = {item_name(row): row for row in range(63)}
    assert list_of([item_name(2), "sim:news:1", item_name(61)], row_of, 4).tolist() == [
        2,
        -2,
        61,
        -1,
    ]
    assert list_of([item_name(2)] * 3, row_of, 2).tolist() == [2, 2]
    assert list_of([], row_of, 2).tolist() == [-1, -1]


def test_being_fooled_twice_is_one_edge() -> None:
    stakes = stakes_of(PEOPLE, SAID)
    assert (stakes.people, stakes.n_items, stakes.n_fakes, stakes.edges) == (20, 60, 6, 2)
    again = replace(SAID[0], fooled=SAID[0].fooled[[0, 0]], entered=SAID[0].entered[[0, 0]])
    assert stakes_of(PEOPLE, [again]).edges == 1


def test_the_same_people_are_asked_with_the_same_seed() -> None:
    few = Questions(people=5)
    assert asked(few, PEOPLE, 1).tolist() == asked(few, PEOPLE, 1).tolist()
    assert len(asked(few, PEOPLE, 1)) == 5
    assert len(asked(Questions(people=0), PEOPLE, 1)) == np.count_nonzero(PEOPLE.wanted.sizes)


def test_perfect_lists_and_fakes() -> None:
    people = asked(Questions(people=0), PEOPLE, 1)
    k = int(PEOPLE.wanted.sizes.max()) + 1
    shown = [[item_name(i) for i in PEOPLE.wanted.of_person(p).tolist()] for p in people.tolist()]
    row_of = {item_name(row): row for row in range(66)}
    fake = item_name(PEOPLE.wanted.n_items)
    lists = np.stack([list_of([*names, fake], row_of, k) for names in shown])
    samples = samples_of(PEOPLE, people, lists)
    found = metrics_of(PEOPLE, people, lists, stakes_of(PEOPLE, SAID))
    assert samples["ndcg"].tolist() == [1.0] * people.size
    assert found["recall"] == found["ndcg"] == found["niche_recall"] == 1
    assert np.isclose(found["fakes"], 1 / k)
    assert found["fakes_high"] >= found["fakes"]
    assert found["fakes_adjusted"] > 0
