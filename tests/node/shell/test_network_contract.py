"""What every network promises, asked of both kinds."""

from random import Random

import pytest
import trio
import trio.testing

from node.shell.network import (
    FRAME_BYTES_MAX,
    DialFailed,
    FrameTooLong,
    LinkClosed,
    LinkOpened,
    NetcheckReport,
    NetworkDown,
    NetworkUp,
    PeerFound,
)
from tests.node.shell.network_contract import World, a_moment, eventually, kill, link, world


@pytest.fixture(params=["memory", pytest.param("libp2p", marks=pytest.mark.slow)])
async def net(request):
    async with world(request.param) as made:
        yield made


async def test_a_dial_opens_one_link_on_each_side(net: World) -> None:
    one, two = await net.nodes(2)
    near, far = await link(one, two)
    opened, accepted = one.of(LinkOpened)[0], two.of(LinkOpened)[0]
    assert opened == LinkOpened(near, "gossip", two.peer_id, True, two.address)
    assert (accepted.peer_id, accepted.outbound) == (one.peer_id, False)
    assert "/p2p/" not in accepted.address
    await one.network.send(near, b"there")
    await two.network.send(far, b"and back")
    await two.until(lambda: two.frames(far) == [b"there"])
    await one.until(lambda: one.frames(near) == [b"and back"])
    for watcher in (one, two):
        assert len(watcher.of(LinkOpened)) == 1
        assert not watcher.of(DialFailed)
        assert watcher.network.statistics().links == 1


async def test_frames_arrive_whole_and_in_order_both_ways(net: World) -> None:
    one, two = await net.nodes(2)
    near, far = await link(one, two)
    rng = Random(7)
    largest = FRAME_BYTES_MAX["gossip"]
    sizes = [rng.randint(1, 200) for _ in range(4_000)] + [largest] * 30 + [1, largest, 1]
    rng.shuffle(sizes)

    def frames(side: int) -> list[bytes]:
        return [bytes([side]) * max(0, n - 3) + i.to_bytes(3, "big") for i, n in enumerate(sizes)]

    async def send(watcher, number: int, side: int) -> None:
        for frame in frames(side):
            await watcher.network.send(number, frame[-FRAME_BYTES_MAX["gossip"] :])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send, one, near, 1)
        nursery.start_soon(send, two, far, 2)
    await two.until(lambda: len(two.frames(far)) == len(sizes))
    await one.until(lambda: len(one.frames(near)) == len(sizes))
    assert two.frames(far) == frames(1)
    assert one.frames(near) == frames(2)
    for watcher in (one, two):
        assert watcher.order_holds()
        counted = watcher.network.statistics()
        assert counted.frames_in == counted.frames_out == len(sizes)
        assert counted.bytes_in == counted.bytes_out == sum(max(3, n) for n in sizes)


async def test_a_second_gossip_dial_fails_and_the_link_stays(net: World) -> None:
    one, two = await net.nodes(2)
    near, far = await link(one, two)
    await one.network.dial(two.address)
    failed = await one.next(DialFailed)
    assert failed.address == two.address
    await two.network.dial(one.address)
    await two.next(DialFailed)
    await one.network.send(near, b"still here")
    await two.until(lambda: two.frames(far) == [b"still here"])
    assert len(one.of(LinkOpened)) == len(two.of(LinkOpened)) == 1


async def test_dials_at_the_same_moment_leave_one_link(net: World) -> None:
    one, two = await net.nodes(2)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(one.network.dial, two.address)
        nursery.start_soon(two.network.dial, one.address)

    def outcomes(watcher) -> int:
        opened = sum(event.outbound for event in watcher.of(LinkOpened))
        return opened + len(watcher.of(DialFailed))

    await one.until(lambda: outcomes(one) == 1)
    await two.until(lambda: outcomes(two) == 1)
    # A frame that arrives shows that both ends speak of the same link.
    with trio.fail_after(60):
        while True:
            for watcher in (one, two):
                for opened in watcher.open_links():
                    await watcher.network.send(opened.link, watcher.peer_id.encode())
            alive = [w.open_links() for w in (one, two)]
            if [len(links) for links in alive] == [1, 1] and all(
                w.frames(links[0].link) for w, links in zip((one, two), alive, strict=True)
            ):
                break
            await a_moment()
    assert outcomes(one) == outcomes(two) == 1
    assert one.order_holds()
    assert two.order_holds()


async def test_close_delivers_what_was_sent_before(net: World) -> None:
    one, two = await net.nodes(2)
    near, far = await link(one, two)
    sent = [bytes([n]) * 9_000 for n in range(1, 201)]
    for frame in sent:
        await one.network.send(near, frame)
    await one.network.close_link(near, "enough")
    closed = await one.next(LinkClosed)
    assert closed == LinkClosed(near, "enough")
    await two.next(LinkClosed)
    assert two.frames(far) == sent
    await one.network.send(near, b"nobody there")  # no effect, no error
    assert one.network.statistics().links == 0
    assert one.order_holds()
    assert two.order_holds()


@pytest.mark.parametrize("bad", ["", "nonsense", "/ip4/127.0.0.1/tcp/1", "/p2p/", "/ip4/x/p2p/y"])
async def test_a_bad_address_fails(net: World, bad: str) -> None:
    one = await net.node()
    await one.network.dial(bad)
    assert (await one.next(DialFailed)).address == bad


async def test_nobody_there_somebody_else_there_and_oneself(net: World) -> None:
    one, two = await net.nodes(2)
    three_id = (await net.node("three")).peer_id
    wrong = two.address.replace(two.peer_id, three_id)
    gone = wrong.replace("/tcp/", "/tcp/1").replace("/memory/", "/memory/x")
    for count, address in enumerate([wrong, gone[: gone.find("/p2p/")] + "/p2p/" + three_id]):
        await one.network.dial(address)
        assert (await one.next(DialFailed, count)).address == address
    await one.network.dial(one.address)
    assert (await one.next(DialFailed, 2)).address == one.address
    assert not two.of(LinkOpened)


async def test_link_numbers_are_never_used_twice(net: World) -> None:
    one, two = await net.nodes(2)
    for turn in range(3):
        near, _ = await link(one, two, "query" if turn == 1 else "gossip")
        await one.network.close_link(near, "again")
        await one.next(LinkClosed, turn)
        await two.next(LinkClosed, turn)
    kill(one.network)
    await one.next(NetworkUp, 1)
    await link(one, two)
    numbers = [event.link for event in one.of(LinkOpened)]
    assert len(set(numbers)) == len(numbers) == 4
    assert one.order_holds()
    assert two.order_holds()


async def test_a_frame_that_is_too_long_is_our_own_bug(net: World) -> None:
    one, two = await net.nodes(2)
    gossip, gossip_far = await link(one, two)
    query, query_far = await link(one, two, "query")
    for number, most in ((gossip, FRAME_BYTES_MAX["gossip"]), (query, FRAME_BYTES_MAX["query"])):
        with pytest.raises(FrameTooLong):
            await one.network.send(number, bytes(most + 1))
        with pytest.raises(ValueError, match="empty"):
            await one.network.send(number, b"")
        await one.network.send(number, bytes(most))
    await two.until(lambda: len(two.frames(gossip_far)) == len(two.frames(query_far)) == 1)
    assert len(two.frames(query_far)[0]) == FRAME_BYTES_MAX["query"]


async def test_death_closes_every_link_and_the_network_comes_back(net: World) -> None:
    one, two, three = await net.nodes(3)
    await link(one, two)
    await link(three, one)
    await link(one, two, "query")
    address, before = one.address, len(one.events)
    kill(one.network)
    down = await one.next(NetworkDown)
    assert down.retry_in_s > 0
    until_down = one.events[before : one.events.index(down)]
    assert sorted(event.link for event in until_down if isinstance(event, LinkClosed)) == [1, 2, 3]
    await two.until(lambda: len(two.of(LinkClosed)) == 2)
    await three.next(LinkClosed)
    await one.network.dial(two.address)  # while it is down
    assert (await one.next(DialFailed)).address == two.address

    up = await one.next(NetworkUp, 1)
    assert up.addresses[0] == address
    assert up.peer_id == one.peer_id
    near, far = await link(three, one)
    await three.network.send(near, b"welcome back")
    await one.until(lambda: one.frames(far) == [b"welcome back"])
    counted = one.network.statistics()
    assert counted.up
    assert (counted.restarts, counted.links) == (1, 1)
    assert one.order_holds()


async def test_senders_that_wait_are_let_go_when_the_network_dies(net: World) -> None:
    one, two = await net.nodes(2, queued_frames_max=4)
    near, _ = await link(one, two)
    two.take(False)
    done = []

    async def send_much() -> None:
        for _ in range(3_000):
            await one.network.send(near, bytes(16_000))
        done.append(True)

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(send_much)
        await trio.testing.wait_all_tasks_blocked(0.1)
        assert not done
        kill(one.network)
        await eventually(lambda: len(done) == 3)


async def test_several_senders_share_one_link(net: World) -> None:
    one, two = await net.nodes(2, queued_frames_max=2)
    near, far = await link(one, two)

    async def send(tag: int) -> None:
        for number in range(200):
            await one.network.send(near, bytes([tag, number]))

    async with trio.open_nursery() as nursery:
        for tag in range(5):
            nursery.start_soon(send, tag)
    await two.until(lambda: len(two.frames(far)) == 1_000)
    for tag in range(5):
        mine = [frame[1] for frame in two.frames(far) if frame[0] == tag]
        assert mine == list(range(200))


async def test_who_takes_no_events_makes_the_senders_wait(net: World) -> None:
    one, two = await net.nodes(2, slow_reader_s=300.0)
    near, far = await link(one, two)
    two.take(False)
    sent, total = [0], 1_000

    async def send_all() -> None:
        for number in range(total):
            await one.network.send(near, number.to_bytes(2, "big") * 8_000)
            sent[0] += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send_all)
        with trio.fail_after(60):
            while True:  # until it has not moved for a while
                before = sent[0]
                await a_moment(1.0)
                if sent[0] == before:
                    break
        assert sent[0] < total
        two.take(True)
    await two.until(lambda: len(two.frames(far)) == total)
    assert two.frames(far) == [n.to_bytes(2, "big") * 8_000 for n in range(total)]


async def test_a_peer_that_takes_nothing_loses_the_link(net: World) -> None:
    one, two = await net.nodes(2, slow_reader_s=1.0)
    near, _ = await link(one, two)
    two.take(False)
    with trio.fail_after(60):
        while not one.of(LinkClosed):
            await one.network.send(near, bytes(60_000))
    assert one.of(LinkClosed)[0].link == near
    two.take(True)
    await two.next(LinkClosed)
    assert two.order_holds()
    assert await link(one, two)


async def test_a_silent_link_is_closed(net: World) -> None:
    one, two = await net.nodes(2, idle_s=1.0)
    await link(one, two)
    await one.next(LinkClosed)
    await two.next(LinkClosed)


async def test_who_provides_a_key_is_found(net: World) -> None:
    key = bytes(range(32))
    middle = await net.node("middle", kademlia=True)
    settings = {"kademlia": True, "bootstrap": (middle.address,)}
    giver, seeker = await net.node("giver", **settings), await net.node("seeker", **settings)
    assert (await giver.next(PeerFound)).source == "bootstrap"
    await giver.network.provide(key)

    def answers() -> list[PeerFound]:
        return [found for found in seeker.of(PeerFound) if found.key == key]

    with trio.fail_after(90):
        while not answers():  # announcing takes a moment, and nobody says when it is done
            await seeker.network.find(key)
            with trio.move_on_after(2):
                await seeker.until(answers)
    assert answers()[0].source == "kademlia"
    assert answers()[0].addresses == (giver.address,)


async def test_netcheck_reports(net: World) -> None:
    one = await net.node()
    report = await one.network.netcheck()
    assert isinstance(report, NetcheckReport)
    assert report.listen_addresses == (one.address,)
    assert report.checks
    kill(one.network)
    await one.next(NetworkDown)
    assert (await one.network.netcheck()).reachable == "unknown"


async def test_statistics_count(net: World) -> None:
    one, two = await net.nodes(2)
    near, far = await link(one, two)
    for _ in range(3):
        await one.network.send(near, b"12345")
    await two.until(lambda: len(two.frames(far)) == 3)
    counted, other = one.network.statistics(), two.network.statistics()
    assert (counted.frames_out, counted.bytes_out, counted.frames_in) == (3, 15, 0)
    assert (other.frames_in, other.bytes_in, other.frames_out) == (3, 15, 0)
    assert (counted.up, counted.links, counted.restarts) == (True, 1, 0)
    await eventually(lambda: one.network.statistics().connections == 1)
