"""What goes up the pipe: events on credit, answers at once."""

import trio

from node.shell.pipe import EVENT_BYTES_MAX, Event, Pipe, ToChild, ToDaemon


class Outbox:
    """Everything the child tells the daemon passes here, in order."""

    def __init__(self, pipe: Pipe[ToChild]) -> None:
        self._pipe = pipe
        self._unconsumed = 0
        self._room = trio.Event()

    async def event(self, event: Event) -> None:
        """Tell an event; waits while the daemon has `EVENT_BYTES_MAX` bytes still to take.

        So a daemon that is behind makes the callers wait, and they are who read the sockets.
        """
        while self._unconsumed >= EVENT_BYTES_MAX:
            await self._room.wait()
        self._unconsumed += self._pipe.post(event)

    def post(self, message: ToDaemon) -> None:
        """Tell something whose amount the daemon itself bounds; never waits."""
        self._pipe.post(message)

    def consumed(self, size: int) -> None:
        """The daemon has taken events that cost `size` bytes."""
        self._unconsumed -= size
        self._room.set()
        self._room = trio.Event()
