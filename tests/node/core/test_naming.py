"""Whose title of an item is shown."""

import pytest

from node.core.events import InfoRow
from node.core.naming import titles
from tests.node.core.peer_world import World
from tests.node.core.scribe import Scribe


@pytest.fixture
def node():
    """Ada trusts 1 much and 2 and 3 less; 9 is a stranger."""
    node = World().node("ada")
    for n, weight in ((1, 1), (2, 0.7), (3, 0.7)):
        node.ask("trust", peer=Scribe(n).author.hex(), weight=weight)
    node.ask("trust_get")
    return node


def shown(node, *said, trust=True):
    rows = [InfoRow("t:1", Scribe(n).author if n else b"", title, ()) for n, title in said]
    vector = node.state.vectors[node.owner.row][1] if trust else None
    found = titles(node.state, node.owner, vector, ["t:1"], rows)["t:1"]
    return found["title"], found["title_by"]


def test_her_own_title_comes_first_then_the_trusted_majority_then_strangers_marked(node):
    said = [(9, "Spam"), (1, "One"), (2, "Two"), (3, "Two")]
    assert shown(node, *said) == ("Two", "trusted")
    assert shown(node, *said[:2]) == ("One", "trusted")
    assert shown(node, *said[:1]) == ("Spam", "stranger")
    assert shown(node) == ("", "none")
    node.ask("like", item="t:1", title="Mine")
    assert shown(node, *said) == ("Mine", "own")


def test_among_strangers_the_same_one_is_shown_in_whatever_order_they_come(node):
    said = [(9, "B"), (8, "A"), (7, "C")]
    assert shown(node, *said) == shown(node, *reversed(said)) == ("C", "stranger")


def test_without_trust_everybody_elsewhere_is_a_stranger_and_people_here_are_not(node):
    assert shown(node, (1, "One"), trust=False) == ("One", "stranger")
    assert shown(node, (0, "Local"), (9, "Spam"), trust=False) == ("Local", "trusted")


def test_who_is_blocked_names_nothing(node):
    node.ask("block", target=Scribe(1).author.hex())
    assert shown(node, (1, "One"), (9, "Spam")) == ("Spam", "stranger")
