"""Live sessions of the speaker with a daemon, over Noise and yamux on loopback.

Of libp2p only the transport is used; every byte that passes over it is read and written by the
second implementation.
"""

import secrets
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import trio
from trio.abc import Stream

from tests.interop import sayings, talk
from tests.interop.daemon import NETWORK, Daemon
from tests.interop.speaker import Speaker

ROOT = Path(__file__).parents[2]

GOSSIP = "/grapevine/gossip/1.0.0"
QUERY = "/grapevine/query/1.0.0"
SEED = b"\x2a" * 32
DEVICE = b"speaker1"
READ_BYTES = 65_536
DIAL_S = 60.0


def history(seed: bytes = SEED) -> list[bytes]:
    """The feed of one author: three bundles of twenty claims, with a gap."""
    wires: list[bytes] = []
    prev = sayings.NO_BUNDLE
    for seq in (1, 2, 5):
        claims = [
            {"kind": 1, "item": f"mbid:speaker-{seq}-{n}", "interaction": 1, "weight": 80, "day": n}
            for n in range(20)
        ]
        wire = sayings.write_bundle(
            seed, claims, network=NETWORK, device=DEVICE, lane=2, seq=seq, time=1_700_000_000,
            prev=prev,
        )  # fmt: skip
        wires.append(wire)
        prev = sayings.read_bundle(wire)["id"]
    return wires


@asynccontextmanager
async def dialled(daemon: Daemon, protocol: str) -> AsyncIterator[tuple[Stream, str, str]]:
    """(stream, our PeerID, the daemon's)."""
    partner = daemon.address.rsplit("/p2p/", 1)[1]
    run = [sys.executable, "-W", "ignore", "-m", "tests.interop.bridge", daemon.address, protocol]
    async with trio.open_nursery() as nursery:
        process = await nursery.start(
            partial(
                trio.run_process,
                run,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=ROOT,
                check=False,
            )
        )
        stream = trio.StapledStream(process.stdin, process.stdout)
        me = b""
        with trio.fail_after(DIAL_S):
            while not me.endswith(b"\n"):
                byte = await stream.receive_some(1)
                assert byte, "the dial failed"
                me += byte
        yield stream, me.decode().strip(), partner
        nursery.cancel_scope.cancel()


async def send(stream: Stream, *messages: dict[str, Any]) -> None:
    await stream.send_all(talk.join([talk.write_frame(message) for message in messages]))


async def frames(stream: Stream, bytes_max: int = talk.FRAME_BYTES_MAX) -> AsyncIterator[bytes]:
    """Whole frames until the partner closes."""
    splitter = talk.Splitter(bytes_max)
    while data := await stream.receive_some(READ_BYTES):
        for frame in splitter.feed(data):
            yield frame


async def converse(stream: Stream, speaker: Speaker) -> None:
    """Answer the partner until it closes."""
    await send(stream, *speaker.start())
    async for frame in frames(stream):
        await send(stream, *speaker.receive(talk.read_frame(frame)))


def speaker_for(me: str, partner: str, *, network: bytes = NETWORK, seed: bytes = SEED) -> Speaker:
    return Speaker(
        network=network,
        seed=seed,
        nonce=secrets.token_bytes(32),
        me=me,
        partner=partner,
        wires=history(seed),
    )


@asynccontextmanager
async def in_conversation(daemon: Daemon, seed: bytes = SEED) -> AsyncIterator[Speaker]:
    async with dialled(daemon, GOSSIP) as (stream, me, partner), trio.open_nursery() as nursery:
        speaker = speaker_for(me, partner, seed=seed)
        nursery.start_soon(converse, stream, speaker)
        yield speaker
        nursery.cancel_scope.cancel()
