"""trust, people, block, allow, id, peers, netcheck."""

import pytest

from node.id_string import format_id, parse_id
from protocol.ids import AuthorKey
from tests.node.cli.terminal import Terminal, typed

KEY = "ab" * 32
ID = format_id(AuthorKey(bytes.fromhex(KEY)), ["/ip4/127.0.0.1/tcp/1/p2p/12D3KooW"])


def test_an_id_without_a_daemon_names_no_addresses(tmp_path) -> None:
    terminal = Terminal(tmp_path / "node")
    author = terminal.json("init")["author"]
    told = terminal("id")
    assert told.code == 0
    assert parse_id(told.out).author.hex() == author
    assert parse_id(told.out).addresses == ()
    assert "names no addresses" in told.err
    assert terminal("id", "--as", "ann").code == 3
    missing = typed("id", "--data-dir", str(tmp_path / "other"))
    assert missing.code == 8
    assert "grapevine init" in missing.err


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["x", "0"])
def test_half_of_somebody_is_nobody(node: Terminal, damage: str) -> None:
    for command in ("trust", "allow"):
        told = node(command, ID[:-1] + damage)
        assert told.code == 2
        assert "checksum" in told.err


@pytest.mark.slow
def test_vouches_are_given_turned_and_taken_back(node: Terminal) -> None:
    assert node("trust", ID).out == f"{KEY}: +1.00 (kept on this node)\n"
    assert node("trust", KEY, "0.5").out == f"{KEY}: +0.50 (kept on this node)\n"
    assert node("trust", KEY, "-1").out == f"{KEY}: -1.00 (kept on this node)\n"
    assert node.json("status")["vouches"] == 1
    assert node("trust", KEY, "0").out == f"{KEY}: taken back (kept on this node)\n"
    assert node.json("status")["vouches"] == 0
    told = node("trust", "somebody")
    assert told.code == 2
    assert "grapevine id" in told.err


@pytest.mark.slow
def test_who_has_earned_trust_is_listed_apart_and_can_be_refused(node: Terminal, tmp_path) -> None:
    """Cyd and Dov are known through Bea; what Cyd likes turns out well, what Dov likes does not."""
    assert "grapevine trust PEER" in node("trust").err
    rows = ["user,item,rating"]
    rows += [f"{name},e:{n},5" for name in ("bea", "cyd", "dov") for n in range(3)]
    rows += [f"{name},{name}:{n},5" for name in ("cyd", "dov") for n in range(40)]
    (tmp_path / "history.csv").write_text("\n".join(rows))
    node.json("import", str(tmp_path / "history.csv"), "--people")
    for name in ("cyd", "dov"):
        node.json("trust", name, "--as", "bea")
    for n in range(3):
        node.json("like", f"e:{n}")
    node.json("trust", "bea")
    assert node.json("trust")["earned"] == []
    for _ in range(3):
        for entry in node.json("recommend")["items"]:
            node.json("like", entry["item"], f"--weight={1 if 'cyd' in entry['item'] else -1}")
    listed = node.json("trust")
    assert [person["name"] for person in listed["earned"]] == ["cyd"]
    assert 0 < listed["earned"][0]["part"] <= 0.01
    told = node("trust").out
    assert told.index("bea") < told.index("earned, by what they brought") < told.rindex("cyd")
    assert ", 1 earned trust" in node("status").out
    assert "by earned trust" in node("recommend").out
    node.json("trust", "cyd", "0")
    assert node.json("trust")["earned"] == []
    node.json("trust", "bea", "0")


@pytest.mark.slow
def test_people_come_once(node: Terminal) -> None:
    made = node("people", "--add", "ann")
    assert made.out.startswith("ann  ")
    again = node("people", "--add", "ann")
    assert again.code == 2
    assert "lives here already" in again.err
    assert "(owner)" in node("people").out.splitlines()[0]
    assert parse_id(node("id", "--as", "ann").out).author.hex() in made.out


@pytest.mark.slow
def test_blocks_and_permissions_are_undone(node: Terminal) -> None:
    assert node("block", "t:1").out == "blocked item t:1\n"
    assert node("block", "t:1", "--undo").out == "unblocked item t:1\n"
    assert node("block", KEY).out == f"blocked author {KEY}\n"
    assert node("block", KEY, "--undo").out == f"unblocked author {KEY}\n"
    assert node("allow", ID).out == f"allowed: {KEY}\n"
    assert node("allow", KEY, "--undo").out == f"no longer allowed: {KEY}\n"


@pytest.mark.slow
def test_a_node_alone_says_so(node: Terminal) -> None:
    assert node("peers").err == "no peers are connected\n"
    assert parse_id(node("id").out).addresses, "the daemon listens"
    told = node("netcheck")
    assert told.out.splitlines()[0] in ("reachable: no", "reachable: unknown")
    assert "network.listen" in told.out, "a node on loopback is told how to leave it"
