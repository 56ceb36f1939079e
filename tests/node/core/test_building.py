"""A restart brings a peer back as it was: answers, numbers, policy, bans and blocks."""

from dataclasses import replace

import pytest

from node.core.events import Commit, StoreAddresses
from protocol import events as gossip
from protocol.claims import Click, ItemInfo, Retract, Vouch
from protocol.events import Tick
from protocol.ids import FeedId, Lane
from protocol.signing import Signer
from tests.node.core.peer_world import World, heard_by, like_all, sharing
from tests.node.core.scribe import Scribe, rates


@pytest.fixture
def node():
    """Ada knows of twelve people, four of whom she trusts, in an order of its own."""
    node = World().node("ada")
    people = [Scribe(n) for n in range(12)]
    passing = Scribe(99)
    heard_by(node, [passing.says(rates("t:passing"))])
    node.orders(gossip.Unfollowed(passing.author))  # she leaves an unused row behind
    for at in (5, 2, 9, 0, 11, 1, 7, 3, 10, 4, 8, 6):
        scribe = people[at]
        items = [f"t:{(at * 3 + n) % 25}" for n in range(9)]
        infos = [ItemInfo(item, f"Film {item}", ()) for item in items[:2]]
        heard_by(node, [scribe.says(*(rates(i, 60 + at) for i in items), *infos)])
        trusted = [Vouch(people[(at + step) % 12].author, 90 - step) for step in (1, 5, 2)]
        heard_by(node, [scribe.says(*trusted, lane=Lane.VOUCHES)])
        heard_by(node, [scribe.says(Click(("film",), items[0], 0), lane=Lane.CLICKS)])
    heard_by(node, [people[5].says(rates("t:gone"))])
    heard_by(node, [people[5].says(Retract(2))])
    for at, weight in ((9, 1), (3, 0.4), (6, 0.8), (2, -0.5)):
        node.ask("trust", peer=people[at].author.hex(), weight=weight)
    like_all(node, [f"t:{n}" for n in range(0, 25, 4)], title="Mine")
    node.ask("click", item="t:3", words=["film"])
    node.people = people
    return node


def answers(node):
    """What a restart must not change; the random discoveries and counts of this life apart."""
    listed = node.ask("recommend", n=9)
    status = node.ask("status")
    return {
        "recommend": [(i["item"], i["score"], i["title"], i["title_by"]) for i in listed["items"]],
        "why": node.ask("why", item="t:5", without=node.people[9].author.hex()),
        "search": node.ask("search", words=["film"]),
        "trust": {t["author"]: t["t"] for t in node.ask("trust_get")["trusted"]},
        "status": {k: status[k] for k in ("items", "vouches", "feeds", "sharing", "vouches_heard")},
        "edges": status["graph"]["edges"],
        "clicks": status["clicks_heard"],
    }


def approximately(value):
    if isinstance(value, dict):
        return {key: approximately(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [approximately(inner) for inner in value]
    return round(value, 5) if isinstance(value, float) else value


def test_a_restarted_peer_gives_the_same_answers(node):
    before = answers(node)
    assert len(before["recommend"]) == 9
    assert before["trust"]
    rows = node.state.graph.author_row(node.people[11].author)
    node.restart()
    assert node.state.graph.author_row(node.people[11].author) != rows, "rows are not the same"
    assert approximately(answers(node)) == approximately(before)


def test_policy_blocks_and_leave_to_ask_come_back(node):
    sharing(node, taste=True, clicks=True)
    enemy = node.people[3].author
    node.ask("block", target=enemy.hex())
    node.ask("block", target="t:7")
    node.ask("allow", author=node.people[1].author.hex())
    node.restart()
    got = node.ask("share_get")
    assert [got[k] for k in ("taste", "vouches", "negative_vouches", "clicks")] == [1, 0, 0, 1]
    assert node.state.blocked_authors == {enemy: None}
    assert node.state.blocked_items == {"t:7": None}
    assert node.state.allowed == {node.people[1].author: None}
    assert node.trust_in(enemy) == 0
    assert [p.name for p in node.state.persons] == ["ada"]


def test_own_numbers_go_on_and_gossip_serves_what_was_published(node):
    sharing(node)
    node.world.run(3)
    heads = {lane: writer.head for lane, writer in node.owner.writers.items()}
    assert heads[Lane.TASTE][0] >= 1
    node.restart()
    assert {lane: writer.head for lane, writer in node.owner.writers.items()} == heads
    node.ask("like", item="t:new")
    node.world.run(2)
    bob = node.world.node("bob")
    bob.ask("trust", peer=node.author.hex())
    node.world.link(bob, node)
    node.world.run(8)
    assert set(bob.edges(node.author)) == set(node.owner.facts)
    assert bob.state.feeds.disowned(node.author) is False


def test_a_crash_between_disk_and_announcement_repeats_nothing(node):
    sharing(node, taste=True)
    node.lazy = True
    node.world.now += 1
    node.handle(Tick())
    commit = next(e for e in node.held if isinstance(e, Commit))
    for write in commit.writes:
        node.store.write(write, node.world.now)  # durable, and then the process dies
    node.lazy = False
    node.restart()
    node.world.run(3)
    assert node.ask("share_get")["pending"] == 0
    feed = FeedId(node.author, node.device, Lane.TASTE)
    bundles = node.store.feeds[feed].bundles
    items = [c.item for b in bundles.values() for c in b.claims() if hasattr(c, "weight")]
    assert sorted(items) == sorted(set(items)), "each fact was said once"
    assert node.state.feeds.replica(feed).hi == max(bundles)


def test_hosted_people_come_back_with_theirs(node):
    rows = [["eve", "t:1", 1, 19_000, None, []], ["zoe", "t:2", -1, 19_000, "Two", ["x"]]]
    node.ask("import_rows", rows=rows, people=True)
    eve = node.ask("id", person="eve")["author"]
    node.ask("trust", person="zoe", peer="eve", weight=0.5)
    node.restart()
    assert node.ask("id", person="eve")["author"] == eve
    assert node.ask("people")["people"] == [
        {"name": "ada", "author": node.author.hex(), "items": 7, "vouches": 4, "owner": True},
        {"name": "eve", "author": eve, "items": 1, "vouches": 0, "owner": False},
        {"name": "zoe", "author": node.ask("id", person="zoe")["author"], "items": 1,
         "vouches": 1, "owner": False},
    ]  # fmt: skip
    assert node.state.persons.named("zoe").facts["t:2"].tags == ("x",)


def test_feeds_of_own_and_vouched_people_are_not_cut_before_the_first_walk():
    """Their quotas are known at once, not only when trust has been walked for."""
    config = replace(World().node("x").config, claims_per_followed_author=50)
    world = World()
    node = world.node("ada", config)
    friend = Scribe(1)
    node.ask("trust", peer=friend.author.hex())
    said = [friend.says(*(rates(f"t:{n}-{k}") for k in range(60))) for n in range(400)]
    for bundle in said[:10]:
        heard_by(node, [bundle])
    node.restart()
    heard_by(node, said[10:])
    assert len(node.edges(friend.author)) == 60 * 400
    assert node.state.feeds.replica(said[0].feed).lo == 1


def test_damaged_claims_in_the_store_are_passed_over(node):
    remembered = node.store.remembered()
    feed = FeedId(node.people[0].author, node.device, Lane.TASTE)
    broken = replace(remembered, claims=[(feed, 9, b"\xc1", 0.0), *remembered.claims])
    node.store.remembered = lambda: broken
    edges = node.ask("status")["graph"]["edges"]
    node.restart()
    assert node.ask("status")["graph"]["edges"] == edges


def test_known_addresses_come_back(node):
    node.ask("status")
    address = "/ip4/10.0.0.90/tcp/1/p2p/px"
    node.state.addresses.heard([address], own_word=True)
    node.world.run(31)
    assert node.effects(StoreAddresses)
    node.restart()
    assert [row.address for row in node.state.addresses.rows()] == [address]


def test_a_key_of_hers_elsewhere_does_not_make_a_second_person(node):
    """Feeds of her laptop arrive under her own key."""
    laptop = Scribe(0)
    laptop.signer = Signer((1).to_bytes(32, "big"))
    assert laptop.author == node.author
    heard_by(node, [laptop.says(rates("t:laptop"), device=b"\x77" * 8)])
    node.restart()
    assert "t:laptop" in node.edges(node.author)
    assert list(node.owner.said.elsewhere) == ["t:laptop"]
    assert len(node.state.persons) == 1
