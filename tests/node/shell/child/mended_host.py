"""`python -m tests.node.shell.child.mended_host [NAME]`: a mended host for strangers to attack.

With NAME[,NAME], these functions of `mending` are left out: so a test shows that it notices.
The first line on stdout is the address; then each line on stdin is an order, answered by a line.
It ends with stdin.
"""

import os
import sys
from typing import Any

import trio

from node.shell.child import mending
from node.shell.network import NetworkConfig

CONFIG = NetworkConfig(
    listen=("/ip4/127.0.0.1/tcp/0",),
    mdns=False,
    connections_max=16,
    handshake_s=10.0,
    streams_per_connection_max=32,
)
ECHO, RAISE, HOLD, CUT, FILL = "/test/echo", "/test/raise", "/test/hold", "/test/cut", "/test/fill"
CUTS = 60
WRITE_BYTES = 2_000_000
FILL_BYTES = 20_000_000


async def echo(stream: Any) -> None:
    await stream.write(await stream.read(65_536))
    await stream.close()


async def fail(stream: Any) -> None:
    await stream.read(1)
    raise ValueError("a bug in a handler")


async def hold(stream: Any) -> None:
    await trio.sleep_forever()


async def fill(stream: Any) -> None:
    """More than the largest window of the library's that a peer may have."""
    await stream.muxed_stream.write(bytes(FILL_BYTES))
    await stream.close()


async def cut(stream: Any) -> None:
    """Writes that are cancelled half-way, as a deadline would cancel them."""
    for turn in range(CUTS):
        with trio.move_on_after(0.0005 * (turn % 8)):
            await stream.muxed_stream.write(bytes(WRITE_BYTES))
    await stream.reset()


async def known_peer_is_dialled(host: Any, address: str) -> str:
    """What the library does about a peer that it has heard of, at the moment it looks."""
    from libp2p.peer.id import ID
    from multiaddr import Multiaddr

    peer_id = ID.from_base58(address.rsplit("/p2p/", 1)[1])
    host.get_peerstore().add_addrs(peer_id, [Multiaddr(address)], 600)
    connector = host.get_network().auto_connector
    connector._started = True
    await connector.maybe_connect()
    return "looked"


async def main(left_out: str) -> None:
    for name in filter(None, left_out.split(",")):
        assert callable(getattr(mending, name))
        setattr(mending, name, lambda *arguments: None)
    mending.mend(slow_reader_s=10.0, streams_per_connection_max=CONFIG.streams_per_connection_max)
    from libp2p.host.autonat.autonat import AutoNATService
    from libp2p.kad_dht.kad_dht import DHTMode, KadDHT

    from node.shell.child.host import Connections, build_host, listening

    host = build_host(CONFIG, os.urandom(32))
    connections = Connections(host, CONFIG, list)
    for name, handler in ((ECHO, echo), (RAISE, fail), (HOLD, hold), (CUT, cut), (FILL, fill)):
        host.set_stream_handler(name, handler)
    AutoNATService(host)
    KadDHT(host, DHTMode.SERVER)
    async with listening(host, CONFIG), trio.open_nursery() as nursery:
        nursery.start_soon(connections.sweep_forever)
        print(host.get_addrs()[0], flush=True)
        while line := await trio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True):
            print(await known_peer_is_dialled(host, line.strip()), flush=True)
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main, "".join(sys.argv[1:2]))
