"""A network over which everything takes a little longer: links of a scenario over real sockets."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Any

import trio

from node.shell.network import (
    EVENTS_MAX,
    FrameIn,
    LinkClosed,
    LinkOpened,
    LinkProtocol,
    NetcheckReport,
    Network,
    NetworkEvent,
    NetworkStatistics,
)

ON_THE_WAY_MAX = 4_096
"""Events that are on their way; at the cap the sockets wait."""


class Delayed:
    """A `Network` that hands frames over `latency_s` after they came, and up to `jitter_s` more; in
    the order of each link. A link comes up a latency late, two where it was dialled."""

    def __init__(self, inner: Network, latency_s: float, jitter_s: float, rng: Random) -> None:
        self._inner, self._rng = inner, rng
        self._latency, self._jitter = latency_s, jitter_s
        self._in, self._out = trio.open_memory_channel[NetworkEvent](EVENTS_MAX)
        self._way: list[tuple[float, int, NetworkEvent]] = []
        self._numbered = 0
        self._arrives: dict[int, float] = {}
        """When the last event of a link arrives: none arrives before it."""
        self._moved = trio.Event()

    @property
    def events(self) -> trio.MemoryReceiveChannel[NetworkEvent]:
        """See `Network`."""
        return self._out

    async def run(self, *, task_status: Any = trio.TASK_STATUS_IGNORED) -> None:
        """See `Network`."""
        async with trio.open_nursery() as nursery:
            await nursery.start(self._inner.run)
            task_status.started()
            nursery.start_soon(self._take)
            await self._hand_over()

    async def _take(self) -> None:
        async for event in self._inner.events:
            await self._until(lambda: len(self._way) < ON_THE_WAY_MAX)
            self._numbered += 1
            heappush(self._way, (self._due(event), self._numbered, event))
            self._move()

    async def _hand_over(self) -> None:
        while True:
            await self._until(lambda: bool(self._way))
            due = self._way[0][0]
            if due > trio.current_time():
                moved = self._moved
                with trio.move_on_at(due):
                    await moved.wait()
                continue
            _, _, event = heappop(self._way)
            self._move()
            await self._in.send(event)

    def _due(self, event: NetworkEvent) -> float:
        now = trio.current_time()
        late = self._latency + self._jitter * self._rng.random()
        match event:
            case LinkOpened(link=link, outbound=outbound):
                self._arrives[link] = now + (2 * late if outbound else late)
                return self._arrives[link]
            case FrameIn(link=link):
                self._arrives[link] = max(self._arrives.get(link, 0.0), now + late)
                return self._arrives[link]
            case LinkClosed(link=link):
                return max(self._arrives.pop(link, 0.0), now + self._latency)
        return now

    def _move(self) -> None:
        """Wake whoever waits for what is on its way to change."""
        self._moved.set()
        self._moved = trio.Event()

    async def _until(self, true: Callable[[], bool]) -> None:
        while not true():
            await self._moved.wait()

    # ------------------------------------------------------------------ orders go on as they are
    async def send(self, link: int, frame: bytes) -> None:
        """See `Network`."""
        await self._inner.send(link, frame)

    async def dial(self, address: str, protocol: LinkProtocol = "gossip") -> None:
        """See `Network`."""
        await self._inner.dial(address, protocol)

    async def close_link(self, link: int, reason: str) -> None:
        """See `Network`."""
        await self._inner.close_link(link, reason)

    async def provide(self, key: bytes) -> None:
        """See `Network`."""
        await self._inner.provide(key)

    async def find(self, key: bytes) -> None:
        """See `Network`."""
        await self._inner.find(key)

    async def netcheck(self) -> NetcheckReport:
        """See `Network`."""
        return await self._inner.netcheck()

    def statistics(self) -> NetworkStatistics:
        """See `Network`."""
        return self._inner.statistics()
