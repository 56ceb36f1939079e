"""Every answer of a real peer has the documented shape, and every parameter is documented."""

import ast
import inspect
from pathlib import Path
from typing import get_type_hints

import pytest

from node.core import events as ev
from node.core import methods
from node.core.peer import HANDLERS
from node.query import results
from node.query.methods import IMPORT_ROWS_MAX, METHODS
from node.query.schema import READ_ONLY, QueryError, encode_result
from protocol import events as gossip
from protocol.claims import ItemInfo, Vouch
from protocol.ids import Lane
from tests.node.core.peer_world import Refused, World, heard_by, like_all, sharing
from tests.node.core.scribe import Scribe, rates

SHELL = {"stop", "netcheck", "backup_create", "remote"}
"""Answered by the daemon around the peer."""


@pytest.fixture
def node():
    """Somebody with taste, trust, clicks, a link and a second person."""
    node = World().node("ada")
    friend = Scribe(1)
    items = [f"t:{n}" for n in range(12)]
    heard_by(node, [friend.says(*map(rates, items), ItemInfo("t:5", "Night film", ("noir",)))])
    heard_by(node, [friend.says(Vouch(Scribe(2).author, 50), lane=Lane.VOUCHES)])
    like_all(node, items[:4])
    node.ask("trust", peer=friend.author.hex())
    node.ask("add_person", name="eve")
    node.handle(gossip.LinkUp(1, "peer-x", True, "/ip4/10.0.0.9/tcp/1/p2p/peer-x"))
    node.friend = friend
    return node


def asked(node):
    """Parameters that are answered, for every method; several where the shape differs."""
    key = node.friend.author.hex()
    return {
        "status": [{}, {"person": "eve"}],
        "id": [{}],
        "people": [{}],
        "add_person": [{"name": "zoe"}],
        "like": [{"item": "t:1", "kind": "play", "weight": 0.5, "title": "x", "tags": ["y"]}],
        "import_rows": [{"rows": [["u", "t:1", 1, 5, None, None]], "people": True}],
        "trust": [{"peer": key, "weight": 0.5}, {"peer": "eve"}],
        "trust_get": [{}, {"person": "eve"}],
        "peers": [{}],
        "recommend": [{"n": 5}, {"method": "undefended"}, {"person": "eve"}],
        "why": [{"item": "t:7"}, {"item": "t:1"}, {"item": "t:7", "without": key}],
        "similar": [{"item": "t:5"}, {"item": "t:1", "n": 3}, {"item": "t:1", "person": "eve"}],
        "search": [{"words": ["night"]}, {"words": "zzz", "n": 3}],
        "click": [{"item": "t:5", "words": ["night"], "position": 2}],
        "share_get": [{}],
        "share_set": [{"people": "*", "taste": True}, {"people": ["eve"], "clicks": True}, {}],
        "share_preview": [{}, {"limit": 1}],
        "forget": [{"item": "t:2"}],
        "block": [{"target": "t:9"}, {"target": key}],
        "unblock": [{"target": "t:9"}, {"target": key}],
        "allow": [{"author": key}],
        "disallow": [{"author": key}],
    }


def exactly(kind, data):
    """The data are of the kind, and hold no key that it does not name."""
    read = results.checked(kind, data)
    assert read == data, "nothing fell away"
    encode_result(1, data, ())


@pytest.mark.parametrize("method", sorted(HANDLERS))
def test_every_answer_has_its_documented_shape(node, method):
    for params in asked(node)[method]:
        assert set(params) <= {n.rstrip("?") for n in METHODS[method].params} | {"person"}
        exactly(METHODS[method].result, node.ask(method, **params))


def test_the_public_part_of_status_has_its_shape(node):
    node.ask("allow", author=node.friend.author.hex())
    caller = ev.Caller(owner=False, authors=(node.friend.author,))
    exactly(results.PublicStatus, node.ask("status", caller))


def test_the_table_and_the_handlers_name_the_same_methods():
    assert set(METHODS) == set(HANDLERS) | SHELL
    assert set(METHODS) >= READ_ONLY


def test_every_parameter_that_a_handler_reads_is_in_the_table():
    """Names given to `params.*` and `asked.params.get`, found in the source of the handlers."""
    known = {n.rstrip("?") for m in METHODS.values() for n in m.params} | {"person"}
    read = set()
    for path in Path(inspect.getfile(methods)).parent.glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and "asked.params" in ast.unparse(call):
                read |= {
                    arg.value
                    for arg in call.args
                    if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
                }
    assert read - known == set()
    assert len(read) > 10


def test_the_preview_is_what_leaves(node):
    would = node.ask("share_preview")
    assert would["would"]
    sharing(node, taste=True)
    preview = node.ask("share_preview")
    assert not preview["would"]
    assert preview["total"] == 4
    node.world.run(2)
    left = [
        (lane.name.lower(), claim.item, claim.weight, claim.day)
        for (_, _, lane), held in node.store.feeds.items()
        for bundle in held.bundles.values()
        for claim in bundle.claims()
        if bundle.header.author == node.author
    ]
    records = [(r["lane"], r["item"], r["weight"], r["day"]) for r in preview["records"]]
    assert sorted(records) == sorted(left)
    assert node.ask("share_preview")["records"] == []


def test_too_many_rows_are_refused(node):
    row = [None, "t:1", 1, 1, None, None]
    node.ask("import_rows", rows=[row] * IMPORT_ROWS_MAX)
    with pytest.raises(Refused, match="usage: rows must be a list of at most 500"):
        node.ask("import_rows", rows=[row] * (IMPORT_ROWS_MAX + 1))


# ------------------------------------------------------------------------------------- `checked`
def test_an_answer_of_a_later_version_loses_what_is_not_known_and_a_wrong_one_is_refused():
    good = {"author": "ab", "allowed": True}
    assert results.checked(results.AllowResult, good | {"new": 1}) == good
    for bad in ({"author": "ab"}, good | {"allowed": "yes"}, {}):
        with pytest.raises(QueryError, match="makes no sense") as error:
            results.checked(results.AllowResult, bad)
        assert error.value.code == "bad_answer"
    for number in (float("inf"), float("nan"), "1"):
        with pytest.raises(QueryError):
            results.checked(results.TrustResult, {"author": "", "weight": number, "shared": True})


def test_all_result_types_resolve():
    for method in METHODS.values():
        if method.result is not METHODS["remote"].result:
            assert get_type_hints(method.result)
