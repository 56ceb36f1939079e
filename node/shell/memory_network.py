"""A network without sockets, processes or waiting: the twin of `Libp2pNetwork` for tests.

A `MemorySwitch` joins any number of `MemoryNetwork` objects of one trio loop. Everything that
happens is put in one line per network, in the order in which it happened, and one task hands the
line over; so the order of events depends on the order of calls and on nothing else. Only what is
about time waits for time (back-off after `kill`, slow readers, idle links), and a test clock can
jump over that.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import trio
from nacl.signing import SigningKey

from node.shell.child.links import QUERY_LINKS_MAX, QUERY_LINKS_PER_PEER_MAX
from node.shell.frames import check_frame
from node.shell.network import (
    EVENTS_MAX,
    DialFailed,
    FrameIn,
    LinkClosed,
    LinkOpened,
    LinkProtocol,
    NetcheckReport,
    NetworkCheck,
    NetworkConfig,
    NetworkDown,
    NetworkEvent,
    NetworkStatistics,
    NetworkUp,
    PeerFound,
    Reachability,
    ReachabilityChanged,
)

RESTART_FIRST_S, RESTART_LAST_S = 0.5, 30.0
"""Waits before the network is up again; doubled each time, as those of `Libp2pNetwork`."""

STABLE_S = 60.0
GOODBYE_S = 2.0
"""How long a closed link waits for its last frames to be taken."""

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_PEER_ID_HEAD = bytes.fromhex("002408011220")
"""Identity multihash of a protobuf that holds an Ed25519 key; the key follows."""


def peer_id_of(transport_seed: bytes) -> str:
    """The libp2p peer id of the Ed25519 key with this seed (32 bytes)."""
    number = int.from_bytes(_PEER_ID_HEAD + bytes(SigningKey(transport_seed).verify_key), "big")
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    return "1" + digits  # for the leading zero byte


@dataclass(eq=False, slots=True)
class _End:
    """One side of a link; `far` is the other one. `queue` holds what the owner has sent."""

    owner: "MemoryNetwork"
    number: int
    protocol: LinkProtocol
    peer_id: str
    outbound: bool
    heard: float
    far: "_End" = field(init=False)
    queue: deque[bytes] = field(default_factory=deque)
    queued_bytes: int = 0
    room: trio.Event = field(default_factory=trio.Event)
    moved: float = 0.0
    """When the queue last made progress, or began."""
    waiting: int = 0
    """Frames in the queue and the one in the far owner's hand."""
    closing: str | None = None
    closing_by: float = math.inf
    gone: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _NextFrame:
    """In the line of the receiver: the oldest frame in the queue of this sending end."""

    sender: _End


@dataclass(frozen=True, slots=True, eq=False)
class _Farewell:
    """In the line of the receiver: the sending end closes, and all it sent is delivered."""

    sender: _End


class MemorySwitch:
    """What the networks share: who is up at which address, and who provides which key."""

    def __init__(self) -> None:
        self._up: dict[str, MemoryNetwork] = {}
        self._providers: dict[bytes, dict[str, None]] = {}

    def attach(self, network: "MemoryNetwork") -> None:
        """The network is up."""
        self._up[network.peer_id] = network

    def detach(self, network: "MemoryNetwork") -> None:
        """The network is down."""
        if self._up.get(network.peer_id) is network:
            del self._up[network.peer_id]

    def at(self, address: str) -> "MemoryNetwork | None":
        """Who listens at this address now."""
        network = self._up.get(address.rpartition("/p2p/")[2])
        return network if network is not None and network.address == address else None

    def provide(self, key: bytes, peer_id: str) -> None:
        """Remember who serves a key; it is found only while it is up."""
        self._providers.setdefault(key, {})[peer_id] = None

    def providers(self, key: bytes) -> "list[MemoryNetwork]":
        """Who is up and serves the key, in the order of their announcements."""
        return [self._up[peer] for peer in self._providers.get(key, ()) if peer in self._up]


class MemoryNetwork:
    """`node.shell.network.Network` on a `MemorySwitch`. See there for the contract.

    Listens at /memory/NAME/p2p/PEERID, where the peer id is the one libp2p gives to the same seed.
    """

    def __init__(
        self, config: NetworkConfig, transport_seed: bytes, switch: MemorySwitch, name: str = ""
    ) -> None:
        self.peer_id = peer_id_of(transport_seed)
        self.address = f"/memory/{name or self.peer_id[-8:]}/p2p/{self.peer_id}"
        self._config = config
        self._switch = switch
        self._events_in, self._events_out = trio.open_memory_channel[NetworkEvent](EVENTS_MAX)
        self._line: deque[NetworkEvent | _NextFrame | _Farewell] = deque()
        self._wake = trio.Event()
        self._deadlines = trio.Event()
        self._killed = trio.Event()
        self._reason = ""
        self._up = False
        self._lives = 0
        self._next_link = 1
        self._links: dict[int, _End] = {}
        self._gossip: dict[str, _End] = {}
        self._frames_in = self._frames_out = self._bytes_in = self._bytes_out = 0
        self._refused = 0
        self._reachable: Reachability = "unknown"
        self._seen_at: tuple[str, ...] = ()

    @property
    def events(self) -> trio.MemoryReceiveChannel[NetworkEvent]:
        """See `Network`."""
        return self._events_out

    # -------------------------------------------------------------------------------- lifetime
    async def run(self, *, task_status: Any = trio.TASK_STATUS_IGNORED) -> None:
        """See `Network`."""
        task_status.started()
        wait_s = RESTART_FIRST_S
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._hand_over_forever)
                nursery.start_soon(self._expire_forever)
                while True:
                    began = trio.current_time()
                    self._start()
                    await self._killed.wait()
                    if trio.current_time() - began > STABLE_S:
                        wait_s = RESTART_FIRST_S
                    self._put(NetworkDown(self._reason, wait_s))
                    await trio.sleep(wait_s)
                    wait_s = min(2 * wait_s, RESTART_LAST_S)
        finally:
            self._lose_everything("the network stops")

    def kill(self, reason: str = "killed") -> None:
        """Lose all links at once, as when the child dies; the network comes back by itself."""
        if self._up:
            self._reason = reason
            self._lose_everything(reason)
            self._killed.set()

    def _start(self) -> None:
        self._killed = trio.Event()
        self._up = True
        self._lives += 1
        self._switch.attach(self)
        self._put(NetworkUp(self.peer_id, (self.address,)))
        for address in self._config.bootstrap:
            self._put(PeerFound("bootstrap", (address,), None))

    def _lose_everything(self, reason: str) -> None:
        self._up = False
        self._switch.detach(self)
        for end in tuple(self._links.values()):
            self._drop(end, reason)
            end.far.owner._drop(end.far, "closed by the peer")

    # --------------------------------------------------------------------------------- the line
    def _put(self, entry: NetworkEvent | _NextFrame | _Farewell) -> None:
        self._line.append(entry)
        self._wake.set()

    async def _hand_over_forever(self) -> None:
        """Take the line into the channel, in order; what is delivered gives its sender room."""
        while True:
            if not self._line:
                self._wake = trio.Event()
                await self._wake.wait()
                continue
            entry = self._line.popleft()
            if isinstance(entry, _NextFrame):
                await self._deliver_frame(entry.sender)
            elif isinstance(entry, _Farewell):
                self._drop(entry.sender.far, "closed")
                entry.sender.owner._drop(entry.sender, entry.sender.closing or "closed")
            else:
                await self._deliver(entry)

    async def _deliver_frame(self, sender: _End) -> None:
        mine = sender.far
        if mine.gone:
            return
        frame = sender.queue.popleft()
        self._frames_in += 1
        self._bytes_in += len(frame)
        await self._deliver(FrameIn(mine.number, frame))
        now = trio.current_time()
        sender.queued_bytes -= len(frame)
        sender.waiting -= 1
        sender.moved = mine.heard = now
        sender.room.set()
        sender.room = trio.Event()

    async def _deliver(self, event: NetworkEvent) -> None:
        """Wait for room in the channel; who waits too long behind this loses the link."""
        while True:
            with trio.move_on_at(self._patience()) as timer:
                await self._events_in.send(event)
            if not timer.cancelled_caught:
                return
            self._cut_stalled()

    def _patience(self) -> float:
        """When the first of the senders to us has waited for `slow_reader_s`."""
        senders = (end.far for end in self._links.values())
        since = min((sender.moved for sender in senders if sender.waiting), default=math.inf)
        return since + self._config.slow_reader_s

    def _cut_stalled(self) -> None:
        overdue = trio.current_time() - self._config.slow_reader_s
        for mine in tuple(self._links.values()):
            if mine.far.waiting and mine.far.moved <= overdue:
                mine.far.owner._drop(mine.far, "the peer does not read")
                self._drop(mine, "closed by the peer")

    def _drop(self, end: _End, reason: str) -> None:
        """The end of one side; harmless when it has ended before."""
        if end.gone:
            return
        end.gone = True
        del self._links[end.number]
        if self._gossip.get(end.peer_id) is end:
            del self._gossip[end.peer_id]
        end.room.set()
        self._put(LinkClosed(end.number, end.closing or reason))
        self._deadlines.set()

    async def _expire_forever(self) -> None:
        """Close links on which nothing comes, and those that took too long to say goodbye."""
        while True:
            self._deadlines = trio.Event()
            soonest = min(map(self._deadline, self._links.values()), default=math.inf)
            with trio.move_on_at(soonest):
                await self._deadlines.wait()
            for end in tuple(self._links.values()):
                if self._deadline(end) > trio.current_time():
                    continue
                if end.closing is None:
                    self._drop(end, "nothing came in time")
                    end.far.owner._drop(end.far, "closed by the peer")
                else:  # what it has sent is still on its way
                    self._drop(end, end.closing)

    def _deadline(self, end: _End) -> float:
        return min(end.closing_by, end.heard + self._config.idle_s)

    # ------------------------------------------------------------------------------- orders
    async def send(self, link: int, frame: bytes) -> None:
        """See `Network`."""
        end = self._links.get(link)
        if end is None:
            await trio.lowlevel.checkpoint()  # or who sends on and on would never hear of it
            return
        check_frame(end.protocol, frame)
        config = self._config
        while not end.gone and (
            len(end.queue) >= config.queued_frames_max
            or end.queued_bytes >= config.queued_bytes_max
        ):
            await end.room.wait()
        if end.gone or end.far.gone or end.closing is not None:
            return
        if not end.waiting:
            end.moved = trio.current_time()
        end.waiting += 1
        end.queue.append(frame)
        end.queued_bytes += len(frame)
        self._frames_out += 1
        self._bytes_out += len(frame)
        end.far.owner._put(_NextFrame(end))

    async def dial(self, address: str, protocol: LinkProtocol = "gossip") -> None:
        """See `Network`."""
        problem = self._dial(address, protocol)
        if problem:
            self._put(DialFailed(address, problem, protocol))

    def _dial(self, address: str, protocol: LinkProtocol) -> str:
        """Open a link, or say why not."""
        if not self._up:
            return "the network is down"
        peer_id = address.rpartition("/p2p/")[2]
        if "/p2p/" not in address or not peer_id:
            return "not an address that ends in /p2p/ and a peer id"
        if peer_id == self.peer_id:
            return "this is our own address"
        target = self._switch.at(address)
        if target is None:
            return "nobody listens there"
        if protocol == "gossip" and peer_id in self._gossip:
            return "a link to this peer stands already"
        if not target._has_room(self.peer_id, protocol):
            target._refused += 1
            return "the peer is full"
        mine = self._new_end(protocol, target.peer_id, outbound=True)
        theirs = target._new_end(protocol, self.peer_id, outbound=False)
        mine.far, theirs.far = theirs, mine
        self._put(LinkOpened(mine.number, protocol, target.peer_id, True, address))
        plain = self.address.rpartition("/p2p/")[0]
        target._put(LinkOpened(theirs.number, protocol, self.peer_id, False, plain))
        return ""

    def _has_room(self, peer_id: str, protocol: LinkProtocol) -> bool:
        """Whether one more link from this peer may come in."""
        peers = {end.peer_id for end in self._links.values()}
        if peer_id not in peers and len(peers) >= self._config.connections_max:
            return False
        queries = [k for k in self._links.values() if k.protocol == "query" and not k.outbound]
        same = sum(end.peer_id == peer_id for end in queries)
        return protocol == "gossip" or (
            len(queries) < QUERY_LINKS_MAX and same < QUERY_LINKS_PER_PEER_MAX
        )

    def _new_end(self, protocol: LinkProtocol, peer_id: str, *, outbound: bool) -> _End:
        end = _End(self, self._next_link, protocol, peer_id, outbound, trio.current_time())
        self._next_link += 1
        self._links[end.number] = end
        if protocol == "gossip":
            self._gossip[peer_id] = end
        self._deadlines.set()
        return end

    async def close_link(self, link: int, reason: str) -> None:
        """See `Network`."""
        end = self._links.get(link)
        if end is not None and end.closing is None:
            end.closing = reason
            end.closing_by = trio.current_time() + GOODBYE_S
            end.far.owner._put(_Farewell(end))
            self._deadlines.set()

    async def provide(self, key: bytes) -> None:
        """See `Network`."""
        if self._config.kademlia:
            self._switch.provide(key, self.peer_id)

    async def find(self, key: bytes) -> None:
        """See `Network`."""
        if self._config.kademlia and self._up:
            for network in self._switch.providers(key):
                if network is not self:
                    self._put(PeerFound("kademlia", (network.address,), key))

    def change_reachability(self, status: Reachability, addresses: tuple[str, ...] = ()) -> None:
        """Let a test decide what others say about reaching this node."""
        self._reachable, self._seen_at = status, addresses
        self._put(ReachabilityChanged(status, addresses))

    async def netcheck(self) -> NetcheckReport:
        """See `Network`."""
        if not self._up:
            return NetcheckReport("unknown", (), (), (), ())
        check = NetworkCheck("listening", "yes", "in memory", "")
        return NetcheckReport(self._reachable, (self.address,), self._seen_at, (), (check,))

    def statistics(self) -> NetworkStatistics:
        """See `Network`."""
        return NetworkStatistics(
            up=self._up,
            links=len(self._links),
            connections=len({end.peer_id for end in self._links.values()}),
            connections_pending=0,
            restarts=max(0, self._lives - 1),
            frames_in=self._frames_in,
            frames_out=self._frames_out,
            bytes_in=self._bytes_in,
            bytes_out=self._bytes_out,
            refused=self._refused,
        )
