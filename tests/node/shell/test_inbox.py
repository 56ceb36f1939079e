"""Nothing is lost or reordered, whoever waits; queries and outcomes never wait behind frames."""

from random import Random

import pytest
import trio
import trio.testing

from node.core.events import OWNER, Asked, Committed, Event
from node.shell.inbox import ARRIVALS_MAX, Inbox
from protocol.events import FrameReceived


def frame(producer: int, number: int) -> FrameReceived:
    return FrameReceived(producer, number.to_bytes(4, "big"))


def query(number: int) -> Asked:
    return Asked(number, "status", {}, OWNER)


async def take(inbox: Inbox, count: int) -> list[Event]:
    return [await inbox.next() for _ in range(count)]


async def test_outcomes_come_first_then_queries_then_arrivals_each_in_order():
    inbox = Inbox()
    await inbox.arrive(frame(1, 1))
    await inbox.arrive(frame(1, 2))
    inbox.ask(query(3))
    inbox.ask(query(4))
    inbox.complete(Committed(5))
    inbox.complete(Committed(6))
    wanted = [Committed(5), Committed(6), query(3), query(4), frame(1, 1), frame(1, 2)]
    assert await take(inbox, 6) == wanted


@pytest.mark.parametrize("seed", range(10))
async def test_many_producers_and_one_consumer_lose_nothing_and_keep_each_ones_order(
    seed: int, autojump_clock: trio.testing.MockClock
):
    """More producers than room, so that several wait for one place at the same time."""
    rng, inbox, each = Random(seed), Inbox(), 60
    producers = 20
    got: dict[int, list[Event]] = {number: [] for number in range(producers)}

    async def produce(number: int) -> None:
        for count in range(each):
            await inbox.arrive(frame(number, count))

    async with trio.open_nursery() as nursery:
        for number in range(producers):
            nursery.start_soon(produce, number)
        with trio.fail_after(60):
            for _ in range(producers * each):
                if rng.random() < 0.05:  # let every producer run into the wall
                    await trio.testing.wait_all_tasks_blocked()
                assert len(inbox._arrivals) <= ARRIVALS_MAX
                event = await inbox.next()
                assert isinstance(event, FrameReceived)
                got[event.link].append(event)
    for number, events in got.items():
        assert events == [frame(number, count) for count in range(each)]


async def test_one_who_stops_waiting_for_room_takes_nobody_elses_turn(
    autojump_clock: trio.testing.MockClock,
):
    inbox = Inbox()
    for count in range(ARRIVALS_MAX):
        await inbox.arrive(frame(0, count))
    async with trio.open_nursery() as nursery:
        impatient = trio.CancelScope()

        async def give_up() -> None:
            with impatient:
                await inbox.arrive(frame(1, 0))

        nursery.start_soon(give_up)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(inbox.arrive, frame(2, 0))
        await trio.testing.wait_all_tasks_blocked()
        await inbox.next()
        impatient.cancel()
        with trio.fail_after(5):
            last = (await take(inbox, ARRIVALS_MAX))[-1]
    assert isinstance(last, FrameReceived)
    assert last in (frame(1, 0), frame(2, 0))


async def test_paused_arrivals_wait_while_queries_and_outcomes_pass(
    autojump_clock: trio.testing.MockClock,
):
    inbox = Inbox()
    await inbox.arrive(frame(1, 1))
    inbox.pause_arrivals(True)
    inbox.ask(query(1))
    inbox.complete(Committed(2))
    assert await take(inbox, 2) == [Committed(2), query(1)]
    got: list[Event] = []

    async def consume() -> None:
        got.append(await inbox.next())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(consume)
        await trio.testing.wait_all_tasks_blocked()
        assert got == []
        inbox.pause_arrivals(False)
        await trio.testing.wait_all_tasks_blocked()
        assert got == [frame(1, 1)]


@pytest.mark.parametrize("hand_in", ["complete", "ask", "arrive"])
async def test_a_waiting_consumer_is_woken_by_each_kind(
    hand_in: str, autojump_clock: trio.testing.MockClock
):
    inbox = Inbox()
    got: list[Event] = []

    async def consume() -> None:
        got.append(await inbox.next())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(consume)
        await trio.testing.wait_all_tasks_blocked()
        match hand_in:
            case "complete":
                inbox.complete(Committed(1))
            case "ask":
                inbox.ask(query(1))
            case _:
                await inbox.arrive(frame(1, 1))
        with trio.fail_after(5):
            await trio.testing.wait_all_tasks_blocked()
        assert len(got) == 1
        nursery.cancel_scope.cancel()
