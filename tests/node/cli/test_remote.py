"""`--remote`: another node answers whom its owner allowed, with a daemon of one's own or none."""

import pytest

from tests.node.cli.make_shapes import HISTORY
from tests.node.cli.terminal import Terminal
from tests.node.shell.daemon_process import CONFIG, DaemonProcess


def test_an_address_that_is_none_is_a_usage_error(tmp_path) -> None:
    terminal = Terminal(tmp_path / "me")
    terminal("init")
    told = terminal("recommend", "--remote", "somewhere", "--json")
    assert told.code == 2
    assert "/p2p/" in told.error["hint"]


@pytest.mark.slow
def test_an_allowed_author_is_answered(node: Terminal, tmp_path) -> None:
    (tmp_path / "history.csv").write_text(HISTORY)
    node.json("import", str(tmp_path / "history.csv"), "--people")
    node.json("like", "t:1")
    node.json("trust", "ann")
    address = node.json("id")["addresses"][0]

    with DaemonProcess(tmp_path / "me") as mine:
        mine.init()
        me = Terminal(mine.root)
        key = me.json("init")["author"]
        for running in (False, True):
            if running:
                mine.start()
                mine.wait_until_ready()
            refused = me("recommend", "--remote", address)
            assert (refused.code, refused.out) == (8, ""), refused.err
            assert "has not allowed your author key" in refused.err
            node.json("allow", key)
            listed = me("recommend", "--remote", address)
            assert listed.code == 0
            assert listed.out == node("recommend").out
            assert ("asking directly" in listed.err) is not running
            if running:  # the same path without a daemon, and a process each
                for question in (["why", "t:3"], ["search", "songs"]):
                    assert me.json(*question, "--remote", address) == node.json(*question)
            public = me.json("status", "--remote", address)
            assert set(public) == {"peers", "feeds"}, "a guest sees no more"
            node.json("allow", key, "--undo")
        assert mine.stop() == 0


@pytest.mark.slow
def test_a_node_that_is_not_there_is_exit_5(tmp_path) -> None:
    terminal = Terminal(tmp_path / "me")
    terminal("init")
    (terminal.root / "config.toml").write_text(CONFIG)
    peer = "12D3KooWL9p4NE6gonuU6hNnS9XaLjzBC83wQWK9572tQUwPdd7k"
    told = terminal("recommend", "--remote", f"/ip4/127.0.0.1/tcp/1/p2p/{peer}", "--json")
    assert (told.code, told.error["code"]) == (5, "unreachable")
