"""A partner with a valid Hello and hostile frames costs itself, and nobody else anything.

Valid sessions between two nodes are recorded with every kind of message, then mutated and sent in
each state of a link, while an honest friend is connected all the time.
"""

import gc
import sys
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random

import pytest

from protocol import messages as m
from protocol.claims import Endpoint, Retract, UnknownClaim, Vouch
from protocol.config import GossipConfig
from protocol.events import Disconnect, LinkDown, Penalise
from protocol.ids import Lane
from tests.protocol.chains import chain, feed_of, fork_of, wild_chain
from tests.protocol.gossip_caps import assert_caps
from tests.protocol.gossip_world import Node, World, play, signer_of
from tests.protocol.hostile import Mutator
from tests.protocol.puppet import Puppet

FRAMES = 6_000
"""Hostile frames in each of the four states."""

AUTHORS = range(1, 30)
"""Authors whose feeds are about; the node follows the first twenty of them."""

CONFIG = GossipConfig(round_s=1.0, reconcile_rounds=3)


def stocked(world: World, name: str, number: int, *, authors: range, config=CONFIG) -> Node:
    """A node that holds the feeds of these authors, and follows the first twenty of all."""
    node = world.add(name, number=number, config=config)
    for author in authors:
        for bundle in wild_chain(author, 12, author=author):
            offered = node.feeds.offer(bundle, now=world.now)
            for accepted in offered.accepted:
                node.store.add(accepted)
    node.gossip.reload()
    world.follow(node, *(signer_of(author).public_key for author in AUTHORS[:20]))
    node.gossip.advertise(["/ip4/8.8.8.8/tcp/1", "/ip4/9.9.9.9/udp/2/quic-v1"])
    return node


@cache
def recorded() -> tuple[bytes, ...]:
    """Both directions of a lively session."""
    world = World(3)
    world.keep_frames = True
    a = stocked(world, "a", 101, authors=AUTHORS[::2])
    b = stocked(world, "b", 102, authors=AUTHORS[1::2])
    for one, other in ((a, b), (b, a)):
        # each vouches for the other, and for somebody whom nobody has heard of
        world.follow(one, other.author, signer_of(77).public_key)
    world.connect("a", "b")
    for number in range(8):
        world.run(1)
        world.publish(a, [play(number), UnknownClaim(99, b"\x92\x63\xc0")])
        world.publish(b, [Vouch(a.author, number)], Lane.VOUCHES)
        world.publish(b, [Endpoint(("/ip4/8.8.8.8/tcp/4",))], Lane.IDENTITY)
        world.publish(a, [Retract(1 + number), play(number)])
    forked = chain(2, author=1)
    liar = Puppet(world, a, "liar")
    for bundle in (*forked, fork_of(forked[1])):
        liar.head(bundle)
        liar.serve(bundle)
    liar.push(fork_of(wild_chain(3, 12, author=3)[-1], 3))
    world.run(10)
    frames = [frame for _, _, _, frame in world.frames]
    frames.append(m.encode_frame(m.Refused("no")))
    return tuple(frames)


def test_the_recording_has_every_kind_of_message():
    kinds = {type(m.decode_frame(frame)) for frame in recorded()}
    assert kinds == set(m.Message.__args__)
    prints = [x for f in recorded() if isinstance(x := m.decode_frame(f), m.Ranges)]
    assert any(x.lists for x in prints)
    assert any(x.prints for x in prints)


@dataclass
class Siege:
    """A node, its honest friend, and one attacker after another."""

    world: World
    node: Node
    friend: Node
    state: str
    mutator: Mutator
    puppet: Puppet | None = None
    attackers: int = 0
    answers: list[bytes] = field(default_factory=list)
    """What the present attacker has been asked for."""

    def attacker(self) -> Puppet:
        """The present attacker, in the state that is tested; a new one when it was thrown out."""
        if self.puppet is None or self.puppet.closed is not None:
            self.puppet = self._arrive()
        return self.puppet

    def _arrive(self) -> Puppet:
        self.attackers += 1
        name = f"mallory-{self.attackers}"
        greet, dialled = self.state != "before hello", self.state == "mid reconcile"
        puppet = Puppet(self.world, self.node, name, greet=greet, outbound=dialled)
        if self.state == "mid fetch":
            self._promise(puppet)
        elif dialled:
            puppet.say(m.Ranges([], [m.RangePrint(b"", b"", 9, bytes(8))], [], True))
        return puppet

    def _promise(self, puppet: Puppet) -> None:
        """Heads of what the node lacks, so that wants are open; their answers are mutated too."""
        author = self.mutator.rng.choice(AUTHORS[:20])
        bundles = chain(6, author=author, device=2 + self.attackers % 3)
        puppet.head(bundles[-1])
        wires = [bundle.wire() for bundle in bundles]
        self.answers = [
            m.encode_frame(m.Data([m.Part(want.want, some, done)]))
            for want in puppet.wants()
            for some in (wires, wires[::-1], wires[3:], wires[:1])
            for done in (True, False)
        ]

    def send(self) -> None:
        """One frame; now and then one that is valid, but out of place."""
        rng, puppet = self.mutator.rng, self.attacker()
        if self.answers and rng.random() < 0.6:
            puppet.raw(self.mutator.frame(rng.choice(self.answers)))
        elif rng.random() < 0.15:
            puppet.raw(self.mutator.valid())
        else:
            puppet.raw(self.mutator.frame())

    def leave(self) -> None:
        if self.puppet is not None and self.puppet.closed is None:
            self.world.deliver(self.node, LinkDown(self.puppet.link))
        self.puppet = None

    @property
    def honest_link(self) -> int:
        return self.node.links["friend"]


def besiege(state: str, seed: int) -> Siege:
    world = World(seed)
    node = stocked(world, "node", 103, authors=AUTHORS[:12])
    friend = stocked(world, "friend", 104, authors=AUTHORS[4:16])
    world.follow(node, friend.author)
    world.follow(friend, node.author)
    world.connect("node", "friend")
    world.run(5)
    return Siege(world, node, friend, state, Mutator(list(recorded()), Random(seed)))


def blocks_in_use(siege: Siege) -> int:
    """Objects alive, without what only the test remembers."""
    for node in (siege.node, siege.friend):
        node.log.clear()
    siege.world.memo.known.clear()
    siege.world.memo.calls.clear()
    gc.collect()
    return sys.getallocatedblocks()


def assert_honest_peers_are_unharmed(siege: Siege) -> None:
    """Nobody honest was charged or cut off, and what is new still arrives within 10 s."""
    world, node, friend = siege.world, siege.node, siege.friend
    honest = siege.honest_link
    assert [e for e in node.log if isinstance(e, Penalise | Disconnect) and e.link == honest] == []
    assert friend.effects(Penalise) == friend.effects(Disconnect) == []
    for one, other in ((node, friend), (friend, node)):
        bundle = world.publish(one, [play(12_345)])
        arrived = lambda b=bundle, o=other: b.id in o.accepted_at  # noqa: E731
        assert world.run_until(arrived, seconds=10) < 10


@pytest.mark.slow
@pytest.mark.parametrize("state", ["before hello", "after hello", "mid reconcile", "mid fetch"])
def test_hostile_frames_cost_only_their_sender(state: str):
    siege = besiege(state, seed=len(state))
    grown: list[int] = []
    for number in range(FRAMES):
        siege.send()
        if number % 10 == 9:
            siege.world.run(0.25)
        if number % 25 == 0:
            assert_caps(siege.node.gossip)
        if number % 1_000 == 999:
            siege.leave()
            assert_honest_peers_are_unharmed(siege)
            grown.append(blocks_in_use(siege))
    assert siege.attackers > 20
    assert grown[-1] - grown[0] < 40_000, f"memory grows: {grown}"  # some 4 MB


def test_many_attackers_at_once_leave_honest_peers_their_turn():
    siege = besiege("after hello", seed=9)
    puppets = [Puppet(siege.world, siege.node, f"m{n}") for n in range(30)]
    for _ in range(40):
        for puppet in puppets:
            if puppet.closed is None:
                puppet.raw(siege.mutator.frame())
        siege.world.run(0.25)
    assert_caps(siege.node.gossip)
    assert_honest_peers_are_unharmed(siege)


def test_small_caps_hold_under_valid_frames_in_any_order():
    """With caps of one digit every one of them is reached."""
    small = replace(
        CONFIG,
        journal_max=5,
        proofs_max=2,
        fork_reads_max=2,
        link=replace(
            CONFIG.link, strangers_max=3, outbox_max=3, evidence_told_max=2, equal_ranges_max=2
        ),
        fetch=replace(CONFIG.fetch, offers_max=4, link_wants_max=3, urgent_wants_max=1),
    )
    world = World(4)
    node = stocked(world, "node", 103, authors=AUTHORS[:12], config=small)
    mutator = Mutator(list(recorded()), Random(4))
    puppet = Puppet(world, node, "m0")
    for number in range(1_500):
        if puppet.closed is not None:
            puppet = Puppet(world, node, f"m{number}")
        puppet.raw(mutator.valid())
        assert_caps(node.gossip)
        if number % 20 == 0:
            world.run(0.25)
    assert node.gossip.statistics().totals["frames_in"] > 1_000
    assert feed_of(1) in node.store.feeds
