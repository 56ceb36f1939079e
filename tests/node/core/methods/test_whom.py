"""A key's start stands for its author where nobody can profit, and for nobody when it is shared."""

import pytest

from node.core.methods.whom import known_author
from protocol.ids import AuthorKey
from tests.node.core.peer_world import Refused, World, heard_by, like_all
from tests.node.core.scribe import Scribe, rates


@pytest.fixture
def node():
    node = World().node("ada")
    heard_by(node, [Scribe(1).says(rates("t:1"), rates("t:2"))])
    like_all(node, ["t:1"])
    return node


@pytest.mark.parametrize("digits", [12, 13, 63, 64])
def test_what_a_list_prints_names_its_author(node, digits):
    key = Scribe(1).author
    start = key.hex()[:digits]
    assert node.ask("why", item="t:2", without=start)["without"]["person"]["author"] == key.hex()
    assert known_author(node.state, start.upper()) == key
    blocked = node.ask("block", target=start)
    assert (blocked["target"], blocked["kind"]) == (key.hex(), "author")
    assert node.state.blocked_authors == {key: None}
    node.ask("unblock", target=start)
    assert not node.state.blocked_authors


def test_too_few_digits_or_wrong_ones_name_nobody(node):
    start = Scribe(1).author.hex()[:12]
    for text in (start[:11], start + "x", "0" * 12):
        with pytest.raises(Refused, match="nobody here has heard"):
            node.ask("why", item="t:2", without=text)


def test_trust_takes_no_start_of_a_key(node):
    for digits in (12, 63):
        with pytest.raises(Refused, match="neither an author key nor known here"):
            node.ask("trust", peer=Scribe(1).author.hex()[:digits])


def test_a_start_that_two_share_names_neither(node):
    twins = [AuthorKey(b"sevenby" + bytes([n]) * 25) for n in (0x10, 0x20)]
    for twin in twins:
        node.ask("trust", peer=twin.hex())
    start = twins[0].hex()[:14]
    for asked in ({"method": "why", "item": "t:2", "without": start}, {"target": start}):
        with pytest.raises(Refused, match="usage: 2 authors known here have keys that start with"):
            node.ask(asked.pop("method", "block"), **asked)
    assert known_author(node.state, twins[1].hex()[:15]) == twins[1]
    assert known_author(node.state, twins[0].hex()[:16]) == twins[0]


def test_who_is_blocked_is_known_without_a_row(node):
    key = AuthorKey(b"\xab" * 32)
    node.ask("block", target=key.hex())
    node.ask("unblock", target=key.hex()[:12])
    assert not node.state.blocked_authors
