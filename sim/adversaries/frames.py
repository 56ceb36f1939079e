"""What no honest peer puts on the wire: garbage, forgeries, replays, and ears that read slowly."""

from __future__ import annotations

from collections import deque

import msgspec

from node.core import events as ev
from node.core.events import Effect
from protocol.bundle import Bundle, sign_bundle
from protocol.events import Send
from protocol.ids import AuthorKey, DeviceId, FeedId, Lane
from protocol.limits import FRAME_BYTES_MAX
from protocol.messages import AuthorProof, Data, Message, Part, Proofs, Want, Wants, encode_frame
from sim.adversaries.feeds import Author
from sim.adversaries.hostile import Role
from sim.adversaries.stage import likes

FORGED_SEQ = 1_000_000
"""Ahead of any true feed, so that it seems to be news."""

WITHHELD_MAX = 4_096
"""Frames that a slow reader leaves unread; the oldest are lost."""

GREEDY_WANTS = 8
"""Wants of a slow reader at a time, each for a megabyte that it will hardly read."""

_pack = msgspec.msgpack.encode


class Garbage(Author):
    """Frames that are none, one kind after another; other links get the next kind."""

    _sent = 0

    def act(self, link: int, now: float) -> list[Effect]:
        kinds = (self.noise, self.truncated, self.oversize, self.deep, self.mistyped, self.unknown)
        frame = kinds[self._sent % len(kinds)]()
        self._sent += 1
        return [Send(link, frame)]

    def noise(self) -> bytes:
        """Random bytes."""
        return b"\xc1" + self.rng.randbytes(self.rng.randrange(1, 512))

    def truncated(self) -> bytes:
        """A true frame without its end."""
        frame = encode_frame(Proofs([AuthorProof(bytes(32), bytes(64))]))
        return frame[: self.rng.randrange(1, len(frame))]

    def oversize(self) -> bytes:
        """One byte more than a frame may have; a transport may refuse it before we see it."""
        return b"\x92\x03" + b"\xc6" + FRAME_BYTES_MAX.to_bytes(4, "big") + bytes(FRAME_BYTES_MAX)

    def deep(self) -> bytes:
        """Arrays in arrays, deeper than any decoder's stack."""
        return b"\x92\x04" + b"\x91" * 30_000

    def mistyped(self) -> bytes:
        """A known kind of message with other types in it."""
        return _pack([6, [["no number", 5, None, {}, -1, 2**63, 0.5, "yes"]]])

    def unknown(self) -> bytes:
        """A message of a later version: nobody's offence, and no way to be listened to."""
        return _pack([4_000, bytes(64)])


class Spoofer(Author):
    """Speaks in honest people's names: bundles that they never signed, proofs that are none."""

    _forged = 0

    def begin(self, now: float) -> list[Effect]:
        self._acts: dict[int, int] = {}
        return []

    def act(self, link: int, now: float) -> list[Effect]:
        if not self.stage.people:
            return []
        turn = self._acts[link] = self._acts.get(link, 0) + 1
        if turn % 4 == 0:
            person = self.rng.choice(self.stage.people)
            return self.say(link, Proofs([AuthorProof(person, self.rng.randbytes(64))]))
        bundle = self.forged(self.stage.people[self._forged % len(self.stage.people)], now)
        self._forged += 1
        self.put_out(bundle)
        return self.push(link, bundle)

    def forged(self, author: AuthorKey, now: float) -> Bundle:
        """What the author would have to sign, signed by somebody else."""
        known = [b.feed for b in self.heard.values() if b.feed.author == author]
        feed = next((f for f in known if f.lane is Lane.TASTE), None)
        feed = feed or FeedId(author, DeviceId(bytes(8)), Lane.TASTE)
        return sign_bundle(
            self.own.signer,
            feed,
            likes(self.fakes, now),
            network=self.stage.network,
            seq=FORGED_SEQ + self._forged,
            time=int(now),
        )


class Replayer(Author):
    """Says again what others have said: old heads, bodies since retracted, and their proofs.

    Whoever wants a feed of which it remembers something is served from memory.
    """

    def __init__(self, role: Role) -> None:
        super().__init__(role)
        self._acts: dict[int, int] = {}
        self._proofs: deque[tuple[int, Proofs]] = deque(maxlen=64)

    def overhear(self, link: int, message: Message) -> None:
        """Proofs are kept, to be played on other links."""
        if isinstance(message, Proofs):
            self._proofs.append((link, message))

    def act(self, link: int, now: float) -> list[Effect]:
        turn = self._acts[link] = self._acts.get(link, 0) + 1
        for bundle in self.heard.values():
            self.put_out(bundle)
        old = list(self.heard.values())
        if not old:
            return []
        chosen = self.rng.sample(old, min(len(old), 4))
        if turn % 4 == 0:
            elsewhere = [proofs for other, proofs in self._proofs if other != link]
            return self.say(link, *elsewhere[:1])
        if turn % 4 == 2:
            return self.say(link, Data([Part(0, [bundle.wire() for bundle in chosen], True)]))
        return self.push(link, *chosen)


class SlowReader(Author):
    """Promises what it holds, reads wants at `rate_per_s` and answers so late that they are over;
    asks for much and so keeps its partners' readers busy."""

    def begin(self, now: float) -> list[Effect]:
        self._unread: deque[tuple[int, Message]] = deque(maxlen=WITHHELD_MAX)
        self._asked: dict[int, int] = {}
        return []

    def hear(self, link: int, message: Message, now: float) -> Message | None:
        """Wants wait; answers to its own are thrown away."""
        if isinstance(message, Wants):
            self._unread.append((link, message))
            return None
        if isinstance(message, Data) and all(p.want >= _GREEDY_FROM for p in message.parts):
            return None
        return message

    def speak(self, now: float) -> list[Effect]:
        """One frame that has waited."""
        if not self._unread:
            return []
        link, wants = self._unread.popleft()
        return self.hand(link, wants, now)

    def act(self, link: int, now: float) -> list[Effect]:
        feeds = list(dict.fromkeys(bundle.feed for bundle in self.heard.values()))
        wants: list[Want] = []
        for feed in self.rng.sample(feeds, min(len(feeds), GREEDY_WANTS)):
            number = self._asked[link] = self._asked.get(link, _GREEDY_FROM) + 1
            key = feed.author, feed.device, int(feed.lane)
            wants.append(Want(number, *key, 1, 2**32 - 1, 2**20, False))
        return self.say(link, Wants(wants)) if wants else []


_GREEDY_FROM = 2**31
"""Numbers of its own wants, above those of the peer inside."""


class Whitewasher(Author):
    """Offends until it is thrown out, and comes back as somebody else: another transport key, and
    another author who likes the same fakes."""

    def begin(self, now: float) -> list[Effect]:
        self._thrown_out: dict[str, None] = {}
        return self.says(likes(self.fakes, now), Lane.TASTE, now)

    def act(self, link: int, now: float) -> list[Effect]:
        return [Send(link, b"\xc1")]

    def cut(self, link: int) -> None:
        """Thrown out: the next tick brings a new name, and dials whoever it was."""
        gone = self.links.get(link)
        super().cut(link)
        if self.hostile and gone is not None:
            self._thrown_out[gone.address] = None

    def speak(self, now: float) -> list[Effect]:
        """A new life, if the last one is over."""
        if not self._thrown_out or self.links:
            return []
        addresses, self._thrown_out = list(self._thrown_out), {}
        self.renamed += 1
        self.reborn(self.renamed)
        state = self.peer.state
        peer_id = f"{state.peer_id.split('~')[0]}~{self.renamed}"
        named = ev.OwnAddresses(peer_id, state.own_addresses)
        effects = self.peer.handle(named, now=now)
        effects += self.says(likes(self.fakes, now), Lane.TASTE, now)
        return effects + [ev.Dial(address) for address in addresses if address]
