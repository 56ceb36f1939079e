"""The life of the network process: start, obey orders, stop when the pipe closes."""

import logging
from typing import Any

import trio
from libp2p.host.basic_host import BasicHost

from node.shell.child.dialer import PROTOCOL_IDS, Dialer
from node.shell.child.discovery import Discovery
from node.shell.child.host import Connections, build_host, listening
from node.shell.child.links import Links, Refused
from node.shell.child.outbox import Outbox
from node.shell.child.reaching import Reaching
from node.shell.child.relaying import Relaying
from node.shell.network import LinkProtocol
from node.shell.pipe import (
    Checked,
    Close,
    Consumed,
    Counted,
    Dial,
    Find,
    Netcheck,
    Pipe,
    PipeBroken,
    Provide,
    Send,
    Start,
    ToChild,
    Up,
)

DIALS_MAX = 64
"""Dials, searches and checks at the same time; the daemon keeps to it as well."""

COUNT_EVERY_S = 1.0

logger = logging.getLogger("grapevine.network")


class Child:
    """All parts of the process, and the loop that hands orders to them."""

    def __init__(self, start: Start, pipe: Pipe[ToChild]) -> None:
        config = start.config
        self._config = config
        self._pipe = pipe
        self._outbox = Outbox(pipe)
        self._host: BasicHost = build_host(config, start.transport_seed)
        self._links = Links(
            self._outbox, config, me=str(self._host.get_id()), first_link=start.first_link
        )
        self._connections = Connections(self._host, config, self._links.muxed_connections)
        self._relaying = Relaying(self._host, config)
        self._connections.relay_partners = self._relaying.partners
        self._dialer = Dialer(self._host, config, self._connections, self._links, self._relaying)
        self._discovery = Discovery(
            self._host, config, self._connections, self._dialer, self._outbox
        )
        self._reaching = Reaching(
            self._host, config, self._connections, self._discovery, self._relaying
        )
        self._busy = trio.Semaphore(DIALS_MAX)

    async def live(self) -> None:
        """Serve until the daemon closes the pipe. Raises OSError when nobody can listen."""
        for protocol, protocol_id in PROTOCOL_IDS.items():
            self._host.set_stream_handler(protocol_id, self._accepting(protocol))
        async with listening(self._host, self._config) as bound, trio.open_nursery() as nursery:
            nursery.start_soon(self._pipe.write_forever)
            async with self._relaying.running(), self._discovery.running(nursery):
                addresses = tuple(map(str, self._host.get_addrs()))
                await self._outbox.event(Up(str(self._host.get_id()), addresses, bound))
                nursery.start_soon(self._connections.sweep_forever)
                nursery.start_soon(self._reaching.watch_forever, self._outbox)
                nursery.start_soon(self._count_forever)
                await self._obey(nursery)
                nursery.cancel_scope.cancel()

    async def _obey(self, nursery: trio.Nursery) -> None:
        while orders := await self._pipe.receive():
            for order, _ in orders:
                match order:
                    case Send(link=link, frame=frame):
                        self._links.send(link, frame)
                    case Consumed(size=size):
                        self._outbox.consumed(size)
                    case Close(link=link, reason=reason):
                        self._links.close(link, reason)
                    case Provide(key=key):
                        self._discovery.provide(key)
                    case Find(key=key):
                        self._discovery.find(key)
                    case Dial() | Netcheck():
                        nursery.start_soon(self._carry_out, order)
                    case Start():
                        raise PipeBroken("started twice")

    async def _carry_out(self, order: Dial | Netcheck) -> None:
        if isinstance(order, Dial):  # its link lives in this task, so it holds no place
            await self._dialer.dial(order, self._outbox)
            return
        async with self._busy:
            self._outbox.post(Checked(order.token, await self._reaching.check()))

    def _accepting(self, protocol: LinkProtocol) -> Any:
        async def handle(stream: Any) -> None:
            remote = stream.muxed_conn.get_remote_address()
            address = ""
            if remote is not None:
                address = f"/ip{6 if ':' in remote[0] else 4}/{remote[0]}/tcp/{remote[1]}"
            try:
                await self._links.serve(stream, protocol, dial=None, address=address)
            except Refused as problem:
                logger.debug("refused a stream: %s", problem)
                await stream.reset()

        return handle

    async def _count_forever(self) -> None:
        gate = self._connections.gate
        told = None
        while True:
            counted = Counted(
                len(self._connections), gate.pending, gate.refused + self._links.refused
            )
            if counted != told:
                told = counted
                self._outbox.post(counted)
            await trio.sleep(COUNT_EVERY_S)
