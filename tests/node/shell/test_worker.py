"""Jobs run beside each other, and a failing one is an answer to the one who asked."""

import threading
from pathlib import Path

import pytest
import trio
import trio.testing

from node.core.events import Compute, Computed, ComputeFailed
from node.shell.inbox import Inbox
from node.shell.worker import WORKERS, Worker


async def test_results_and_failures_come_back_under_their_tokens(
    caplog: pytest.LogCaptureFixture,
):
    inbox = Inbox()

    def fail() -> None:
        raise ZeroDivisionError("by nothing")

    async with trio.open_nursery() as nursery:
        worker = Worker(nursery, inbox)
        worker.submit(Compute(1, lambda: 6 * 7))
        worker.submit(Compute(2, fail))
        worker.submit(Compute(3, lambda: "after a failure"))
        with trio.fail_after(30):
            events = [await inbox.next() for _ in range(3)]
    assert Computed(1, 42) in events
    assert Computed(3, "after a failure") in events
    assert ComputeFailed(2, "ZeroDivisionError('by nothing')") in events
    assert "ZeroDivisionError" in caplog.text


async def test_a_long_job_does_not_hold_up_another_and_no_more_run_than_there_are_threads():
    inbox = Inbox()
    hold = threading.Event()
    running = []

    def long() -> None:
        running.append(threading.get_ident())
        assert hold.wait(30)

    async with trio.open_nursery() as nursery:
        worker = Worker(nursery, inbox)
        worker.submit(Compute(1, long))
        worker.submit(Compute(2, lambda: "quick"))
        with trio.fail_after(30):
            assert await inbox.next() == Computed(2, "quick")
        for token in range(3, 3 + 2 * WORKERS):
            worker.submit(Compute(token, long))
        with trio.fail_after(30):
            while len(running) < WORKERS:
                await trio.lowlevel.checkpoint()
        assert len(running) == WORKERS
        hold.set()
        with trio.fail_after(30):
            done = {(await inbox.next()).token for _ in range(1 + 2 * WORKERS)}  # type: ignore[union-attr]
    assert done == {1, *range(3, 3 + 2 * WORKERS)}


async def test_a_stop_waits_for_the_job_that_runs_and_starts_no_other(tmp_path: Path):
    """A job reads snapshots in native code: its memory must not go away beneath it."""
    inbox = Inbox()
    hold = threading.Event()
    running, finished = [], []

    def slow() -> None:
        running.append(threading.get_ident())
        assert hold.wait(30)
        finished.append(threading.get_ident())

    async with trio.open_nursery() as nursery:
        worker = Worker(nursery, inbox)
        for token in range(WORKERS):
            worker.submit(Compute(token, slow))
        # jobs submitted together start in any order: the other comes when no thread is free
        with trio.fail_after(30):
            while len(running) < WORKERS:
                await trio.lowlevel.checkpoint()
        worker.submit(Compute(9, (tmp_path / "never").touch))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
        hold.set()
    assert len(finished) == WORKERS
    assert not (tmp_path / "never").exists()
