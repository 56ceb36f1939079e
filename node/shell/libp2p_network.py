"""The network in a process of its own: started, fed, watched, and replaced when it dies.

libp2p runs in the child (`node.shell.child`), where a hostile peer can at worst end a process that
holds nothing. What is here survives it: link numbers, waiting senders, counters, and the port.
"""

import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import trio

from node.shell.frames import check_frame
from node.shell.network import (
    EVENTS_MAX,
    DialFailed,
    FrameIn,
    LinkClosed,
    LinkOpened,
    LinkProtocol,
    NetcheckReport,
    NetworkConfig,
    NetworkDown,
    NetworkEvent,
    NetworkStatistics,
    NetworkUp,
    PeerFound,
    ReachabilityChanged,
)
from node.shell.pipe import (
    Checked,
    Close,
    Closed,
    Consumed,
    Counted,
    Dial,
    DialEnded,
    Failed,
    Find,
    Found,
    Frame,
    Netcheck,
    Opened,
    Pipe,
    PipeBroken,
    Provide,
    Reached,
    Send,
    Start,
    ToDaemon,
    Up,
    Written,
)

RESTART_FIRST_S, RESTART_LAST_S = 0.5, 30.0
"""Waits before a new child; doubled each time, and short again after `STABLE_S` of life."""

STABLE_S = 60.0
START_S = 60.0
"""A child that does not listen after so long is replaced."""

STOP_S = 5.0
DIALS_MAX = 64
NETCHECK_S = 20.0


@dataclass(eq=False, slots=True)
class _Link:
    """What the parent knows of an open link: how much of its queue is on the way."""

    protocol: LinkProtocol
    frames: int = 0
    queued_bytes: int = 0
    room: trio.Event = field(default_factory=trio.Event)
    """Set when the queue has moved or the link is gone; all who wait look again."""


class Libp2pNetwork:
    """`node.shell.network.Network` over a child process. See there for the contract."""

    def __init__(self, config: NetworkConfig, transport_seed: bytes) -> None:
        self._config = config
        self._seed = transport_seed
        self._events_in, self._events_out = trio.open_memory_channel[NetworkEvent](EVENTS_MAX)
        self._pipe: Pipe[ToDaemon] | None = None
        self._life = trio.CancelScope()
        self._up = False
        self._links: dict[int, _Link] = {}
        self._next_link = 1
        self._dials: dict[int, tuple[str, LinkProtocol]] = {}
        self._checks: dict[int, trio.MemorySendChannel[NetcheckReport]] = {}
        self._next_token = 1
        self._provided: dict[bytes, None] = {}
        self._failure = ""
        self._lives = 0
        self._counted = Counted(0, 0, 0)
        self._refused_before = 0
        self._frames_in = self._frames_out = self._bytes_in = self._bytes_out = 0
        self.process_id: int | None = None
        """Of the child that lives now."""

    @property
    def events(self) -> trio.MemoryReceiveChannel[NetworkEvent]:
        """See `Network`."""
        return self._events_out

    # -------------------------------------------------------------------------------- lifetime
    async def run(self, *, task_status: Any = trio.TASK_STATUS_IGNORED) -> None:
        """See `Network`."""
        task_status.started()
        wait_s = RESTART_FIRST_S
        while True:
            began = trio.current_time()
            reason = await self._live_once()
            if trio.current_time() - began > STABLE_S:
                wait_s = RESTART_FIRST_S
            await self._lose_everything(reason)
            await self._events_in.send(NetworkDown(reason, wait_s))
            await trio.sleep(wait_s)
            wait_s = min(2 * wait_s, RESTART_LAST_S)

    async def _live_once(self) -> str:
        """Start a child and serve it until it ends; why it ended."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await _start_child(theirs)
        self.process_id = process.pid
        self._lives += 1
        self._failure = ""
        pipe: Pipe[ToDaemon] = Pipe(ours, ToDaemon)
        self._life = trio.CancelScope()
        try:
            pipe.post(Start(self._config, self._seed, self._next_link))
            self._pipe = pipe
            with self._life:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._write, pipe)
                    nursery.start_soon(self._insist_on_start)
                    await self._read(pipe)
                    nursery.cancel_scope.cancel()
        finally:
            self._pipe = None
            self._up = False
            with trio.CancelScope(shield=True):
                await pipe.aclose()
                status = await _end(process)
        return self._failure or f"the network process ended with status {status}"

    async def _write(self, pipe: Pipe[ToDaemon]) -> None:
        try:
            await pipe.write_forever()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await trio.sleep_forever()  # the reader sees the end too, after what was said last

    async def _insist_on_start(self) -> None:
        await trio.sleep(START_S)
        if not self._up:
            self._failure = f"it did not listen within {START_S:g} s"
            self._life.cancel()

    async def _read(self, pipe: Pipe[ToDaemon]) -> None:
        try:
            while messages := await pipe.receive():
                size = 0
                for message, cost in messages:
                    event = self._translate(message)
                    if event is not None:
                        await self._events_in.send(event)
                    if not isinstance(message, Written | Checked | Counted | Failed):
                        size += cost
                if size:
                    pipe.post(Consumed(size))
        except PipeBroken as error:
            self._failure = str(error)

    async def _lose_everything(self, reason: str) -> None:
        """Report the end of what the child took with it."""
        self._refused_before += self._counted.refused
        self._counted = Counted(0, 0, 0)
        links, self._links = self._links, {}
        dials, self._dials = self._dials, {}
        for number, link in links.items():
            link.room.set()
            await self._events_in.send(LinkClosed(number, reason))
        for address, protocol in dials.values():
            await self._events_in.send(DialFailed(address, reason, protocol))

    # --------------------------------------------------------------------- what the child says
    def _translate(self, message: ToDaemon) -> NetworkEvent | None:
        match message:
            case Frame(link=link, frame=frame):
                self._frames_in += 1
                self._bytes_in += len(frame)
                return FrameIn(link, frame)
            case Written():
                self._on_written(message)
            case Opened():
                return self._on_opened(message)
            case Closed():
                return self._on_closed(message)
            case DialEnded(dial=dial, reason=reason):
                address, protocol = self._dials.pop(dial)
                return DialFailed(address, reason, protocol)
            case Found(source=source, addresses=addresses, key=key):
                return PeerFound(source, addresses, key)
            case Reached(status=status, addresses=addresses):
                return ReachabilityChanged(status, addresses)
            case Up():
                return self._on_up(message)
            case Checked(token=token, report=report):
                waiting = self._checks.pop(token, None)
                if waiting is not None:
                    waiting.send_nowait(report)
            case Counted():
                self._counted = message
            case Failed(reason=reason):
                self._failure = reason
        return None

    def _on_up(self, up: Up) -> NetworkEvent:
        self._up = True
        self._config = replace(self._config, listen=up.bound)  # the port stays over a restart
        for key in self._provided:
            self._post(Provide(key))
        return NetworkUp(up.peer_id, up.addresses)

    def _on_opened(self, opened: Opened) -> NetworkEvent:
        self._next_link = max(self._next_link, opened.link + 1)
        self._links[opened.link] = _Link(opened.protocol)
        outbound = opened.dial is not None
        if opened.dial is not None:
            del self._dials[opened.dial]
        return LinkOpened(opened.link, opened.protocol, opened.peer_id, outbound, opened.address)

    def _on_closed(self, closed: Closed) -> NetworkEvent | None:
        link = self._links.pop(closed.link, None)
        if link is None:
            return None
        link.room.set()
        return LinkClosed(closed.link, closed.reason)

    def _on_written(self, written: Written) -> None:
        link = self._links.get(written.link)
        if link is None:
            return
        link.frames -= written.frames
        link.queued_bytes -= written.size
        link.room.set()
        link.room = trio.Event()

    # ------------------------------------------------------------------------------- orders
    def _post(self, message: object) -> bool:
        """Tell the child; False when there is none. One that does not read is replaced."""
        if self._pipe is None:
            return False
        try:
            self._pipe.post(message)
        except PipeBroken as error:
            self._failure = str(error)
            self._life.cancel()
            return False
        return True

    async def send(self, link: int, frame: bytes) -> None:
        """See `Network`."""
        known = self._links.get(link)
        if known is None:
            await trio.lowlevel.checkpoint()  # or who sends on and on would never hear of it
            return
        check_frame(known.protocol, frame)
        while (
            known.frames >= self._config.queued_frames_max
            or known.queued_bytes >= self._config.queued_bytes_max
        ):
            await known.room.wait()
            if self._links.get(link) is not known:
                return
        known.frames += 1
        known.queued_bytes += len(frame)
        self._frames_out += 1
        self._bytes_out += len(frame)
        self._post(Send(link, frame))

    async def dial(self, address: str, protocol: LinkProtocol = "gossip") -> None:
        """See `Network`."""
        number = self._token()
        if not self._up:
            await self._events_in.send(DialFailed(address, "the network is down", protocol))
        elif len(self._dials) >= DIALS_MAX:
            await self._events_in.send(DialFailed(address, "too many dials at once", protocol))
        else:
            self._dials[number] = (address, protocol)
            self._post(Dial(number, address, protocol))

    async def close_link(self, link: int, reason: str) -> None:
        """See `Network`."""
        if link in self._links:
            self._post(Close(link, reason))

    async def provide(self, key: bytes) -> None:
        """See `Network`."""
        self._provided[key] = None
        self._post(Provide(key))

    async def find(self, key: bytes) -> None:
        """See `Network`."""
        self._post(Find(key))

    async def netcheck(self) -> NetcheckReport:
        """See `Network`."""
        token = self._token()
        send, receive = trio.open_memory_channel[NetcheckReport](1)
        self._checks[token] = send
        try:
            if self._up and self._post(Netcheck(token)):
                with trio.move_on_after(NETCHECK_S):
                    return await receive.receive()
        finally:
            self._checks.pop(token, None)
        return NetcheckReport("unknown", (), (), (), ())

    def statistics(self) -> NetworkStatistics:
        """See `Network`."""
        return NetworkStatistics(
            up=self._up,
            links=len(self._links),
            connections=self._counted.connections,
            connections_pending=self._counted.pending,
            restarts=max(0, self._lives - 1),
            frames_in=self._frames_in,
            frames_out=self._frames_out,
            bytes_in=self._bytes_in,
            bytes_out=self._bytes_out,
            refused=self._refused_before + self._counted.refused,
        )

    def _token(self) -> int:
        self._next_token += 1
        return self._next_token


async def _start_child(end: socket.socket) -> trio.Process:
    """The process, in a session of its own: the terminal's Ctrl-C is for the daemon alone."""
    command: Sequence[str] = (sys.executable, "-m", "node.shell.child", str(end.fileno()))
    return await trio.lowlevel.open_process(
        command, pass_fds=(end.fileno(),), stdin=subprocess.DEVNULL, start_new_session=True
    )


async def _end(process: trio.Process) -> int:
    """Wait for a process whose pipe is closed; after `STOP_S` it is killed."""
    with trio.move_on_after(STOP_S):
        return await process.wait()
    process.send_signal(signal.SIGKILL)
    return await process.wait()
