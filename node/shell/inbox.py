"""Events on their way to the one task that owns the Peer.

Three queues. Completions (a thread finished what the Peer asked for) are bounded by what was asked
and always accepted at once: in one queue with arrivals they would deadlock. Queries are bounded by
who may ask, and overtake arrivals: nobody at a shell waits for a bulk transfer. Arrivals (frames,
news of the network) wait while their queue is full, and are left waiting while the store is behind.
So back-pressure reaches the socket of whoever sends too fast, and never the threads that would
relieve it.
"""

from collections import deque

import trio

from node.core.events import Asked, Event

ARRIVALS_MAX = 256
"""Frames and news waiting for the Peer; whoever brings more waits."""


class Inbox:
    """Single consumer, many producers, all in one trio loop."""

    def __init__(self) -> None:
        self._completions: deque[Event] = deque()
        self._queries: deque[Asked] = deque()
        self._arrivals: deque[Event] = deque()
        self._wake = trio.Event()
        self._room = trio.Event()
        self._paused = False

    def complete(self, event: Event) -> None:
        """Hand in the outcome of something the Peer asked for. Never waits."""
        self._completions.append(event)
        self._wake.set()

    def ask(self, query: Asked) -> None:
        """Hand in a query, ahead of arrivals. Never waits: each connection asks one at a time."""
        self._queries.append(query)
        self._wake.set()

    async def arrive(self, event: Event) -> None:
        """Hand in something from outside; waits while `ARRIVALS_MAX` are queued."""
        while len(self._arrivals) >= ARRIVALS_MAX:
            self._room = trio.Event() if self._room.is_set() else self._room
            await self._room.wait()
        self._arrivals.append(event)
        self._wake.set()
        await trio.lowlevel.checkpoint()

    def pause_arrivals(self, paused: bool) -> None:
        """Leave arrivals waiting (the store is behind) or let them in again."""
        self._paused = paused
        if not paused:
            self._wake.set()

    async def next(self) -> Event:
        """The next event: completions first, then queries, then arrivals, each in order."""
        while True:
            if self._completions:
                return self._completions.popleft()
            if self._queries:
                return self._queries.popleft()
            if self._arrivals and not self._paused:
                event = self._arrivals.popleft()
                self._room.set()
                return event
            self._wake = trio.Event()
            await self._wake.wait()
