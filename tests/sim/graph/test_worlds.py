"""Who says what in the joint graph, by hand."""

import numpy as np

from sim.adversaries.regions import hostile_feeds
from sim.graph.worlds import attacked
from sim.population.drawing import population_of
from sim.scenario.schema import Followers, Sybil, World

PEOPLE = 30
POPULATION = population_of(World(people=PEOPLE), 0)
ITEMS = POPULATION.train.n_items


def of(*adversaries):
    return attacked(POPULATION, hostile_feeds(adversaries, POPULATION, 5))


def test_nobody_hostile_changes_nothing():
    made, calm = of(), POPULATION.world
    assert made.stakes.edges == made.stakes.n_fakes == made.attackers.size == made.sybils.size == 0
    assert np.array_equal(made.world.snapshot.author_item, calm.snapshot.author_item)
    assert np.array_equal(made.world.vouches.target, calm.vouches.target)


def test_honest_people_say_what_they_said():
    made = of(Followers(attackers=2, followers=3, sybils=4, clone=True, fakes=2))
    calm = POPULATION.world
    for person in range(PEOPLE):
        assert np.array_equal(made.world.snapshot.liked(person), calm.snapshot.liked(person))
        honest = [v for v in made.world.vouches.out(person)[0].tolist() if v < PEOPLE]
        assert honest == calm.vouches.out(person)[0].tolist()


def test_attackers_are_whom_people_vouch_for_and_sybils_the_rest():
    made = of(Followers(attackers=2, followers=3, sybils=4, linear=True, fakes=2))
    assert made.attackers.tolist() == [PEOPLE, PEOPLE + 5]
    assert made.sybils.tolist() == [*range(PEOPLE + 1, PEOPLE + 5), *range(PEOPLE + 6, PEOPLE + 10)]
    assert (made.stakes.edges, made.stakes.n_fakes) == (6, 4)
    assert made.world.vouches.out(PEOPLE + 6)[0].tolist() == [PEOPLE + 7]
    assert made.world.snapshot.liked(PEOPLE + 7).tolist() == [ITEMS + 2, ITEMS + 3]


def test_adversaries_stand_one_after_the_other():
    first, second = Followers(attackers=1, followers=2, sybils=2, fakes=3), Sybil(
        edges=2, identities=2, strategy="own", fakes=4, slander=True
    )  # fmt: skip
    made = of(first, second)
    assert made.world.snapshot.n_authors == PEOPLE + 3 + 4
    assert made.world.snapshot.liked(PEOPLE + 3).tolist() == [*range(ITEMS + 3, ITEMS + 7)]
    against, _ = made.world.vouches.distrusted_by(PEOPLE + 3)
    assert against.size
    assert (against < PEOPLE).all()


def test_whoever_is_fooled_twice_vouches_once():
    made = of(Sybil(edges=2 * PEOPLE, entries=2 * PEOPLE, identities=1, strategy="own"))
    assert made.stakes.edges == PEOPLE
    assert made.attackers.tolist() == [PEOPLE]
