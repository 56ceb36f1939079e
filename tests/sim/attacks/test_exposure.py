"""Exposure to fakes, and that the defences are what keeps it low."""

import numpy as np

from ranking.config import RankConfig
from sim.attacks.attacked import attack
from sim.attacks.exposure import expose, reached
from sim.attacks.regions import Attack, Strategy
from sim.methods.grapevine import Grapevine
from sim.methods.method import World
from tests.sim.attacks.towns import ITEMS, PEOPLE, town

EVERYBODY = np.arange(PEOPLE, dtype=np.int32)


class Undefended:
    """Plain SALSA over everybody."""

    def prepare(self, world: World):
        return Grapevine(rank=RankConfig.undefended()).prepare(World(world.snapshot))


def test_counts_fakes_and_tells_who_could_be_reached() -> None:
    hostile = attack(town(), Attack(edges=2, identities=5), np.random.default_rng(1))
    shown = expose(Undefended(), hostile, EVERYBODY, n=10, seed=(1,))
    assert shown.fakes.sum() > 0
    for items, fakes in zip(shown.lists, shown.fakes, strict=True):
        assert np.count_nonzero(items >= ITEMS) == fakes
    assert shown.fooled.sum() == 2
    near = reached(hostile, EVERYBODY, (1,))
    assert near[shown.fooled].all()


def test_strangers_reach_nobody_and_change_nothing() -> None:
    method = Grapevine(rank=RankConfig(discovery_every=0))
    flood = Attack(edges=0, identities=500, strategy=Strategy.CLONE)
    hostile = attack(town(), flood, np.random.default_rng(1))
    under_attack = expose(method, hostile, EVERYBODY, n=10, seed=(1,))
    assert not reached(hostile, EVERYBODY, (1,)).any()
    ranker = method.prepare(town())
    for person, items in zip(EVERYBODY, under_attack.lists, strict=True):
        calm = ranker.rank(int(person), 10, np.random.default_rng((1, int(person))))
        assert np.array_equal(items, calm.item)


def test_the_same_seed_shows_the_same() -> None:
    hostile = attack(town(), Attack(edges=2), np.random.default_rng(1))
    first, again = (expose(Undefended(), hostile, EVERYBODY, n=10, seed=(3,)) for _ in range(2))
    assert np.array_equal(first.fakes, again.fakes)
    assert first.fakes.any()
