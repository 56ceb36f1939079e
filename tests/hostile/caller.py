"""A libp2p dialler as thin as it gets: TCP, Noise and yamux of py-libp2p, without host or swarm.

Each caller has a transport key of its own, so that a ban of one says nothing about the next.
"""

import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.crypto.keys import KeyPair
from libp2p.crypto.x25519 import create_new_key_pair as create_noise_key_pair
from libp2p.custom_types import TProtocol
from libp2p.network.connection.raw_connection import RawConnection
from libp2p.peer.id import ID
from libp2p.protocol_muxer.multiselect_client import MultiselectClient
from libp2p.protocol_muxer.multiselect_communicator import MultiselectCommunicator
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE
from libp2p.security.noise.transport import Transport as NoiseTransport
from libp2p.stream_muxer.yamux.yamux import PROTOCOL_ID as YAMUX
from libp2p.stream_muxer.yamux.yamux import Yamux
from libp2p.transport.tcp.tcp import TCP
from libp2p.transport.upgrader import TransportUpgrader
from multiaddr import Multiaddr

CONNECT_S = 20.0
READ_BYTES = 65_536


class Gone(Exception):
    """The node has closed the stream or the connection, or has let nobody in."""


class Stream:
    """A stream of one protocol."""

    def __init__(self, muxed: Any) -> None:
        self.muxed = muxed

    async def send_all(self, data: bytes) -> None:
        """Raises Gone."""
        try:
            await self.muxed.write(data)
        except Exception as error:  # noqa: BLE001 - libp2p names the end in many ways
            raise Gone(repr(error)) from None

    async def receive_some(self, bytes_max: int = READ_BYTES) -> bytes:
        """At least one byte. Raises Gone."""
        try:
            data = await self.muxed.read(bytes_max)
        except Exception as error:  # noqa: BLE001 - see above
            raise Gone(repr(error)) from None
        if not data:
            raise Gone("closed")
        return bytes(data)


class Caller:
    """One authenticated connection."""

    def __init__(self, me: str, muxed: Yamux) -> None:
        self.me = me
        self.muxed = muxed
        self.listening = trio.CancelScope()
        """Cancelled, nothing is read from the socket any more."""

    async def open(self, protocol: str) -> Stream:
        """A negotiated stream. Raises Gone when the node does not want it."""
        try:
            with trio.fail_after(CONNECT_S):
                stream = await self.muxed.open_stream()
                communicator = MultiselectCommunicator(stream)
                await MultiselectClient().select_one_of([TProtocol(protocol)], communicator)
        except Exception as error:  # noqa: BLE001 - see above
            raise Gone(repr(error)) from None
        return Stream(stream)


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Caller]:
    """A connection that is closed with the block. Raises Gone when the node lets nobody in."""
    keys = create_new_key_pair(secrets.token_bytes(32))
    raw, muxed = await _dial(address, keys)
    caller = Caller(str(ID.from_pubkey(keys.public_key)), muxed)
    failed: Exception | None = None
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_run, caller)
            nursery.start_soon(_turn_away, muxed)
            try:
                yield caller
            except Exception as error:  # noqa: BLE001 - raised below, without the nursery's group
                failed = error
            nursery.cancel_scope.cancel()
    finally:
        await _close(raw)
    if failed is not None:
        raise failed


async def _dial(address: str, keys: KeyPair) -> tuple[RawConnection, Yamux]:
    partner = ID.from_base58(address.rsplit("/p2p/", 1)[1])
    noise = NoiseTransport(keys, noise_privkey=create_noise_key_pair().private_key)
    upgrader = TransportUpgrader({NOISE: noise}, {YAMUX: Yamux})
    raw: Any = None
    try:
        with trio.fail_after(CONNECT_S):
            raw = await TCP().dial(Multiaddr(address))
            secured = await upgrader.upgrade_security(raw, True, partner)
            muxed = await upgrader.upgrade_connection(secured, partner)
    except BaseException as error:
        if raw is not None:
            await _close(raw)
        if not isinstance(error, Exception):
            raise
        raise Gone(repr(error)) from None
    assert isinstance(muxed, Yamux)
    return raw, muxed


async def _close(raw: RawConnection) -> None:
    with trio.move_on_after(1, shield=True):
        await raw.close()


async def _run(caller: Caller) -> None:
    with contextlib.suppress(Exception), caller.listening:  # the streams tell of the end
        await caller.muxed.handle_incoming()


async def _turn_away(muxed: Yamux) -> None:
    """Whatever the node asks of us (it would like to know who we are) is reset."""
    with contextlib.suppress(Exception):  # see above
        while True:
            stream = await muxed.accept_stream()
            await stream.reset()
