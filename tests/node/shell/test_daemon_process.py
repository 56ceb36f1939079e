"""The daemon as its user starts it: one a directory, clear refusals, and kill -9 at any moment."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Thread
from time import sleep

import apsw
import pytest

from node.query.client import QueryClient
from node.query.schema import QueryError
from node.store.rows import FactRow
from node.store.store import Store
from tests.node.shell.daemon_process import DaemonProcess, run
from tests.node.shell.daemons import directory

pytestmark = pytest.mark.slow

KILLS, EARLY_KILLS = 20, 7
LIFE_S = 0.6
"""How long a daemon that is ready lives at most before it is killed."""


def initialised(top: Path) -> DaemonProcess:
    daemon = DaemonProcess(top / "node")
    daemon.init()
    return daemon


def refused(daemon: DaemonProcess, *more: str) -> dict:
    """What the command says when it refuses to start, as scripts see it."""
    done = run("daemon", "--json", "--data-dir", str(daemon.root), *more)
    told = json.loads(done.stdout)["error"]
    assert told["exit"] == done.returncode
    assert "Traceback" not in done.stderr
    return told


# ------------------------------------------------------------------------------------- refusals


def test_a_second_daemon_learns_who_holds_the_directory_and_a_killed_one_holds_nothing():
    with directory() as top, initialised(top) as daemon:
        daemon.start()
        daemon.wait_until_ready()
        assert daemon.process is not None
        told = refused(daemon)
        assert (told["exit"], told["code"]) == (7, "locked")
        assert str(daemon.process.pid) in told["message"]
        daemon.kill()
        daemon.start()
        daemon.wait_until_ready()
        assert daemon.stop() == 0
        assert not daemon.paths.socket.exists()


def expose_key(daemon: DaemonProcess) -> Path:
    daemon.paths.author_key.chmod(0o644)
    return daemon.paths.author_key


def expose_transport_key(daemon: DaemonProcess) -> Path:
    daemon.paths.transport_key.chmod(0o640)
    return daemon.paths.transport_key


def cut_key(daemon: DaemonProcess) -> Path:
    daemon.paths.author_key.write_bytes(b"short")
    return daemon.paths.author_key


def break_config(daemon: DaemonProcess) -> Path:
    daemon.paths.config.write_text("[network\nlisten = ")
    return daemon.paths.config


def misspell_setting(daemon: DaemonProcess) -> Path:
    daemon.paths.config.write_text("[network]\nlissen = []\n")
    return daemon.paths.config


def make_store(daemon: DaemonProcess) -> Path:
    """A store with a few pages of facts, closed in order."""
    daemon.start()
    daemon.wait_until_ready()
    daemon.stop()
    with Store.open(daemon.paths.store) as store:
        store.upsert_facts("me", [FactRow(f"text:{n:05}", "LIKE", 1, 1) for n in range(5_000)])
    return daemon.paths.store


def cut_store(daemon: DaemonProcess) -> Path:
    path = make_store(daemon)
    path.write_bytes(path.read_bytes()[:10_000])
    return path


def damage_store_inside(daemon: DaemonProcess) -> Path:
    """Where only the rebuild of the graph looks: the header and the end are as they were."""
    path = make_store(daemon)
    raw = apsw.Connection(str(path))
    [(root,)] = raw.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'facts'").fetchall()
    raw.close()
    content = bytearray(path.read_bytes())
    content[(root - 1) * 8192 : root * 8192] = b"\xff" * 8192
    path.write_bytes(content)
    return path


def store_of_the_future(daemon: DaemonProcess) -> Path:
    path = make_store(daemon)
    raw = apsw.Connection(str(path))
    raw.execute("PRAGMA user_version = 99")
    raw.close()
    return path


@pytest.mark.parametrize(
    ("break_", "exit_code", "advice"),
    [
        (expose_key, 8, "chmod 600"),
        (expose_transport_key, 8, "chmod 600"),
        (cut_key, 8, "backup restore"),
        (break_config, 6, "mend or remove"),
        (misspell_setting, 6, "did you mean 'network.listen'"),
        (cut_store, 13, "backup restore"),
        (damage_store_inside, 13, "backup restore"),
        (store_of_the_future, 9, "newer"),
    ],
)
def test_what_is_wrong_is_named_with_what_to_do_and_left_as_it_is(
    break_: Callable[[DaemonProcess], Path], exit_code: int, advice: str
):
    with directory() as top, initialised(top) as daemon:
        path = break_(daemon)
        before = path.read_bytes()
        told = refused(daemon)
        assert told["exit"] == exit_code
        assert str(path) in told["message"]
        assert advice in told["hint"]
        assert path.read_bytes() == before


# ----------------------------------------------------------------------------------------- kills


def like_until_dead(daemon: DaemonProcess, life: int, acknowledged: list[str]) -> None:
    """One like after the other through the socket, until nobody answers."""
    try:
        with QueryClient(daemon.paths.socket, timeout_s=60) as client:
            for number in range(100_000):
                item = f"text:{life}-{number}"
                client.ask("like", item=item)
                acknowledged.append(item)
    except QueryError:
        pass


def test_twenty_kills_of_the_whole_daemon_some_while_it_recovers():
    rng = Random(20)
    acknowledged: list[str] = []
    early = 0
    with directory() as top, initialised(top) as daemon:
        for life in range(KILLS):
            daemon.start()
            if life % 3 == 1 and early < EARLY_KILLS:
                wait_until_it_owns_the_store(daemon)
                sleep(rng.random() * 0.3)
                early += not answers(daemon)
                daemon.kill()
                continue
            daemon.wait_until_ready()
            if life == 0:
                daemon.ask("share_set", taste=True)
            before = len(acknowledged)
            liker = Thread(target=like_until_dead, args=(daemon, life, acknowledged))
            liker.start()
            while len(acknowledged) == before:
                sleep(0.001)
            sleep(rng.random() * LIFE_S)
            daemon.kill()
            liker.join()
        daemon.wait_for_network_end()
        daemon.start()
        daemon.wait_until_ready()
        assert daemon.ask("status")["bugs"] == 0
        assert daemon.stop() == 0
        with Store.open(daemon.paths.store) as store:
            held = {fact.item for fact in store.facts("me")}
            assert store._rows("PRAGMA quick_check") == [("ok",)]
    assert set(acknowledged) <= held
    assert len(held) <= len(acknowledged) + KILLS
    assert early >= 5


def wait_until_it_owns_the_store(daemon: DaemonProcess) -> None:
    """The lock names the process: what follows is recovery and rebuild."""
    assert daemon.process is not None
    mine = str(daemon.process.pid).encode()
    while not daemon.paths.lock.read_bytes().startswith(mine):
        assert daemon.process.poll() is None
        sleep(0.001)


def answers(daemon: DaemonProcess) -> bool:
    """Whether the daemon is ready: those who ask before wait."""
    try:
        with QueryClient(daemon.paths.socket, timeout_s=0.02) as client:
            client.ask("status")
    except QueryError:
        return False
    return True


def test_a_stop_by_signal_is_orderly_and_quick():
    with directory() as top, initialised(top) as daemon:
        daemon.start()
        daemon.wait_until_ready()
        daemon.ask("like", item="text:a")
        assert daemon.stop() == 0
        assert sorted(p.name for p in daemon.root.glob("store*")) == ["store.sqlite"]
        assert not os.path.exists(daemon.paths.socket)
