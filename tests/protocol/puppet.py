"""The other end of a link, moved by the test: it says anything, and sees all that is answered."""

from collections.abc import Sequence
from random import Random
from typing import Any, TypeVar

from protocol import messages as m
from protocol.bundle import Bundle
from protocol.config import GossipConfig
from protocol.errors import Offence
from protocol.events import Disconnect, Effect, FrameReceived, LinkUp, Penalise, Send
from protocol.heads import HandleReader, tag_of
from protocol.ids import FeedId
from protocol.session import Session
from protocol.signing import Signer
from tests.protocol.gossip_world import NETWORK, QUIET, Node, World, quiet_node, signer_of

M = TypeVar("M")
_PUBLIC = "/ip4/8.8.8.8/tcp/4001"


class Puppet:
    """One link of `node`. Without `greet` nothing is said yet."""

    def __init__(
        self,
        world: World,
        node: Node,
        name: str = "mallory",
        *,
        greet: bool = True,
        outbound: bool = False,
        address: str = _PUBLIC,
        speaks_for: Sequence[Signer] = (),
    ) -> None:
        self.world, self.node, self.name = world, node, name
        self.link = 1_000_000 + len(world.frames) + world._next_link
        world._next_link += 1
        self.session = Session(NETWORK, f"peer-{name}", f"peer-{node.name}", Random(name))
        self._since = len(node.log)
        self._handles = 0
        world.deliver(node, LinkUp(self.link, f"peer-{name}", outbound, address))
        if greet:
            self.say(self.session.hello())
            (theirs,) = self.got(m.Hello)
            self.session.accept(theirs)
            self.say(*self.session.prove(speaks_for))

    # ------------------------------------------------------------------------------- speaking
    def say(self, *messages: m.Message) -> None:
        """These frames arrive, and whatever the node reads from its store for them."""
        for message in messages:
            self.raw(m.encode_frame(message))

    def raw(self, frame: bytes) -> None:
        self.world.deliver(self.node, FrameReceived(self.link, frame))
        self.world.run(0)

    def open(self) -> None:
        """Begin as who dials and holds nothing does."""
        self.say(m.Ranges([], [m.RangePrint(b"", b"", 0, bytes(8))], [], True))

    def head(self, bundle: Bundle, *, lo: int = 1) -> None:
        """Tell that we hold lo..bundle.seq of its feed."""
        feed = bundle.feed
        name = m.Named(self._handles, feed.author, feed.device, int(feed.lane))
        head = m.Head(self._handles, lo, bundle.seq, tag_of(bundle.id))
        self._handles += 1
        self.say(m.Heads([name], [head], False))

    def push(self, *bundles: Bundle) -> None:
        self.say(m.Push([bundle.bare().wire() for bundle in bundles]))

    def answer(self, want: m.Want, *bundles: Bundle, done: bool = True) -> None:
        self.answer_bytes(want, *(bundle.wire() for bundle in bundles), done=done)

    def answer_bytes(self, want: m.Want, *wires: bytes, done: bool = True) -> None:
        self.say(m.Data([m.Part(want.want, list(wires), done)]))

    def serve(self, *bundles: Bundle, rounds: int = 6) -> None:
        """Answer wants honestly, from these bundles, until none is left."""
        answered: list[int] = []
        for _ in range(rounds):
            wants = [want for want in self.wants() if want.want not in answered]
            for want in wants:
                answered.append(want.want)
                fits = [b for b in bundles if fit(want, b)]
                fits.sort(key=lambda b: b.seq, reverse=want.newest_first)
                self.answer(want, *fits)

    def offer(self, *bundles: Bundle) -> None:
        """Tell of these bundles of one feed, and deliver what is asked for."""
        newest = max(bundles, key=lambda b: b.seq)
        self.head(newest, lo=min(b.seq for b in bundles))
        self.serve(*bundles)

    # -------------------------------------------------------------------------------- hearing
    def _effects(self, kind: type[M]) -> list[M]:
        found: list[Any] = [e for e in self.node.log[self._since :] if isinstance(e, kind)]
        return [effect for effect in found if effect.link == self.link]

    def effects(self, kind: type[M]) -> list[M]:
        """Effects of the node that name this link."""
        return self._effects(kind)

    def got(self, kind: type[M], *others: type[M]) -> list[M]:
        """Messages of the kind that came so far."""
        messages = [m.decode_frame(send.frame) for send in self._effects(Send)]
        return [message for message in messages if isinstance(message, (kind, *others))]

    def wants(self) -> list[m.Want]:
        return [want for message in self.got(m.Wants) for want in message.wants]

    @property
    def charged(self) -> list[Offence]:
        return [effect.offence for effect in self._effects(Penalise)]

    @property
    def closed(self) -> str | None:
        """Why the node has closed the link."""
        reasons = [effect.reason for effect in self._effects(Disconnect)]
        return reasons[0] if reasons else None


def scene(
    *, vouched: bool = True, config: GossipConfig = QUIET, follow: int = 1
) -> tuple[World, Node, Puppet]:
    """A node that follows the author of that number, and a partner."""
    world, node = quiet_node(config)
    world.follow(node, signer_of(follow).public_key, vouched=vouched)
    return world, node, Puppet(world, node)


def fit(want: m.Want, bundle: Bundle) -> bool:
    feed = bundle.feed
    same = (want.author, want.device, want.lane) == (feed.author, feed.device, int(feed.lane))
    return same and want.lo <= bundle.seq <= want.hi


def kinds(effects: list[Effect]) -> list[str]:
    """Names of the effects, for short comparisons."""
    return [type(effect).__name__ for effect in effects]


class Ear:
    """What a partner has told, by feed, however it was named."""

    def __init__(self, puppet: Puppet) -> None:
        self.puppet = puppet
        self.reader = HandleReader()
        self.read = 0

    def heads(self) -> dict[FeedId, m.Head]:
        """Heads told since the last call."""
        found: dict[FeedId, m.Head] = {}
        messages = self.puppet.got(m.Heads, m.Ranges)
        for message in messages[self.read :]:
            for named in message.named:
                self.reader.learn(named)
            told = message.heads if isinstance(message, m.Heads) else listed(message)
            for head in told:
                feed = self.reader.feed(head.handle)
                assert feed is not None
                found[feed] = head
        self.read = len(messages)
        return found


def listed(message: m.Ranges) -> list[m.Head]:
    return [head for part in message.lists for head in part.heads]
