"""Honest peers and hostile ones in one small world: everything real but the wires and the clock."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

import numpy as np

from node.core import events as ev
from node.core.config import PeerConfig
from node.core.peer import Peer
from protocol import events as gossip
from protocol.bundle import Bundle, decode_bundle
from protocol.errors import ProtocolError
from protocol.ids import AuthorKey
from protocol.messages import Data, Message, Push, decode_frame
from protocol.signing import Signer
from sim.adversaries.building import hostile_of
from sim.adversaries.hostile import Wrapped
from sim.adversaries.regions import HostileFeeds, feeds_of, identity_signer
from sim.adversaries.stage import Stage, names
from sim.scenario.schema import Hostile
from tests.node.core.peer_world import CONFIG, Node, World, like_all, sharing
from tests.protocol.gossip_world import START
from tests.sim.adversaries import towns

M = TypeVar("M")
SEED = 5
FIRST_FAKE = 500
"""Honest people of the arena like items below it."""


class Member(Node):
    """A node whose peer may be hostile, in a /16 of its own, that notes every frame it gets."""

    def __init__(self, world: World, name: str, number: int, config: PeerConfig) -> None:
        self.frames: list[tuple[int, bytes]] = []
        super().__init__(world, name, number, config)

    @property
    def inside(self) -> Peer:
        return self.peer.peer if isinstance(self.peer, Wrapped) else self.peer

    @property
    def state(self):
        return self.inside.state

    @property
    def peer_id(self) -> str:
        renamed = self.peer.renamed if isinstance(getattr(self, "peer", None), Wrapped) else 0
        return f"peer-{self.name}~{renamed}" if renamed else f"peer-{self.name}"

    @property
    def address(self) -> str:
        return f"/ip4/30.{self.number}.0.1/tcp/4001/p2p/peer-{self.name}"

    def handle(self, event: ev.Event) -> list[ev.Effect]:
        if isinstance(event, gossip.FrameReceived):
            self.frames.append((event.link, event.frame))
        return super().handle(event)

    def perform(self, effect: ev.Effect) -> None:
        if isinstance(effect, ev.Dial):
            self.world.dial(self, effect.address)
        else:
            super().perform(effect)

    def got(self, *kinds: type[M], by: str) -> list[M]:
        """Messages of these kinds that came over links with this other node, past ones too."""
        links = self.world.met.get((self.name, by), ())
        found: list[M] = []
        for link, frame in self.frames:
            if link in links and isinstance(message := read(frame), kinds):
                found.append(message)
        return found

    def heard_of(self, author: AuthorKey, *, by: str) -> list[Bundle]:
        """Bundles of an author that came from this other node, bare ones too."""
        wires: list[bytes] = []
        for message in self.got(Push, Data, by=by):
            if isinstance(message, Push):
                wires += message.headers
            else:
                wires += [wire for part in message.parts for wire in part.bundles]
        return [b for wire in wires if (b := decode_bundle(wire)).header.author == author]

    def stored(self, author: AuthorKey) -> list[Bundle]:
        """Bundles of an author that are on disk here."""
        return [b for f, h in self.store.feeds.items() if f.author == author
                for b in h.bundles.values()]  # fmt: skip

    def points(self, other: str) -> float:
        """What the other has been charged with, under whatever name."""
        rows = self.state.ledger.rows()
        return max((r.points for r in rows if r.peer.split("~")[0] == f"peer-{other}"), default=0)

    def closed(self, other: str) -> list[str]:
        """Why links with the other were closed from here."""
        links = self.world.met.get((self.name, other), ())
        return [e.reason for e in self.effects(gossip.Disconnect) if e.link in links]


def read(frame: bytes) -> Message | None:
    try:
        return decode_frame(frame)
    except ProtocolError:
        return None


class Arena(World):
    """Nodes that can dial each other. `met`: all links that two nodes ever had, at each end."""

    def __init__(self, seed: int = SEED) -> None:
        super().__init__(seed)
        self.met: dict[tuple[str, str], list[int]] = {}

    def node(self, name: str, config: PeerConfig = CONFIG) -> Member:
        node = self.nodes[name] = Member(self, name, len(self.nodes) + 1, config)
        return node

    def link(self, dialler: Node, listener: Node) -> None:
        here = self._next_link
        self.met.setdefault((dialler.name, listener.name), []).append(here)
        self.met.setdefault((listener.name, dialler.name), []).append(here + 1)
        super().link(dialler, listener)

    def dial(self, node: Node, address: str) -> None:
        """Open a link, if there is somebody at the address."""
        there = [n for n in self.nodes.values() if n.address == address]
        if there and there[0] is not node and there[0].name not in node.links:
            self.link(node, there[0])
        elif not there:
            node.handle(ev.DialEnded(address))

    def befriend(self, *nodes: Node) -> None:
        """All of them vouch for each other, share everything, and are linked."""
        for one in nodes:
            sharing(one)
            for other in nodes:
                if other is not one:
                    one.ask("trust", peer=other.author.hex())
        for n, one in enumerate(nodes):
            for other in nodes[n + 1 :]:
                self.link(one, other)


@dataclass
class Scene:
    """Friends in a town, and the peers of one adversary linked with all of them."""

    world: Arena
    friends: list[Member]
    hostile: list[Member]
    feeds: HostileFeeds
    stage: Stage
    likes: dict[str, list[str]] = field(default_factory=dict)

    @property
    def ada(self) -> Member:
        return self.friends[0]

    @property
    def mallory(self) -> Member:
        return self.hostile[0]

    def identity(self, number: int = 0) -> AuthorKey:
        return self.stage.signer(number).public_key

    def fool(self, *friends: Member, identity: int = 0) -> None:
        """These friends vouch for an identity."""
        for friend in friends:
            friend.ask("trust", peer=self.identity(identity).hex())

    def news_arrives(self, *, within: float = 20.0) -> None:
        """Something new that the first friend likes is known to all others in time."""
        item = f"sim:item:{400 + int(self.world.now) % 97}"
        self.ada.ask("like", item=item)
        others = self.friends[1:]
        here = lambda: all(item in o.edges(self.ada.author) for o in others)  # noqa: E731
        self.world.run_until(here, within=within)

    def honest_links_hold(self) -> None:
        """No friend has charged or thrown out another."""
        for one in self.friends:
            for other in self.friends:
                assert one.points(other.name) == 0
                assert one.closed(other.name) == []

    def fakes_shown(self, friend: Member, method: str = "grapevine") -> int:
        """Fakes in a friend's list of twenty."""
        fakes = {item for items in self.feeds.fakes for item in names(items.tolist())}
        shown = friend.ask("recommend", n=20, method=method)["items"]
        return len(fakes & {one["item"] for one in shown})

    def hostile_trust(self, friend: Member) -> float:
        """A friend's trust in everybody but the friends."""
        known = {person.hex() for person in self.stage.people}
        return sum(t["t"] for t in friend.ask("trust_get")["trusted"] if t["author"] not in known)

    def trust_among_friends(self) -> dict[str, float]:
        return {other.name: self.ada.trust_in(other.author) for other in self.friends[1:]}


def signer(number: int) -> Signer:
    return identity_signer(SEED, 0, number)


def scene(
    spec: Hostile,
    *,
    friends: int = 4,
    fooled: Iterable[int] = (),
    config: PeerConfig = CONFIG,
    settle_s: float = 4.0,
    link: bool = True,
    victim: str = "",
) -> Scene:
    """Friends who like ten items each, overlapping; `settle_s` later mallory's peers come.

    fooled: numbers of the friends who vouch for identity 0, beside those whom the adversary's own
    edges begin at. victim: the address of whoever is to be eclipsed.
    """
    world = Arena()
    people = [world.node(f"friend-{n}", config) for n in range(friends)]
    world.befriend(*people)
    population = towns.friends(friends, FIRST_FAKE)
    likes = {}
    for n, friend in enumerate(people):
        likes[friend.name] = names(population.world.snapshot.liked(n).tolist())
        like_all(friend, likes[friend.name])
    feeds = feeds_of(spec, population, np.random.default_rng(SEED), first_fake=FIRST_FAKE)
    world.run(settle_s)
    hostile = [world.node(f"mallory-{n}", config) for n in range(spec.peers)]
    stage = Stage(
        CONFIG.network,
        START + settle_s,
        feeds,
        signer,
        tuple(person.author for person in people),
        tuple(one.address for one in hostile),
        victim,
    )
    made = Scene(world, people, hostile, feeds, stage, likes)
    for number, one in enumerate(hostile):
        rng = Random(f"{SEED}/hostile/{number}")
        one.peer = hostile_of(spec, one.peer, rng, number=number, stage=stage)
        one.handle(ev.OwnAddresses(one.peer_id, (one.address,)))
    made.fool(*(people[n] for n in fooled))
    for person, identity in zip(feeds.fooled.tolist(), feeds.entered.tolist(), strict=True):
        made.fool(people[person], identity=identity)
    if link:
        for one in hostile:
            for friend in people:
                world.link(one, friend)
    return made
