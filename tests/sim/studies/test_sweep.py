"""Sweeps: nothing finished is lost or done twice, nothing that failed stops the rest."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from sim.evaluation import manifest
from sim.evaluation.manifest import FAILED, RUNS
from sim.outcome import FILE, Progress
from sim.studies import cluster
from sim.studies.sweep import ClusterError, Sweep, SweepError, read, sweep
from tests.sim.studies.engines import run, run_once_allowed, run_or_wait

GONE_S = 15
"""Processes that lost their parent are given so long to leave."""

pytestmark = pytest.mark.slow


def plan_in(directory: Path, text: str = "seeds = 4", about: str = "") -> Sweep:
    (directory / "town.toml").write_text(
        f'name = "town"\ntitle = "A town"\nabout = "{about}"\nfidelities = ["graph"]\n'
        'method = "salsa"\nquestions.k = 10\n'
        '[[adversary]]\nkind = "sybil"\nedges = 2\n'
    )
    file = directory / "sweep.toml"
    file.write_text(f'scenario = "town.toml"\n{text}\n')
    return read(file)


def test_every_run_is_kept_what_fails_has_a_log_and_is_tried_again(tmp_path: Path) -> None:
    allowed, place = tmp_path / "allowed", tmp_path / "out"
    plan = plan_in(tmp_path, "seeds = 4\n[grid]\nadversary.0.edges = [0, 3]", str(allowed))
    heard: list[Progress] = []
    first = sweep(plan, place, workers=1, progress=heard.append, run=run_once_allowed)
    assert not first.ok
    assert len(first.finished) == len(first.failed) == 4
    assert [round(one.done * 8) for one in heard] == [*range(1, 9)]
    for key in first.failed:
        assert [one.name for one in (place / RUNS / key).iterdir()] == [FAILED]
        log = (place / RUNS / key / FAILED).read_text()
        assert "engines.py" in log
        assert "FileNotFoundError" in log
    kept = {key: (place / RUNS / key / FILE).stat().st_mtime_ns for key in first.finished}
    allowed.touch()
    second = sweep(plan, place, workers=1, run=run_once_allowed)
    assert second.ok
    assert set(second.finished) == set(first.failed)
    assert second.skipped == first.finished
    for key, written in kept.items():
        assert (place / RUNS / key / FILE).stat().st_mtime_ns == written
    assert not list(place.rglob(FAILED))
    assert sorted(one.name for one in place.iterdir()) == [RUNS, manifest.FILE]
    assert manifest.read(place) == plan.manifest
    # What came out of other processes is what comes out here.
    by_key = {one.key: one for one in plan.runs}
    for key, outcome in zip((*second.skipped, *second.finished), second.outcomes(), strict=True):
        here = run(by_key[key].scenario, by_key[key].seed)
        assert (outcome.metrics, outcome.samples) == (here.metrics, here.samples)
    assert sweep(plan, place, scheduler="tcp://127.0.0.1:9").skipped, "nothing to do, none asked"


def started(plan_file: Path, place: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.sim.studies.sweeping", str(plan_file), str(place)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # Whoever runs tests in the background has Ctrl-C ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def after_two(tmp_path: Path) -> tuple[subprocess.Popen[str], list[psutil.Process], Path, Sweep]:
    """A sweep of four runs whose last two never end, after the first two."""
    os.mkfifo(tmp_path / "pipe")
    plan, place = plan_in(tmp_path, about=str(tmp_path / "pipe")), tmp_path / "out"
    child = started(tmp_path / "sweep.toml", place)
    assert child.stdout is not None
    assert [child.stdout.readline() for _ in range(2)] == ["0.25\n", "0.5\n"]
    family = psutil.Process(child.pid).children(recursive=True)
    assert len(family) >= 2
    return child, family, place, plan


def test_a_killed_sweep_loses_no_finished_run_and_leaves_no_process(tmp_path: Path) -> None:
    child, family, place, plan = after_two(tmp_path)
    with pytest.raises(SweepError, match="at work"):
        sweep(plan, place, workers=1, run=run)
    child.kill()
    child.communicate()
    assert not psutil.wait_procs(family, timeout=GONE_S)[1], "workers outlive a killed sweep"
    before = {file: file.read_bytes() for file in sorted(place.rglob(FILE))}
    assert len(before) == 2
    after = sweep(plan, place, workers=1, run=run)
    assert (len(after.skipped), len(after.finished)) == (2, 2)
    assert {file: file.read_bytes() for file in before} == before
    assert sorted(one.name for one in place.iterdir()) == [RUNS, manifest.FILE]


def test_an_interrupted_sweep_ends_in_order(tmp_path: Path) -> None:
    child, family, place, _ = after_two(tmp_path)
    os.killpg(child.pid, signal.SIGINT)  # as a terminal does: workers hear it too
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130
    assert said == ""
    assert not psutil.wait_procs(family, timeout=GONE_S)[1]
    assert len(list(place.rglob(FILE))) == 2
    assert sorted(one.name for one in place.iterdir()) == [RUNS, manifest.FILE]


def test_another_cluster_is_used_by_its_address(tmp_path: Path) -> None:
    from distributed import LocalCluster

    plan = plan_in(tmp_path, "seeds = 2")
    with LocalCluster(
        n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0",
        local_directory=str(tmp_path / "theirs"),
    ) as others:  # fmt: skip
        result = sweep(plan, tmp_path / "out", scheduler=others.scheduler_address, run=run)
        assert len(result.finished) == 2
        assert others.scheduler.workers, "it is not ours to stop"


def test_a_cluster_that_does_not_answer_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_S", 0.5)
    with pytest.raises(ClusterError, match=r"127\.0\.0\.1:9"):
        sweep(plan_in(tmp_path), tmp_path / "out", scheduler="tcp://127.0.0.1:9", run=run)


def test_a_cluster_that_goes_away_is_told_and_what_was_finished_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_S", 1)
    os.mkfifo(tmp_path / "pipe")
    plan = plan_in(tmp_path, "seeds = [0, 2]", str(tmp_path / "pipe"))
    theirs = subprocess.Popen(
        [sys.executable, "-m", "tests.sim.studies.elsewhere", str(tmp_path / "theirs")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip

    def leave(progress: Progress) -> None:
        os.killpg(theirs.pid, signal.SIGKILL)

    with theirs:
        assert theirs.stdout is not None
        address = theirs.stdout.readline().strip()
        with pytest.raises(SweepError, match="cluster is gone"):
            sweep(plan, tmp_path / "out", scheduler=address, progress=leave, run=run_or_wait)
    assert len(list((tmp_path / "out").rglob(FILE))) == 1
