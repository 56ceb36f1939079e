"""Heads on their way to a partner: named once, cut into frames, within the budget."""

from dataclasses import replace

from protocol import messages as m
from protocol.config import LinkConfig
from protocol.heads import HEADS_PER_CHUNK
from protocol.telling import note, room_for_heads, tell_heads
from tests.protocol.gossip_world import QUIET, quiet_node, stock
from tests.protocol.puppet import Puppet


def told(count: int) -> list[m.Heads]:
    world, node = quiet_node()
    feeds = stock(node, count)
    puppet = Puppet(world, node)
    link = node.gossip._context.links[puppet.link]
    for answer in (True, False):
        tell_heads(node.gossip._context, link, feeds, answer=answer, now=world.now)
    world._perform(node, node.gossip._drain())
    return puppet.got(m.Heads)


def test_heads_are_named_the_first_time():
    first, second = told(3)
    assert [len(first.named), len(first.heads), first.answer] == [3, 3, True]
    assert [len(second.named), second.heads, second.answer] == [0, first.heads, False]


def test_many_heads_take_several_frames_of_which_the_last_asks():
    frames = told(HEADS_PER_CHUNK + 1)
    assert [len(f.heads) for f in frames] == [HEADS_PER_CHUNK, 1] * 2
    assert [f.answer for f in frames] == [False, True, False, False]


def test_nothing_to_tell_still_asks():
    assert [(f.heads, f.answer) for f in told(0)] == [([], True), ([], False)]


def test_what_is_told_comes_out_of_the_budget():
    world, node = quiet_node(replace(QUIET, link=LinkConfig(heads_per_s=2, heads_burst=40)))
    feeds = stock(node, 5)
    puppet = Puppet(world, node)
    context, link = node.gossip._context, node.gossip._context.links[puppet.link]
    before = room_for_heads(link, world.now)
    tell_heads(context, link, feeds, answer=False, now=world.now)
    assert room_for_heads(link, world.now) == before - 5


def test_the_oldest_tag_is_forgotten():
    tags: dict[bytes, int] = {}
    for tag in b"abac":
        note(tags, bytes([tag]), tag, at_most=2)
    assert tags == {b"a": ord("a"), b"c": ord("c")}
