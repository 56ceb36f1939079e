"""`python -m tests.hostile.frames`: ten thousand hostile frames, spread over all states.

stdin: {"address", "frames", "authors": [seed], "allowed": seed} in JSON, seeds in hex; the node
follows the authors. stdout: {"sent": {state: frames}} in JSON.

Valid sessions are recorded first. Then, for each connection, a valid session is led up to a state
and goes wrong there: some mutated frames at once, half of the time the end of our side behind them.
The node cuts most of them, and every caller comes with a new transport key.
"""

import json
import secrets
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import trio

from tests.hostile.caller import Caller, Gone, Stream, connected
from tests.hostile.mutations import mutated
from tests.interop import talk
from tests.interop.daemon import NETWORK
from tests.interop.live import GOSSIP, QUERY, history
from tests.interop.schema import Refused, pack
from tests.interop.speaker import Speaker

CALLERS = 3
"""Connections at a time."""

BATCH = 8
TURNED_AWAY_MAX = 50
"""Failures in a row after which there is no point in going on."""

STEP_S = 2.0
"""A step of a valid session takes .7 s at most. What does not come by then, does not come: a node
that has got the feed from another of our links asks for nothing more."""
GOODBYE_S = 2.0
REQUESTS: tuple[dict[str, Any], ...] = (
    {"id": 1, "method": "recommend", "params": {"n": 5}},
    {"id": 2, "method": "search", "params": {"words": ["speaker", "1"]}},
    {"id": 3, "method": "why", "params": {"item": "mbid:speaker-1-1"}},
    {"id": 4, "method": "status", "params": {}},
    {"id": 5, "method": "like", "params": {"item": "mbid:x", "weight": 1.0}},
    {"id": 6, "method": "stop", "params": {}},
)


@dataclass
class Attack:
    """What is known of the node, and what was sent to it."""

    address: str
    authors: list[bytes]
    allowed: bytes
    rng: Random
    gossip: list[bytes] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)
    query: list[bytes] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)

    @property
    def partner(self) -> str:
        return self.address.rsplit("/p2p/", 1)[1]

    def speaker(self, me: str, seed: bytes) -> Speaker:
        return Speaker(
            network=NETWORK,
            seed=seed,
            nonce=secrets.token_bytes(32),
            me=me,
            partner=self.partner,
            wires=history(seed),
        )


State = Callable[[Attack, Stream, str], Awaitable[None]]


# ------------------------------------------------------------------------- valid up to a state
async def nothing(attack: Attack, stream: Stream, me: str) -> None:
    """Nothing was said yet."""


async def greeted(attack: Attack, stream: Stream, me: str) -> None:
    await say(stream, attack.speaker(me, attack.authors[0]).start())


async def proved(attack: Attack, stream: Stream, me: str) -> None:
    await lead(attack, stream, me, attack.authors[0], until="Hello")


async def reconciling(attack: Attack, stream: Stream, me: str) -> None:
    """The node has heard of a feed that it lacks, and has asked what else there is."""
    await lead(attack, stream, me, attack.rng.choice(attack.authors[1:]), until="Ranges")


async def fetching(attack: Attack, stream: Stream, me: str) -> None:
    """The node waits for bundles that it has asked for."""
    seed = attack.rng.choice(attack.authors[1:])
    await lead(attack, stream, me, seed, until="Wants")
    feed = history(seed)
    parts = [{"want": 0, "bundles": feed, "done": True}]
    attack.data = [
        talk.write_frame({"type": "Data", "parts": parts}),
        talk.write_frame({"type": "Data", "parts": [{**parts[0], "bundles": feed[:1]}] * 3}),
        talk.write_frame({"type": "Push", "headers": feed}),
    ]


async def unknown_asker(attack: Attack, stream: Stream, me: str) -> None:
    await greet_query(attack, stream, me, b"")


async def refused_asker(attack: Attack, stream: Stream, me: str) -> None:
    await greet_query(attack, stream, me, secrets.token_bytes(32))


async def allowed_asker(attack: Attack, stream: Stream, me: str) -> None:
    await greet_query(attack, stream, me, attack.allowed)


STATES: dict[str, tuple[str, State]] = {
    "gossip before Hello": (GOSSIP, nothing),
    "gossip after Hello": (GOSSIP, greeted),
    "gossip after proofs": (GOSSIP, proved),
    "gossip reconciling": (GOSSIP, reconciling),
    "gossip fetching": (GOSSIP, fetching),
    "query before Hello": (QUERY, nothing),
    "query before proofs": (QUERY, unknown_asker),
    "query not allowed": (QUERY, refused_asker),
    "query allowed": (QUERY, allowed_asker),
}


async def lead(attack: Attack, stream: Stream, me: str, seed: bytes, *, until: str) -> None:
    """A valid session until the node has sent a message of this type."""
    speaker = attack.speaker(me, seed)
    await say(stream, speaker.start())
    splitter = talk.Splitter()
    with trio.fail_after(STEP_S):
        while True:
            for frame in splitter.feed(await stream.receive_some()):
                message = talk.read_frame(frame)
                if message["type"] == until and until != "Hello":
                    return
                await say(stream, speaker.receive(message))
                if message["type"] == until:
                    return


async def greet_query(attack: Attack, stream: Stream, me: str, seed: bytes) -> None:
    """Hello both ways, and a proof when there is a seed."""
    nonce = secrets.token_bytes(32)
    await say(stream, [{"type": "Hello", "version": 1, "network": NETWORK, "nonce": nonce}])
    splitter = talk.Splitter()
    with trio.fail_after(STEP_S):
        hello = next(splitter.feed(await stream.receive_some()))
    if seed:
        theirs = talk.read_frame(hello)["nonce"]
        data = talk.statement(NETWORK, me, attack.partner, nonce, theirs)
        await say(stream, [talk.prove([seed], data)])


async def say(stream: Stream, messages: list[dict[str, Any]]) -> None:
    if messages:
        await stream.send_all(talk.join([talk.write_frame(message) for message in messages]))


# ----------------------------------------------------------------------------------- the attack
async def record(attack: Attack) -> None:
    """A whole valid session of each protocol, both directions."""
    async with connected(attack.address) as caller:
        stream = await caller.open(GOSSIP)
        speaker = attack.speaker(caller.me, attack.authors[0])
        await converse(attack, stream, speaker)
    hello = {"type": "Hello", "version": 1, "network": NETWORK, "nonce": bytes(32)}
    statement = talk.statement(NETWORK, "me", attack.partner, bytes(32), bytes(32))
    attack.query = [
        talk.write_frame(hello),
        talk.write_frame(talk.prove([attack.allowed], statement)),
        *(pack(request) for request in REQUESTS),
    ]


async def converse(attack: Attack, stream: Stream, speaker: Speaker) -> None:
    """Until the node has fetched our feed."""
    splitter = talk.Splitter()
    outgoing = [talk.write_frame(message) for message in speaker.start()]
    attack.gossip += outgoing
    await stream.send_all(talk.join(outgoing))
    with trio.fail_after(30):
        while len(speaker.served) < 3:
            for frame in splitter.feed(await stream.receive_some()):
                outgoing = [talk.write_frame(m) for m in speaker.receive(talk.read_frame(frame))]
                attack.gossip += [frame, *outgoing]
                if outgoing:
                    await stream.send_all(talk.join(outgoing))


async def offend(attack: Attack, name: str) -> None:
    """One connection that goes wrong in this state. Counts what was sent."""
    protocol, approach = STATES[name]
    rng = attack.rng
    async with connected(attack.address) as caller:
        stream = await caller.open(protocol)
        await approach(attack, stream, caller.me)
        corpus = attack.query if protocol == QUERY else attack.gossip
        if approach is fetching:
            corpus = attack.data
        batch = [mutated(corpus, rng) for _ in range(rng.randint(1, BATCH))]
        await stream.send_all(talk.join(batch))
        attack.sent[name] = attack.sent.get(name, 0) + len(batch)
        await leave(caller, stream)


async def leave(caller: Caller, stream: Stream) -> None:
    """Wait for the node to hang up after the end of our side, so that it has read everything."""
    with trio.move_on_after(GOODBYE_S):
        try:
            await stream.muxed.close()
            while True:
                await stream.receive_some()
        except Exception:  # noqa: BLE001 - gone, as it should be
            return


async def attack_until(attack: Attack, frames: int) -> None:
    """Go on in the state that had the fewest frames. Fails when the node lets nobody in."""
    turned_away = 0
    while sum(attack.sent.values()) < frames:
        name = min(STATES, key=lambda state: attack.sent.get(state, 0))
        attack.sent.setdefault(name, 0)
        try:
            await offend(attack, name)
            turned_away = 0
        except (Gone, Refused, trio.TooSlowError) as error:
            print(f"{name}: {error!r}", file=sys.stderr)
            turned_away += 1
            if turned_away > TURNED_AWAY_MAX:
                raise


async def main() -> None:
    order = json.load(sys.stdin)
    attack = Attack(
        order["address"],
        [bytes.fromhex(seed) for seed in order["authors"]],
        bytes.fromhex(order["allowed"]),
        Random(order["frames"]),
    )
    await record(attack)
    async with trio.open_nursery() as nursery:
        for _ in range(CALLERS):
            nursery.start_soon(attack_until, attack, order["frames"])
    told = {"sent": attack.sent, "recorded": len(attack.gossip)}
    print(json.dumps(told))


if __name__ == "__main__":
    trio.run(main)
