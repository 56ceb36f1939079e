"""Which node is meant, and what is said to whom."""

import socket
import threading

import pytest

from node.cli import session as session_module
from node.cli.session import Session, clean, count
from node.paths import prepare
from node.query.schema import QueryError
from node.store.lock import DirectoryLock
from tests.node.cli.terminal import typed


def test_no_daemon_is_exit_3_with_the_command_that_starts_this_nodes(tmp_path) -> None:
    root = tmp_path / "two words"
    told = typed("status", "--data-dir", str(root), "--profile", "p")
    assert told.code == 3
    assert told.out == ""
    assert told.err == (
        f"grapevine: no daemon is running for {root}/profiles/p\n"
        f"  run: grapevine daemon --data-dir '{root}' --profile p\n"
    )
    assert typed("status", "--data-dir", str(root), "--json").error["code"] == "daemon_not_running"
    assert not root.exists(), "a question makes no directory"


def test_a_command_waits_for_a_daemon_that_is_starting(tmp_path) -> None:
    session = Session("status", str(tmp_path / "node"))
    prepare(session.paths)
    listener = socket.socket(socket.AF_UNIX)
    starting = threading.Timer(
        2 * session_module.FORKED_S,  # longer than one waits without a lock
        lambda: (listener.bind(str(session.paths.socket)), listener.listen()),
    )
    with listener, DirectoryLock(session.paths.lock, now=0.0):
        starting.start()
        session.client().close()
        starting.join()


def test_a_command_waits_for_a_daemon_that_has_not_come_to_its_lock(tmp_path) -> None:
    assert typed("init", "--data-dir", str(tmp_path / "node")).code == 0
    session = Session("status", str(tmp_path / "node"))
    listener = socket.socket(socket.AF_UNIX)
    late = threading.Timer(
        session_module.FORKED_S / 5,
        lambda: (listener.bind(str(session.paths.socket)), listener.listen()),
    )
    with listener:
        late.start()
        session.client().close()
        late.join()


def test_a_daemon_that_never_listens_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(session_module, "STARTING_S", 0.1)
    session = Session("status", str(tmp_path / "node"))
    prepare(session.paths)
    with (
        DirectoryLock(session.paths.lock, now=0.0),
        pytest.raises(QueryError, match="answers nobody") as raised,
    ):
        session.client()
    assert raised.value.exit == 3
    assert "daemon.log" in raised.value.hint


@pytest.mark.parametrize("flag", [True, False])
def test_a_flag_beats_the_environment(monkeypatch, tmp_path, flag: bool) -> None:
    monkeypatch.setenv("GRAPEVINE_HOME", str(tmp_path / "env"))
    monkeypatch.setenv("GRAPEVINE_PROFILE", "work")
    arguments = ["--data-dir", str(tmp_path / "flag"), "--profile", "home"] if flag else []
    directory = typed("init", "--json", *arguments).data["directory"]
    assert directory == str(tmp_path / ("flag/profiles/home" if flag else "env/profiles/work"))


def test_a_directory_that_is_a_file_is_refused_by_name(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    told = typed("init", "--data-dir", str(tmp_path / "file"))
    assert told.code == 8
    assert str(tmp_path / "file") in told.err


def test_text_from_peers_cannot_drive_the_terminal() -> None:
    assert clean("a\x1b[2Jb\u202ec\r\u200bd") == "a\\u001b[2Jb\\u202ec\\u000d\\u200bd"
    assert clean("Amélie\n東京") == "Amélie\n東京"


def test_with_json_there_is_one_envelope_and_no_talk(capsys) -> None:
    session = Session("status", json=True, warnings=["careful"])
    session.say("talk")
    session.show({"a": 1}, "a line")
    out, err = capsys.readouterr()
    assert out == '{"schema": "grapevine.status/1", "data": {"a": 1}, "warnings": ["careful"]}\n'
    assert err == ""


def test_without_json_lines_are_data_and_warnings_are_talk(capsys) -> None:
    Session("status", warnings=["careful"]).show({"a": 1}, "a line")
    assert capsys.readouterr() == ("a line\n", "note: careful\n")


def test_a_daemon_that_goes_away_points_to_its_log(tmp_path) -> None:
    class Gone:
        def ask(self, query: str, **params: object) -> None:
            raise QueryError("daemon_not_running", "the daemon went away")

    session = Session("status", str(tmp_path))
    with pytest.raises(QueryError, match="went away") as raised:
        session.ask_on(Gone(), "status")  # type: ignore[arg-type]
    assert str(tmp_path / "logs" / "daemon.log") in raised.value.hint


def test_one_and_many() -> None:
    assert [count(n, "item") for n in (0, 1, 2)] == ["0 items", "1 item", "2 items"]
    assert count(2, "vouch", "vouches") == "2 vouches"
