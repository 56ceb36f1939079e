"""A node goes into a file and comes out of it somewhere else."""

import pytest

from node.query.client import QueryClient
from tests.node.cli.terminal import Terminal, typed
from tests.node.shell.daemon_process import DaemonProcess


def test_restoring_what_is_no_backup_leaves_no_node(tmp_path) -> None:
    text = tmp_path / "text"
    text.write_text("no backup")
    for file, code in ((tmp_path / "nowhere", 4), (text, 13)):
        told = typed("backup", "restore", str(file), "--data-dir", str(tmp_path / "node"))
        assert told.code == code
        assert str(file) in told.err
        assert not (tmp_path / "node").exists()


@pytest.mark.slow
def test_there_and_back(node: Terminal, tmp_path) -> None:
    node.json("like", "t:1")
    node.json("share", "--taste")
    file = tmp_path / "saved"
    told = node("backup", "create", str(file))
    assert told.code == 0
    assert "whoever can read this file can speak as you" in told.err
    assert node("backup", "create", str(file)).code == 2
    second = node("backup", "create", str(tmp_path / "second"), "--json")
    assert second.envelope["schema"] == "grapevine.backup-create/1"
    nowhere = node("backup", "create", str(tmp_path / "nowhere" / "saved"))
    assert nowhere.code == 2
    assert node("status").code == 0, "the daemon goes on"
    assert node("backup", "restore", str(file)).code in (2, 7), "never over a node"
    with DaemonProcess(tmp_path / "again") as again:
        restored = Terminal(again.root)("backup", "restore", str(file))
        assert restored.out.splitlines() == [
            f"restored 1 person and 1 item to {again.root}",
            f"next: grapevine daemon --data-dir {again.root}",
        ]
        again.init()
        again.start()
        again.wait_until_ready()
        with QueryClient(again.paths.socket) as client:
            status = client.ask("status").data
        assert status["items"] == 1
        assert status["author"] == node.json("status")["author"]
