"""What strangers do to libp2p 0.8.1: nothing with the mendings, something without each of them.

The strangers speak the library as it is shipped. Should a version arrive in which the right-hand
side of a pair fails, its mending can go.
"""

import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import libp2p
import psutil
import pytest
import trio
from libp2p.host.autonat.pb.autonat_pb2 import Message
from libp2p.utils.varint import encode_varint_prefixed
from multiaddr import Multiaddr

from node.shell.child import mending
from tests.hostile.caller import Caller, Gone, connected
from tests.node.shell.child.mended_host import CUT, ECHO, FILL, FILL_BYTES, HOLD, RAISE

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[4]
START_S, STEP_S = 30.0, 5.0
CONNECTIONS = 300
"""More than the library would take at a time, and far more than the host has room for."""

AUTONAT = "/libp2p/autonat/1.0.0"
NOBODY = "/ip4/127.0.0.1/tcp/1"


@dataclass
class Victim:
    process: trio.Process
    address: str

    async def order(self, line: str) -> None:
        assert self.process.stdin is not None
        await self.process.stdin.send_all(line.encode() + b"\n")
        assert await read_line(self.process)


async def read_line(process: trio.Process) -> str:
    said = b""
    assert process.stdout is not None
    with trio.fail_after(START_S):
        while not said.endswith(b"\n"):
            said += await process.stdout.receive_some(1) or b"\n"
    return said.decode().strip()


@asynccontextmanager
async def host(without: str = "") -> AsyncIterator[Victim]:
    """A host in a process of its own that ends with the block."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.node.shell.child.mended_host", without]
    async with trio.open_nursery() as nursery:
        process = await nursery.start(
            partial(
                trio.run_process,
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                check=False,
                cwd=ROOT,
            )
        )
        yield Victim(process, await read_line(process))
        nursery.cancel_scope.cancel()


async def echoes(caller: Caller) -> bool:
    """Whether a stream on this connection is served."""
    with trio.move_on_after(STEP_S):
        try:
            stream = await caller.open(ECHO)
            await stream.send_all(b"hello")
            return await stream.receive_some() == b"hello"
        except Gone:
            pass
    return False


async def serves(victim: Victim) -> bool:
    """Whether somebody new is let in and answered."""
    with trio.move_on_after(STEP_S):
        try:
            async with connected(victim.address) as caller:
                return await echoes(caller)
        except Gone:
            pass
    return False


async def a_handler_fails(victim: Victim) -> bool:
    """Whether the connection goes on."""
    async with connected(victim.address) as caller:
        await cause_failure(caller)
        return await echoes(caller)


async def handlers_fail(victim: Victim) -> bool:
    """Whether the process goes on."""
    async with connected(victim.address) as caller:
        await cause_failure(caller)
    return await serves(victim)


async def cause_failure(caller: Caller) -> None:
    stream = await caller.open(RAISE)
    with trio.move_on_after(STEP_S), suppress(Gone):
        await stream.send_all(b"x")
        await stream.receive_some()


async def many_come_and_go(victim: Victim) -> bool:
    for _ in range(CONNECTIONS):
        with trio.move_on_after(STEP_S):
            try:
                async with connected(victim.address):
                    pass
            except Gone:
                return False
    return await serves(victim)


async def writes_are_cancelled(victim: Victim) -> bool:
    async with connected(victim.address) as caller:
        stream = await caller.open(CUT)
        with trio.move_on_after(2 * STEP_S):
            try:
                while True:
                    await stream.receive_some()
            except Gone:
                pass
        return await echoes(caller)


async def a_reader_pauses(victim: Victim) -> bool:
    """Whether all arrives although nothing was read for longer than the library waits, 5 s."""
    async with connected(victim.address) as caller:
        stream = await caller.open(FILL)
        with trio.move_on_after(5.5):
            await trio.sleep_forever()
        size = 0
        with trio.move_on_after(2 * STEP_S), suppress(Gone):
            while size < FILL_BYTES:
                size += len(await stream.receive_some())
        return size == FILL_BYTES


async def the_window_is_ignored(victim: Victim) -> bool:
    """Whether the memory stays bounded while a peer sends 48 MiB that nobody has asked for."""
    process = psutil.Process(victim.process.pid)
    async with connected(victim.address) as caller:
        stream = await caller.open(HOLD)
        before = process.memory_info().rss
        block = bytes(65_000)
        header = b"\x00\x00\x00\x00" + stream.muxed.stream_id.to_bytes(4, "big")
        frame = header + len(block).to_bytes(4, "big") + block
        with trio.move_on_after(4 * STEP_S):
            try:
                for _ in range(48 * 2**20 // len(block)):
                    await caller.muxed.secured_conn.write(frame)
            except Exception:  # noqa: BLE001, S110 - cut off
                pass
        grown = process.memory_info().rss - before
    return grown < 16 * 2**20 and await serves(victim)


async def a_peer_is_heard_of(victim: Victim) -> bool:
    """Whether the library leaves it alone."""
    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    port = listener.socket.getsockname()[1]
    async with listener:
        peer_id = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
        dialled = trio.Event()

        async def accept() -> None:
            async with await listener.accept():
                dialled.set()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(accept)
            await victim.order(f"/ip4/127.0.0.1/tcp/{port}/p2p/{peer_id}")
            with trio.move_on_after(1):
                await dialled.wait()
            nursery.cancel_scope.cancel()
    return not dialled.is_set()


async def the_hash_table_is_ours(victim: Victim) -> bool:
    async with connected(victim.address) as caller:
        try:
            await caller.open(mending.KADEMLIA_PROTOCOL_ID)
        except Gone:
            return False
        try:
            await caller.open("/ipfs/kad/1.0.0")
        except Gone:
            return True
    return False


async def nobody_is_called_reachable(victim: Victim) -> bool:
    """Ask to be dialled back where nobody listens."""
    request = Message(type=Message.DIAL)
    async with connected(victim.address) as caller:
        request.dial.peer.id = libp2p.peer.id.ID.from_base58(caller.me).to_bytes()
        request.dial.peer.addrs.append(Multiaddr(NOBODY).to_bytes())
        stream = await caller.open(AUTONAT)
        await stream.send_all(encode_varint_prefixed(request.SerializeToString()))
        with trio.fail_after(2 * STEP_S):
            answer = await stream.receive_some()
    response = Message()
    response.ParseFromString(answer[1:])
    assert response.type == Message.DIAL_RESPONSE
    return bool(response.dialResponse.status != Message.OK)


ATTACKS: dict[str, Callable[[Victim], Awaitable[bool]]] = {
    "_contain_stream_failures": a_handler_fails,
    "_contain_stream_failures,_contain_connection_failures": handlers_fail,
    "_replace_inbound_handling": many_come_and_go,
    "_shield_writes": writes_are_cancelled,
    "_write_on_credit": a_reader_pauses,
    "_enforce_windows": the_window_is_ignored,
    "_stop_auto_dialling": a_peer_is_heard_of,
    "_rename_kademlia": the_hash_table_is_ours,
    "_dial_back_in_earnest": nobody_is_called_reachable,
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
async def test_mended(attack):
    async with host() as victim:
        assert await attack(victim)


@pytest.mark.parametrize(("name", "attack"), ATTACKS.items(), ids=ATTACKS)
async def test_not_mended(name, attack):
    async with host(without=name) as victim:
        assert not await attack(victim)


async def test_streams_are_capped():
    async with host() as victim, connected(victim.address) as caller:
        for _ in range(32):
            await caller.open(HOLD)
        assert not await echoes(caller)
        assert await serves(victim)


async def test_yamux_garbage_costs_the_connection():
    async with host() as victim:
        for kind in range(8):
            for flags in (0, 1, 2, 4, 8, 15, 255):
                async with connected(victim.address) as caller:
                    header = bytes([0, kind, 0, flags]) + b"\x00\x00\x00\x05" + b"\x7f\xff\xff\xff"
                    await caller.muxed.secured_conn.write(header * 3)
        assert await serves(victim)


async def test_another_version_is_refused(monkeypatch):
    monkeypatch.setattr(libp2p, "__version__", "0.8.2")
    with pytest.raises(RuntimeError, match=r"0\.8\.2 is not 0\.8\.1"):
        mending.mend(slow_reader_s=1.0, streams_per_connection_max=1)
