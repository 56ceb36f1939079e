"""A libp2p stream as a pipe: `python -m tests.interop.bridge ADDRESS PROTOCOL`.

The first line on stdout is our PeerID; then bytes of the stream go to stdout and bytes from stdin
to the stream, until either ends. In a process of its own, so that the library's tasks and sockets
end with it.
"""

import contextlib
import os
import secrets
import sys

import libp2p
import trio
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.custom_types import TProtocol
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.stream_muxer.exceptions import MuxedStreamError
from multiaddr import Multiaddr

DIAL_S = 30.0
READ_BYTES = 65_536


async def main(address: str, protocol: str) -> None:
    keys = create_new_key_pair(secrets.token_bytes(32))
    host = libp2p.new_host(key_pair=keys, muxer_preference="YAMUX")
    partner = info_from_p2p_addr(Multiaddr(address))
    async with host.run([]), trio.open_nursery() as nursery:
        with trio.fail_after(DIAL_S):
            await host.connect(partner)
            stream = (await host.new_stream(partner.peer_id, [TProtocol(protocol)])).muxed_stream
        write_all(f"{host.get_id()}\n".encode())
        nursery.start_soon(carry_out, stream)
        with contextlib.suppress(MuxedStreamError):  # how the library says that it has ended
            while data := await stream.read(READ_BYTES):
                write_all(data)
        nursery.cancel_scope.cancel()


def write_all(data: bytes) -> None:
    while data:
        data = data[os.write(sys.stdout.fileno(), data) :]


async def carry_out(stream) -> None:
    """Stdin to the stream; its end closes our side."""
    stdin = trio.lowlevel.FdStream(os.dup(sys.stdin.fileno()))
    async for data in stdin:
        await stream.write(data)
    await stream.close()


if __name__ == "__main__":
    trio.run(main, *sys.argv[1:])
