"""What the daemon knows of the network: events that come out, orders that go in.

Two implementations keep this contract and pass the same tests: `Libp2pNetwork`, the parent of the
child process in which libp2p runs, and `MemoryNetwork`, a twin without sockets and without waiting.

A *link* is one long-lived stream of frames to one peer. Its number is never used twice in the life
of a `Network` object, whatever happens to the child. Per link the order of events is `LinkOpened`,
any number of `FrameIn`, `LinkClosed`; nothing comes before or after, and nothing is dropped: who
does not take events from the channel makes the sockets wait.
"""

from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

import trio

LinkProtocol: TypeAlias = Literal["gossip", "query"]
Reachability: TypeAlias = Literal["yes", "no", "unknown"]
PeerSource: TypeAlias = Literal["mdns", "bootstrap", "kademlia"]

GOSSIP_PROTOCOL_ID = "/grapevine/gossip/1.0.0"
QUERY_PROTOCOL_ID = "/grapevine/query/1.0.0"

FRAME_BYTES_MAX: dict[LinkProtocol, int] = {"gossip": 64 * 1024, "query": 256 * 1024}
"""The longest frame of each protocol; a longer one from a peer costs it the link."""

EVENTS_MAX = 256
"""Events waiting in the channel; at the cap the network stops reading its sockets."""


class FrameTooLong(ValueError):
    """Our own bug: the frame is longer than its protocol allows. Nothing was sent."""


# ----------------------------------------------------------------------------------------- events
@dataclass(frozen=True, slots=True)
class NetworkUp:
    """The network listens. `addresses` end in /p2p/<peer_id>; no link is open yet."""

    peer_id: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NetworkDown:
    """The network is gone; every link was reported closed before. It comes back by itself."""

    reason: str
    retry_in_s: float


@dataclass(frozen=True, slots=True)
class LinkOpened:
    """A stream to an authenticated peer is open.

    `address` is the other end as this side sees it (dialled: what was dialled; accepted: its
    socket, without /p2p/); empty when it is not known.
    """

    link: int
    protocol: LinkProtocol
    peer_id: str
    outbound: bool
    address: str


@dataclass(frozen=True, slots=True)
class LinkClosed:
    """The stream is gone; frames that were not yet handed over are lost."""

    link: int
    reason: str


@dataclass(frozen=True, slots=True)
class FrameIn:
    """One whole frame, at most `FRAME_BYTES_MAX` of the link's protocol."""

    link: int
    frame: bytes


@dataclass(frozen=True, slots=True)
class DialFailed:
    """A dial ended without a new link; `address` and `protocol` are what was asked for."""

    address: str
    reason: str
    protocol: LinkProtocol = "gossip"


@dataclass(frozen=True, slots=True)
class PeerFound:
    """Somebody can be reached at these addresses, or so we were told; nobody was dialled.

    `key` is what `find` asked for, None for peers that were found without asking.
    """

    source: PeerSource
    addresses: tuple[str, ...]
    key: bytes | None


@dataclass(frozen=True, slots=True)
class ReachabilityChanged:
    """Whether others can dial us, and at which addresses they say they see us."""

    status: Reachability
    addresses: tuple[str, ...]


NetworkEvent: TypeAlias = (
    NetworkUp
    | NetworkDown
    | LinkOpened
    | LinkClosed
    | FrameIn
    | DialFailed
    | PeerFound
    | ReachabilityChanged
)


# ---------------------------------------------------------------------------------------- reports
@dataclass(frozen=True, slots=True)
class NetworkCheck:
    """One line of `netcheck`: what was asked, the answer, and what to do when it is not yes."""

    name: str
    status: Reachability
    detail: str
    remedy: str


@dataclass(frozen=True, slots=True)
class NetcheckReport:
    """Whether this node is reached, and everything that bears on it."""

    reachable: Reachability
    listen_addresses: tuple[str, ...]
    observed_addresses: tuple[str, ...]
    relay_addresses: tuple[str, ...]
    checks: tuple[NetworkCheck, ...]


@dataclass(frozen=True, slots=True)
class NetworkStatistics:
    """Counters since the `Network` object was made; sizes are of this moment."""

    up: bool
    links: int
    connections: int
    connections_pending: int
    restarts: int
    frames_in: int
    frames_out: int
    bytes_in: int
    bytes_out: int
    refused: int
    """Connections, streams and frames turned away at one of the limits."""


# -------------------------------------------------------------------------------------- interface
@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """How to listen, whom to ask, and how much to bear. Durations in seconds, sizes in bytes."""

    listen: tuple[str, ...] = ("/ip4/0.0.0.0/tcp/0",)
    bootstrap: tuple[str, ...] = ()
    """Addresses with /p2p/; the child stays connected to them for discovery and reports them."""
    mdns: bool = True
    """Never started when every listen address is a loopback one."""
    kademlia: bool = True
    autonat: bool = True
    relay_service: bool = False
    relay_client: bool = True
    dcutr: bool = True
    connections_max: int = 64
    """Authenticated connections; inbound ones are refused beyond it."""
    connections_per_peer_max: int = 2
    pending_max: int = 128
    """Inbound connections whose handshake is not done; at the cap the oldest is closed."""
    pending_per_address_max: int = 16
    """The same from one IP address."""
    handshake_s: float = 5.0
    dial_s: float = 10.0
    slow_reader_s: float = 10.0
    """A write that makes no progress for so long costs the link."""
    idle_s: float = 600.0
    """A link on which nothing arrives for so long is closed."""
    unused_s: float = 30.0
    """A connection that serves nothing for so long is closed."""
    streams_per_connection_max: int = 32
    queued_frames_max: int = 512
    """Frames waiting to be written to one link; `send` waits at the cap."""
    queued_bytes_max: int = 1024 * 1024


class Network(Protocol):
    """Made with a `NetworkConfig`; `run` is started once in a nursery and ends by cancellation."""

    @property
    def events(self) -> trio.MemoryReceiveChannel[NetworkEvent]:
        """What happens, in order; bounded by `EVENTS_MAX`, so somebody must keep reading."""
        ...

    async def run(self, *, task_status: Any = trio.TASK_STATUS_IGNORED) -> None:
        """Keep the network up until cancelled. `started` is called at once, before `NetworkUp`."""
        ...

    async def send(self, link: int, frame: bytes) -> None:
        """Queue a frame; waits only while the link's own queue is full.

        Returns without effect when the link is gone (its `LinkClosed` is on the way or was
        delivered). Frames arrive whole, in order. Raises FrameTooLong, ValueError for no bytes.
        """
        ...

    async def dial(self, address: str, protocol: LinkProtocol = "gossip") -> None:
        """Start dialling an address that ends in /p2p/<peer id>; returns at once.

        The outcome is exactly one `LinkOpened` (outbound) or `DialFailed`. A gossip link that
        already stands with this peer makes it `DialFailed`.
        """
        ...

    async def close_link(self, link: int, reason: str) -> None:
        """Close once what was sent before is out (at most a few seconds); `LinkClosed` follows."""
        ...

    async def provide(self, key: bytes) -> None:
        """Announce in the distributed hash table that this node serves `key` (32 bytes)."""
        ...

    async def find(self, key: bytes) -> None:
        """Look for nodes that serve `key`; answers arrive as `PeerFound(key=key)`, or none do."""
        ...

    async def netcheck(self) -> NetcheckReport:
        """Ask whether this node can be reached; takes up to about 10 s."""
        ...

    def statistics(self) -> NetworkStatistics:
        """Counters for `status`; costs nothing."""
        ...
