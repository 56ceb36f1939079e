"""Dial orders: a connection to the address, a stream on it, a link."""

import logging
from typing import Any

import trio
from libp2p.custom_types import TProtocol
from libp2p.host.basic_host import BasicHost
from libp2p.peer.id import ID
from libp2p.protocol_muxer.multiselect_communicator import MultiselectCommunicator
from multiaddr import Multiaddr

from node.shell.child.host import Connections
from node.shell.child.links import Links, Refused
from node.shell.child.outbox import Outbox
from node.shell.child.relaying import Relaying
from node.shell.network import (
    GOSSIP_PROTOCOL_ID,
    QUERY_PROTOCOL_ID,
    LinkProtocol,
    NetworkConfig,
)
from node.shell.pipe import Dial, DialEnded

PROTOCOL_IDS: dict[LinkProtocol, TProtocol] = {
    "gossip": TProtocol(GOSSIP_PROTOCOL_ID),
    "query": TProtocol(QUERY_PROTOCOL_ID),
}

logger = logging.getLogger("grapevine.network")


class DialProblem(Exception):
    """The dial is over; the message says why."""


class Dialer:
    """Turns `Dial` orders into links. One gossip dial per peer at a time."""

    def __init__(
        self,
        host: BasicHost,
        config: NetworkConfig,
        connections: Connections,
        links: Links,
        relaying: Relaying,
    ) -> None:
        self._host = host
        self._config = config
        self._connections = connections
        self._links = links
        self._relaying = relaying
        self._dialling: set[str] = set()

    async def dial(self, order: Dial, outbox: Outbox) -> None:
        """Carry the order out; the link runs in this task. Exactly one outcome is told."""
        try:
            address, peer_id = _parse(order.address)
            stream = await self._open(address, peer_id, order.protocol)
            await self._links.serve(stream, order.protocol, dial=order.dial, address=order.address)
        except (DialProblem, Refused) as problem:
            await outbox.event(DialEnded(order.dial, str(problem)))

    async def connect(self, address: Multiaddr, peer_id: ID) -> Any:
        """A connection to exactly this address, or the one that stands. Raises DialProblem."""
        standing = self._connections.to_peer(peer_id)
        if standing is not None:
            return standing
        if self._connections.full:
            raise DialProblem("too many connections are open")
        with trio.move_on_after(self._config.dial_s):
            try:
                if "/p2p-circuit" in str(address):
                    return await self._relaying.dial(address)
                return await self._host.get_network().dial_addr(address, peer_id)
            except Exception as error:  # noqa: BLE001 - libp2p raises whatever the socket raised
                raise DialProblem(_root_cause(error)) from None
        raise DialProblem(f"no answer in {self._config.dial_s:g} s")

    async def _open(self, address: Multiaddr, peer_id: ID, protocol: LinkProtocol) -> Any:
        key = str(peer_id)
        if peer_id == self._host.get_id():
            raise DialProblem("this is our own address")
        if protocol == "query":
            return await self._stream(await self.connect(address, peer_id), protocol)
        if self._links.linked(key):
            raise DialProblem("a link to this peer stands already")
        if key in self._dialling:
            raise DialProblem("this peer is being dialled already")
        self._dialling.add(key)
        try:
            return await self._stream(await self.connect(address, peer_id), protocol)
        finally:
            self._dialling.discard(key)

    async def _stream(self, connection: Any, protocol: LinkProtocol) -> Any:
        """A negotiated stream on this connection. Raises DialProblem."""
        stream = None
        with trio.move_on_after(self._config.handshake_s):
            try:
                stream = await connection.new_stream()
                chosen = await self._host.multiselect_client.select_one_of(
                    [PROTOCOL_IDS[protocol]], MultiselectCommunicator(stream)
                )
                stream.set_protocol(chosen)
                return stream
            except Exception as error:  # noqa: BLE001 - see above
                if stream is not None:
                    await stream.reset()
                raise DialProblem(f"no {protocol} stream: {_root_cause(error)}") from None
        if stream is not None:
            await stream.reset()
        raise DialProblem(f"no {protocol} stream in {self._config.handshake_s:g} s")


def _parse(text: str) -> tuple[Multiaddr, ID]:
    try:
        address = Multiaddr(text)
        return address, ID.from_base58(text.rsplit("/p2p/", 1)[1])
    except Exception:  # noqa: BLE001 - the parsers raise a dozen unrelated types
        raise DialProblem("not an address that ends in /p2p/ and a peer id") from None


def _root_cause(error: BaseException) -> str:
    """The innermost message, in one line: what the socket or the handshake said."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error) or type(error).__name__).splitlines()[0][:200]
