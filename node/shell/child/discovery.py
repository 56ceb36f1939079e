"""Finding people: bootstrap nodes, the local network, the distributed hash table.

What is found is told to the daemon, which decides whom to dial. Only bootstrap nodes are connected
from here, because the hash table starts from them.
"""

import logging
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import trio
from libp2p.custom_types import TProtocol
from libp2p.discovery.events.peerDiscovery import peerDiscovery
from libp2p.discovery.mdns.mdns import MDNSDiscovery
from libp2p.host.basic_host import BasicHost
from libp2p.kad_dht.kad_dht import DHTMode, KadDHT
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import PeerInfo
from libp2p.tools.anyio_service import background_trio_service
from multiaddr import Multiaddr

from node.shell.child.addresses import only_loopback
from node.shell.child.dialer import Dialer, DialProblem
from node.shell.child.host import Connections
from node.shell.child.outbox import Outbox
from node.shell.network import NetworkConfig, PeerSource
from node.shell.pipe import Found

PROVIDED_MAX = 256
"""Keys announced again and again; more are refused."""

SOUGHT_MAX = 64
"""Keys waiting to be searched; more are dropped, whoever wants them asks again."""

PROVIDE_EVERY_S = 600.0
PROVIDE_RETRY_S = 5.0
REST, REST_MIN_S = 4.0, 0.2
"""After a lookup, times what it took, and at least: a fifth of one core at the very most."""

FIND_S = 20.0
PROVIDERS_MAX = 8
ADDRESSES_PER_PEER_MAX = 8
MDNS_FOUND_MAX = 64
"""Announcements of the local network waiting to be told; more are dropped, they come again."""

RECONNECT_FIRST_S, RECONNECT_LAST_S = 1.0, 60.0

logger = logging.getLogger("grapevine.network")


class Discovery:
    """Runs what is switched on in the config."""

    def __init__(
        self,
        host: BasicHost,
        config: NetworkConfig,
        connections: Connections,
        dialer: Dialer,
        outbox: Outbox,
    ) -> None:
        self._host = host
        self._config = config
        self._connections = connections
        self._dialer = dialer
        self._outbox = outbox
        self._provided: dict[bytes, float] = {}
        """Key -> when it is to be announced next."""
        self._sought: dict[bytes, None] = {}
        self._work = trio.Event()
        self._table: KadDHT | None = None
        if config.kademlia:
            closed = only_loopback(config.listen)
            self._table = KadDHT(
                host,
                DHTMode.SERVER,
                protocol_prefix=TProtocol("/grapevine"),
                strict_validation=True,
                enable_values=False,
                max_peers_per_subnet=0 if closed else None,  # loopback is all one subnet
            )

    @asynccontextmanager
    async def running(self, nursery: trio.Nursery) -> AsyncIterator[None]:
        """Look around while inside."""
        for address in self._config.bootstrap:
            nursery.start_soon(self._keep_connected, address)
        if self._config.mdns and not only_loopback(self._config.listen):
            nursery.start_soon(self._listen_to_mdns)
        if self._table is None:
            yield
            return
        async with background_trio_service(self._table):
            nursery.start_soon(self._look_up_forever)
            yield

    @property
    def table_size(self) -> int | None:
        """Peers in the routing table; None when Kademlia is off."""
        return None if self._table is None else int(self._table.get_routing_table_size())

    async def met(self, peer_id: ID) -> None:
        """A peer that runs our protocol is connected: it serves the hash table as well."""
        if self._table is not None:
            await self._table.add_peer(peer_id)

    def provide(self, key: bytes) -> None:
        """Announce the key soon, and again every `PROVIDE_EVERY_S`."""
        if len(self._provided) < PROVIDED_MAX:
            self._provided.setdefault(key, 0.0)
            self._work.set()

    def find(self, key: bytes) -> None:
        """Look for nodes that serve the key, after what was asked before."""
        if self._table is not None and len(self._sought) < SOUGHT_MAX:
            self._sought[key] = None
            self._work.set()

    async def _look_up_forever(self) -> None:
        """One lookup at a time, searches first; then a rest of `REST` times what it took.

        A lookup asks a dozen peers on streams of their own. Hundreds of them at once, as when a
        node with many people starts, would leave no time for gossip.
        """
        while True:
            self._work = trio.Event()
            due = [key for key, at in self._provided.items() if at <= trio.current_time()]
            began = trio.current_time()
            if self._sought:
                key = next(iter(self._sought))
                del self._sought[key]
                await self._search(key)
            elif due:
                await self._announce(due[0])
            else:
                soonest = min(self._provided.values(), default=trio.current_time() + 60)
                with trio.move_on_at(soonest):
                    await self._work.wait()
                continue
            await trio.sleep(max(REST_MIN_S, REST * (trio.current_time() - began)))

    async def _search(self, key: bytes) -> None:
        assert self._table is not None
        try:
            with trio.move_on_after(FIND_S):
                for info in await self._table.find_providers(key.hex(), PROVIDERS_MAX):
                    if info.peer_id != self._host.get_id():
                        await self._tell("kademlia", info.peer_id, info.addrs, key)
        except Exception as error:  # noqa: BLE001 - other people's answers
            logger.debug("searching the hash table: %r", error)

    async def _tell(
        self, source: PeerSource, peer_id: ID, addresses: Iterable[Multiaddr], key: bytes | None
    ) -> None:
        texts = dict.fromkeys(
            text if f"/p2p/{peer_id}" in text else f"{text}/p2p/{peer_id}"
            for text in map(str, addresses)
        )
        found = tuple(texts)[:ADDRESSES_PER_PEER_MAX]
        if found:
            await self._outbox.event(Found(source, found, key))

    async def _announce(self, key: bytes) -> None:
        assert self._table is not None
        told = False
        try:
            with trio.move_on_after(FIND_S):
                told = bool(await self._table.provide(key.hex()))
        except Exception as error:  # noqa: BLE001 - other people's answers
            logger.debug("announcing in the hash table: %r", error)
        wait_s = (PROVIDE_EVERY_S if told else PROVIDE_RETRY_S) * random.uniform(0.8, 1.2)
        del self._provided[key]  # to the end of the line, so that each has its turn
        self._provided[key] = trio.current_time() + wait_s

    async def _keep_connected(self, address: str) -> None:
        """Hold a connection to a bootstrap node, and tell the daemon that it exists."""
        try:
            target = Multiaddr(address)
            peer_id = ID.from_base58(address.rsplit("/p2p/", 1)[1])
        except Exception:  # noqa: BLE001 - the parsers raise a dozen unrelated types
            logger.warning("bootstrap address %s does not end in /p2p/ and a peer id", address)
            return
        if peer_id == self._host.get_id():
            return
        self._connections.held.add(str(peer_id))
        self._host.get_peerstore().add_addrs(peer_id, [target], 2**31)
        await self._outbox.event(Found("bootstrap", (address,), None))
        wait_s = RECONNECT_FIRST_S
        while True:
            try:
                connection = await self._dialer.connect(target, peer_id)
                await self.met(peer_id)
                wait_s = RECONNECT_FIRST_S
                await connection.event_closed.wait()
            except DialProblem as problem:
                logger.info("bootstrap node %s: %s", address, problem)
            await trio.sleep(wait_s * random.uniform(0.8, 1.2))  # not all at the same moment
            wait_s = min(2 * wait_s, RECONNECT_LAST_S)

    async def _listen_to_mdns(self) -> None:
        """Announce ourselves on the local network and tell who else does."""
        send, receive = trio.open_memory_channel[PeerInfo](MDNS_FOUND_MAX)
        token = trio.lowlevel.current_trio_token()

        def hand_over(info: PeerInfo) -> None:
            try:
                send.send_nowait(info)
            except trio.WouldBlock:
                logger.debug("too many mDNS announcements")

        def heard(info: PeerInfo) -> None:  # runs in a thread of zeroconf
            token.run_sync_soon(hand_over, info)

        port = int(self._host.get_transport_addrs()[0].value_for_protocol("tcp"))
        try:
            mdns = await trio.to_thread.run_sync(
                lambda: MDNSDiscovery(self._host.get_network(), port=port, host=self._host)
            )
            peerDiscovery.register_peer_discovered_handler(heard)
            mdns.start()
        except Exception as error:  # noqa: BLE001 - no multicast here; everything else works on
            logger.warning("mDNS does not work here: %r", error)
            return
        try:
            async for info in receive:
                await self._tell("mdns", info.peer_id, info.addrs, None)
        finally:
            peerDiscovery.unregister_peer_discovered_handler(heard)
            # Its `stop` waits for the network, and so belongs on a thread, but it also cancels a
            # scope, which only this thread may.
            if mdns._cleanup_cancel_scope is not None:
                mdns._cleanup_cancel_scope.cancel()
                mdns._cleanup_cancel_scope = None
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(mdns.stop)
