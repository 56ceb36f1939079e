"""Processes that share a piece of work, and go when whoever asked is gone."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def shared(work: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    """work(item) of each item, in order; in this process with fewer than two workers or items.

    `work` is handed to each process once, and not copied where processes can fork.
    """
    if workers < 2 or len(items) < 2:
        yield from map(work, items)
        return
    fork = "fork" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if fork else None)
    with ProcessPoolExecutor(min(workers, len(items)), context, _begin, (work,)) as pool:
        yield from pool.map(_do, items)


_work: list[Callable[[Any], Any]] = []
"""The worker's own, set once in each process."""


def _begin(work: Callable[[Any], Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which stops us
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    _work.append(work)


def _leave_with_parent() -> None:
    """A parent that was killed asks for nothing any more; without this its workers would wait."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _do(item: Any) -> Any:
    return _work[-1](item)
