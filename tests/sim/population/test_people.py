"""People and items have one name everywhere."""

from sim.population.drawing import population_of
from sim.population.people import item_name
from sim.scenario.schema import World


def test_items_have_names_of_their_own():
    assert len({item_name(row) for row in range(1_000)}) == 1_000


def test_the_world_of_a_method_is_that_of_the_population():
    people = population_of(World(people=20), 0)
    world = people.world
    assert world.snapshot.n_items == people.train.n_items
    assert world.snapshot.liked(3).tolist() == sorted(
        people.train.item[people.train.user == 3].tolist()
    )
    assert world.vouches.out(3)[0].size == 8
