"""Partners who come back: told what has changed since, and everything where something was open."""

from dataclasses import replace

import pytest

from protocol import messages as m
from protocol.config import GossipConfig
from protocol.events import FrameReceived
from protocol.messages import decode_frame
from tests.protocol.gossip_world import Node, World, play, signer_of, stock
from tests.protocol.puppet import Puppet

CONFIG = GossipConfig(reconcile_rounds=1_000)


def acquainted(config: GossipConfig = CONFIG) -> tuple[World, Node, Node]:
    """Two who follow each other, hold many heads that the other lacks, and have met."""
    world = World()
    a, b = world.add("a", config=config), world.add("b", config=config)
    stock(a, 100)
    stock(b, 100, first=1_000)
    world.follow_everyone()
    world.connect("a", "b")
    world.publish(a, [play(1)])
    world.run(30)
    assert a.store.feeds.keys() <= b.store.feeds.keys()
    return world, a, b


def heard(world: World) -> list[m.Message]:
    """Everything said since the last look."""
    frames, world.frames = world.frames, []
    world.keep_frames = True
    return [decode_frame(frame) for *_, frame in frames]


def meet_again(world: World, dialler: str, other: str, *, seconds: float = 10) -> list[m.Message]:
    heard(world)
    world.connect(dialler, other)
    world.run(seconds)
    return heard(world)


@pytest.mark.parametrize("dialler", ["a", "b"])
def test_who_comes_back_is_told_only_what_has_changed_since(dialler: str):
    world, a, b = acquainted()
    world.cut("a", "b")
    world.run(60)
    said = world.publish(a, [play(2)]), world.publish(b, [play(3)])
    world.run(60)
    assert not any(bundle.id in node.accepted_at for bundle, node in zip(said, (b, a), strict=True))
    other = "ab".replace(dialler, "")
    messages = meet_again(world, dialler, other)
    assert not [x for x in messages if isinstance(x, m.Ranges)]
    assert sum(len(x.heads) for x in messages if isinstance(x, m.Heads)) <= 3
    assert a.store.feeds[said[1].feed] == b.store.feeds[said[1].feed]
    assert b.store.feeds[said[0].feed] == a.store.feeds[said[0].feed]


def test_partners_who_come_back_serve_whom_they_served():
    world, a, b = acquainted()
    world.cut("a", "b")
    world.run(5)
    meet_again(world, "b", "a", seconds=1)
    (link,) = b.gossip._context.links.values()
    assert list(link.serves) == [a.author]
    assert len(link.strangers) > 50


def test_what_was_under_way_when_the_link_broke_is_told_again():
    world, a, b = acquainted()
    bundle = world.publish(a, [play(2)])
    (link,) = a.gossip._context.links.values()
    link.told = a.gossip._context.journal.version  # as an exchange would, whose frames are lost
    world.cut("a", "b")
    world.run(5)
    assert bundle.seq not in b.store.feeds[bundle.feed]
    meet_again(world, "a", "b")
    assert bundle.seq in b.store.feeds[bundle.feed]


def test_who_was_born_anew_reconciles_though_the_other_remembers():
    for dialler in ("a", "b"):
        world, a, _ = acquainted()
        world.cut("a", "b")
        world.run(5)
        gone = world.add("b", number=2, config=CONFIG)  # its store is lost as well
        world.follow(gone, a.author)
        messages = meet_again(world, dialler, "ab".replace(dialler, ""))
        assert any(isinstance(x, m.Ranges) and x.opening for x in messages)
        assert a.store.feeds.keys() <= gone.store.feeds.keys()


@pytest.mark.parametrize("when", ["linked", "apart", "again"])
def test_who_is_followed_later_is_asked_for_by_what_was_told_before(when: str):
    world, a, b = acquainted()
    (stranger, *_) = [feed for feed in b.feeds.authors() if feed not in a.interest]
    heard(world)
    if when == "linked":
        world.follow(a, stranger)
    world.run(1)
    world.cut("a", "b")
    world.run(5)
    if when == "apart":
        world.follow(a, stranger)
    world.connect("a", "b")
    world.run(1)
    if when == "again":
        world.follow(a, stranger)
    world.run(5)
    messages = heard(world)
    assert not [x for x in messages if isinstance(x, m.Ranges)]
    assert [w for x in messages if isinstance(x, m.Wants) for w in x.wants if w.author == stranger]


def test_of_what_both_held_alike_the_partner_is_known_to_serve_it():
    world = World()
    a, b = world.add("a", config=CONFIG), world.add("b", config=CONFIG)
    for node in (a, b):
        stock(node, 40)
    world.connect("a", "b")
    world.run(30)
    (one, two, *_) = b.feeds.authors()
    world.follow(b, one)  # who was asked whether ranges are alike knows that they are
    (link,) = b.gossip._context.links.values()
    assert one in link.serves
    world.cut("a", "b")
    world.run(5)
    world.follow(b, two)
    assert not [x for x in meet_again(world, "a", "b") if isinstance(x, m.Ranges)]
    (link,) = b.gossip._context.links.values()
    assert {one, two} <= set(link.serves)


def test_many_who_are_followed_at_once_are_asked_for_anew():
    world, a, _ = acquainted(replace(CONFIG, recalled_max=3))
    heard(world)
    world.follow(a, *(signer_of(n).public_key for n in range(70, 74)))
    world.run(5)
    assert any(isinstance(x, m.Ranges) and x.opening for x in heard(world))


def test_what_was_told_and_not_fetched_is_fetched_when_the_partner_is_back():
    world, a, b = acquainted()
    bundle = world.write(b, [play(4)])
    b.gossip._context.head_changed(bundle, source=-1)
    b.reading = False  # it tells, and does not answer
    world.run(8)
    world.cut("a", "b")
    world.run(1)
    b.reading = True
    assert not [x for x in meet_again(world, "a", "b") if isinstance(x, m.Ranges)]
    assert bundle.seq in a.store.feeds[bundle.feed]


def test_a_partner_that_never_answered_was_told_nothing_for_sure():
    world = World()
    node = world.add("a", config=CONFIG)
    puppet = Puppet(world, node, outbound=True)
    world.run(40)
    assert [x for x in puppet.got(m.Heads) if x.answer]
    node.gossip._context.lose_link(puppet.link)
    assert len(node.gossip._context.reunions) == 0


def test_memory_of_partners_is_bounded():
    world = World()
    node = world.add("a", config=replace(CONFIG, reunions_max=2))
    before = node.gossip.nbytes
    for name in "bcde":
        world.add(name, config=CONFIG)
        world.connect("a", name)
        world.run(20)
        world.cut("a", name)
        world.run(1)
    reunions = node.gossip._context.reunions
    assert list(reunions._partners) == ["peer-d", "peer-e"]
    assert node.gossip.nbytes > before


def test_an_address_is_told_once_a_link_and_our_own_with_every_other():
    world = World()
    node = world.add("a", config=CONFIG)
    places = [f"/ip4/8.8.{n}.8/tcp/4001/p2p/x{n}" for n in range(4)]
    node.gossip.advertise(places[:2])
    puppet = Puppet(world, node)
    told = []
    for known in (places[:2], places[:2], places):
        node.gossip.advertise(known)
        world.deliver(node, FrameReceived(puppet.link, m.encode_frame(m.Peers([], True))))
        told.append(puppet.got(m.Peers)[-1].addresses)
    assert told == [places[:2], [], [places[0], *places[2:]]]
