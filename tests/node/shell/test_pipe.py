"""The pipe between the processes: order, batching, any cut, and an end that is gone or mad."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing

from node.shell import pipe as module
from node.shell.network import NetcheckReport, NetworkCheck, NetworkConfig
from node.shell.pipe import (
    MESSAGE_BYTES_MAX,
    Checked,
    Close,
    Closed,
    Consumed,
    Counted,
    Dial,
    DialEnded,
    Failed,
    Find,
    Found,
    Frame,
    Netcheck,
    Opened,
    Pipe,
    PipeBroken,
    Provide,
    Reached,
    Send,
    Start,
    ToChild,
    ToDaemon,
    Up,
    Written,
)

TO_CHILD: list[ToChild] = [
    Start(NetworkConfig(), bytes(32), 7),
    Send(1, b"\x00frame"),
    Consumed(12),
    Dial(3, "/ip4/127.0.0.1/tcp/1/p2p/x", "query"),
    Close(1, "enough"),
    Provide(bytes(32)),
    Find(bytes(32)),
    Netcheck(5),
]
REPORT = NetcheckReport("no", ("a",), (), (), (NetworkCheck("x", "unknown", "detail", "remedy"),))
TO_DAEMON: list[ToDaemon] = [
    Up("peer", ("a", "b"), ("c",)),
    Opened(1, "gossip", "peer", None, "/ip4/1.2.3.4/tcp/5"),
    Opened(2, "query", "peer", 9, "/ip4/1.2.3.4/tcp/5/p2p/peer"),
    Closed(1, "gone"),
    Frame(2, bytes(1_000)),
    DialEnded(3, "refused"),
    Found("kademlia", ("a",), bytes(32)),
    Found("mdns", (), None),
    Reached("yes", ("a",)),
    Written(2, 3, 400),
    Checked(5, REPORT),
    Counted(1, 2, 3),
    Failed("no port"),
]


@asynccontextmanager
async def pair() -> AsyncIterator[tuple[Pipe[ToDaemon], Pipe[ToChild], trio.Nursery]]:
    """The daemon's end and the child's, both being written."""
    one, other = socket.socketpair()
    daemon: Pipe[ToDaemon] = Pipe(one, ToDaemon)
    child: Pipe[ToChild] = Pipe(other, ToChild)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(daemon.write_forever)
            nursery.start_soon(child.write_forever)
            yield daemon, child, nursery
            nursery.cancel_scope.cancel()
    finally:
        with trio.CancelScope(shield=True):
            await daemon.aclose()
            await child.aclose()


async def take(end: Pipe[Any], count: int) -> list[tuple[Any, int]]:
    got: list[tuple[Any, int]] = []
    with trio.fail_after(30):
        while len(got) < count:
            received = await end.receive()
            assert received, "the pipe has ended"
            got += received
    return got


async def test_every_message_arrives_as_it_was_posted_and_costs_the_same_at_both_ends():
    async with pair() as (daemon, child, _):
        sizes = [daemon.post(message) for message in TO_CHILD]
        assert await take(child, len(TO_CHILD)) == list(zip(TO_CHILD, sizes, strict=True))
        sizes = [child.post(message) for message in TO_DAEMON]
        assert await take(daemon, len(TO_DAEMON)) == list(zip(TO_DAEMON, sizes, strict=True))


async def test_many_messages_of_any_size_keep_their_order():
    """More than the socket holds at once, so that writes and reads are cut anywhere."""
    async with pair() as (daemon, child, _):
        sent = [Send(n, bytes((n * 7_919) % 60_000)) for n in range(300)]
        for message in sent:
            daemon.post(message)
        assert [message for message, _ in await take(child, len(sent))] == sent
        await trio.testing.wait_all_tasks_blocked()
        assert daemon._outgoing_bytes == 0


async def test_what_is_posted_while_a_write_waits_is_written_too():
    async with pair() as (daemon, child, _):
        daemon.post(Send(1, bytes(900_000)))
        await trio.testing.wait_all_tasks_blocked()  # the socket is full, the writer waits
        daemon.post(Send(2, b"x"))
        assert [message.link for message, _ in await take(child, 2)] == [1, 2]


async def test_an_end_that_does_not_read_is_found_stuck(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "BACKLOG_BYTES_MAX", 2_000_000)
    async with pair() as (daemon, _child, _):

        def post_on() -> None:
            for _ in range(100):
                daemon.post(Send(1, bytes(100_000)))

        with pytest.raises(PipeBroken, match="does not read"):
            post_on()
        assert daemon._outgoing_bytes <= 2_000_000 + 100_100


async def test_the_end_of_the_pipe_is_an_empty_answer():
    async with pair() as (daemon, child, _):
        daemon.post(Consumed(1))
        await take(child, 1)
        await daemon.aclose()
        with trio.fail_after(30):
            assert await child.receive() == []


BAD: dict[str, bytes] = {
    "too long": (MESSAGE_BYTES_MAX + 1).to_bytes(4, "big"),
    "not MessagePack": b"\x00\x00\x00\x02\xc1\xc1",
    "unknown tag": b"\x00\x00\x00\x02\x91\x63",
    "wrong type": b"\x00\x00\x00\x05\x92\x02\xa2hi",
    "another direction": b"\x00\x00\x00\x03\x92\x14\x01",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
async def test_nonsense_breaks_the_pipe(data: bytes):
    one, other = socket.socketpair()
    child: Pipe[ToChild] = Pipe(other, ToChild)
    with one:
        one.sendall(data)
        with trio.fail_after(30), pytest.raises(PipeBroken):
            await child.receive()
    await child.aclose()


async def test_a_message_in_single_bytes_is_one_message():
    one, other = socket.socketpair()
    child: Pipe[ToChild] = Pipe(other, ToChild)
    whole = b"\x00\x00\x00\x03\x92\x02\x07"
    with one, trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            got: list[Any] = []

            async def read() -> None:
                got.extend(await child.receive())

            nursery.start_soon(read)
            for byte in whole:
                await trio.testing.wait_all_tasks_blocked()
                assert got == []
                one.sendall(bytes([byte]))
        assert got == [(Consumed(7), len(whole))]
    await child.aclose()
