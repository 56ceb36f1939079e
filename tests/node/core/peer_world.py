"""Whole peers, one clock and no I/O: the world in which the core is tested.

Real `Peer`s with their gossip, graph, trust and ranking; dictionaries that do what the store's
effects order; jobs run when the world turns to them; links deliver frames in order. One seed and
one queue decide everything, so a run can be repeated exactly.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any

from node.core import events as ev
from node.core.building import build
from node.core.config import PeerConfig
from node.core.dialing import DialConfig
from protocol import events as gossip
from protocol.bundle import Bundle, decode_bundle
from protocol.ids import AuthorKey, DeviceId
from ranking.graph import GraphConfig
from tests.node.core.memory_store import MemoryStore, signer_key
from tests.protocol.gossip_world import START, TICK_S, VerifyMemo
from trust.config import TrustConfig

NETWORK = b"test"
DAY = int(START) // 86_400

CONFIG = PeerConfig(
    network=NETWORK,
    dial=DialConfig(private=True),
    graph=GraphConfig(bytes_max=16 * 1024 * 1024),
    trust=TrustConfig(walks=1_000),
)

MEMO = VerifyMemo()


class Refused(Exception):
    """A query was refused; `code`, `message` and `hint` say why."""

    def __init__(self, effect: ev.Refuse) -> None:
        super().__init__(f"{effect.code}: {effect.message}")
        self.code, self.message, self.hint = effect.code, effect.message, effect.hint


class Node:
    """A peer with its store. Effects on the network wait in the world; everything is logged."""

    def __init__(self, world: "World", name: str, number: int, config: PeerConfig) -> None:
        self.world, self.name, self.number, self.config = world, name, number, config
        self.store = MemoryStore()
        self.log: list[ev.Effect] = []
        self.answers: dict[int, ev.Answer | ev.Refuse] = {}
        self.links: dict[str, int] = {}
        self.jobs: deque[ev.Compute] = deque()
        self.lazy = False
        """Completions are left in `held` until `release`, to see what happens before them."""
        self.held: list[ev.Effect] = []
        self.device = DeviceId(bytes([number]) * 8)
        self.lives = 0
        self._seeds = 0
        self._token = 0
        seed = number.to_bytes(32, "big")
        self.store.write(ev.PutPerson(name, signer_key(seed), seed, self.device), 0.0)
        self.start()

    def start(self) -> None:
        """From what the store holds; again after the first time."""
        self.lives += 1
        self.peer = build(
            self.config,
            self.store.remembered(),
            rng=Random(f"{self.world.seed}/{self.name}/{self.lives}"),
            verify=MEMO.of(self.name),
            new_seed=self._new_seed,
            now=self.world.now,
        )
        self.handle(ev.OwnAddresses(self.peer_id, (self.address,)))

    def restart(self) -> None:
        """All links break, the process ends, another starts on the same store."""
        for other in list(self.links):
            self.world.unlink(self, self.world.nodes[other])
        self.held.clear()
        self.start()

    @property
    def peer_id(self) -> str:
        return f"peer-{self.name}"

    @property
    def address(self) -> str:
        return f"/ip4/10.0.0.{self.number}/tcp/4001/p2p/{self.peer_id}"

    @property
    def state(self):
        return self.peer.state

    @property
    def owner(self):
        return self.state.persons.owner

    @property
    def author(self) -> AuthorKey:
        return self.owner.author

    def _new_seed(self) -> bytes:
        self._seeds += 1
        return (self.number * 100_000 + self._seeds).to_bytes(32, "big")

    # ------------------------------------------------------------------------------- running
    def handle(self, event: ev.Event) -> list[ev.Effect]:
        """Hand an event over and perform what comes of it."""
        effects = self.peer.handle(event, now=self.world.now)
        self.log += effects
        for effect in effects:
            if self.lazy and isinstance(effect, ev.Commit | ev.Compute | ev.FindInfo):
                self.held.append(effect)
            else:
                self.perform(effect)
        return effects

    def orders(self, effect: gossip.Effect) -> None:
        """Gossip has ordered this; what the peer makes of it is performed."""
        effects = self.peer._translate([effect], self.world.now)
        self.log += effects
        for made in effects:
            self.perform(made)

    def release(self) -> None:
        """Perform what was held back, in order."""
        self.lazy = False
        held, self.held = self.held, []
        for effect in held:
            self.perform(effect)

    def perform(self, effect: ev.Effect) -> None:
        store, now = self.store, self.world.now
        match effect:
            case ev.Answer(token=token) | ev.Refuse(token=token):
                assert token not in self.answers, "one answer for each question"
                self.answers[token] = effect
            case gossip.Send() | gossip.Disconnect():
                self.world.carry(self, effect)
            case gossip.ReadBundles(token=token):
                self.handle(gossip.BundlesRead(token, store.read(effect)))
            case ev.Commit(token=token, writes=writes):
                if store.failing:
                    self.handle(ev.CommitFailed(token, "the disk is full"))
                    return
                for write in writes:
                    store.write(write, now)
                self.handle(ev.Committed(token))
            case ev.Compute(token=token, job=job):
                self.handle(ev.Computed(token, job()))
            case ev.FindInfo():
                self.handle(store.find(effect))
            case ev.StoreBundles():
                store.keep(effect, now)
            case _:
                store.obey(effect)

    def ask(self, method: str, /, caller: ev.Caller = ev.OWNER, **params: Any) -> Mapping[str, Any]:
        """The data of the answer; `Refused` if it was refused. `last_warnings` has the rest."""
        token = self.submit(method, caller, **params)
        answer = self.answers[token]
        if isinstance(answer, ev.Refuse):
            raise Refused(answer)
        self.last_warnings = answer.warnings
        return answer.data

    def submit(self, method: str, caller: ev.Caller = ev.OWNER, /, **params: Any) -> int:
        """Ask without waiting for the answer; the token under which it comes."""
        self._token += 1
        self.handle(ev.Asked(self._token, method, params, caller))
        return self._token

    def effects(self, *kinds: type) -> list[Any]:
        """All effects of these kinds so far."""
        return [effect for effect in self.log if isinstance(effect, kinds)]

    # -------------------------------------------------------------------------------- looking
    def edges(self, author: AuthorKey) -> dict[str, tuple[int, int]]:
        """Item -> (weight, day) as the graph has them of one author."""
        graph = self.state.graph
        row = graph.author_row(author, create=False)
        if row < 0:
            return {}
        items, weights, days, _ = graph.edges_of(row)
        names = [graph.items.name(int(i)).decode() for i in items]
        pairs = zip(weights.tolist(), days.tolist(), strict=True)
        return dict(zip(names, pairs, strict=True))

    def vouches(self, author: AuthorKey) -> dict[AuthorKey, int]:
        """Target -> percent, as the trust desk has them of one author."""
        graph = self.state.graph
        row = graph.author_row(author, create=False)
        of = self.state.trust.vouched_by(row) if row >= 0 else {}
        return {AuthorKey(graph.authors.name(target)): w for target, w in of.items()}

    def clicks(self) -> set[tuple[bytes, str, str]]:
        """(author, term, item) of every click counted."""
        graph, log = self.state.graph, self.state.clicks
        table = log.table()
        rows = zip(table.author.tolist(), table.term.tolist(), table.item.tolist(), strict=True)
        return {
            (graph.authors.name(a), log.terms.name(t).decode(), graph.items.name(i).decode())
            for a, t, i in rows
        }

    def trust_in(self, author: AuthorKey) -> float:
        """The owner's trust in an author, walked for anew."""
        found = {t["author"]: t["t"] for t in self.ask("trust_get")["trusted"]}
        return found.get(author.hex(), 0.0)


class World:
    """Nodes, their links, and the clock."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.now = START
        self.nodes: dict[str, Node] = {}
        self.frames: deque[tuple[int, bytes]] = deque()
        self.ends: dict[int, tuple[Node, int]] = {}
        """Link number -> (the node at the other end, the number there)."""
        self._next_link = 1
        self.tap: Callable[[Node, ev.Effect], None] = lambda _node, _effect: None

    def node(self, name: str, config: PeerConfig = CONFIG) -> Node:
        node = self.nodes[name] = Node(self, name, len(self.nodes) + 1, config)
        return node

    def link(self, dialler: Node, listener: Node) -> None:
        """A gossip link between two nodes, up at both ends."""
        here, there = self._next_link, self._next_link + 1
        self._next_link += 2
        self.ends[here], self.ends[there] = (listener, there), (dialler, here)
        dialler.links[listener.name], listener.links[dialler.name] = here, there
        dialler.handle(gossip.LinkUp(here, listener.peer_id, True, listener.address))
        listener.handle(gossip.LinkUp(there, dialler.peer_id, False, dialler.address))

    def unlink(self, one: Node, other: Node) -> None:
        """The link between two nodes breaks."""
        here, there = one.links.pop(other.name), other.links.pop(one.name)
        del self.ends[here], self.ends[there]
        one.handle(gossip.LinkDown(here))
        other.handle(gossip.LinkDown(there))

    def carry(self, node: Node, effect: gossip.Send | gossip.Disconnect) -> None:
        if effect.link not in self.ends:
            return
        other, there = self.ends[effect.link]
        if isinstance(effect, gossip.Send):
            self.frames.append((there, effect.frame))
        elif node.links.get(other.name) == effect.link:
            self.unlink(node, other)

    def settle(self) -> None:
        """Deliver every frame on the way, and those sent because of them."""
        budget = 200_000
        while self.frames:
            budget -= 1
            assert budget, "the peers never fall silent"
            there, frame = self.frames.popleft()
            if there not in self.ends:
                continue
            _, here = self.ends[there]
            node, _ = self.ends[here]
            node.handle(gossip.FrameReceived(there, frame))

    def run(self, seconds: float) -> None:
        """Let time pass, a tick at a time."""
        for _ in range(round(seconds / TICK_S)):
            self.now += TICK_S
            for node in list(self.nodes.values()):
                node.handle(gossip.Tick())
            self.settle()

    def run_until(self, reached: Callable[[], bool], *, within: float = 60.0) -> None:
        """Let time pass until the condition holds; fails when it does not in time."""
        end = self.now + within
        while not reached():
            assert self.now < end, "it never came about"
            self.run(TICK_S)


def sharing(node: Node, **kinds: bool) -> None:
    """Switch kinds of sharing on for the owner; all of them by default."""
    names = ("taste", "vouches", "negative_vouches", "clicks")
    node.ask("share_set", **(kinds or dict.fromkeys(names, True)))


def like_all(node: Node, items: Iterable[str], **more: Any) -> None:
    """The owner likes these items."""
    for item in items:
        node.ask("like", item=item, **more)


def heard_by(node: Node, bundles: Iterable[Bundle]) -> None:
    """Gossip has accepted these bundles, as valid ones are: through the feed table."""
    for bundle in bundles:
        fresh = decode_bundle(bundle.wire())
        offered = node.state.feeds.offer(fresh, now=node.world.now)
        if offered.accepted or offered.raised:
            node.orders(gossip.Accepted(0, offered.accepted, offered.voided, offered.raised))
