"""The stage is empty when the run is over, whatever ends it; also when nobody can tidy up."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sim.real.fleet import Actor, stage
from tests.sim.real.plays import small
from tests.sim.real.processes import gone, living

CHILD = """
import sys
from sim.real.fleet import Actor, stage
from tests.sim.real.plays import small
with stage() as (directory, actors):
    actors.append(Actor("peer-0", directory / "peer-0", {}))
    actors[0].make(small())
    actors[0].start()
    actors[0].wait_ready()
    print("up", flush=True)
    sys.stdin.read()
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_daemon_and_no_file_outlives_a_run_that_a_signal_ends(
    number: signal.Signals, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        assert living(tmp_path)
        child.send_signal(number)
        if number != signal.SIGKILL:
            child.send_signal(signal.SIGTERM)  # one more changes nothing
        child.wait(60)
        told = {signal.SIGTERM: 128 + signal.SIGTERM, signal.SIGKILL: -signal.SIGKILL}
        assert child.returncode == told[number]
    # Killed, it could not wait for its daemon, which tidies up by itself.
    assert gone(tmp_path)


def test_a_part_is_made_with_the_keys_of_the_play(tmp_path: Path) -> None:
    actor = Actor("peer-2", tmp_path / "peer-2", {}, number=2)
    actor.make(small())
    key = actor.home / "author.key"
    assert key.read_bytes() == small().secret(2)
    assert key.stat().st_mode & 0o077 == 0


def test_a_stage_takes_its_directory_and_its_signal_handlers_with_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = signal.getsignal(signal.SIGTERM)
    with stage() as (directory, _):
        assert directory.parent == tmp_path
        (directory / "peer-0.log").write_text("a word")
        assert signal.getsignal(signal.SIGTERM) is not before
    assert not list(tmp_path.iterdir())
    assert signal.getsignal(signal.SIGTERM) is before
