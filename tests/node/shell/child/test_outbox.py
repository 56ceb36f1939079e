"""Events wait for credit, answers do not."""

import socket

import trio
import trio.testing

from node.shell.child.outbox import Outbox
from node.shell.pipe import EVENT_BYTES_MAX, Counted, Frame, Pipe, ToChild


async def test_events_wait_while_the_daemon_is_behind():
    ours, theirs = socket.socketpair()
    with theirs:
        pipe: Pipe[ToChild] = Pipe(ours, ToChild)
        outbox = Outbox(pipe)
        sent: list[int] = []
        total = 2 * EVENT_BYTES_MAX // 60_000

        async def tell() -> None:
            for number in range(total):
                await outbox.event(Frame(number, bytes(60_000)))
                sent.append(number)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(tell)
            await trio.testing.wait_all_tasks_blocked()
            held = len(sent)
            assert EVENT_BYTES_MAX <= held * 60_020 < EVENT_BYTES_MAX + 2 * 60_020
            outbox.post(Counted(0, 0, 0))  # does not wait
            outbox.consumed(60_020)
            await trio.testing.wait_all_tasks_blocked()
            assert held < len(sent) < total
            outbox.consumed(len(sent) * 60_020)
        assert sent == list(range(total))
        await pipe.aclose()
