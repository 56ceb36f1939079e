"""Links over a real network take as long as the scenario says, and keep their order."""

from random import Random

import pytest
import trio
from trio.testing import MockClock

from node.shell.memory_network import MemoryNetwork, MemorySwitch
from node.shell.network import (
    FrameIn,
    LinkClosed,
    LinkOpened,
    NetworkConfig,
    NetworkEvent,
    NetworkUp,
)
from sim.real.wires import Delayed


def pair(latency_s: float, jitter_s: float = 0.0) -> list[Delayed]:
    switch = MemorySwitch()
    inner = [MemoryNetwork(NetworkConfig(), key * 32, switch) for key in (b"a", b"b")]
    return [Delayed(one, latency_s, jitter_s, Random(1)) for one in inner]


async def first(network: Delayed, kind: type[NetworkEvent]) -> NetworkEvent:
    """The next event of the kind."""
    async for event in network.events:
        if isinstance(event, kind):
            return event
    raise AssertionError("the network has ended")


async def test_links_frames_and_ends_come_late_by_the_latency(autojump_clock: MockClock) -> None:
    one, other = pair(2.0)
    async with trio.open_nursery() as nursery:
        await nursery.start(one.run)
        await nursery.start(other.run)
        address = (await up(other)).addresses[0]
        began = autojump_clock.current_time()
        await one.dial(address)
        opened = await first(other, LinkOpened)
        assert autojump_clock.current_time() - began == pytest.approx(2)
        dialled = await first(one, LinkOpened)
        assert autojump_clock.current_time() - began == pytest.approx(4)
        assert dialled.outbound
        sent = autojump_clock.current_time()
        await one.send(dialled.link, b"hello")
        await one.close_link(dialled.link, "enough")
        frame = await first(other, FrameIn)
        assert autojump_clock.current_time() - sent == pytest.approx(2)
        assert frame == FrameIn(opened.link, b"hello")
        await first(other, LinkClosed)
        assert autojump_clock.current_time() - sent == pytest.approx(2)
        assert one.statistics().frames_out == 1
        nursery.cancel_scope.cancel()


async def test_frames_of_a_link_never_overtake_each_other(autojump_clock: MockClock) -> None:
    one, other = pair(0.1, jitter_s=5.0)
    async with trio.open_nursery() as nursery:
        await nursery.start(one.run)
        await nursery.start(other.run)
        await one.dial((await up(other)).addresses[0])
        dialled = await first(one, LinkOpened)
        for number in range(50):
            await one.send(dialled.link, bytes([number + 1]))
        came = [(await first(other, FrameIn)).frame for _ in range(50)]
        assert came == [bytes([number + 1]) for number in range(50)]
        nursery.cancel_scope.cancel()


async def up(network: Delayed) -> NetworkEvent:
    """Its NetworkUp."""
    return await first(network, NetworkUp)
