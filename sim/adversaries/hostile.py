"""A real peer whose ears and mouth are edited.

By itself `Wrapped` changes nothing: what the peer inside is handed and says goes through. What an
adversary does is written in the few methods that it overrides. Everything is bounded, synchronous
and decided by the seed, as the peer inside is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from node.core import events as ev
from node.core.events import Effect, Event
from node.core.peer import Peer
from protocol import events as gossip
from protocol.bundle import Bundle
from protocol.errors import ProtocolError
from protocol.ids import FeedId
from protocol.messages import Hello, Message, Push, Wants, decode_frame, encode_frame
from protocol.signing import Signer
from sim.adversaries.shelf import Shelf
from sim.adversaries.stage import Identity, Stage

ACTS_PER_TICK_MAX = 1_024
"""What a peer does in one tick, on one link; the rest is let go."""

HEARD_MAX = 512
"""Bundles of others that an adversary remembers; the oldest are forgotten."""


class Hostile(Protocol):
    """What the engine drives in place of a `Peer`."""

    peer: Peer
    """The real peer inside: its state is what the adversary has heard."""
    renamed: int
    """How often it has taken a new transport identity: links that come up from now on are those
    of the peer id `peer.state.peer_id`."""

    def handle(self, event: Event, *, now: float) -> list[Effect]:
        """As `Peer.handle`."""
        ...


@dataclass(frozen=True, slots=True)
class Role:
    """What one hostile peer is given to play with.

    number: which of its adversary's peers it is. from_s: it is honest until then. rate_per_s: how
    often it does what it does, on each link.
    """

    peer: Peer
    rng: Random
    stage: Stage
    number: int = 0
    from_s: float = 0.0
    rate_per_s: float = 1.0


class Wrapped:
    """See the module."""

    def __init__(self, role: Role) -> None:
        self.peer, self.rng, self.stage, self.number = role.peer, role.rng, role.stage, role.number
        self.renamed = 0
        self.links: dict[int, gossip.LinkUp] = {}
        """Links over which Hello has come, in that order."""
        self.shelf = Shelf()
        """Own feeds that the peer inside tells of as if it had fetched them."""
        self.heard: dict[bytes, Bundle] = {}
        """Bundles of others, as they came."""
        self._from, self._rate = role.stage.start + role.from_s, role.rate_per_s
        self._greeting: dict[int, gossip.LinkUp] = {}
        self._stalls: dict[int, Shelf] = {}
        self._begun = False
        self._owed = 0.0
        self._last: float | None = None

    # -------------------------------------------------------------- what an adversary overrides
    def begin(self, now: float) -> list[Effect]:
        """Once, at the first tick from `from_s` on."""
        return []

    def speak(self, now: float) -> list[Effect]:
        """`rate_per_s` times a second: something for everybody."""
        return []

    def act(self, link: int, now: float) -> list[Effect]:
        """`rate_per_s` times a second on each link: something for this one."""
        return []

    def hear(self, link: int, message: Message, now: float) -> Message | None:
        """What the peer inside gets to hear instead; None for nothing."""
        return message

    def overhear(self, link: int, message: Message) -> None:
        """A message has come, be it before the beginning; it goes on as it is."""

    def tell(self, link: int, message: Message, now: float) -> Message | None:
        """What goes out instead; None for nothing."""
        return message

    def audience(self, link: int) -> int:
        """Which of the stalls serves this link."""
        return 0

    # ---------------------------------------------------------------------------------- driving
    @property
    def hostile(self) -> bool:
        """Whether it has begun; until then it is an honest peer."""
        return self._begun

    def handle(self, event: Event, *, now: float) -> list[Effect]:
        """As `Peer.handle`."""
        match event:
            case gossip.LinkUp(link=link):
                self._greeting[link] = event
            case gossip.LinkDown(link=link):
                self.cut(link)
            case gossip.FrameReceived():
                return self._on_frame(event, now)
            case gossip.Tick():
                return self._through(self.peer.handle(event, now=now), now) + self._tick(now)
        return self._through(self.peer.handle(event, now=now), now)

    def cut(self, link: int) -> None:
        """The link is gone."""
        self.links.pop(link, None)
        self._greeting.pop(link, None)

    def _tick(self, now: float) -> list[Effect]:
        if now < self._from:
            return []
        out: list[Effect] = []
        if not self._begun:
            self._begun, self._last = True, now
            out += self.begin(now)
        assert self._last is not None
        self._owed, self._last = self._owed + (now - self._last) * self._rate, now
        times = min(int(self._owed), ACTS_PER_TICK_MAX)
        self._owed -= int(self._owed)
        for _ in range(times):
            out += self.speak(now)
            for link in list(self.links):
                if link in self.links:
                    out += self.act(link, now)
        return out

    def _on_frame(self, event: gossip.FrameReceived, now: float) -> list[Effect]:
        out: list[Effect] = []
        try:
            message = decode_frame(event.frame)
        except ProtocolError:  # whatever it is, the peer inside knows what to do
            return self._through(self.peer.handle(event, now=now), now)
        if isinstance(message, Hello) and event.link in self._greeting:
            self.links[event.link] = self._greeting.pop(event.link)
        self.overhear(event.link, message)
        if not self._begun:
            return self._through(self.peer.handle(event, now=now), now)
        kept = self.hear(event.link, message, now)
        if isinstance(kept, Wants):
            kept, frames = self._sell(event.link, kept)
            out += frames
        if kept is None:
            return out
        frame = event.frame if kept is message else encode_frame(kept)
        heard = gossip.FrameReceived(event.link, frame)
        return out + self._through(self.peer.handle(heard, now=now), now)

    def _through(self, effects: Iterable[Effect], now: float) -> list[Effect]:
        """The effects of the peer inside, without what concerns own feeds only."""
        out: list[Effect] = []
        for effect in effects:
            match effect:
                case gossip.ReadBundles(token=token, feed=feed) if feed in self.shelf:
                    read = gossip.BundlesRead(token, self.shelf.read(effect))
                    out += self._through(self.peer.handle(read, now=now), now)
                case gossip.Send(link=link, frame=frame) if self._begun:
                    out += self._told(link, frame, now)
                case gossip.Disconnect(link=link):
                    self.cut(link)
                    out.append(effect)
                case ev.StoreBundles(bundles=bundles):
                    self._remember(bundles)
                    out.append(effect)
                case _:
                    out.append(effect)
        return out

    def _told(self, link: int, frame: bytes, now: float) -> list[Effect]:
        message = decode_frame(frame)
        told = self.tell(link, message, now)
        if told is None:
            return []
        return [gossip.Send(link, frame if told is message else encode_frame(told))]

    def _remember(self, bundles: Sequence[Bundle]) -> None:
        for bundle in bundles:
            if bundle.claims_bytes is not None:
                self.heard[bundle.id] = bundle.undecoded()
            if len(self.heard) > HEARD_MAX:
                del self.heard[next(iter(self.heard))]

    # --------------------------------------------------------------------------------- speaking
    def say(self, link: int, *messages: Message) -> list[Effect]:
        """These messages, past the peer inside."""
        return [gossip.Send(link, encode_frame(message)) for message in messages]

    def hand(self, link: int, message: Message, now: float) -> list[Effect]:
        """The peer inside hears this, as if it came now."""
        heard = gossip.FrameReceived(link, encode_frame(message))
        return self._through(self.peer.handle(heard, now=now), now)

    def identity(self, number: int) -> Identity:
        """One of the adversary's identities."""
        return Identity(self.stage.signer(number), self.stage.network)

    def publish(self, bundles: Sequence[Bundle], now: float) -> list[Effect]:
        """Own valid bundles, told and served by the peer inside as any others."""
        for bundle in bundles:
            offered = self.peer.state.feeds.offer(bundle, now=now)
            self.shelf.keep(offered)
        published = self.peer.handle(gossip.Published(tuple(bundles)), now=now)
        return self._through(published, now)

    def speak_for(self, signers: Iterable[Signer]) -> None:
        """Prove these authors on every link, from the next round on; 256 at most."""
        self.peer.state.gossip.speak_for(signers)

    def put_out(self, bundle: Bundle, audience: int = 0) -> None:
        """To be had by that audience, whoever else holds another history."""
        self._stalls.setdefault(audience, Shelf()).put(bundle)

    def take_back(self, feed: FeedId) -> None:
        """Give nothing of this feed out any more."""
        for stall in self._stalls.values():
            stall.forget(feed)

    def push(self, link: int, *bundles: Bundle) -> list[Effect]:
        """Say that there are these bundles; whoever wants them asks."""
        return self.say(link, Push([bundle.bare().wire() for bundle in bundles]))

    def stall(self, link: int) -> Shelf:
        """What this link can have beside what the peer inside holds."""
        return self._stalls.setdefault(self.audience(link), Shelf())

    def _sell(self, link: int, wants: Wants) -> tuple[Wants | None, list[Effect]]:
        """Answer what is on the stall; the rest is for the peer inside."""
        stall = self._stalls.get(self.audience(link))
        if stall is None:
            return wants, []
        mine = [want for want in wants.wants if stall.has(want)]
        if not mine:
            return wants, []
        rest = [want for want in wants.wants if want not in mine]
        frames = [self.say(link, data) for want in mine for data in stall.answer(want)]
        return Wants(rest) if rest else None, [effect for some in frames for effect in some]
