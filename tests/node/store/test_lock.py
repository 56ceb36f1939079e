"""One owner at a time, and none after a crash."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from node.store.lock import DirectoryLock, LockedError, held_by

NOW = 1_760_000_000.5
HOLD = """
import sys
from pathlib import Path
from node.store.lock import DirectoryLock
lock = DirectoryLock(Path(sys.argv[1]), now=5)
print("held", flush=True)
sys.stdin.read()
"""


def test_the_second_one_learns_who_and_since_when(tmp_path: Path):
    path = tmp_path / "lock"
    with DirectoryLock(path, now=NOW):
        for _ in range(2):
            with pytest.raises(LockedError) as raised:
                DirectoryLock(path, now=NOW)
            assert (raised.value.pid, raised.value.since) == (os.getpid(), int(NOW))
            assert raised.value.exit_code == 7
    with DirectoryLock(path, now=NOW):
        pass


def test_a_killed_owner_leaves_nothing_to_clean_up(tmp_path: Path):
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    owner = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"PYTHONPATH": os.getcwd()}
    )
    with owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"held\n"
        with pytest.raises(LockedError) as raised:
            DirectoryLock(path, now=NOW)
        assert (raised.value.pid, raised.value.since) == (owner.pid, 5)
        assert held_by(path) == owner.pid
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        assert held_by(path) is None
    DirectoryLock(path, now=NOW).release()


def test_an_owner_that_has_not_written_yet_is_still_an_owner(tmp_path: Path):
    path = tmp_path / "lock"
    with DirectoryLock(path, now=NOW):
        path.write_bytes(b"not a pid")
        with pytest.raises(LockedError, match="another process") as raised:
            DirectoryLock(path, now=NOW)
    assert raised.value.pid is None


def test_a_number_that_a_crash_left_holds_nothing(tmp_path: Path):
    path = tmp_path / "lock"
    assert held_by(path) is None
    path.write_text(f"{os.getpid()} 5\n")  # alive, but not the owner
    assert held_by(path) is None
    for gone in ("4194305 5\n", f"{10**30} 5\n"):
        path.write_text(gone)
        assert held_by(path) is None
    with DirectoryLock(path, now=NOW):
        assert held_by(path) == os.getpid()
    assert held_by(path) is None
