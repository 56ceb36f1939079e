"""The speaker made from SPEC.md talks to a real daemon, over libp2p on loopback."""

import secrets
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import msgpack
import pytest
import trio
from trio.abc import Stream

from tests.interop import sayings, talk
from tests.interop.daemon import NETWORK, Daemon, running, until
from tests.interop.live import (
    GOSSIP,
    QUERY,
    SEED,
    dialled,
    frames,
    in_conversation,
    send,
    speaker_for,
)
from tests.interop.schema import pack

pytestmark = pytest.mark.slow

LIKED = "mbid:shared-by-the-daemon"


async def link_of_speaker(daemon: Daemon) -> bool:
    author = sayings.public_key(SEED).hex()
    return any(author in link["authors"] for link in (await daemon.ask("peers"))["links"])


async def holds(daemon: Daemon, edges: int) -> bool:
    return (await daemon.ask("status"))["graph"]["edges"] >= edges


def when(question: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        return question()

    return ask


async def test_session_both_ways():
    async with running() as daemon:
        author = sayings.public_key(SEED).hex()
        await daemon.ask("trust", peer=author, weight=1.0)
        before = (await daemon.ask("status"))["graph"]["edges"]
        async with in_conversation(daemon) as speaker:
            # HELLO: the daemon believes for whom we speak
            await until(lambda: link_of_speaker(daemon))
            # our feed arrives there
            await until(lambda: holds(daemon, before + 60))
            assert sorted(dict.fromkeys(speaker.served)) == [1, 2, 5]
            # its owner's does not leave before she says so, not even who she is
            owner = bytes.fromhex((await daemon.ask("id"))["author"])
            await daemon.ask("like", item=LIKED, weight=1.0)
            assert not speaker.heard
            assert not speaker.their_authors
            await daemon.ask("share_set", taste=True)
            await until(when(lambda: any(said(b, owner, LIKED) for b in speaker.heard)))
            await until(when(lambda: owner in speaker.their_authors))
            assert speaker.finished > 0
            links = (await daemon.ask("peers"))["links"]
            assert [link["points"] for link in links] == [0], "the speaker broke a rule"


def said(bundle: dict[str, Any], author: bytes, item: str) -> bool:
    claims = bundle["claims"] or []
    return bundle["author"] == author and any(claim.get("item") == item for claim in claims)


async def test_what_the_daemon_refuses():
    async with running() as daemon:
        # another network: closed, at best with a word
        async with dialled(daemon, GOSSIP) as (stream, me, partner):
            with trio.fail_after(30):
                reasons = await converse_elsewhere(stream, me, partner)
            assert all("network" in reason for reason in reasons)
        # a proof made for another session: closed
        async with dialled(daemon, GOSSIP) as (stream, me, partner):
            with trio.fail_after(30):
                await converse_with_old_proof(stream, me, partner)
        assert not await link_of_speaker(daemon)


async def converse_elsewhere(stream: Stream, me: str, partner: str) -> list[str]:
    """Returns why we were refused, when the daemon has closed."""
    await send(stream, *speaker_for(me, partner, network=b"elsewhere").start())
    messages = [talk.read_frame(frame) async for frame in frames(stream)]
    assert {message["type"] for message in messages} <= {"Hello", "Refused"}
    return [message["reason"] for message in messages if message["type"] == "Refused"]


async def converse_with_old_proof(stream: Stream, me: str, partner: str) -> None:
    """Returns when the daemon has closed."""
    await send(stream, *speaker_for(me, partner).start())
    async for frame in frames(stream):
        message = talk.read_frame(frame)
        if message["type"] == "Hello":
            old = talk.statement(NETWORK, me, partner, secrets.token_bytes(32), message["nonce"])
            await send(stream, talk.prove([SEED], old))


async def test_query_over_the_network():
    async with running() as daemon:
        author = sayings.public_key(SEED)
        refused = await ask_from_afar(daemon, "search", {"words": ["x"]})
        assert refused["error"]["code"] == "not_allowed"
        await daemon.ask("allow", author=author.hex())
        answer = await ask_from_afar(daemon, "search", {"words": ["x"]})
        assert answer["ok"], answer
        assert answer["id"] == 3
        written = await ask_from_afar(daemon, "like", {"item": "a:b"})
        assert not written["ok"]


async def ask_from_afar(daemon: Daemon, method: str, params: dict[str, Any]) -> dict[str, Any]:
    """Hello, one proof, one request; the answer."""
    with trio.fail_after(60):
        return await _ask_from_afar(daemon, method, params)


async def _ask_from_afar(daemon: Daemon, method: str, params: dict[str, Any]) -> dict[str, Any]:
    async with dialled(daemon, QUERY) as (stream, me, partner):
        nonce = secrets.token_bytes(32)
        await send(stream, {"type": "Hello", "version": 1, "network": NETWORK, "nonce": nonce})
        async with aclosing(frames(stream, 262_144)) as answers:
            async for frame in answers:
                found = msgpack.unpackb(frame)
                if isinstance(found, dict):
                    return found
                theirs = talk.read_frame(frame)["nonce"]
                data = talk.statement(NETWORK, me, partner, nonce, theirs)
                await send(stream, talk.prove([SEED], data))
                request = pack({"id": 3, "method": method, "params": params})
                await stream.send_all(talk.join([request]))
    raise AssertionError("the daemon hung up")
