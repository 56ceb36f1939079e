"""The worker thread: walks and whatever else the Peer wants computed on immutable snapshots."""

import logging
from collections.abc import Callable
from typing import Any

import trio

from node.core.events import Compute, Computed, ComputeFailed
from node.shell.inbox import Inbox

log = logging.getLogger(__name__)

WORKERS = 2
"""Jobs at once: a long trust refresh does not hold up a query."""


class Worker:
    """Runs jobs on threads; results come back through the inbox."""

    def __init__(self, nursery: trio.Nursery, inbox: Inbox) -> None:
        self.nursery = nursery
        self._inbox = inbox
        self._limiter = trio.CapacityLimiter(WORKERS)

    def submit(self, effect: Compute) -> None:
        """Start the job as soon as a thread is free. Never waits."""
        self.nursery.start_soon(self._run, effect)

    async def _run(self, effect: Compute) -> None:
        result = await trio.to_thread.run_sync(_guarded, effect.job, limiter=self._limiter)
        if isinstance(result, Exception):
            log.error("a job failed", exc_info=result)
            self._inbox.complete(ComputeFailed(effect.token, repr(result)))
        else:
            self._inbox.complete(Computed(effect.token, result))


def _guarded(job: Callable[[], Any]) -> Any:
    """A job's failure is an answer too: whoever asked must be told, and nobody else stops."""
    try:
        return job()
    except Exception as error:  # noqa: BLE001 - the boundary of a task
        return error
