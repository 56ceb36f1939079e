"""Open links: one reader and one writer task each, a bounded queue, one gossip link per peer."""

import logging
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import trio

from node.shell.child.outbox import Outbox
from node.shell.frames import BadFrame, FrameSplitter, join_frames
from node.shell.network import FRAME_BYTES_MAX, LinkProtocol, NetworkConfig
from node.shell.pipe import Closed, Frame, Opened, Written

QUERY_LINKS_PER_PEER_MAX = 4
QUERY_LINKS_MAX = 64
"""Accepted query links; further streams are reset."""

UNFINISHED_FRAME_S = 20.0
"""How long a peer may take from one part of a frame to the next."""

SILENT_S = 15.0
"""A link that heard nothing for so long gives way to a new one whoever opened it."""

GOODBYE_S = 2.0
"""How long a closed link waits for the peer to close its own side."""

_READ_BYTES = 128 * 1024
_JOIN_BYTES = 60 * 1024
_FRAMES_PER_TURN = 256
"""Frames handed over before other tasks get a turn."""

logger = logging.getLogger("grapevine.network")


class Refused(Exception):
    """The stream cannot become a link; the message says why."""


@dataclass(eq=False, slots=True)
class Link:
    """One stream to one peer. `stream` is a libp2p `NetStream`."""

    number: int
    protocol: LinkProtocol
    peer_id: str
    outbound: bool
    address: str
    stream: Any
    heard: float
    queue: deque[bytes] = field(default_factory=deque)
    wake: trio.Event = field(default_factory=trio.Event)
    reading: trio.CancelScope = field(default_factory=trio.CancelScope)
    read_done: trio.Event = field(default_factory=trio.Event)
    ended: trio.Event = field(default_factory=trio.Event)
    closing: str | None = None
    """Why the link is being closed; the first reason stays."""

    def finish(self, reason: str) -> None:
        """Close when the queue is empty."""
        self.closing = self.closing or reason
        self.wake.set()

    def abort(self, reason: str) -> None:
        """Close now; what is queued is dropped."""
        self.queue.clear()
        self.reading.cancel()
        self.finish(reason)


class Links:
    """All links of this process, by number."""

    def __init__(self, outbox: Outbox, config: NetworkConfig, *, me: str, first_link: int) -> None:
        self._outbox = outbox
        self._config = config
        self._me = me
        self._next = first_link
        self._open: dict[int, Link] = {}
        self._gossip: dict[str, Link] = {}
        self.refused = 0
        """Streams and frames turned away so far."""

    def linked(self, peer_id: str) -> bool:
        """Whether a gossip link to the peer stands."""
        return peer_id in self._gossip

    def muxed_connections(self) -> list[Any]:
        """The connections that links use, with repetitions."""
        return [link.stream.muxed_conn for link in self._open.values()]

    def send(self, number: int, frame: bytes) -> None:
        """Queue a frame. The daemon keeps to the caps of the queue; see `Written`."""
        link = self._open.get(number)
        if link is None or link.closing is not None:
            return
        link.queue.append(frame)
        link.wake.set()

    def close(self, number: int, reason: str) -> None:
        """Close a link when what was sent before is out."""
        link = self._open.get(number)
        if link is not None:
            link.finish(reason)

    async def serve(
        self,
        stream: Any,
        protocol: LinkProtocol,
        *,
        dial: int | None,
        address: str,
    ) -> None:
        """Run a stream as a link until its end. Raises Refused before anything was told."""
        peer_id = str(stream.muxed_conn.peer_id)
        link = Link(
            self._next, protocol, peer_id, dial is not None, address, stream, trio.current_time()
        )
        self._next += 1
        replaced = self._admit(link)
        self._open[link.number] = link
        try:
            if replaced is not None:
                await replaced.ended.wait()  # so that the daemon never sees two at once
            await self._outbox.event(Opened(link.number, protocol, peer_id, dial, address))
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._read, link)
                await self._write(link)
                link.reading.cancel()
        finally:
            await self._end(link)

    def _admit(self, link: Link) -> Link | None:
        """Make room for the link in the tables; returns the link that it replaces."""
        if link.protocol == "query":
            self._admit_query(link)
            return None
        old = self._gossip.get(link.peer_id)
        if old is not None and not self._prevails(link, old):
            self.refused += 1
            raise Refused("a link to this peer stands already")
        self._gossip[link.peer_id] = link
        if old is not None:
            old.abort("replaced by a newer link")
        return old

    def _prevails(self, new: Link, old: Link) -> bool:
        """Whether a second gossip link to a peer replaces the first.

        When two peers dial each other at the same moment, both must keep the same stream: the one
        that the smaller peer id opened. Whoever opens a second one has lost the first.
        """
        if new.outbound == old.outbound or trio.current_time() - old.heard > SILENT_S:
            return True
        opener = self._me if new.outbound else new.peer_id
        return opener == min(self._me, new.peer_id)

    def _admit_query(self, link: Link) -> None:
        accepted = [k for k in self._open.values() if k.protocol == "query" and not k.outbound]
        same = sum(k.peer_id == link.peer_id for k in accepted)
        full = len(accepted) >= QUERY_LINKS_MAX or same >= QUERY_LINKS_PER_PEER_MAX
        if full and not link.outbound:
            self.refused += 1
            raise Refused("too many query links")

    async def _read(self, link: Link) -> None:
        splitter = FrameSplitter(FRAME_BYTES_MAX[link.protocol])
        muxed = link.stream.muxed_stream
        try:
            with link.reading:
                while True:
                    wait_s = UNFINISHED_FRAME_S if splitter.unfinished else self._config.idle_s
                    data = b""
                    with trio.move_on_after(wait_s) as timer:
                        data = await muxed.read(_READ_BYTES)
                    if timer.cancelled_caught or not data:
                        link.abort("nothing came in time" if timer.cancelled_caught else "closed")
                        break
                    link.heard = trio.current_time()
                    await self._hand_over(link, splitter.feed(data))
        except BadFrame as error:
            self.refused += 1
            link.abort(f"oversize: {error}")
        except Exception as error:  # noqa: BLE001 - libp2p names the end of a stream in many ways
            link.abort(f"closed by the peer ({type(error).__name__})")
        finally:
            link.read_done.set()
            with trio.move_on_after(GOODBYE_S, shield=True):
                await link.stream.reset()  # ends a writer that waits for the peer

    async def _hand_over(self, link: Link, frames: list[bytes]) -> None:
        for count, frame in enumerate(frames, 1):
            await self._outbox.event(Frame(link.number, frame))
            if count % _FRAMES_PER_TURN == 0:
                await trio.lowlevel.checkpoint()

    async def _write(self, link: Link) -> None:
        """Write what is queued until the link is closing and the queue is empty."""
        try:
            while link.queue or link.closing is None:
                if not link.queue:
                    link.wake = trio.Event()
                    await link.wake.wait()
                    continue
                frames, size = [], 0
                while link.queue and size < _JOIN_BYTES:
                    frames.append(link.queue.popleft())
                    size += len(frames[-1])
                await link.stream.muxed_stream.write(join_frames(frames))
                self._outbox.post(Written(link.number, len(frames), size))
        except Exception as error:  # noqa: BLE001 - whatever a broken connection raises
            link.abort(f"{error}" or type(error).__name__)
            return
        if not link.read_done.is_set():  # the peer may still be there: say goodbye, then go
            with trio.move_on_after(GOODBYE_S):
                await link.stream.close()
                await link.read_done.wait()

    async def _end(self, link: Link) -> None:
        link.closing = link.closing or "the network stops"
        with trio.move_on_after(GOODBYE_S, shield=True):
            await link.stream.reset()
        del self._open[link.number]
        if self._gossip.get(link.peer_id) is link:
            del self._gossip[link.peer_id]
        try:
            await self._outbox.event(Closed(link.number, link.closing))
        finally:
            link.ended.set()
