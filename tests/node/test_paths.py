"""The right directory is chosen, and only its owner can get in."""

import os
import stat
from pathlib import Path

import pytest

from node.paths import (
    SOCKET_PATH_BYTES_MAX,
    BadProfileName,
    DirectoryExposed,
    DirectoryUnusable,
    data_paths,
    prepare,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_argument_beats_the_variable_beats_the_platform():
    environ = {"GRAPEVINE_HOME": "/from/variable"}
    assert data_paths("/given", environ=environ).root == Path("/given")
    assert data_paths(environ=environ).root == Path("/from/variable")
    assert data_paths(environ={}).root.name == "grapevine"


def test_profiles_are_separate_directories():
    environ = {"GRAPEVINE_HOME": "/home", "GRAPEVINE_PROFILE": "work"}
    assert data_paths(environ=environ).store == Path("/home/profiles/work/store.sqlite")
    assert data_paths(profile="play", environ=environ).root == Path("/home/profiles/play")


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "x" * 33, "-n", "a b"])
def test_profile_names_cannot_leave_the_directory(name: str):
    with pytest.raises(BadProfileName):
        data_paths("/given", name, environ={})


def test_prepared_directories_are_private(tmp_path: Path):
    old = os.umask(0o000)
    try:
        paths = data_paths(tmp_path / "new" / "node", environ={})
        prepare(paths)
        prepare(paths)
    finally:
        os.umask(old)
    for directory in (paths.root, paths.rejects, paths.logs, paths.socket.parent):
        assert mode(directory) == 0o700


def test_a_loose_run_directory_is_closed(tmp_path: Path):
    paths = data_paths(tmp_path, environ={})
    tmp_path.chmod(0o755)
    paths.socket.parent.mkdir()
    paths.socket.parent.chmod(0o777)
    prepare(paths)
    assert mode(paths.socket.parent) == 0o700


def test_a_directory_that_others_can_write_in_is_refused(tmp_path: Path):
    tmp_path.chmod(0o770)
    with pytest.raises(DirectoryExposed, match="0770") as raised:
        prepare(data_paths(tmp_path, environ={}))
    assert raised.value.hint == f"run: chmod 700 {tmp_path}"
    assert raised.value.exit_code == 8


def test_a_file_in_the_way_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DirectoryUnusable, match="file"):
        prepare(data_paths(tmp_path / "file", environ={}))


def test_a_deep_directory_gets_a_short_socket(tmp_path: Path):
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    shallow, deep = data_paths("/d", environ=environ), data_paths("/d" * 60, environ=environ)
    assert shallow.socket == Path("/d/run/node.sock")
    assert deep.socket.parent == tmp_path / "grapevine"
    assert len(os.fsencode(deep.socket.name)) == 16 + len(".sock")
    assert deep.socket != data_paths("/e" * 60, environ=environ).socket
    longest = Path("/" + "d" * (SOCKET_PATH_BYTES_MAX - len("//run/node.sock")))
    assert data_paths(longest, environ=environ).socket.parent.parent == longest
