"""What is to happen when: one heap, one clock, one order."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from math import inf
from typing import Any, TypeAlias

Act: TypeAlias = Callable[..., None]


class Heap:
    """Acts in the order of their times; of equal times, in the order in which they were put in.

    `now` is the virtual clock: Unix seconds of the act that runs. It never goes back.
    """

    def __init__(self, start: float) -> None:
        self.now = start
        self.done = 0
        """Acts so far."""
        self._waiting: list[tuple[float, int, Act, tuple[Any, ...]]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def next_at(self) -> float:
        """Time of the next act; infinite when nothing waits."""
        return self._waiting[0][0] if self._waiting else inf

    def at(self, when: float, act: Act, *arguments: Any) -> None:
        """Have `act(*arguments)` happen then, at once for what is past. O(log n)."""
        self._count += 1
        heappush(self._waiting, (max(when, self.now), self._count, act, arguments))

    def run(self, until: float) -> None:
        """Let everything up to then happen, what comes of it included; then it is `until`."""
        waiting = self._waiting
        while waiting and waiting[0][0] <= until:
            self.now, _, act, arguments = heappop(waiting)
            self.done += 1
            act(*arguments)
        self.now = max(self.now, until)
