"""The pipe between the daemon and its network process: messages, framing, credit.

A message is a u32 big-endian length and a MessagePack array behind it. Nothing is dropped and
nothing grows without bound, because both bulk directions run on credit:

- events to the daemon: the child stops at `EVENT_BYTES_MAX` unconsumed bytes and then stops reading
  its sockets; `Consumed` gives the credit back when the daemon has taken the events;
- frames to a peer: the daemon stops at the queue caps of `NetworkConfig` per link; `Written` gives
  the credit back when the child has put the frames on the stream.

So the reader of either end never has to wait for room, and a slow link or a slow daemon cannot
hold up the credit of the others.
"""

import socket
from collections.abc import Sequence
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec
import trio

from node.shell.network import LinkProtocol, NetcheckReport, NetworkConfig, PeerSource, Reachability

EVENT_BYTES_MAX = 2 * 1024 * 1024
"""Event bytes that the child may have on the way to the daemon without hearing `Consumed`."""

MESSAGE_BYTES_MAX = 1024 * 1024
"""A longer message means that the other end has gone wrong."""

BACKLOG_BYTES_MAX = 128 * 1024 * 1024
"""Unsent bytes at which the other end counts as stuck: every link's queue full, and then some."""

_LENGTH_BYTES = 4
_READ_BYTES = 256 * 1024
_JOIN_BYTES = 256 * 1024
"""How much goes into one write: many small messages share a system call, large ones stay cheap."""


class PipeBroken(Exception):
    """The other end is stuck or speaks nonsense; the process at the far end must be replaced."""


# ------------------------------------------------------------------------- from daemon to child
class Start(msgspec.Struct, frozen=True, array_like=True, tag=0):
    """The first message. `first_link` keeps link numbers unique over the lives of children."""

    config: NetworkConfig
    transport_seed: bytes
    first_link: int


class Send(msgspec.Struct, frozen=True, array_like=True, tag=1, gc=False):
    """Write a frame to a link."""

    link: int
    frame: bytes


class Consumed(msgspec.Struct, frozen=True, array_like=True, tag=2, gc=False):
    """The daemon has taken events that cost so many bytes."""

    size: int


class Dial(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """Open a link to an address; answered by `Opened(dial)` or `DialEnded(dial)`."""

    dial: int
    address: str
    protocol: LinkProtocol


class Close(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """Close a link when what was sent before is out."""

    link: int
    reason: str


class Provide(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """Announce a key in the distributed hash table."""

    key: bytes


class Find(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """Look a key up in the distributed hash table."""

    key: bytes


class Netcheck(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """Find out who can reach us; answered by `Checked(token)`."""

    token: int


ToChild: TypeAlias = Start | Send | Consumed | Dial | Close | Provide | Find | Netcheck


# ------------------------------------------------------------------------- from child to daemon
class Up(msgspec.Struct, frozen=True, array_like=True, tag=20):
    """Listening; `bound` is what to listen on after a restart, so that the port stays."""

    peer_id: str
    addresses: tuple[str, ...]
    bound: tuple[str, ...]


class Opened(msgspec.Struct, frozen=True, array_like=True, tag=21):
    """A link; `dial` is the number of the order that it answers, None when it was accepted."""

    link: int
    protocol: LinkProtocol
    peer_id: str
    dial: int | None
    address: str


class Closed(msgspec.Struct, frozen=True, array_like=True, tag=22):
    """The end of a link."""

    link: int
    reason: str


class Frame(msgspec.Struct, frozen=True, array_like=True, tag=23, gc=False):
    """A frame that arrived."""

    link: int
    frame: bytes


class DialEnded(msgspec.Struct, frozen=True, array_like=True, tag=24):
    """A dial without a link."""

    dial: int
    reason: str


class Found(msgspec.Struct, frozen=True, array_like=True, tag=25):
    """Addresses of somebody."""

    source: PeerSource
    addresses: tuple[str, ...]
    key: bytes | None


class Reached(msgspec.Struct, frozen=True, array_like=True, tag=26):
    """Whether others can dial us has changed."""

    status: Reachability
    addresses: tuple[str, ...]


Event: TypeAlias = Up | Opened | Closed | Frame | DialEnded | Found | Reached
"""What costs credit, because it waits for the daemon."""


class Written(msgspec.Struct, frozen=True, array_like=True, tag=40, gc=False):
    """So many frames and bytes have left the queue of a link."""

    link: int
    frames: int
    size: int


class Checked(msgspec.Struct, frozen=True, array_like=True, tag=41):
    """The answer to `Netcheck`."""

    token: int
    report: NetcheckReport


class Counted(msgspec.Struct, frozen=True, array_like=True, tag=42):
    """Figures of this moment, sent about once a second."""

    connections: int
    pending: int
    refused: int


class Failed(msgspec.Struct, frozen=True, array_like=True, tag=43):
    """The last word of a child that cannot go on."""

    reason: str


ToDaemon: TypeAlias = Event | Written | Checked | Counted | Failed

Incoming = TypeVar("Incoming")


class Pipe(Generic[Incoming]):
    """One end: `post` from anywhere, one task in `write_forever`, one calling `receive`."""

    def __init__(self, end: socket.socket, incoming: Any) -> None:
        end.setblocking(False)
        self._stream = trio.SocketStream(trio.socket.from_stdlib_socket(end))
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[Incoming] = msgspec.msgpack.Decoder(incoming)
        self._outgoing: list[bytes] = []
        self._outgoing_bytes = 0
        self._wake = trio.Event()
        self._partial = bytearray()

    def post(self, message: object) -> int:
        """Queue a message; never waits. Returns what it costs in bytes. Raises PipeBroken."""
        body = self._encoder.encode(message)
        self._outgoing.append(len(body).to_bytes(_LENGTH_BYTES, "big"))
        self._outgoing.append(body)
        size = _LENGTH_BYTES + len(body)
        self._outgoing_bytes += size
        if self._outgoing_bytes > BACKLOG_BYTES_MAX:
            raise PipeBroken("the other end of the pipe does not read")
        self._wake.set()
        return size

    async def write_forever(self) -> None:
        """Write what is posted, in order; raises `trio.BrokenResourceError` when nobody listens."""
        while True:
            await self._wake.wait()
            self._wake = trio.Event()
            while self._outgoing:
                for batch in _batches(self._take()):
                    await self._stream.send_all(batch)
                    self._outgoing_bytes -= len(batch)

    def _take(self) -> list[bytes]:
        pieces, self._outgoing = self._outgoing, []
        return pieces

    async def receive(self) -> list[tuple[Incoming, int]]:
        """Messages with their costs, as many as have come; empty at the end of the pipe."""
        messages: list[tuple[Incoming, int]] = []
        while not messages:
            try:
                data = await self._stream.receive_some(_READ_BYTES)
            except trio.BrokenResourceError:  # the other end was killed with bytes unread
                return []
            if not data:
                return []
            self._partial += data
            self._split(messages)
        return messages

    def _split(self, messages: list[tuple[Incoming, int]]) -> None:
        at, view = 0, memoryview(self._partial)
        try:
            while len(view) - at >= _LENGTH_BYTES:
                size = int.from_bytes(view[at : at + _LENGTH_BYTES], "big")
                if size > MESSAGE_BYTES_MAX:
                    raise PipeBroken(f"a message of {size} bytes")
                end = at + _LENGTH_BYTES + size
                if len(view) < end:
                    break
                message = self._decoder.decode(view[at + _LENGTH_BYTES : end])
                messages.append((message, end - at))
                at = end
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise PipeBroken(f"an unreadable message: {error}") from None
        finally:
            view.release()
        del self._partial[:at]

    async def aclose(self) -> None:
        """Close this end; the other one reads to the end and stops."""
        await self._stream.aclose()


def _batches(pieces: Sequence[bytes]) -> list[bytes]:
    """Join neighbours up to about `_JOIN_BYTES`."""
    batches, group, size = [], [], 0
    for piece in pieces:
        group.append(piece)
        size += len(piece)
        if size >= _JOIN_BYTES:
            batches.append(b"".join(group))
            group, size = [], 0
    if group:
        batches.append(b"".join(group))
    return batches
