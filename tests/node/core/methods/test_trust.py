"""trust, block, allow: caps, names, addresses, and what each refuses."""

import pytest

from node.core.methods import trust
from node.id_string import format_id
from protocol.limits import VOUCHES_LIVE_MAX
from tests.node.core.peer_world import Refused, World
from tests.node.core.scribe import Scribe


@pytest.fixture
def node():
    return World().node("ada")


def test_an_id_string_brings_its_addresses(node):
    address = "/ip4/10.0.0.9/tcp/4001/p2p/peer-x"
    text = format_id(Scribe(1).author, (address,))
    assert node.ask("trust", peer=text) == {
        "author": Scribe(1).author.hex(),
        "weight": 1.0,
        "shared": False,
    }
    assert node.state.addresses._known[address].friend
    enemy = "/ip4/10.0.0.10/tcp/4001/p2p/peer-y"
    node.ask("trust", peer=format_id(Scribe(2).author, (enemy,)), weight=-1)
    assert enemy not in node.state.addresses._known


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"peer": "nobody"}, "is neither an author key nor known here"),
        ({"peer": "ada"}, "everybody trusts herself already"),
        ({"peer": "ab" * 31}, "is neither an author key nor known here"),
        ({"peer": "grapevine:broken"}, ""),
        ({"peer": 5}, "peer must be text"),
        ({"peer": "ab" * 32, "weight": 1.01}, "weight must be a number from -1 to 1"),
    ],
)
def test_whom_nobody_knows_is_refused(node, asked, words):
    with pytest.raises(Refused, match=f"usage: .*{words}"):
        node.ask("trust", **asked)
    assert node.owner.vouches == {}


def test_live_vouches_are_bounded_also_for_those_taken_back_before(node):
    for n in range(VOUCHES_LIVE_MAX):
        node.ask("trust", peer=Scribe(n).author.hex())
    back = Scribe(1_000).author.hex()
    node.ask("trust", peer=back, weight=0)
    for refused in (back, Scribe(1_001).author.hex()):
        with pytest.raises(Refused, match="usage: at most 256 vouches"):
            node.ask("trust", peer=refused)
    node.ask("trust", peer=Scribe(0).author.hex(), weight=0.5)
    node.ask("trust", peer=Scribe(0).author.hex(), weight=0)
    node.ask("trust", peer=back)
    assert len(node.vouches(node.author)) == VOUCHES_LIVE_MAX


def test_vouches_taken_back_are_bounded_too(node, monkeypatch):
    monkeypatch.setattr(trust, "VOUCHES_KEPT_MAX", 3)
    for n in range(3):
        node.ask("trust", peer=Scribe(n).author.hex(), weight=0)
    with pytest.raises(Refused, match="store: at most 3 vouches"):
        node.ask("trust", peer=Scribe(9).author.hex(), weight=0)
    node.ask("trust", peer=Scribe(2).author.hex())


def test_policies_are_bounded_and_repeating_one_is_no_growth(node, monkeypatch):
    monkeypatch.setattr(trust, "POLICY_MAX", 2)
    keys = [Scribe(n).author.hex() for n in range(3)]
    for method, name in (("block", "target"), ("allow", "author")):
        for key in keys[:2] * 2:
            node.ask(method, **{name: key})
        with pytest.raises(Refused, match="usage: at most 2 can be"):
            node.ask(method, **{name: keys[2]})
    for item in ("t:1", "t:2", "t:1"):
        node.ask("block", target=item)
    with pytest.raises(Refused, match="usage: at most 2 can be blocked"):
        node.ask("block", target="t:3")


def test_blocking_herself_brings_nothing_down(node):
    node.ask("trust", peer=Scribe(1).author.hex())
    node.ask("block", target="ada")
    node.ask("recommend")
    node.ask("trust_get")
    node.world.run(6)
    node.ask("unblock", target="ada")
    assert node.trust_in(Scribe(1).author) > 0


def test_unknown_targets_are_refused(node):
    with pytest.raises(Refused, match="usage: 'nobody' is not an item name"):
        node.ask("block", target="nobody")
    with pytest.raises(Refused, match="usage: 'nobody' is not an author key"):
        node.ask("allow", author="nobody")
