"""Keys, places, and what people say on their first day."""

from random import Random

from sim.cast.people import (
    SPEAKERS_MAX,
    Speakers,
    address_of,
    followed,
    keys_of,
    name_of,
    secret_of,
    speakers,
)
from sim.scenario.schema import News, Sybil
from tests.sim.virtual.small import ring_of_friends, world


def test_keys_are_those_of_the_seed():
    assert keys_of(1, 3) == keys_of(1, 3)
    assert keys_of(1, 3) != keys_of(2, 3)
    assert len({secret_of(1, person) for person in range(100)}) == 100


def test_addresses_are_public_distinct_and_in_networks_of_their_own():
    from node.core.dialing import group_of, is_private

    places = [address_of(n) for n in range(20_480)]
    assert len(set(places)) == 20_480
    assert len({group_of(f"{place}/p2p/x") for place in places}) == 20_480
    assert not any(is_private(f"{place}/p2p/x") for place in places)
    assert address_of(20_480) not in places


def test_a_part_of_all_people_follows_each_speaker():
    found = speakers(News(items=50, interest=0.1), 200, Random(1))
    assert len(found.people) == SPEAKERS_MAX == len(set(found.people))
    for speaker, followers in zip(found.people, found.followers, strict=True):
        assert len(followers) == 20
        assert speaker not in followers
    assert speakers(News(), 200, Random(1)).people == ()
    assert all(len(f) == 199 for f in speakers(News(items=1), 200, Random(1)).followers)


def test_names_are_distinct_and_as_long_as_real_peer_ids():
    assert len({name_of(number) for number in range(2_000)}) == 2_000
    assert {len(name_of(number)) for number in (0, 9, 12_345)} == {52}


def test_followers_vouch_for_those_whose_news_they_follow():
    before = ring_of_friends(5, each=1)
    after = followed(before, Speakers((1, 4), (frozenset({0, 3}), frozenset())))
    pairs = set(zip(after.vouches.source.tolist(), after.vouches.target.tolist(), strict=True))
    # 0 vouched for 1 before.
    assert pairs == {(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (3, 1)}
    assert len(after.vouches) == 6
    assert followed(before, Speakers((), ())) is before


def test_everybody_shares_her_likes_and_vouches_and_the_fooled_vouch_for_the_attacker():
    made = world(
        ring_of_friends(6),
        adversary=(Sybil(peers=1, edges=2, identities=1, fakes=3),),
        news=News(items=1, from_s=5, until_s=5, interest=0.5),
    )
    made.run(3)
    (said,) = made.feeds
    fooled = said.fooled.tolist()
    followers = made.news.stories[0].interested
    for host in made.hosts[:6]:
        owner = host.peer.state.persons.owner
        assert owner.policy.taste
        assert owner.policy.vouches
        assert len(owner.facts) == 3
        assert all(fact.seq for fact in owner.facts.values())
        more = fooled.count(host.number) + (host.number in followers)
        assert 2 <= len(owner.vouches) <= 2 + more
    assert len(fooled) == 2
