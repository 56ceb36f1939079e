"""The libp2p host as this node wants it: TCP, Noise and yamux only, and our own limits."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import libp2p
import trio
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.crypto.x25519 import create_new_key_pair as create_noise_key_pair
from libp2p.host.basic_host import BasicHost
from libp2p.network.config import ConnectionConfig, RetryConfig
from libp2p.network.connection.swarm_connection import SwarmConn
from libp2p.relay.circuit_v2.protocol import PROTOCOL_ID as HOP_PROTOCOL_ID
from libp2p.relay.circuit_v2.protocol import STOP_PROTOCOL_ID
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE_PROTOCOL_ID
from libp2p.security.noise.transport import Transport as NoiseTransport
from multiaddr import Multiaddr

from node.shell.child.addresses import DialGate, advertised, without_peer
from node.shell.child.gate import AcceptGate
from node.shell.network import NetworkConfig

OUTBOUND_RESERVE = 16
"""Connections beyond `connections_max` that only our own dials may use."""

CLOSING_MAX = 256
"""Connections on their way out. The library counts them as well and turns everybody away at its own
limit, so without this margin a few strangers who come and go quickly would lock the others out."""

_SWEEP_S = 5.0
CIRCUIT_IDS = (HOP_PROTOCOL_ID, STOP_PROTOCOL_ID)

logger = logging.getLogger("grapevine.network")


def build_host(config: NetworkConfig, seed: bytes) -> BasicHost:
    """A host that does not listen yet. `seed`: 32 bytes, the transport key."""
    keys = create_new_key_pair(seed)
    limit = config.connections_max + OUTBOUND_RESERVE + CLOSING_MAX
    noise = NoiseTransport(keys, noise_privkey=create_noise_key_pair().private_key)
    swarm = libp2p.new_swarm(
        key_pair=keys,
        sec_opt={NOISE_PROTOCOL_ID: noise},
        retry_config=RetryConfig(max_retries=0),  # when to try again is the daemon's decision
        connection_config=ConnectionConfig(
            max_connections=limit,
            min_connections=0,
            low_watermark=0,
            high_watermark=limit,
            max_connections_per_peer=config.connections_per_peer_max + 1,
            inbound_upgrade_timeout=config.handshake_s,
            outbound_upgrade_timeout=config.handshake_s,
            dial_timeout=config.dial_s,
            inbound_stream_protocol_negotiation_timeout=config.handshake_s,
            outbound_stream_protocol_negotiation_timeout=config.handshake_s,
        ),
    )
    # Its rates and circuit breakers would turn honest peers away; the gate and the caps on
    # streams, links and bytes do its work here.
    swarm.set_resource_manager(None)
    swarm.connection_gate = DialGate(config.listen)
    return BasicHost(network=swarm, addrs_factory=advertised)


class Connections:
    """The authenticated connections: how many, which are idle, room for one more."""

    def __init__(
        self, host: BasicHost, config: NetworkConfig, in_use: Callable[[], list[Any]]
    ) -> None:
        self._swarm = host.get_network()
        self._max = config.connections_max
        self._unused_s = config.unused_s
        self._in_use = in_use
        self._idle_since: dict[SwarmConn, float] = {}
        self._doomed: list[SwarmConn] = []
        self._wake = trio.Event()
        self.held: set[str] = set()
        """Peer ids whose connection stays without a link: bootstrap nodes."""
        self.relay_partners: Callable[[], set[str]] = set
        """The same, of our relays and of those for whom we relay."""
        self.gate = AcceptGate(
            pending_max=config.pending_max,
            pending_per_address_max=config.pending_per_address_max,
            room=self._make_room,
        )
        self._swarm.accept_gate = self.gate

    def __len__(self) -> int:
        return len(self._all())

    def to_peer(self, peer_id: Any) -> SwarmConn | None:
        """An open connection to the peer, the newest, None without any."""
        found = [c for c in self._swarm.connections.get(peer_id, []) if not c.is_closed]
        return found[-1] if found else None

    @property
    def full(self) -> bool:
        """Whether not even we ourselves may open one more."""
        return len(self) >= self._max + OUTBOUND_RESERVE

    async def sweep_forever(self) -> None:
        """Close what is idle for `unused_s`, and at once what had to make room."""
        while True:
            with trio.move_on_after(min(_SWEEP_S, self._unused_s)):
                await self._wake.wait()
            self._wake = trio.Event()
            now = trio.current_time()
            expired = [c for c in self.idle() if now - self._idle_since[c] >= self._unused_s]
            doomed, self._doomed = self._doomed, []
            async with trio.open_nursery() as nursery:
                for connection in dict.fromkeys(doomed + expired):
                    nursery.start_soon(_close, connection)

    def _all(self) -> list[SwarmConn]:
        return [c for group in self._swarm.connections.values() for c in group if not c.is_closed]

    def idle(self) -> list[SwarmConn]:
        """Connections that serve nothing, longest idle first; keeps `_idle_since` up to date."""
        now = trio.current_time()
        used = {id(muxed) for muxed in self._in_use()}
        held = self.held | self.relay_partners()
        idle = [
            c
            for c in self._all()
            if id(c.muxed_conn) not in used
            and str(c.muxed_conn.peer_id) not in held
            and not _carries_circuit(c)
        ]
        self._idle_since = {c: self._idle_since.get(c, now) for c in idle}
        return sorted(idle, key=self._idle_since.__getitem__)

    def _make_room(self) -> bool:
        """Whether an inbound connection may come; the longest idle one goes for it when full."""
        if len(self) - len(self._doomed) < self._max:
            return True
        candidates = [c for c in self.idle() if c not in self._doomed]
        if not candidates:
            return False
        self._doomed.append(candidates[0])
        self._wake.set()
        return True


def _carries_circuit(connection: SwarmConn) -> bool:
    """Whether a relayed connection runs over this one, on a stream that lives as long as it."""
    return any(stream.get_protocol() in CIRCUIT_IDS for stream in connection.get_streams())


async def _close(connection: SwarmConn) -> None:
    try:
        with trio.move_on_after(5):
            await connection.close()
    except Exception as error:  # noqa: BLE001 - it is gone either way
        logger.debug("closing a connection: %r", error)


@asynccontextmanager
async def listening(host: BasicHost, config: NetworkConfig) -> AsyncIterator[tuple[str, ...]]:
    """Listen on all of `config.listen`; yields the bound addresses without /p2p/.

    Raises OSError naming the addresses on which nobody listens in the end.
    """
    async with host.run([Multiaddr(address) for address in config.listen]):
        try:
            bound = tuple(without_peer(address) for address in host.get_transport_addrs())
            if len(host.get_network().listeners) < len(set(config.listen)):
                raise OSError(f"cannot listen on all of {', '.join(config.listen)}")
            yield bound
        finally:
            with trio.move_on_after(3, shield=True):
                await host.close()
