"""Six daemons over loopback, two of them hostile; and none is left whatever ends the run."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from sim.outcome import Progress
from sim.real import able
from sim.real.running import run as run_real
from sim.running import load, run
from sim.scenario.errors import ScenarioError
from sim.scenario.reading import shipped
from sim.scenario.schema import Fidelity, Scenario

SIX = [
    "world.people=60", "network.daemons=4", "world.planted.items=200",
    "world.planted.clusters=2", "questions.people=40", "adversary.0.peers=2",
    "adversary.0.edges=6", "adversary.0.identities=10", "news.items=2",
]  # fmt: skip

CHILD = """
from sim.real.running import run
from sim.running import load
from sim.scenario.reading import shipped
import sys
made = load(shipped()["daemons"], sys.argv[1:])
run(made, 1, lambda far: print(far.peers, flush=True))
"""


def six() -> Scenario:
    return load(shipped()["daemons"], SIX, Fidelity.REAL)


def living(directory: Path) -> list[int]:
    """Processes whose node lives below the directory."""
    found = []
    for process in psutil.process_iter():
        try:
            home = process.environ().get("GRAPEVINE_HOME", "")
        except (psutil.Error, OSError):
            continue
        if home.startswith(str(directory)) and process.status() != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.slow
def test_six_daemons_keep_the_claims(scratch: Path) -> None:
    told: list[Progress] = []
    outcome = run(six(), 1, progress=told.append)
    assert outcome.fidelity is Fidelity.REAL
    assert outcome.ok, [one for one in outcome.claims if not one.held]
    assert max(far.peers for far in told) == 6
    assert told[-1].done == 1
    # Lists without fakes say nothing of a defence unless the Sybils have been heard.
    assert outcome.series["held_6"][-1][1] > 0.99
    assert outcome.metrics["messages"] > 0
    assert outcome.metrics["bytes_per_peer_s"] > 0
    assert outcome.metrics["rounds_to_99"] > 0
    assert len(outcome.samples["fakes"]) == 40
    assert not living(scratch)
    assert not list(scratch.iterdir())


@pytest.mark.slow
def test_an_interrupted_run_leaves_no_daemon_and_no_file(scratch: Path) -> None:
    environment = os.environ | {"TMPDIR": str(scratch)}
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, *SIX],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == b"4\n"
        assert len(living(scratch)) >= 4
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=60)
    assert child.returncode
    assert not living(scratch)
    assert not list(scratch.iterdir())


@pytest.mark.slow
def test_a_run_that_fails_leaves_no_daemon_and_no_file(scratch: Path) -> None:
    def fail(far: Progress) -> None:
        raise RuntimeError(f"{far.peers} are up, {len(living(scratch))} live")

    with pytest.raises(RuntimeError, match="4 are up"):
        run_real(six(), 1, fail)
    assert not living(scratch)
    assert not list(scratch.iterdir())


def test_without_memory_nothing_starts(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(able, "memory_free", lambda: 10**9)
    with pytest.raises(ScenarioError, match=r"6 daemons need 1\.6 GB"):
        run_real(six(), 1)
    assert not list(scratch.iterdir())
