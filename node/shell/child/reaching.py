"""Whether others can reach us: AutoNAT's verdicts, and the report of `netcheck`."""

import logging

import trio
from libp2p.host.autonat.autonat import AutoNATService
from libp2p.host.basic_host import BasicHost
from libp2p.peer.id import ID
from multiaddr import Multiaddr

from node.shell.child.addresses import ip_of, only_loopback
from node.shell.child.discovery import Discovery
from node.shell.child.host import Connections
from node.shell.child.outbox import Outbox
from node.shell.child.relaying import Relaying
from node.shell.network import NetcheckReport, NetworkCheck, NetworkConfig, Reachability
from node.shell.pipe import Reached

SERVERS_MAX = 5
"""Peers asked to dial us back in one round."""

CONFIRMATIONS = 2
"""Equal verdicts that settle it; the specification's four need more friends than most have."""

FIRST_ROUND_S, EVERY_S = 15.0, 300.0
QUERY_S = 5.0

logger = logging.getLogger("grapevine.network")


class Reaching:
    """Keeps the latest verdict and tells the daemon when it changes."""

    def __init__(
        self,
        host: BasicHost,
        config: NetworkConfig,
        connections: Connections,
        discovery: Discovery,
        relaying: Relaying,
    ) -> None:
        self._host = host
        self._config = config
        self._connections = connections
        self._discovery = discovery
        self._relaying = relaying
        self._autonat = AutoNATService(host) if config.autonat else None
        self._verdict: Reachability = "unknown"
        self._seen_at: tuple[str, ...] = ()

    async def watch_forever(self, outbox: Outbox) -> None:
        """Ask around now and then; tell changes of the verdict and of the addresses."""
        told: tuple[Reachability, tuple[str, ...]] = ("unknown", ())
        # Before the first connections are closed because they serve nothing, then ever less often.
        wait_s = min(FIRST_ROUND_S, self._config.unused_s / 2)
        while True:
            await trio.sleep(wait_s)
            wait_s = min(2 * wait_s, EVERY_S)
            await self._relaying.reserve()
            await self._ask()
            now = (self._verdict, self._seen_at + self._relaying.addresses())
            if now != told:
                told = now
                await outbox.event(Reached(*now))

    async def _ask(self) -> None:
        """One round of dial-backs, all at once; keeps the old verdict when nobody answers."""
        if self._autonat is None:
            return
        verdicts: dict[ID, tuple[bool, str | None]] = {}

        async def ask(server: ID) -> None:
            assert self._autonat is not None
            try:
                status, address = await self._autonat.query_server(server, timeout=QUERY_S)
            except Exception as error:  # noqa: BLE001 - no verdict; not every peer serves this
                logger.debug("dial-back by %s: %r", server, error)
                return
            verdicts[server] = (status == 0, str(Multiaddr(address)) if address else None)

        async with trio.open_nursery() as nursery:
            for server in list(self._host.get_connected_peers())[:SERVERS_MAX]:
                nursery.start_soon(ask, server)
        reached = [address for ok, address in verdicts.values() if ok]
        if len(reached) >= CONFIRMATIONS:
            self._verdict = "yes"
            self._seen_at = tuple(dict.fromkeys(a for a in reached if a is not None))
        elif len(verdicts) - len(reached) >= CONFIRMATIONS:
            self._verdict, self._seen_at = "no", ()

    async def check(self) -> NetcheckReport:
        """Ask now, and report everything that bears on being reached."""
        await self._ask()
        listen = tuple(map(str, self._host.get_addrs()))
        reachable = self._verdict
        if only_loopback(self._config.listen):
            reachable = "no"
        checks = (
            self._listening(listen),
            self._connected(),
            self._dialled_back(),
            self._table(),
            self._relayed(),
        )
        return NetcheckReport(reachable, listen, self._seen_at, self._relaying.addresses(), checks)

    def _listening(self, addresses: tuple[str, ...]) -> NetworkCheck:
        public = any((ip := ip_of(Multiaddr(a))) is not None and ip.is_global for a in addresses)
        if only_loopback(self._config.listen):
            return NetworkCheck(
                "listening",
                "no",
                "on this machine's loopback only",
                "set network.listen to /ip4/0.0.0.0/tcp/4001",
            )
        detail = "a public address" if public else "private addresses only, behind a router"
        return NetworkCheck("listening", "yes", detail, "")

    def _connected(self) -> NetworkCheck:
        count = len(self._connections)
        if count:
            return NetworkCheck("connections", "yes", f"{count} open", "")
        return NetworkCheck(
            "connections", "no", "none open", "add a node that is online to network.bootstrap"
        )

    def _dialled_back(self) -> NetworkCheck:
        if self._autonat is None:
            return NetworkCheck("dial-back", "unknown", "switched off", "set network.autonat")
        details = {
            "yes": ("others could dial us", ""),
            "no": ("others could not dial us", "forward the TCP port in your router"),
            "unknown": (
                "fewer than two peers have answered",
                "ask again when more peers are connected",
            ),
        }
        return NetworkCheck("dial-back", self._verdict, *details[self._verdict])

    def _table(self) -> NetworkCheck:
        size = self._discovery.table_size
        if size is None:
            return NetworkCheck("kademlia", "unknown", "switched off", "set network.kademlia")
        if size:
            return NetworkCheck("kademlia", "yes", f"{size} peers in the routing table", "")
        return NetworkCheck(
            "kademlia", "no", "no peers in the routing table", "add a bootstrap node"
        )

    def _relayed(self) -> NetworkCheck:
        if not self._config.relay_client:
            return NetworkCheck("relays", "unknown", "switched off", "set network.relay")
        count = len(self._relaying.relays)
        if count:
            return NetworkCheck("relays", "yes", f"{count} reservations", "")
        remedy = "" if self._verdict == "yes" else "connect to a node that relays"
        return NetworkCheck("relays", "no", "no reservation", remedy)
