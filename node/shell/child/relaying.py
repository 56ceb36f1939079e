"""Circuit relay v2 and DCUtR: being reached through others, and relaying a little for others.

What works in libp2p 0.8.1: a reservation, a dial through the relay, links over it in both
directions. DCUtR opens a direct connection beside the relayed one on its own; a link that stands
stays where it was opened, so it gains nothing by that before it is opened anew.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from libp2p.host.basic_host import BasicHost
from libp2p.peer.id import ID
from libp2p.relay.circuit_v2.config import RelayConfig, RelayRole
from libp2p.relay.circuit_v2.dcutr import DCUtRProtocol
from libp2p.relay.circuit_v2.discovery import RelayDiscovery
from libp2p.relay.circuit_v2.protocol import CircuitV2Protocol
from libp2p.relay.circuit_v2.resources import RelayLimits
from libp2p.relay.circuit_v2.transport import CircuitV2Transport
from libp2p.tools.anyio_service import background_trio_service
from multiaddr import Multiaddr

from node.shell.network import NetworkConfig

RELAYS_MAX = 3
"""Relays at which this node keeps a reservation."""

LIMITS = RelayLimits(duration=3600, data=64 * 1024 * 1024, max_circuit_conns=8, max_reservations=32)
"""What this node gives as a relay: seconds and bytes of a circuit, circuits, reservations."""


class Relaying:
    """The relay roles that are switched on; all of them may be off."""

    def __init__(self, host: BasicHost, config: NetworkConfig) -> None:
        self._host = host
        self._config = config
        self._protocol: CircuitV2Protocol | None = None
        self._transport: CircuitV2Transport | None = None
        self._discovery: RelayDiscovery | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve and use relays while inside."""
        async with AsyncExitStack() as stack:
            if self._config.relay_service or self._config.relay_client:
                protocol = self._protocol = CircuitV2Protocol(
                    self._host, limits=LIMITS, allow_hop=self._config.relay_service
                )
                await stack.enter_async_context(background_trio_service(protocol))
                await protocol.event_started.wait()
                if self._config.relay_client:
                    await self._start_client(protocol, stack)
            yield

    async def _start_client(self, protocol: CircuitV2Protocol, stack: AsyncExitStack) -> None:
        roles = RelayRole.STOP | RelayRole.CLIENT
        self._transport = CircuitV2Transport(
            self._host, protocol, RelayConfig(roles=roles, limits=LIMITS, max_relays=RELAYS_MAX)
        )
        self._discovery = RelayDiscovery(self._host, auto_reserve=True, max_relays=RELAYS_MAX)
        await stack.enter_async_context(background_trio_service(self._discovery))
        if self._config.dcutr:
            # It looks for relayed connections by itself and replaces them where it can.
            await stack.enter_async_context(background_trio_service(DCUtRProtocol(self._host)))

    @property
    def relays(self) -> list[ID]:
        """Relays at which we hold a reservation."""
        if self._discovery is None:
            return []
        infos = (
            (peer, self._discovery.get_relay_info(peer)) for peer in self._discovery.get_relays()
        )
        return [peer for peer, info in infos if info is not None and info.has_reservation]

    def partners(self) -> set[str]:
        """Peers on whose connection somebody may come: our relays, and who holds a place here."""
        found = {str(peer) for peer in self.relays}
        if self._protocol is not None:
            places = self._protocol.resource_manager._reservations
            found |= {str(peer) for peer, place in places.items() if not place.is_expired()}
        return found

    def addresses(self) -> tuple[str, ...]:
        """Where we are reached through relays, ending in our own peer id."""
        me = self._host.get_id()
        found = []
        for relay in self.relays[:RELAYS_MAX]:
            for address in self._host.get_peerstore().addrs(relay):
                plain = str(address).split("/p2p/", 1)[0]
                found.append(f"{plain}/p2p/{relay}/p2p-circuit/p2p/{me}")
        return tuple(found[: 2 * RELAYS_MAX])

    async def reserve(self) -> None:
        """Look for relays among the connected peers now."""
        if self._discovery is not None:
            await self._discovery.discover_relays()

    async def dial(self, address: Multiaddr) -> Any:
        """A connection through the relay that the address names, direct later when that works."""
        if self._transport is None:
            raise ConnectionError("relays are switched off")
        return await self._transport.dial(address)
