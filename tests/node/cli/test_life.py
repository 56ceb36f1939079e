"""init, status, stop, and what `grapevine` alone says to do next."""

import json
import stat

import pytest

from node.cli.life import _duration
from node.cli.session import Session
from tests.node.cli.make_shapes import SHAPES, shown
from tests.node.cli.terminal import Terminal, typed
from tests.node.shell.daemon_process import DaemonProcess, run


def test_init_makes_a_private_node_and_says_what_is_next(tmp_path) -> None:
    root = tmp_path / "node"
    told = typed("init", "--data-dir", str(root))
    assert told.code == 0
    assert f"made a node in {root}" in told.out
    assert "nothing leaves this node" in told.out
    assert told.out.endswith(f"next: grapevine daemon --data-dir {root}\n")
    assert stat.S_IMODE((root / "author.key").stat().st_mode) == 0o600
    again = typed("init", "--data-dir", str(root))
    assert again.out.startswith("found a node")
    assert told.out.splitlines()[1] == again.out.splitlines()[1], "the key is kept"


def test_alone_it_says_what_to_do_next(tmp_path) -> None:
    terminal = Terminal(tmp_path / "node")
    nothing = terminal.json()
    assert (nothing["state"], nothing["next"]) == (
        "no node",
        f"grapevine init --data-dir {terminal.root}",
    )
    terminal("init")
    stopped = terminal()
    assert stopped.code == 0
    assert f"next: grapevine daemon --data-dir {terminal.root}" in stopped.out


def test_an_unknown_setting_stops_the_daemon_and_names_the_nearest(tmp_path, monkeypatch) -> None:
    terminal = Terminal(tmp_path / "node")
    terminal("init")
    monkeypatch.setenv("GRAPEVINE_NETWORK_MDSN", "no")
    told = terminal("daemon")
    assert told.code == 6
    assert "GRAPEVINE_NETWORK_MDNS" in told.err
    monkeypatch.delenv("GRAPEVINE_NETWORK_MDSN")
    (terminal.root / "config.toml").write_text("[gosip]\nround_s = 1\n")
    told = terminal("daemon", "--json")
    assert (told.code, told.error["code"]) == (6, "config_invalid")
    assert "'gossip'" in told.error["hint"]
    assert str(terminal.root / "config.toml") in told.error["message"]
    (terminal.root / "config.toml").unlink()
    told = terminal("daemon", "--listen", "nonsense", "--json")
    assert told.code == 6
    assert "the command line: network.listen" in told.error["message"]
    told = terminal("daemon", "--bootstrap", "/ip4/127.0.0.1/tcp/1", "--json")
    assert told.code == 6
    assert "/p2p/" in told.error["hint"]


def test_a_key_that_others_can_read_stops_the_daemon(tmp_path) -> None:
    terminal = Terminal(tmp_path / "node")
    terminal("init")
    key = terminal.root / "author.key"
    key.chmod(0o644)
    told = terminal("init")
    assert told.code == 8
    assert f"chmod 600 {key}" in told.err


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.4, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "120 min"),
        (7200, "2 h"),
        (2e5, "2 days"),
    ],
)
def test_durations_are_read_at_a_glance(seconds: float, shown: str) -> None:
    assert _duration(seconds) == shown


@pytest.mark.parametrize(("faults", "code"), [([], 0), (["the network is down"], 10)])
def test_a_check_fails_on_faults_not_on_advice(monkeypatch, tmp_path, faults, code) -> None:
    def ask(session: Session, _remote: str | None, _query: str) -> dict[str, object]:
        session.warnings += ["you trust nobody yet", *faults]
        return {"faults": faults}

    monkeypatch.setattr("node.cli.life.ask_anywhere", ask)
    assert typed("status", "--check", "--data-dir", str(tmp_path)).code == code
    assert typed("status", "--data-dir", str(tmp_path)).code == 0


@pytest.mark.slow
def test_a_script_asks_in_the_line_after_the_daemon(tmp_path) -> None:
    with DaemonProcess(tmp_path / "node") as process:
        process.init()
        process.start()
        asked = run("status", "--data-dir", str(process.root), "--json")
        assert asked.returncode == 0, asked.stdout
        assert process.stop() == 0


@pytest.mark.slow
def test_status_and_stop(daemon, node: Terminal) -> None:
    assert node.json()["next"] == f"grapevine import FILE --data-dir {node.root}"
    node("like", "t:1")
    assert node.json()["next"] == f"grapevine trust PEER --data-dir {node.root}"
    node("trust", "cd" * 32)
    assert node.json()["next"] == f"grapevine recommend --data-dir {node.root}"
    told = node("status")
    assert told.code == 0
    assert "taste     1 item, 1 vouch\n" in told.out
    assert f"pid {daemon.process.pid}\n" in told.out
    assert "note: no peers are connected" in told.err
    assert node("status", "--check").code == 0, "to know nobody is no fault"
    stopped = node("stop", "--json")
    assert stopped.data == {"stopping": True, "pid": daemon.process.pid}
    assert shown(stopped.envelope) == json.loads(SHAPES.read_text())["stop"]
    assert daemon.process.wait(30) == 0
    assert node("status").code == 3
    daemon.start()
    daemon.wait_until_ready()
    assert node.json("status")["items"] == 1
