"""Regions on the wire: their feeds arrive, and weigh what flows over the edges into them."""

from dataclasses import replace

import pytest

from protocol.claims import Interaction, Vouch
from protocol.messages import Proofs
from sim.adversaries.stage import names
from sim.scenario import names as scenario_names
from sim.scenario.schema import Followers, Sybil
from tests.node.core.peer_world import CONFIG
from tests.sim.adversaries.arena import Member, Scene, scene


def heard(made: Scene, friend: Member) -> list[int]:
    """Identities whose feeds a friend holds."""
    return [n for n in range(made.feeds.identities) if friend.stored(made.identity(n))]


def said(friend: Member, made: Scene, identity: int, kind: type) -> list:
    stored = friend.stored(made.identity(identity))
    return [claim for bundle in stored for claim in bundle.claims() if isinstance(claim, kind)]


@pytest.mark.parametrize("topology", scenario_names.REGIONS)
def test_a_region_arrives_whole_and_brings_three_fakes_into_a_list(topology: str):
    spec = Sybil(edges=1, identities=8, topology=topology, strategy="clone", peers=2)
    made = scene(spec)
    made.world.run(20)
    fooled = made.friends[int(made.feeds.fooled[0])]
    assert len(heard(made, fooled)) == 8
    for identity in range(8):
        keys = {made.identity(n) for n in made.feeds.vouches_of(identity)}
        assert {v.author for v in said(fooled, made, identity, Vouch)} == keys
        claimed = {c.item for c in said(fooled, made, identity, Interaction)}
        mine = [*made.feeds.liked[identity].tolist(), *made.feeds.fakes[identity].tolist()]
        assert claimed == set(names(mine))
    assert max(made.fakes_shown(friend, "undefended") for friend in made.friends) > 3
    for friend in made.friends:
        assert made.fakes_shown(friend) <= 3
    made.news_arrives()
    made.honest_links_hold()


def test_more_identities_gain_no_more_trust():
    """Without the cap on authors, which binds everybody where there are but four people."""
    uncapped = replace(CONFIG, trust=replace(CONFIG.trust, author_cap=1.0))
    flows = []
    for identities in (1, 40):
        spec = Sybil(edges=1, identities=identities, topology="chain", peers=2)
        made = scene(spec, config=uncapped)
        made.world.run(25)
        fooled = made.friends[int(made.feeds.fooled[0])]
        assert len(heard(made, fooled)) > identities // 3, "those whom walks reach"
        flows.append(made.hostile_trust(fooled))
    assert 0 < flows[1] <= 1.3 * flows[0]


def test_identities_prove_themselves_and_gain_nothing_as_strangers():
    made = scene(Sybil(edges=0, identities=30, topology="clique", peers=3))
    made.world.run(20)
    for friend in made.friends:
        proved = {p.author for n in range(3) for f in friend.got(Proofs, by=f"mallory-{n}")
                  for p in f.proofs}  # fmt: skip
        assert {made.identity(n) for n in range(30)} <= proved
        assert heard(made, friend)
        assert made.hostile_trust(friend) == 0
        shown = friend.ask("recommend", n=20)["items"]
        fakes = {item for items in made.feeds.fakes for item in names(items.tolist())}
        assert all(one["discovery"] == "newcomer" for one in shown if one["item"] in fakes)
    made.news_arrives()


def test_identities_like_honest_items_until_the_masks_fall():
    made = scene(Sybil(edges=2, identities=3, strategy="twin", until_s=20))
    made.world.run(15)
    fooled = made.friends[int(made.feeds.fooled[0])]
    fakes = set(names(made.feeds.fakes[0].tolist()))
    before = set(fooled.edges(made.identity(0)))
    assert before == set(names(made.feeds.liked[0].tolist()))
    made.world.run(15)
    assert set(fooled.edges(made.identity(0))) == before | fakes
    for friend in made.friends:
        assert made.fakes_shown(friend) <= 3


def test_slander_behind_an_edge_takes_what_flows_there_at_most():
    made, mild = (scene(Sybil(edges=1, identities=5, slander=s, strategy="own")) for s in (1, 0))
    for one in (made, mild):
        one.world.run(20)
    row = int(made.feeds.fooled[0])
    fooled = made.friends[row]
    against = [v for n in range(5) for v in said(fooled, made, n, Vouch) if v.weight < 0]
    assert {v.author for v in against} <= set(made.stage.people)
    assert len(against) > 5
    others = [f.author for f in made.friends if f is not fooled]
    lost = sum(mild.friends[row].trust_in(a) - fooled.trust_in(a) for a in others)
    assert lost <= mild.hostile_trust(mild.friends[row]) + 0.02


@pytest.mark.parametrize("linear", [False, True])
def test_followers_let_in_the_attacker_and_what_stands_behind_her(linear: bool):
    spec = Followers(attackers=2, followers=2, sybils=4, linear=linear, clone=True, peers=2)
    made = scene(spec, friends=5)
    made.world.run(25)
    for person, identity in zip(made.feeds.fooled, made.feeds.entered, strict=True):
        fan = made.friends[int(person)]
        assert fan.trust_in(made.identity(int(identity))) > 0
        assert set(heard(made, fan)) >= set(range(int(identity), int(identity) + 3))
    for friend in made.friends:
        assert made.fakes_shown(friend) <= 6, "two attackers, three each in a short list"
