"""Questions between nodes: allowed, refused, limited; and what a node at the other end may do."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random

import pytest
import trio
import trio.testing

from node.config import QuerySection
from node.query.schema import QueryError, Request, encode_request, encode_result
from node.shell import remote_queries
from node.shell.memory_network import MemoryNetwork, MemorySwitch
from node.shell.network import (
    DialFailed,
    FrameIn,
    LinkClosed,
    LinkOpened,
    NetworkConfig,
    NetworkEvent,
    NetworkUp,
)
from node.shell.remote_queries import ANSWERS_MAX, RemoteClient
from protocol.messages import Hello, Proofs, Refused, decode_frame, encode_frame
from protocol.session import Session
from protocol.signing import Signer
from tests.node.shell.daemons import CONFIG, Node, World, eventually, world

NETWORK = b"grapevine"


async def ask_remote(asker: Node, other: Node, query: str, **params: object) -> dict:
    return await asker.ask("remote", address=other.network.address, query=query, params=params)


async def pair(here: World) -> tuple[Node, Node]:
    """Bob's node, and Ada's that has let him ask."""
    ada, bob = await here.node("ada"), await here.node("bob")
    await ada.ask("like", item="ml:movie:1")
    await ada.ask("allow", author=bob.author.hex())
    return ada, bob


# -------------------------------------------------------------------------------- between daemons


async def test_who_is_allowed_gets_answers_and_who_is_not_is_told_so():
    async with world() as here:
        ada, bob = await pair(here)
        eve = await here.node("eve")
        status = await ask_remote(bob, ada, "status")
        assert status == {"peers": 0, "feeds": 0}  # the public part
        assert "items" in await ask_remote(bob, ada, "recommend", n=3)
        with pytest.raises(QueryError, match="not allowed your author key") as raised:
            await ask_remote(eve, ada, "recommend")
        assert raised.value.exit == 8
        await ada.ask("disallow", author=bob.author.hex())
        with pytest.raises(QueryError, match="not allowed"):
            await ask_remote(bob, ada, "status")
        assert (await ada.ask("status"))["bugs"] == 0


async def test_only_reading_is_asked_of_others():
    async with world() as here:
        ada, bob = await pair(here)
        for query in ("like", "stop", "backup_create", "share_set", "remote"):
            with pytest.raises(QueryError, match="not for other nodes"):
                await ask_remote(bob, ada, query)


async def test_a_refusal_of_the_other_node_comes_back_as_it_was_said():
    async with world() as here:
        ada, bob = await pair(here)
        with pytest.raises(QueryError, match="nobody heard here knows") as raised:
            await ask_remote(bob, ada, "why", item="ml:movie:404")
        assert raised.value.code == "not_found"
        with pytest.raises(QueryError, match="n must be a number"):
            await ask_remote(bob, ada, "recommend", n="many")


async def test_too_many_questions_are_refused_as_busy_and_local_ones_are_not():
    async with world() as here:
        config = replace(CONFIG, query=QuerySection(remote_per_minute=3))
        ada, bob = await here.node("ada", config), await here.node("bob")
        await ada.ask("allow", author=bob.author.hex())
        for _ in range(3):
            await ask_remote(bob, ada, "status")
        with pytest.raises(QueryError, match="too many") as raised:
            await ask_remote(bob, ada, "status")
        assert raised.value.code == "busy"
        for _ in range(10):
            await ada.ask("status")


async def test_a_node_that_answers_nobody_closes_query_links():
    async with world() as here:
        config = replace(CONFIG, query=QuerySection(remote=False))
        ada, bob = await here.node("ada", config), await here.node("bob")
        await ada.ask("allow", author=bob.author.hex())
        with pytest.raises(QueryError, match="hung up") as raised:
            await ask_remote(bob, ada, "status")
        assert raised.value.code == "unreachable"
        assert (await ada.ask("status"))["bugs"] == 0


async def test_nobody_there_is_unreachable_and_no_address_is_usage():
    async with world() as here:
        bob = await here.node("bob")
        with pytest.raises(QueryError, match="nobody listens") as raised:
            await bob.ask("remote", address="/memory/x/p2p/12D3xyz", query="status", params={})
        assert raised.value.exit == 5
        with pytest.raises(QueryError, match="not an address"):
            await bob.ask("remote", address="ada", query="status", params={})


async def test_links_and_questions_leave_nothing_behind():
    async with world() as here:
        ada, bob = await pair(here)
        for _ in range(30):
            await ask_remote(bob, ada, "status")

        async def quiet() -> bool:
            return not (ada.network.statistics().links or bob.network.statistics().links)

        await eventually(quiet, "query links closed")
        client, server = bob.daemon._client, ada.daemon._server
        assert server is not None
        assert (client._dialling, client._linked, server._askers) == ({}, {}, {})
        assert len(ada.daemon._links) == len(bob.daemon._links) == 0  # type: ignore[arg-type]


async def test_a_gossip_dial_that_fails_is_not_taken_for_the_questions_own():
    """Both go to one address; gossip's fails, since a link stands already."""
    async with world() as here:
        ada, bob = await pair(here)
        await bob.friend_of(ada)
        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(bob.network.dial, ada.network.address)
            for _ in range(4):
                nursery.start_soon(ask_remote, bob, ada, "status")
        assert bob.daemon.peer.state.addresses._dialling == {}


# ---------------------------------------------------------------- a peer that does not behave


class Stranger:
    """A query link spoken by hand, in either role."""

    def __init__(self, network: MemoryNetwork) -> None:
        self.network = network
        self.link = 0
        self.peer_id = ""
        self.frames: list[bytes] = []
        self.closed = ""
        self.answer: Callable[[Stranger], Awaitable[None]] | None = None

    async def listen(self) -> None:
        async for event in self.network.events:
            match event:
                case LinkOpened(protocol="query"):
                    self.link, self.peer_id = event.link, event.peer_id
                    if self.answer is not None:
                        await self.answer(self)
                case FrameIn(frame=frame):
                    self.frames.append(frame)
                case LinkClosed(reason=reason):
                    self.closed = reason
                case DialFailed(reason=reason):
                    self.closed = reason

    async def say(self, frame: bytes) -> None:
        await self.network.send(self.link, frame)

    def session(self) -> Session:
        return Session(NETWORK, self.network.peer_id, self.peer_id, Random(1))

    async def until(self, holds: Callable[[], object], what: str) -> None:
        async def look() -> bool:
            return bool(holds())

        await eventually(look, what)


@asynccontextmanager
async def stranger(switch: MemorySwitch) -> AsyncIterator[Stranger]:
    network = MemoryNetwork(NetworkConfig(), b"s" * 32, switch, "stranger")
    made = Stranger(network)
    async with trio.open_nursery() as nursery:
        await nursery.start(network.run)
        nursery.start_soon(made.listen)
        yield made
        nursery.cancel_scope.cancel()


async def greeted(one: Stranger, node: Node) -> Session:
    """After Hello on both sides."""
    await one.network.dial(node.network.address, "query")
    await one.until(lambda: one.frames, "Hello")
    session = one.session()
    hello = decode_frame(one.frames.pop(0))
    assert isinstance(hello, Hello)
    await one.say(encode_frame(session.hello()))
    session.accept(hello)
    return session


FIRST_FRAMES = {
    "garbage": b"\xff\xff\xff",
    "a question before Hello": encode_request(Request(1, "status")),
    "another network": encode_frame(Session(b"other", "x", "y", Random(1)).hello()),
}


@pytest.mark.parametrize("frame", FIRST_FRAMES.values(), ids=FIRST_FRAMES.keys())
async def test_a_wrong_greeting_costs_the_link(frame: bytes):
    async with world() as here, stranger(here.switch) as one:
        ada = await here.node("ada")
        await one.network.dial(ada.network.address, "query")
        await one.until(lambda: one.frames, "Hello")
        await one.say(frame)
        await one.until(lambda: one.closed, "the end")
        status = await ada.ask("status")
        assert (status["bugs"], status["network"]["links"]) == (0, 0)


async def test_the_reason_of_a_refusal_arrives_before_the_end():
    async with world() as here, stranger(here.switch) as one:
        ada = await here.node("ada")
        await one.network.dial(ada.network.address, "query")
        await one.until(lambda: one.frames, "Hello")
        await one.say(FIRST_FRAMES["another network"])
        await one.until(lambda: one.closed, "the end")
        refused = decode_frame(one.frames[-1])
        assert isinstance(refused, Refused)
        assert refused.reason


async def test_a_forged_author_and_garbage_for_a_question_cost_the_link():
    async with world() as here:
        ada = await here.node("ada")
        for bad in ("forged", "garbage", "proofs twice"):
            async with stranger(here.switch) as one:
                session = await greeted(one, ada)
                good = session.prove([Signer(b"k" * 32)])
                if bad == "forged":
                    proof = replace_author(good[0], Signer(b"x" * 32).public_key)
                    await one.say(encode_frame(proof))
                elif bad == "garbage":
                    await one.say(b"\xc1\xc1")
                else:
                    await one.say(encode_frame(good[0]))
                    await one.say(encode_frame(good[0]))
                await one.until(lambda one=one: one.closed, bad)
                assert one.frames == []
        assert (await ada.ask("status"))["bugs"] == 0


def replace_author(proofs: Proofs, author: bytes) -> Proofs:
    import msgspec

    first = msgspec.structs.replace(proofs.proofs[0], author=author)
    return Proofs((first,))


async def test_more_questions_at_once_than_are_answered_at_once_are_refused():
    async with world() as here, stranger(here.switch) as one:
        ada = await here.node("ada")
        await ada.ask("allow", author=Signer(b"k" * 32).public_key.hex())
        session = await greeted(one, ada)
        for proofs in session.prove([Signer(b"k" * 32)]):
            await one.say(encode_frame(proofs))
        count = 3 * ANSWERS_MAX
        for number in range(count):
            await one.say(encode_request(Request(number, "recommend", {"n": 5})))
        await one.until(lambda: len(one.frames) == count, "an answer to each")
        busy = [frame for frame in one.frames if b"busy" in frame]
        assert 0 < len(busy) <= count - ANSWERS_MAX
        server = ada.daemon._server
        assert server is not None
        assert [asker.answering for asker in server._askers.values()] == [0]


async def answer_garbage(one: Stranger) -> None:
    await one.say(b"\xff\xfe\xfd")


async def answer_a_forged_hello(one: Stranger) -> None:
    await one.say(encode_frame(Session(b"other", "x", "y", Random(1)).hello()))


async def answer_nonsense(one: Stranger) -> None:
    await one.say(encode_frame(one.session().hello()))
    await one.say(b"\xc1 not an answer")


async def answer_out_of_turn(one: Stranger) -> None:
    await one.say(encode_result(1, {"free": "advice"}, ()))


async def answer_a_flood(one: Stranger) -> None:
    await one.say(encode_frame(one.session().hello()))
    for _ in range(200):
        await one.say(encode_result(1, {"n": 1}, ()))


async def answer_and_hang_up(one: Stranger) -> None:
    await one.network.close_link(one.link, "no")


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        (answer_garbage, {"version"}),
        (answer_a_forged_hello, {"version"}),
        (answer_nonsense, {"internal"}),
        (answer_out_of_turn, {"version"}),
        (answer_and_hang_up, {"unreachable"}),
        (answer_a_flood, set()),
    ],
)
async def test_whatever_the_other_node_says_costs_the_question_and_not_the_daemon(
    answer: Callable[[Stranger], Awaitable[None]], codes: set[str]
):
    async with world() as here, stranger(here.switch) as one:
        one.answer = answer
        ada = await here.node("ada")
        question = {"address": one.network.address, "query": "status", "params": {}}
        if codes:
            with pytest.raises(QueryError) as raised:
                await ada.ask("remote", **question)
            assert raised.value.code in codes
        else:
            assert await ada.ask("remote", **question) == {"n": 1}
        await one.until(lambda: one.closed, "the link is closed")
        status = await ada.ask("status")
        assert (status["bugs"], status["state"]) == (0, "running")


# ----------------------------------------------------------------------- giving a question up


class SlowDial(MemoryNetwork):
    """Dials take as long as the test wants."""

    go: trio.Event

    async def dial(self, address: str, protocol="gossip") -> None:
        await self.go.wait()
        await super().dial(address, protocol)


async def test_a_question_that_was_given_up_leaves_nothing_and_its_late_link_is_not_ours(
    autojump_clock: trio.testing.MockClock,
):
    switch = MemorySwitch()
    async with trio.open_nursery() as nursery, stranger(switch) as one:
        network = MemoryNetwork(NetworkConfig(), b"a" * 32, switch)
        await nursery.start(network.run)
        client = RemoteClient(network, NETWORK, Signer(b"k" * 32), Random(1))
        events: list[NetworkEvent] = []

        async def listen() -> None:
            async for event in network.events:
                if isinstance(event, NetworkUp) or not client.on_event(event):
                    events.append(event)

        # Nobody listens to events yet: the link opens, and no one is told.
        with pytest.raises(QueryError, match="no answer") as raised:
            await client.ask(one.network.address, "status", {})
        assert raised.value.code == "timeout"
        assert autojump_clock.current_time() >= remote_queries.ASK_S
        assert (client._dialling, client._linked) == ({}, {})
        nursery.start_soon(listen)
        await trio.testing.wait_all_tasks_blocked()
        late = [event for event in events if isinstance(event, LinkOpened)]
        assert len(late) == 1  # the daemon closes it
        nursery.cancel_scope.cancel()


async def test_a_daemon_closes_the_late_link_of_a_question_given_up(
    monkeypatch: pytest.MonkeyPatch,
):
    async with world() as here, stranger(here.switch) as one:
        ada = await here.node("ada")
        # As if asked and given up while it was being dialled.
        await ada.network.dial(one.network.address, "query")
        await one.until(lambda: one.closed, "the link is closed")
        assert one.frames == []  # ada did not take the stranger for one who asks
        assert (await ada.ask("status"))["network"]["links"] == 0
