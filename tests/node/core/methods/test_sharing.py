"""The switches of sharing: off until said otherwise, for one, several or all."""

import pytest

from node.core.events import Provide
from tests.node.core.peer_world import Refused, World, like_all

OFF = {"taste": False, "vouches": False, "negative_vouches": False, "clicks": False}


@pytest.fixture
def node():
    node = World().node("ada")
    node.ask("add_person", name="eve")
    like_all(node, ["t:1", "t:2"], title="Film")
    return node


def test_everything_is_off_at_first(node):
    counts = {"shared": 0, "pending": 0, "private": 2}
    assert node.ask("share_get") == OFF | counts | {"person": "ada"}


def test_switches_are_set_one_by_one_and_for_whom_is_said(node):
    node.ask("share_set", people="*", taste=True)
    node.ask("share_set", people=["eve"], taste=False, clicks=True)
    assert node.ask("share_set", people=["ada", "eve"]) == {
        "people": [
            {"name": "ada"} | OFF | {"taste": True},
            {"name": "eve"} | OFF | {"clicks": True},
        ],
        "changed": 2,
    }
    assert {e.author for e in node.effects(Provide)} == {p.author for p in node.state.persons}


def test_what_was_switched_off_again_in_time_does_not_leave(node):
    node.ask("share_set", taste=True)
    assert node.ask("share_get")["pending"] == 2
    node.ask("share_set", taste=False)
    node.world.run(5)
    assert node.ask("share_get") == OFF | {
        "person": "ada",
        "shared": 0,
        "pending": 0,
        "private": 2,
    }
    assert node.store.feeds == {}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"taste": "yes"}, "usage: taste must be true or false"),
        ({"people": "ada", "taste": True}, "usage: people must be a list of names"),
        ({"people": [5], "taste": True}, "usage: people must be a list of names"),
        ({"people": ["nobody"], "taste": True}, "not_found: nobody called"),
        ({"person": "zoe", "taste": True}, "not_found: nobody called 'zoe'"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(node, asked, words):
    with pytest.raises(Refused, match=words):
        node.ask("share_set", **asked)
    assert not any(person.policy.any for person in node.state.persons)


def test_the_preview_of_who_shares_nothing_shows_all_that_would_leave(node):
    data = node.ask("share_preview", limit=3)
    assert data["would"]
    assert data["total"] == 4
    assert [r["kind"] for r in data["records"]] == ["Interaction", "ItemInfo", "Interaction"]
    with pytest.raises(Refused, match="usage: limit must be a number from 1 to 1000"):
        node.ask("share_preview", limit=0)
