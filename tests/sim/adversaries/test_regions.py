"""A region is the same in graph and wire runs; who says what follows from the scenario alone."""

import dataclasses

import numpy as np
import pytest

from sim.adversaries.regions import (
    HostileFeeds,
    feeds_of,
    hostile_feeds,
    identity_key,
    identity_signer,
    plan_of,
)
from sim.attacks.attacked import attack
from sim.attacks.regions import SLANDERED
from sim.scenario import names
from sim.scenario.schema import Eclipse, Followers, Speaking, Sybil
from tests.sim.adversaries.towns import ring
from tests.sim.attacks.towns import ITEMS, PEOPLE


def of(spec, *, seed: int = 1, first_fake: int = ITEMS) -> HostileFeeds:
    return feeds_of(spec, ring(), np.random.default_rng(seed), first_fake=first_fake)


@pytest.mark.parametrize("topology", names.REGIONS)
@pytest.mark.parametrize("strategy", names.STRATEGIES)
def test_a_region_claims_what_the_attacked_world_holds(topology: str, strategy: str):
    spec = Sybil(edges=7, identities=4, entries=2, topology=topology, strategy=strategy, fakes=3)
    feeds = of(spec)
    attacked = attack(ring().world, plan_of(spec), np.random.default_rng(1))
    snapshot, vouches = attacked.world.snapshot, attacked.world.vouches
    assert feeds.identities == snapshot.n_authors - PEOPLE == 16
    for one in range(feeds.identities):
        said = np.concatenate([feeds.liked[one], feeds.fakes[one]])
        assert np.array_equal(said, np.sort(snapshot.liked(PEOPLE + one)))
        inner = sorted(t - PEOPLE for t in vouches.out(PEOPLE + one)[0].tolist())
        assert sorted(feeds.vouches_of(one)) == inner
    for person, identity in zip(feeds.fooled, feeds.entered, strict=True):
        assert PEOPLE + identity in vouches.out(person)[0]


def test_every_field_of_the_plan_is_the_tables():
    spec = Sybil(
        edges=3, identities=4, entries=2, topology="tree", strategy="rare", shared=True, fakes=5,
        slander=True, entrance="friends", profile=6,
    )  # fmt: skip
    plan = plan_of(spec)
    for one in dataclasses.fields(plan):
        assert getattr(plan, one.name) == getattr(spec, one.name), one.name


def test_slander_names_honest_people_only():
    feeds = of(Sybil(edges=2, identities=3, slander=True))
    for one in range(feeds.identities):
        against = feeds.against(one)
        assert 0 < len(against) <= SLANDERED
        assert all(0 <= person < PEOPLE for person in against)


@pytest.mark.parametrize("linear", [False, True])
def test_followers_trust_the_attacker_and_her_line_or_star_is_behind_her(linear: bool):
    feeds = of(Followers(attackers=3, followers=5, sybils=4, linear=linear, fakes=2))
    assert feeds.identities == 15
    assert feeds.entered.tolist() == [0] * 5 + [5] * 5 + [10] * 5
    assert all(len(set(feeds.fooled[k : k + 5].tolist())) == 5 for k in (0, 5, 10))
    assert feeds.vouches_of(5) == ([6] if linear else [6, 7, 8, 9])
    assert feeds.vouches_of(6) == ([7] if linear else [])
    assert all(not items.size for items in feeds.liked)
    pushed = [tuple(items.tolist()) for items in feeds.fakes]
    assert pushed == [(ITEMS, ITEMS + 1)] * 5 + [(62, 63)] * 5 + [(64, 65)] * 5


def test_followers_are_copied_in_turn():
    feeds = of(Followers(attackers=1, followers=2, sybils=3, clone=True))
    liked = ring().world.snapshot.liked
    for identity in range(4):
        fan = int(feeds.fooled[identity % 2])
        assert np.array_equal(feeds.liked[identity], np.sort(liked(fan)))


def test_speaking_peers_have_an_identity_each_and_eclipses_none():
    feeds = of(Speaking(how="flood", peers=3, vouched=4))
    assert feeds.identities == 3
    assert feeds.entered.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert [list(feeds.of_peer(n)) for n in range(3)] == [[0], [1], [2]]
    assert of(Eclipse(peers=5)).identities == 0


def test_identities_are_shared_out_evenly_and_all_spoken_for():
    feeds = of(Sybil(edges=5, identities=5, peers=4))
    shares = [list(feeds.of_peer(number)) for number in range(4)]
    assert sorted(one for share in shares for one in share) == list(range(25))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_adversaries_of_one_scenario_push_different_fakes_and_change_no_other():
    sybil, fans = Sybil(edges=3, fakes=5), Followers(attackers=2, fakes=4)
    alone = hostile_feeds((sybil,), ring(), 7)
    both = hostile_feeds((sybil, fans, sybil), ring(), 7)
    assert [one.first_fake for one in both] == [ITEMS, ITEMS + 15, ITEMS + 23]
    for before, after in ((alone[0], both[0]),):
        assert np.array_equal(before.fooled, after.fooled)
        assert all(map(np.array_equal, before.liked, after.liked))
    assert not np.array_equal(both[0].fooled, both[2].fooled)
    for feeds in both:
        low, high = feeds.first_fake, feeds.first_fake + feeds.n_fakes
        assert all(low <= f < high for items in feeds.fakes for f in items.tolist())


def test_keys_are_the_same_in_every_run_of_a_seed_and_no_two_are_alike():
    keys = {identity_key(seed, a, i) for seed in (1, 2) for a in (0, 1) for i in range(10)}
    assert len(keys) == 40
    assert identity_signer(1, 0, 3).public_key == identity_key(1, 0, 3)
