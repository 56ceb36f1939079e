"""Frames on their way out, one queue and one writer task a link.

The task that owns the Peer never waits for the network: it puts frames here. A link whose queue
outgrows its byte cap has a peer that does not read, and is closed.
"""

from collections import deque

import trio

from node.shell.network import Network

QUEUED_BYTES_MAX = 4 * 1024 * 1024
"""Bytes waiting for one link; beyond it the link is closed as a slow reader."""

GOODBYE_S = 5.0
"""How long a link that is to be closed may take to write what was queued before."""


class _Outbound:
    """One link's queue."""

    def __init__(self, scope: trio.CancelScope) -> None:
        self.frames: deque[bytes] = deque()
        self.queued_bytes = 0
        self.wake = trio.Event()
        self.scope = scope
        self.closing: str | None = None
        """Why the link is being closed; nothing more is queued then."""


class Links:
    """All open links' queues. `send` and `close` never wait.

    Together the writers keep to `bytes_per_s`, with a second's worth at once.
    """

    def __init__(self, network: Network, nursery: trio.Nursery, bytes_per_s: int) -> None:
        self._network = network
        self._nursery = nursery
        self._bytes_per_s = bytes_per_s
        self._owed_until = 0.0
        self._open: dict[int, _Outbound] = {}

    def __len__(self) -> int:
        return len(self._open)

    def opened(self, link: int) -> None:
        """The network says the link is up: start its writer."""
        outbound = _Outbound(trio.CancelScope())
        self._open[link] = outbound
        self._nursery.start_soon(self._write, link, outbound)

    def closed(self, link: int) -> None:
        """The network says the link is gone: stop its writer, forget what was queued."""
        outbound = self._open.pop(link, None)
        if outbound is not None:
            outbound.scope.cancel()

    def send(self, link: int, frame: bytes) -> None:
        """Queue a frame; dropped when the link is already gone, cut when its peer is too slow."""
        outbound = self._open.get(link)
        if outbound is None or outbound.closing is not None:
            return
        outbound.frames.append(frame)
        outbound.queued_bytes += len(frame)
        outbound.wake.set()
        if outbound.queued_bytes > QUEUED_BYTES_MAX:
            outbound.closing = "the peer does not read"
            outbound.frames.clear()
            outbound.scope.cancel()

    def close(self, link: int, reason: str) -> None:
        """Close the link once what is queued has gone, after `GOODBYE_S` at the latest."""
        outbound = self._open.get(link)
        if outbound is None or outbound.closing is not None:
            return
        outbound.closing = reason
        outbound.scope.deadline = trio.current_time() + GOODBYE_S
        outbound.wake.set()

    async def _write(self, link: int, outbound: _Outbound) -> None:
        with outbound.scope:
            while outbound.frames or outbound.closing is None:
                if not outbound.frames:
                    outbound.wake = trio.Event()
                    await outbound.wake.wait()
                    continue
                frame = outbound.frames.popleft()
                await self._keep_pace(len(frame))
                await self._network.send(link, frame)
                outbound.queued_bytes -= len(frame)
        if outbound.closing is not None and link in self._open:
            await self._network.close_link(link, outbound.closing)

    async def _keep_pace(self, size: int) -> None:
        """Wait while more than a second's worth of the upload budget is spent in advance."""
        now = trio.current_time()
        self._owed_until = max(self._owed_until, now) + size / self._bytes_per_s
        if self._owed_until > now + 1.0:
            await trio.sleep(self._owed_until - now - 1.0)
