"""Frames leave in order, a goodbye gets out, and who does not read is cut and costs little."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import trio
import trio.testing

from node.shell.links import GOODBYE_S, QUEUED_BYTES_MAX, Links
from node.shell.memory_network import MemoryNetwork, MemorySwitch
from node.shell.network import (
    FrameIn,
    LinkClosed,
    LinkOpened,
    NetworkConfig,
    NetworkEvent,
    NetworkUp,
)

FAST = 2**30


@dataclass
class Side:
    """One network with its links, and what it was told."""

    network: MemoryNetwork
    links: Links
    events: list[NetworkEvent] = field(default_factory=list)
    reading: bool = True

    async def listen(self) -> None:
        while self.reading:
            event = await self.network.events.receive()
            self.events.append(event)
            match event:
                case LinkOpened(link=link):
                    self.links.opened(link)
                case LinkClosed(link=link):
                    self.links.closed(link)
        await trio.sleep_forever()

    def frames(self) -> list[bytes]:
        return [event.frame for event in self.events if isinstance(event, FrameIn)]

    def closed(self) -> list[str]:
        return [event.reason for event in self.events if isinstance(event, LinkClosed)]


@asynccontextmanager
async def linked(bytes_per_s: int = FAST) -> AsyncIterator[tuple[Side, Side, int, trio.Nursery]]:
    """Two sides with one link; its number at the first one."""
    switch = MemorySwitch()
    async with trio.open_nursery() as nursery:
        sides = []
        for seed in (b"a" * 32, b"b" * 32):
            network = MemoryNetwork(NetworkConfig(), seed, switch)
            side = Side(network, Links(network, nursery, bytes_per_s))
            await nursery.start(network.run)
            nursery.start_soon(side.listen)
            sides.append(side)
        one, other = sides
        await trio.testing.wait_all_tasks_blocked()
        assert isinstance(other.events[0], NetworkUp)
        await one.network.dial(other.network.address)
        await trio.testing.wait_all_tasks_blocked()
        opened = [event for event in one.events if isinstance(event, LinkOpened)]
        yield one, other, opened[0].link, nursery
        nursery.cancel_scope.cancel()


async def test_frames_leave_in_order(autojump_clock: trio.testing.MockClock):
    async with linked() as (one, other, link, _):
        wanted = [count.to_bytes(4, "big") for count in range(2_000)]
        for frame in wanted:
            one.links.send(link, frame)
        await trio.testing.wait_all_tasks_blocked()
        assert other.frames() == wanted
        assert one.links._open[link].queued_bytes == 0


@pytest.mark.parametrize("attempt", range(8))
async def test_what_was_queued_before_a_close_arrives(
    attempt: int, autojump_clock: trio.testing.MockClock
):
    """trio runs tasks in any order, so once would prove little."""
    async with linked() as (one, other, link, _):
        for count in range(5):
            one.links.send(link, bytes([count]))
        one.links.close(link, "enough")
        one.links.send(link, b"too late")
        await trio.testing.wait_all_tasks_blocked()
        assert other.frames() == [bytes([count]) for count in range(5)]
        assert one.closed() == ["enough"]
        assert len(one.links) == 0


async def test_a_goodbye_that_nobody_reads_does_not_last(autojump_clock: trio.testing.MockClock):
    async with linked(bytes_per_s=1_000) as (one, other, link, _):
        for _ in range(10):
            one.links.send(link, bytes(60_000))  # ten minutes' worth
        began = autojump_clock.current_time()
        one.links.close(link, "enough")
        while not one.closed():
            await trio.testing.wait_all_tasks_blocked()
            with trio.move_on_after(0.1):
                await trio.sleep_forever()
        assert autojump_clock.current_time() - began < GOODBYE_S + 3
        assert one.closed() == ["enough"]
        del other


async def test_a_peer_that_does_not_read_is_cut_and_what_is_queued_is_bounded(
    autojump_clock: trio.testing.MockClock,
):
    async with linked() as (one, other, link, nursery):
        other.reading = False
        before = len(nursery.child_tasks)
        frame = bytes(60_000)
        queued = 0
        for _ in range(4 * QUEUED_BYTES_MAX // len(frame)):
            one.links.send(link, frame)
            outbound = one.links._open.get(link)
            queued = max(queued, sum(map(len, outbound.frames)) if outbound else 0)
        assert queued <= QUEUED_BYTES_MAX
        assert len(nursery.child_tasks) <= before
        await trio.testing.wait_all_tasks_blocked()
        one.links.send(link, frame)
        while not one.closed():
            with trio.move_on_after(0.1):
                await trio.sleep_forever()
        assert one.closed() == ["the peer does not read"]
        assert len(one.links) == 0
        assert len(nursery.child_tasks) < before


async def test_a_link_that_is_gone_takes_and_closes_nothing(autojump_clock: trio.testing.MockClock):
    async with linked() as (one, other, link, nursery):
        other.network.kill()
        await trio.testing.wait_all_tasks_blocked()
        tasks = len(nursery.child_tasks)
        one.links.send(link, b"x")
        one.links.close(link, "again")
        one.links.closed(link)
        assert len(one.links) == 0
        assert len(nursery.child_tasks) == tasks


async def test_all_links_together_keep_to_the_budget_after_a_second_at_once(
    autojump_clock: trio.testing.MockClock,
):
    budget = 100_000
    async with linked(bytes_per_s=budget) as (one, other, link, _):
        began = autojump_clock.current_time()
        for _ in range(100):
            one.links.send(link, bytes(10_000))
        await trio.testing.wait_all_tasks_blocked()
        assert sum(map(len, other.frames())) <= budget + 10_000
        while len(other.frames()) < 100:
            with trio.move_on_after(0.5):
                await trio.sleep_forever()
        assert 8.5 <= autojump_clock.current_time() - began <= 10.5
