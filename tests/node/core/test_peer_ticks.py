"""A peer says when it has something to do, and ticks before that change nothing."""

from itertools import pairwise
from math import inf

from node.core import events as ev
from protocol import events as gossip
from tests.node.core.peer_world import CONFIG, TICK_S, World, like_all, sharing


def busy_world() -> World:
    """Peers who hear of each other, like, vouch, forget, dial, and lose a link."""
    world = World(seed=3)
    names = ("ann", "ben", "cem", "dea")
    for name in names:
        world.node(name, CONFIG)
        sharing(world.nodes[name])
    for one, other in pairwise(names):
        world.link(world.nodes[one], world.nodes[other])
    return world


def live(world: World, seconds: float) -> tuple[int, int]:
    """Let time pass; ticks given, and those that nobody had asked for: they must do nothing."""
    ticks = early = 0
    for _ in range(round(seconds / TICK_S)):
        world.now += TICK_S
        for node in list(world.nodes.values()):
            due = node.peer.next_tick(now=world.now)
            before = node.state.gossip.statistics()
            effects = node.handle(gossip.Tick())
            ticks += 1
            if due > world.now:
                early += 1
                assert effects == []
                assert node.state.gossip.statistics() == before
                assert node.peer.next_tick(now=world.now) == due
        world.settle()
    return ticks, early


def test_ticks_before_the_next_one_change_nothing() -> None:
    world = busy_world()
    ann, ben, cem, dea = world.nodes.values()
    for node, friend in ((ann, ben), (ben, cem), (cem, dea), (dea, ann)):
        node.ask("trust", peer=friend.author.hex(), weight=1)
    like_all(ann, ["t:1", "t:2"])
    live(world, 20)
    like_all(dea, ["t:3"])
    ann.ask("forget", item="t:1")
    ben.handle(ev.AddressesFound("owner", (dea.address,)))
    live(world, 40)
    world.unlink(ben, cem)
    ticks, early = live(world, 60)
    assert early > ticks / 2
    assert set(ben.edges(ann.author)) <= {"t:2"}


def test_a_peer_with_nothing_to_do_waits_for_its_round() -> None:
    world = World()
    node = world.node("ann")
    live(world, 10)
    now = world.now
    due = node.peer.next_tick(now=now)
    assert now < due <= now + node.state.config.gossip.round_s
    assert due < inf


def test_what_is_to_be_published_calls_for_a_tick_at_once() -> None:
    world = World()
    node = world.node("ann")
    sharing(node)
    live(world, 10)
    like_all(node, ["t:1"])
    assert node.peer.next_tick(now=world.now) <= world.now + node.state.config.publish_interval_s
