"""Neighbours of an item: as trusted people see it, whatever strangers say."""

import pytest

from node.core.methods.recommending import ITEMS_MAX
from protocol.claims import ItemInfo
from tests.node.core.peer_world import Refused, World, heard_by
from tests.node.core.scribe import Scribe, rates

FRIENDS = 6


def world(*, strangers=0):
    """Ada trusts six people: half like jazz, half rock; strangers tie one jazz item to spam."""
    node = World().node("ada")
    node.friends = [Scribe(n) for n in range(1, FRIENDS + 1)]
    for n, scribe in enumerate(node.friends):
        kind = "jazz" if n % 2 else "rock"
        likes = [rates(f"{kind}:{(n + k) % 8}") for k in range(6)]
        heard_by(node, [scribe.says(*likes, ItemInfo("jazz:1", "Blue", ()))])
        node.ask("trust", peer=scribe.author.hex())
    for n in range(strangers):
        spam = [rates("jazz:1"), *(rates(f"spam:{k}") for k in range(4))]
        heard_by(node, [Scribe(50 + n).says(*spam)])
    return node


@pytest.fixture
def node():
    return world()


def found(node, item, **more):
    return [(i["item"], i["likeness"]) for i in node.ask("similar", item=item, **more)["items"]]


def test_what_the_same_people_like_is_similar(node):
    near = found(node, "jazz:1")
    assert len(near) >= 5
    assert all(item.startswith("jazz:") for item, _ in near[:5])
    assert [x for _, x in near] == sorted((x for _, x in near), reverse=True)
    assert all(0 < likeness <= 1 for _, likeness in near)
    assert "jazz:1" not in dict(near)


def test_who_likes_both_is_named_with_titles_and_the_way_to_her(node):
    data = node.ask("similar", item="rock:0", n=3)
    assert data["asked"]["item"] == "rock:0"
    assert not data["unprotected"]
    first = data["items"][0]
    assert first["title_by"] == "none"
    assert sum(r["share"] for r in first["reasons"]) + first["other_share"] == pytest.approx(1)
    for reason in first["reasons"]:
        assert reason["because"]["item"] == "rock:0"
        trail = [step["author"] for step in reason["trail"]]
        assert (trail[0], trail[-1]) == (node.author.hex(), reason["heard_from"]["author"])
    assert node.ask("similar", item="jazz:1")["asked"]["title"] == "Blue"


def test_strangers_move_nothing_however_many():
    alone, crowded = found(world(), "jazz:1"), found(world(strangers=40), "jazz:1")
    assert crowded == alone


def test_blocked_items_and_people_are_not_there(node):
    first = found(node, "jazz:1")[0][0]
    node.ask("block", target=first)
    assert first not in dict(found(node, "jazz:1"))
    for scribe in node.friends[1::2]:
        node.ask("block", target=scribe.author.hex())
    assert found(node, "jazz:1") == []


def test_what_is_said_next_counts_at_once(node):
    assert "new:1" not in dict(found(node, "jazz:1"))
    for scribe in node.friends[1::2]:
        heard_by(node, [scribe.says(rates("new:1"))])
    assert "new:1" in dict(found(node, "jazz:1"))


def test_who_trusts_nobody_is_told_so():
    node = World().node("ada")
    heard_by(node, [Scribe(1).says(rates("a:1"), rates("a:2"))])
    data = node.ask("similar", item="a:1")
    assert data["unprotected"]
    assert [i["item"] for i in data["items"]] == ["a:2"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"item": "a:unheard"}, "not_found: nobody heard here knows a:unheard"),
        ({"item": "no name"}, "usage: 'no name' is not an item name"),
        ({}, "usage: item must be text"),
        ({"item": "jazz:1", "n": 0}, "usage: n must be"),
        ({"item": "jazz:1", "n": ITEMS_MAX + 1}, "usage: n must be"),
        ({"item": "jazz:1", "person": "nobody"}, "not_found: nobody called 'nobody'"),
    ],
)
def test_refusals_are_clear(node, params, message):
    with pytest.raises(Refused, match=message):
        node.ask("similar", **params)
