"""Run-time mendings of libp2p 0.8.1, all in one place: call `mend` once, before making a host.

Each function replaces one thing that would let a stranger stop, fill or steer the node. They were
written against the source of exactly this version, and the attack tests must run again before the
version moves.
"""

import logging
import os
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import libp2p
import libp2p.kad_dht.common
import libp2p.kad_dht.kad_dht
import libp2p.kad_dht.peer_routing
import libp2p.kad_dht.provider_store
import libp2p.kad_dht.value_store
import libp2p.network.swarm as swarm_module
import libp2p.stream_muxer.yamux.yamux as yamux_module
import trio
from libp2p.custom_types import TProtocol
from libp2p.host.autonat.autonat import AutoNATService
from libp2p.host.basic_host import BasicHost
from libp2p.network.auto_connector import AutoConnector
from libp2p.network.connection.raw_connection import RawConnection
from libp2p.network.connection.swarm_connection import SwarmConn
from libp2p.network.swarm import Swarm
from libp2p.stream_muxer.exceptions import MuxedStreamError
from libp2p.stream_muxer.yamux.yamux import Yamux, YamuxStream
from multiaddr import Multiaddr

from node.shell.child.gate import AcceptGate

VERSION = "0.8.1"
KADEMLIA_PROTOCOL_ID = TProtocol("/grapevine/kad/1.0.0")

WINDOW_BYTES_MAX = 1024 * 1024
"""Receive window of one stream; the library would let it grow to 16 MiB."""

WINDOW_SLACK_BYTES = 256 * 1024
"""Bytes beyond the window that a peer may send in all before its connection is closed."""

UNREAD_BYTES_MAX = 4 * 1024 * 1024
"""Bytes of one connection that nobody has read yet; more closes it."""

NOISE_PLAINTEXT_MAX = 65_519
"""A muxer frame of this size is one Noise message; the library's 64 KiB makes one and a stub."""

DIAL_BACKS_MAX = 2
DIAL_BACK_S = 5.0
"""What a peer that asks whether it can be reached may cost us."""

_CREDIT_CHECK_S = 0.25
"""How often a writer without credit looks whether its stream is still there."""

logger = logging.getLogger("grapevine.network")
Method = Callable[..., Awaitable[Any]]


def mend(*, slow_reader_s: float, streams_per_connection_max: int) -> None:
    """Apply all of them. Raises RuntimeError for any other version of libp2p."""
    if libp2p.__version__ != VERSION:
        raise RuntimeError(f"libp2p {libp2p.__version__} is not {VERSION}: the mendings may break")
    # A window update for every read would send three encrypted frames per small message.
    os.environ["PY_YAMUX_RELEASE_ON_READ"] = "0"
    # Every dial sleeps for this long, also when it has succeeded at once.
    swarm_module._HAPPY_EYEBALLS_DELAY = 0.005
    yamux_module.MAX_WINDOW_SIZE = WINDOW_BYTES_MAX
    _replace_inbound_handling()
    _contain_stream_failures(streams_per_connection_max)
    _contain_connection_failures()
    _shield_writes(slow_reader_s)
    _write_on_credit(slow_reader_s)
    _enforce_windows()
    _stop_auto_dialling()
    _rename_kademlia()
    _dial_back_in_earnest()


def _replace_inbound_handling() -> None:
    """Inbound slots were kept until the swarm ended: after 250 connections nobody could come in.

    The replacement also asks our own gate first, before any handshake. The gate hangs on the swarm
    as `accept_gate`.
    """

    async def handle_inbound(self: Any, closer: Any, maddr: Any) -> None:
        gate: AcceptGate = self.accept_gate
        remote = closer.get_remote_address()
        ticket = gate.admit(remote[0] if remote else "")
        try:
            if ticket is None:
                return
            muxed = None
            with ticket.scope:
                muxed = await self.upgrade_inbound_raw_conn(RawConnection(closer, False), maddr)
            if muxed is None:
                return
            if gate.settle(ticket):
                await muxed.event_closed.wait()
            else:
                await muxed.close()
        except Exception as error:  # noqa: BLE001 - whatever a stranger's handshake raises
            logger.debug("inbound connection failed: %r", error)
        finally:
            if ticket is not None:
                gate.leave(ticket)
            with trio.CancelScope(shield=True):
                await closer.close()

    Swarm._handle_inbound_connection = handle_inbound


def _contain_stream_failures(streams_max: int) -> None:
    """An exception in any stream handler left `host.run()`; and streams were not capped."""
    original: Method = SwarmConn._handle_muxed_stream

    async def handle_muxed_stream(self: Any, stream: Any) -> None:
        inbound = getattr(self, "inbound_streams", 0)
        try:
            if inbound >= streams_max:
                await stream.reset()
                return
            self.inbound_streams = inbound + 1
            try:
                await original(self, stream)
            finally:
                self.inbound_streams -= 1
        except Exception as error:  # noqa: BLE001 - one stream must not end the process
            logger.debug("stream handler failed: %r", error)
            await _quietly(stream.reset)

    SwarmConn._handle_muxed_stream = handle_muxed_stream


def _contain_connection_failures() -> None:
    """The tasks of a connection run in the swarm's own nursery: one error would end them all."""

    def contained(original: Method, close: str | None) -> Method:
        async def run(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return await original(self, *args, **kwargs)
            except Exception as error:  # noqa: BLE001 - one connection must not end the process
                logger.debug("connection task failed: %r", error)
                if close is not None:
                    await _quietly(getattr(self, close))

        return run

    Yamux.start = contained(Yamux.start, "_cleanup_on_error")
    SwarmConn.start = contained(SwarmConn.start, "close")
    BasicHost._identify_task_entry = contained(BasicHost._identify_task_entry, None)


def _shield_writes(stall_s: float) -> None:
    """A write cancelled half-way left part of a Noise message on the wire, and no way to go on."""

    async def write_frame(self: Any, data: bytes) -> None:
        async with self._write_lock:  # waiting may be cancelled: nothing was written yet
            with trio.move_on_after(stall_s, shield=True) as stall:
                await self.secured_conn.write(data)
        if stall.cancelled_caught:
            self.event_shutting_down.set()
            trio.lowlevel.spawn_system_task(_quietly, self._cleanup_on_error)
            raise MuxedStreamError("the connection took no bytes in time")
        await trio.lowlevel.checkpoint()

    Yamux._write_frame = write_frame


def _write_on_credit(slow_reader_s: float) -> None:
    """Writers polled for credit and gave up after 5 s; these wait for it, as long as is set."""
    payload_max = NOISE_PLAINTEXT_MAX - yamux_module.HEADER_SIZE
    pack = struct.Struct(yamux_module.YAMUX_HEADER_FORMAT).pack

    def get_send_window(self: Any) -> int:
        return int(self.__dict__.get("send_window_", 0))

    def set_send_window(self: Any, value: int) -> None:
        self.__dict__["send_window_"] = value
        credit = self.__dict__.get("credit_")
        if credit is not None and value > 0:
            credit.set()

    async def wait_for_credit(self: Any) -> None:
        with trio.move_on_after(slow_reader_s):
            while self.send_window <= 0 and not (self.closed or self.send_closed):
                self.__dict__["credit_"] = credit = trio.Event()
                with trio.move_on_after(_CREDIT_CHECK_S):
                    await credit.wait()
        if self.send_window <= 0:
            raise MuxedStreamError("the peer does not read")

    async def write(self: Any, data: bytes) -> None:
        view, sent = memoryview(data), 0
        while sent < len(view):
            if self.send_window <= 0:
                await wait_for_credit(self)
            if self.closed or self.send_closed:
                raise MuxedStreamError("the stream is closed")
            size = min(self.send_window, payload_max, len(view) - sent)
            self.send_window -= size
            header = pack(0, yamux_module.TYPE_DATA, 0, self.stream_id, size)
            await self.conn._write_frame(header + view[sent : sent + size])
            sent += size

    YamuxStream.send_window = property(get_send_window, set_send_window)
    YamuxStream.write = write


def _enforce_windows() -> None:
    """The receive window was only advice: a peer that ignored it filled the memory."""

    def get_window(self: Any) -> int:
        return int(self.__dict__.get("recv_window_", 0))

    def set_window(self: Any, value: int) -> None:
        fields = self.__dict__
        if value < fields.get("recv_window_", 0):  # bytes have arrived
            excess = fields.get("excess_", 0) + max(0, -value)
            fields["excess_"] = excess
            unread = sum(map(len, self.conn.stream_buffers.values()))
            violated = excess > WINDOW_SLACK_BYTES or unread > UNREAD_BYTES_MAX
            if violated and not self.conn.event_shutting_down.is_set():
                self.conn.event_shutting_down.set()
                trio.lowlevel.spawn_system_task(_quietly, self.conn._cleanup_on_error)
        fields["recv_window_"] = value

    YamuxStream.recv_window = property(get_window, set_window)


def _stop_auto_dialling() -> None:
    """The library dials every peer it has ever heard of; whom we dial is the daemon's decision."""

    async def stay(self: Any, *args: Any, **kwargs: Any) -> None:
        await trio.lowlevel.checkpoint()

    AutoConnector.maybe_connect = stay


def _rename_kademlia() -> None:
    """The prefix argument of `KadDHT` does not reach its streams: they would join the IPFS ones."""
    for module in (
        libp2p.kad_dht.common,
        libp2p.kad_dht.kad_dht,
        libp2p.kad_dht.peer_routing,
        libp2p.kad_dht.provider_store,
        libp2p.kad_dht.value_store,
    ):
        module.PROTOCOL_ID = KADEMLIA_PROTOCOL_ID


def _dial_back_in_earnest() -> None:
    """An AutoNAT server called everybody reachable who was connected to it: it never dialled."""

    async def try_dial(self: Any, peer_id: Any, addresses: list[bytes]) -> bytes | None:
        for address in addresses[:DIAL_BACKS_MAX]:
            try:
                with trio.fail_after(DIAL_BACK_S):
                    connection = await self.host.get_network().dial_addr(
                        Multiaddr(address), peer_id
                    )
                await connection.close()
                return address
            except Exception as error:  # noqa: BLE001 - not reachable there, for any reason
                logger.debug("dial-back failed: %r", error)
        return None

    AutoNATService._try_dial = try_dial


async def _quietly(clean_up: Callable[[], Awaitable[Any]]) -> None:
    """Run a clean-up whose failure changes nothing, for at most two seconds."""
    try:
        with trio.move_on_after(2, shield=True):
            await clean_up()
    except Exception as error:  # noqa: BLE001 - the thing is thrown away either way
        logger.debug("clean-up failed: %r", error)
