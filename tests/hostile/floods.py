"""`python -m tests.hostile.floods`: too much of something, or the wrong bytes.

stdin: {"address", "flood", ...} in JSON on one line; `flood` names a function of this module, the
rest are its arguments. What it returns is printed in JSON; then it goes on (holding what it holds)
until stdin ends.
"""

import json
import socket
import sys
from contextlib import AsyncExitStack
from random import Random
from typing import Any

import trio

from tests.hostile.caller import Caller, Gone, Stream, connected
from tests.interop import sayings, talk
from tests.interop.daemon import NETWORK
from tests.interop.live import GOSSIP, QUERY
from tests.interop.speaker import Speaker

PREFIXES = (
    bytes(4),  # an empty frame
    b"\x00\x01\x00\x01",  # one byte over the cap of gossip
    b"\x00\x04\x00\x01",  # one byte over the cap of queries
    b"\xff\xff\xff\xff",
    b"\x80\x00\x00\x00",
    b"\x00\x00\xff\xff" + b"x" * 100,  # the end is missing
    b"\x00\x00\x00\x05ab",
    b"\x00\x00",
    b"GET / HTTP/1.1\r\n\r\n",
)
UNKNOWN = (
    "/grapevine/gossip/2.0.0",
    "/x",
    "/ipfs/bitswap/1.2.0",
    "/meshsub/1.1.0",
    "\x00",
    "/" * 900,
)
LATE_S = 3.0


async def cycles(address: str, count: int) -> dict[str, Any]:
    """Connect, shake hands, close; so often."""
    accepted, limit = 0, trio.CapacityLimiter(2)  # the cap on handshakes is 4

    async def once() -> None:
        nonlocal accepted
        async with limit:
            try:
                async with connected(address):
                    accepted += 1
            except Gone as gone:
                print(gone, file=sys.stderr)

    async with trio.open_nursery() as nursery:
        for _ in range(count):
            nursery.start_soon(once)
    return {"accepted": accepted}


async def silence(address: str, count: int, stack: AsyncExitStack) -> dict[str, Any]:
    """Sockets that are opened and say nothing."""
    port = int(address.split("/tcp/")[1].split("/")[0])
    for _ in range(count):
        held = stack.enter_context(trio.socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        await held.connect(("127.0.0.1", port))
    return {"open": count}


async def prefixes(address: str) -> dict[str, Any]:
    """Wrong, too large and unfinished lengths on streams of both protocols."""
    cut = 0
    for protocol in (GOSSIP, QUERY):
        for prefix in (*PREFIXES, *(Random(n).randbytes(2_000) for n in range(20))):
            async with connected(address) as caller:
                stream = await caller.open(protocol)
                await stream.send_all(prefix)
                cut += await is_cut(stream, finish=True)
    return {"cut": cut, "sent": 2 * (len(PREFIXES) + 20)}


async def is_cut(stream: Stream, *, finish: bool) -> bool:
    """Whether the node hangs up, though it may say something first."""
    with trio.move_on_after(LATE_S):
        try:
            if finish:
                await stream.muxed.close()
            while True:
                await stream.receive_some()
        except Exception:  # noqa: BLE001 - gone
            return True
    return False


async def unknown(address: str, count: int) -> dict[str, Any]:
    """Streams of protocols that nobody speaks, on one connection."""
    refused = 0
    async with connected(address) as caller:
        for number in range(count):
            try:
                await caller.open(UNKNOWN[number % len(UNKNOWN)])
            except Gone:
                refused += 1
    return {"refused": refused}


async def streams(address: str, count: int, stack: AsyncExitStack) -> dict[str, Any]:
    """New streams on one connection that are never used, as fast as the node takes them."""
    caller = await stack.enter_async_context(connected(address))
    sent = 0
    for number in range(count):
        if not await _open_raw(caller, 2 * number + 1):
            break
        sent += 1
    return {"sent": sent}


async def _open_raw(caller: Caller, stream_id: int) -> bool:
    """A yamux SYN without asking our own side's bookkeeping; False when the connection is gone."""
    header = b"\x00\x01\x00\x01" + stream_id.to_bytes(4, "big") + bytes(4)
    try:
        await caller.muxed.secured_conn.write(header)
    except Exception:  # noqa: BLE001 - cut
        return False
    return True


async def deafness(address: str, author: str, stack: AsyncExitStack) -> dict[str, Any]:
    """Offer a large feed, ask for all of it again and again, and never read the socket."""
    caller = await stack.enter_async_context(connected(address))
    stream = await caller.open(GOSSIP)
    wires = large_feed(bytes.fromhex(author))
    speaker = Speaker(
        network=NETWORK,
        seed=bytes.fromhex(author),
        nonce=bytes(32),
        me=caller.me,
        partner=address.rsplit("/p2p/", 1)[1],
        wires=wires,
    )
    await give(stream, speaker, len(wires))
    caller.listening.cancel()
    first = sayings.read_bundle(wires[0])
    want = {name: first[name] for name in ("author", "device", "lane")}
    want |= {"lo": 1, "hi": len(wires), "bytes_max": 2**31 - 1, "newest_first": False}
    asked = 0
    with trio.move_on_after(LATE_S):
        while asked < 8 * 64:
            wants = [{"want": asked + n, **want} for n in range(64)]
            await stream.send_all(talk.join([talk.write_frame({"type": "Wants", "wants": wants})]))
            asked += 64
    return {"asked": asked, "bytes": sum(map(len, wires))}


def large_feed(author_seed: bytes) -> list[bytes]:
    """About a megabyte in bundles that are nearly full."""
    wires: list[bytes] = []
    prev = sayings.NO_BUNDLE
    for seq in range(1, 71):
        claims = [
            {"kind": 1, "item": f"mbid:{seq}-{n}-" + "x" * 40, "interaction": 1, "weight": 1,
             "day": n}
            for n in range(240)
        ]  # fmt: skip
        wire = sayings.write_bundle(
            author_seed, claims, network=NETWORK, device=b"deafness", lane=2, seq=seq,
            time=1_700_000_000, prev=prev,
        )  # fmt: skip
        wires.append(wire)
        prev = sayings.read_bundle(wire)["id"]
    return wires


async def give(stream: Stream, speaker: Speaker, bundles: int) -> None:
    """A valid session until the node has the whole feed."""
    splitter = talk.Splitter()
    await stream.send_all(talk.join([talk.write_frame(m) for m in speaker.start()]))
    while len(set(speaker.served)) < bundles:
        for frame in splitter.feed(await stream.receive_some()):
            message = talk.read_frame(frame)
            for answer in speaker.receive(message):
                await stream.send_all(talk.join([talk.write_frame(m) for m in in_frames(answer)]))


def in_frames(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Data that is too long for a frame, one bundle a frame."""
    if message["type"] != "Data":
        return [message]
    parts = []
    for part in message["parts"]:
        bundles = part["bundles"]
        parts += [{"want": part["want"], "bundles": [wire], "done": False} for wire in bundles]
        parts.append({"want": part["want"], "bundles": [], "done": True})
    return [{"type": "Data", "parts": [part]} for part in parts]


FLOODS = {f.__name__: f for f in (cycles, silence, prefixes, unknown, streams, deafness)}


async def main() -> None:
    order = json.loads(sys.stdin.readline())
    flood = FLOODS[order.pop("flood")]
    async with AsyncExitStack() as stack:
        if "stack" in flood.__annotations__:
            order["stack"] = stack
        print(json.dumps(await flood(**order)), flush=True)
        await trio.to_thread.run_sync(sys.stdin.read, abandon_on_cancel=True)


if __name__ == "__main__":
    trio.run(main)
