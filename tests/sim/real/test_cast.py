"""Everybody of the population lives on one daemon and says there what arrays say of her."""

from sim.adversaries import hostile_feeds
from sim.population.drawing import population_of
from sim.population.people import item_name
from sim.real.cast import attack_edges, honest_side, hostile_side, identity_name, person_name
from sim.scenario.schema import Planted, Sybil, World

TODAY = 20_000
PEOPLE = population_of(World(people=20, planted=Planted(items=60, likes=10)), 1)


def test_people_are_dealt_out_and_say_what_they_like() -> None:
    side = honest_side(PEOPLE, 4, TODAY)
    assert [len(names) for names in side.hosted] == [5, 5, 5, 5]
    assert {name for names in side.hosted for name in names} == set(side.feeds)
    assert side.claims == PEOPLE.train.item.size
    liked = {item_name(i) for i in PEOPLE.train.item[PEOPLE.train.user == 3].tolist()}
    assert set(side.feeds[person_name(3)].items) == liked
    assert all(0 < p <= 100 for feed in side.feeds.values() for p in feed.percents)
    assert len(side.vouches) == PEOPLE.vouches.source.size


def test_identities_are_shared_out_over_hostile_daemons() -> None:
    spec = Sybil(peers=2, edges=4, identities=5, fakes=6, slander=True)
    (said,) = hostile_feeds((spec,), PEOPLE, 1)
    side = hostile_side((said,), TODAY)
    assert [len(names) for names in side.hosted] == [10, 10]
    assert set(side.hosted[0]).isdisjoint(side.hosted[1])
    fakes = {item_name(row) for row in said.fakes[0].tolist()}
    assert fakes
    assert fakes <= set(side.feeds[identity_name(0, 0)].items)
    against = {pair for pair, weight in side.vouches.items() if weight < 0}
    assert len(against) == len(set(zip(said.caster.tolist(), said.slandered.tolist(), strict=True)))
    edges = attack_edges((said,))
    assert set(edges) == {
        (person_name(a), identity_name(0, b))
        for a, b in zip(said.fooled.tolist(), said.entered.tolist(), strict=True)
    }
