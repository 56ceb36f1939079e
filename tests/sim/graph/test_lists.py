"""A list is of its person and seed alone, however the work is shared out."""

import numpy as np
import pytest

from sim.graph import lists as lists_module
from sim.graph.lists import lists_of, reputations, stream
from sim.methods.registry import method
from sim.population.drawing import population_of
from sim.scenario.schema import World

WORLD = population_of(World(people=80), 0).world
PEOPLE = np.arange(80, dtype=np.int32)


@pytest.mark.parametrize(
    "name", ["grapevine", "salsa", "graphjet", "meritrank-pht", "web3recommend"]
)
def test_a_list_is_what_the_method_says_whatever_else_is_asked(name):
    one = method(name)
    short, long = lists_of(one, WORLD, PEOPLE[3:6], (10, 60), 7)
    ranker = one.prepare(WORLD)
    for row, person in enumerate((3, 4, 5)):
        for made, k in ((short, 10), (long, 60)):
            asked = ranker.rank(person, k, stream(7, person))
            n = asked.item.size
            assert np.array_equal(made.item[row, :n], asked.item)
            assert np.array_equal(made.score[row, :n], asked.score)
            assert (made.item[row, n:] == -1).all()
            assert not made.score[row, n:].any()


def test_cores_change_nothing(monkeypatch):
    found = []
    for workers in (1, 2):
        monkeypatch.setattr(lists_module, "_workers", lambda workers=workers: workers)
        told: list[int] = []
        (made,) = lists_of(method("grapevine"), WORLD, PEOPLE, (10,), 1, told.append)
        found.append(made.item.tobytes())
        assert told == [64, 80]
    assert found[0] == found[1]


def test_nobody_asked_gives_no_lists():
    (made,) = lists_of(method("salsa"), WORLD, PEOPLE[:0], (10,), 1)
    assert made.item.shape == made.score.shape == (0, 10)


def test_reputation_is_of_methods_that_know_people():
    for name in ("grapevine", "meritrank-ppr"):
        table = reputations(method(name), WORLD, [0, 1], 1)
        assert table.shape == (2, 80)
        assert (table >= 0).all()
        assert (table.sum(axis=1) > 0).all()
    assert reputations(method("salsa"), WORLD, [0, 1], 1) is None
