"""One scenario with many settings and seeds, shared out over the cores of one or more machines.

Each run is a directory named by its settings, see `sim.evaluation.manifest`. What is finished is
not run again, what failed is tried again; killed in the middle, no finished run is lost.
"""

from __future__ import annotations

import fcntl
import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from distributed import Client, Future, as_completed

from sim import running
from sim.evaluation import manifest
from sim.evaluation.manifest import place_of
from sim.outcome import FILE, Outcome, OutcomeError, Progress, Tell
from sim.outcome import read as read_outcome
from sim.outcome import write as write_outcome
from sim.scenario.schema import Fidelity, Scenario
from sim.studies.cluster import ClusterError as ClusterError
from sim.studies.cluster import connected
from sim.studies.plan import Run, Sweep
from sim.studies.plan import read as read

Engine: TypeAlias = Callable[[Scenario, int, Fidelity | None, Tell | None], Outcome]
"""What runs a scenario: `sim.running.run`. It is sent to other processes by its name."""


class SweepError(ValueError):
    """The sweep cannot go on; the text says why. Finished runs are kept."""


@dataclass(frozen=True, slots=True)
class SweepResult:
    """How each run of a sweep stands, by key, in the order of the sweep.

    finished now, skipped because it was finished before, failed (its log is in its directory).
    """

    directory: Path
    finished: tuple[str, ...]
    skipped: tuple[str, ...]
    failed: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is left to do."""
        return not self.failed

    def outcomes(self) -> Iterator[Outcome]:
        """Of all runs that are finished, read when asked for."""
        for key in (*self.skipped, *self.finished):
            yield read_outcome(place_of(self.directory, key))


def sweep(
    plan: Sweep,
    directory: Path,
    *,
    scheduler: str | None = None,
    workers: int = 0,
    progress: Tell | None = None,
    run: Engine = running.run,
) -> SweepResult:
    """Do what is not done yet. workers: processes on this machine, 0 for one on each core.

    Raises SweepError if another sweep is at work there or the cluster goes away, ClusterError if no
    cluster answers. A run that fails stops no other.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with _alone(directory):
        manifest.write(plan.manifest, directory)
        before = [one for one in plan.runs if _is_finished(directory, one.key)]
        done = {one.key for one in before}
        todo = [one for one in plan.runs if one.key not in done]
        failed: list[str] = []
        if todo:
            with connected(scheduler, workers, directory) as client:
                desk = _Desk(client, directory, plan.fidelity, run)
                failed = desk.work(todo, len(before), progress)
    return SweepResult(
        directory,
        finished=tuple(one.key for one in todo if one.key not in failed),
        skipped=tuple(one.key for one in before),
        failed=tuple(one.key for one in todo if one.key in failed),
    )


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Held by the process, so it is free when that is gone."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise SweepError(f"another sweep is at work in {directory}") from None
    finally:
        os.close(handle)


def _is_finished(directory: Path, key: str) -> bool:
    place = place_of(directory, key)
    if not (place / FILE).exists():
        return False
    try:
        read_outcome(place)
    except OutcomeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Desk:
    client: Client
    directory: Path
    fidelity: Fidelity
    run: Engine

    def work(self, todo: Sequence[Run], before: int, progress: Tell | None) -> list[str]:
        """Run them all, keep each as soon as it is there; keys of those that failed."""
        futures = [
            self.client.submit(
                attempt,
                self.run,
                msgspec.msgpack.encode((one.scenario, one.seed, self.fidelity)),
                key=one.key,
                pure=False,
            )
            for one in todo
        ]
        failed: list[str] = []
        spent_s, hands = 0.0, max(1, sum(self.client.nthreads().values()))  # type: ignore[no-untyped-call]
        for number, future in enumerate(as_completed(futures, self.client.loop), 1):  # type: ignore[no-untyped-call]
            outcome = self._kept(future)
            if outcome is None:
                failed.append(str(future.key))
            else:
                spent_s += outcome.wall_s
            future.release()
            if progress is not None:
                left_s = spent_s / number * (len(todo) - number) / hands
                done = (before + number) / (before + len(todo))
                progress(Progress(done, left_s=left_s))
        return failed

    def _kept(self, future: Future[Any]) -> Outcome | None:
        place = place_of(self.directory, str(future.key))
        log = place / manifest.FAILED
        if future.status == "error":
            place.mkdir(parents=True, exist_ok=True)
            error = future.exception()  # type: ignore[no-untyped-call]
            where = future.traceback()  # type: ignore[no-untyped-call]
            log.write_text("".join(traceback.format_exception(type(error), error, where)), "utf-8")
            return None
        if future.status != "finished":
            raise SweepError(f"the cluster is gone ({future.status}); ask again to go on")
        outcome: Outcome = msgspec.msgpack.decode(future.result(), type=Outcome)
        write_outcome(outcome, place)
        log.unlink(missing_ok=True)
        return outcome


def attempt(run: Engine, settings: bytes) -> bytes:
    """One run in another process. Bytes both ways: machines need the same code, not one pickle."""
    scenario, seed, fidelity = msgspec.msgpack.decode(settings, type=tuple[Scenario, int, Fidelity])
    return msgspec.msgpack.encode(run(scenario, seed, fidelity, None))
