"""Being reached through a relay, by three real network processes; and each switch that is off."""

import pytest

from node.shell.network import (
    DialFailed,
    FrameIn,
    LinkClosed,
    LinkOpened,
    NetcheckReport,
    ReachabilityChanged,
)
from tests.node.shell.network_contract import Watcher, a_moment, kill, world

pytestmark = pytest.mark.slow

UNUSED_S = 4.0


@pytest.fixture
async def net():
    async with world("libp2p") as made:
        yield made


def circuit(relay: Watcher, hidden: Watcher) -> str:
    """The address of a node behind a relay."""
    return f"{relay.address}/p2p-circuit/p2p/{hidden.peer_id}"


async def talk_through(relay: Watcher, hidden: Watcher, seeker: Watcher) -> None:
    """The seeker, who knows no other address, opens a link and frames pass both ways."""
    await seeker.network.dial(circuit(relay, hidden))
    near = await seeker.next(LinkOpened)
    far = await hidden.next(LinkOpened)
    assert (near.peer_id, far.peer_id) == (hidden.peer_id, seeker.peer_id)
    for number in range(50):
        await seeker.network.send(near.link, bytes([1, number]) * 20_000)
        await hidden.network.send(far.link, bytes([2, number]) * 20_000)
    await hidden.until(lambda: len(hidden.of(FrameIn)) == 50)
    await seeker.until(lambda: len(seeker.of(FrameIn)) == 50)
    assert hidden.frames(far.link) == [bytes([1, number]) * 20_000 for number in range(50)]


def check(report: NetcheckReport, name: str) -> str:
    return next(check.status for check in report.checks if check.name == name)


async def test_reached_through_a_relay(net):
    common = {"relay_client": True, "unused_s": UNUSED_S}
    relay = await net.node("relay", relay_service=True, **common)
    hidden = await net.node("hidden", bootstrap=(relay.address,), **common)
    seeker = await net.node("seeker", **common)
    # The node tells where it is reached now, when it has its place at the relay.
    told = await hidden.next(ReachabilityChanged)
    assert told.addresses == (circuit(relay, hidden),)
    report = await hidden.network.netcheck()
    assert report.relay_addresses == told.addresses
    assert check(report, "relays") == "yes"

    await talk_through(relay, hidden, seeker)
    # None of the connections that the circuit needs counts as unused.
    await a_moment(2 * UNUSED_S)
    assert not seeker.of(LinkClosed)
    assert relay.network.statistics().connections == 2
    # All of it goes through the relay: without it nothing does.
    kill(relay.network)
    await seeker.next(LinkClosed)
    await hidden.next(LinkClosed)


async def test_hole_punching_leaves_the_link_whole(net):
    relay = await net.node("relay", relay_service=True, relay_client=True)
    behind = {"relay_client": True, "dcutr": True, "unused_s": UNUSED_S}
    hidden = await net.node("hidden", bootstrap=(relay.address,), **behind)
    seeker = await net.node("seeker", **behind)
    await hidden.next(ReachabilityChanged)
    await talk_through(relay, hidden, seeker)
    assert not seeker.of(LinkClosed)
    assert not hidden.of(LinkClosed)


async def test_who_does_not_relay_gives_no_place(net):
    other = await net.node("other", relay_client=True)
    hidden = await net.node("hidden", relay_client=True, bootstrap=(other.address,))
    seeker = await net.node("seeker", relay_client=True)
    await seeker.network.dial(circuit(other, hidden))
    assert (await seeker.next(DialFailed)).address == circuit(other, hidden)
    report = await hidden.network.netcheck()
    assert check(report, "relays") == "no"
    assert report.relay_addresses == ()


async def test_relays_off(net):
    relay = await net.node("relay", relay_service=True, relay_client=True)
    off = await net.node("off", bootstrap=(relay.address,))
    seeker = await net.node("seeker", relay_client=False)
    await seeker.network.dial(circuit(relay, off))
    assert "switched off" in (await seeker.next(DialFailed)).reason
    report = await off.network.netcheck()
    assert check(report, "relays") == "unknown"
