"""Hostile regions in an honest world."""

import numpy as np
import pytest

from sim.attacks.attacked import CAMOUFLAGE, attack
from sim.attacks.regions import SLANDERED, Attack, Entrance, Strategy, Topology
from sim.methods.method import World
from tests.sim.attacks.towns import ITEMS, PEOPLE, town


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_honest_people_and_their_vouches_stay_as_they_were() -> None:
    honest = town()
    hostile = attack(honest, Attack(edges=4, identities=3), rng())
    assert hostile.first_identity == PEOPLE
    assert hostile.first_fake == ITEMS
    for person in range(PEOPLE):
        before, after = honest.vouches.out(person)[0], hostile.world.vouches.out(person)[0]
        assert set(before.tolist()) == {v for v in after.tolist() if v < PEOPLE}
        assert (after.size > before.size) == (person in hostile.fooled)
        assert np.array_equal(honest.snapshot.liked(person), hostile.world.snapshot.liked(person))


def test_every_identity_pushes_the_fakes_of_its_region() -> None:
    own = attack(town(), Attack(edges=2, identities=3, fakes=5), rng())
    for identity in range(6):
        liked = own.world.snapshot.liked(PEOPLE + identity)
        fakes = liked[liked >= ITEMS] - ITEMS
        assert fakes.tolist() == [5 * (identity // 3) + k for k in range(5)]
    same = attack(town(), Attack(edges=2, identities=3, fakes=5, shared=True), rng())
    assert same.world.snapshot.n_items == ITEMS + 5


@pytest.mark.parametrize("strategy", Strategy)
def test_disguises(strategy: Strategy) -> None:
    honest = town()
    plan = Attack(edges=3, identities=4, strategy=strategy)
    hostile = attack(honest, plan, rng())
    degree = np.diff(honest.snapshot.item_ptr)
    tastes = [set(honest.snapshot.liked(p).tolist()) for p in np.flatnonzero(hostile.near)]
    for identity in range(PEOPLE, PEOPLE + 12):
        liked = hostile.world.snapshot.liked(identity)
        mask = set(liked[liked < ITEMS].tolist())
        if strategy is Strategy.OWN:
            assert not mask
        elif strategy is Strategy.POPULAR:
            assert len(mask) == min(CAMOUFLAGE, ITEMS)
        elif strategy is Strategy.CLONE:
            assert mask in tastes
        elif strategy is Strategy.TWIN:
            assert mask == set(honest.snapshot.liked(int(hostile.fooled[(identity - PEOPLE) // 4])))
        else:
            assert len(mask) == 5
            rarest = [
                mask <= taste and max(degree[[*mask]]) <= min(degree[[*(taste - mask)]])
                for taste in tastes
            ]
            assert any(rarest)


def test_a_short_profile_is_of_the_same_disguise() -> None:
    whole = attack(town(), Attack(edges=1, identities=3, strategy=Strategy.TWIN), rng())
    short = attack(town(), Attack(edges=1, identities=3, strategy=Strategy.TWIN, profile=4), rng())
    for identity in range(PEOPLE, PEOPLE + 3):
        liked, all_liked = (w.world.snapshot.liked(identity) for w in (short, whole))
        assert np.count_nonzero(liked < ITEMS) == 4
        assert set(liked.tolist()) < set(all_liked.tolist())
        assert np.count_nonzero(liked >= ITEMS) == np.count_nonzero(all_liked >= ITEMS)


def test_whom_to_fool_can_be_said() -> None:
    hostile = attack(town(), Attack(edges=1), rng(), fooled=np.array([7], np.int32))
    assert hostile.fooled.tolist() == [7]
    assert PEOPLE in hostile.world.vouches.out(7)[0]


def test_near_are_the_fooled_and_who_vouches_for_them() -> None:
    hostile = attack(town(), Attack(edges=1), rng())
    (fooled,) = hostile.fooled.tolist()
    around = {(fooled + step) % PEOPLE for step in range(-3, 4)}
    assert set(np.flatnonzero(hostile.near).tolist()) == around


def test_fooled_friends_are_around_the_same_people() -> None:
    hostile = attack(town(), Attack(edges=6, entrance=Entrance.FRIENDS), rng())
    assert len(set(hostile.fooled.tolist())) == 6


def test_strangers_are_vouched_for_by_nobody() -> None:
    hostile = attack(town(), Attack(edges=0, identities=50, topology=Topology.CLIQUE), rng())
    targets = [hostile.world.vouches.out(p)[0].max() for p in range(PEOPLE)]
    assert max(targets) < PEOPLE
    assert hostile.world.snapshot.n_authors == PEOPLE + 50


def test_slander_is_against_honest_people() -> None:
    hostile = attack(town(), Attack(edges=1, identities=2, slander=True), rng())
    against, weight = hostile.world.vouches.distrusted_by(PEOPLE)
    assert 0 < against.size <= SLANDERED
    assert against.max() < PEOPLE
    assert (weight == 1).all()


def test_a_world_without_vouches_cannot_be_attacked() -> None:
    with pytest.raises(ValueError, match="vouches"):
        attack(World(town().snapshot), Attack(), rng())
