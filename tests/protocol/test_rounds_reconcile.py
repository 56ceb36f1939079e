"""Reconciliation step by step, as the partner sees it: complete, bounded, in frames that fit."""

from dataclasses import replace
from itertools import pairwise

from protocol import messages as m
from protocol.config import GossipConfig, LinkConfig
from protocol.events import Tick
from protocol.heads import feed_key, head_print, tag_of
from protocol.ids import FeedId
from protocol.limits import FRAME_BYTES_MAX
from protocol.reconcile import LIST_MAX
from protocol.rounds import HEADS_PER_LIST
from tests.protocol.chains import chain
from tests.protocol.gossip_world import QUIET, quiet_node, stock
from tests.protocol.puppet import Ear, Puppet, listed

CONFIG = GossipConfig()


def ask_all(*, answer: bool = True) -> m.Ranges:
    """An empty list of the whole key space: tell me everything."""
    return m.Ranges([], [], [m.RangeList(b"", b"", [], answer)], False)


# --- reconciliation ------------------------------------------------------------------------------


def test_no_frame_has_more_prints_or_lists_than_a_partner_accepts():
    """Many small steps fill a frame by number before they fill it by size."""
    world, node = quiet_node()
    feeds = stock(node, 40 * m.RANGES_PER_FRAME_MAX)
    bounds = [b"", *(feed_key(f) for f in feeds[:: len(feeds) // 500]), b""]
    pairs = [*pairwise(bounds)][-500:]
    pairs[0] = (b"", pairs[0][1])
    prints = [m.RangePrint(low, high, 1, bytes(8)) for low, high in pairs]
    puppet = Puppet(world, node)
    puppet.say(m.Ranges([], prints, [], False))
    ranges = puppet.got(m.Ranges)
    assert sum(len(r.prints) for r in ranges) > m.RANGES_PER_FRAME_MAX
    world, node = quiet_node()
    empty = [m.RangePrint(bytes([n // 256, n % 256]), bytes([n // 256, n % 256, 0]), 1, bytes(8))
             for n in range(m.RANGES_PER_FRAME_MAX)]  # fmt: skip
    puppet = Puppet(world, node)
    puppet.say(m.Ranges([], empty, [], False), m.Ranges([], empty, [], False))
    ranges += puppet.got(m.Ranges)
    assert sum(len(r.lists) for r in ranges) == 2 * m.RANGES_PER_FRAME_MAX
    for message in ranges:
        frame = m.encode_frame(message)
        assert len(frame) <= FRAME_BYTES_MAX
        assert m.decode_frame(frame) == message


def test_answers_to_many_lists_share_frames():
    """One frame each would be a flood to the partner, who only did what the protocol says."""
    world, node = quiet_node()
    feeds = stock(node, 2 * m.RANGES_PER_FRAME_MAX)
    keys = sorted(map(feed_key, feeds))[::2]
    lists = [
        m.RangeList(low, high, [], True) for low, high in zip(keys, [*keys[1:], b""], strict=True)
    ]
    puppet = Puppet(world, node)
    ear = Ear(puppet)
    puppet.say(m.Ranges([], [], lists, False))
    assert len(puppet.got(m.Ranges)) <= 4
    assert sorted(ear.heads()) == sorted(feeds)


def test_a_long_range_is_told_in_lists_that_fit_and_leave_nothing_out():
    world, node = quiet_node(replace(QUIET, reconcile_step_bytes=2**30))
    feeds = stock(node, 5 * HEADS_PER_LIST + 7)
    puppet = Puppet(world, node)
    ear = Ear(puppet)
    puppet.say(ask_all())
    lists = [part for message in puppet.got(m.Ranges) for part in message.lists]
    assert max(len(part.heads) for part in lists) <= HEADS_PER_LIST
    assert all(not part.answer for part in lists)
    assert sorted(ear.heads()) == sorted(feeds)


def test_only_what_differs_is_told():
    world, node = quiet_node()
    feeds = stock(node, 40)
    puppet = Puppet(world, node)
    ear = Ear(puppet)
    named = [m.Named(n, f.author, f.device, int(f.lane)) for n, f in enumerate(feeds[:4])]
    tag = b"h" * 8
    heads = [m.Head(0, 1, 2, tag), m.Head(1, 1, 1, tag), m.Head(2, 2, 2, tag),
             m.Head(3, 1, 2, b"x" * 8)]  # fmt: skip
    puppet.say(m.Ranges(named, [], [m.RangeList(b"", b"", heads, True)], False))
    assert sorted(ear.heads()) == feeds[1:]
    assert puppet.charged == []


def test_one_frame_cannot_make_us_tell_more_than_a_step_and_all_is_told_in_the_end():
    """Which part is told differs from time to time, or the rest would never be heard of."""
    config = replace(CONFIG, reconcile_step_bytes=64 * 1024)
    world, node = quiet_node(config)
    feeds = stock(node, 4_000)
    puppet = Puppet(world, node)
    ear = Ear(puppet)
    heard: dict[FeedId, m.Head] = {}
    puppet.say(ask_all())
    first = ear.heads()
    assert 0 < len(first) <= config.reconcile_step_bytes / 76
    heard |= first
    for _ in range(60):
        world.run(1)
        puppet.say(ask_all())
        heard |= ear.heads()
    assert sorted(heard) == sorted(feeds)


def test_the_budget_of_a_round_is_kept_by_fingerprints_too():
    world, node = quiet_node(replace(QUIET, round_s=2.0, reconcile_bytes=50_000))
    stock(node, 20_000)
    puppet = Puppet(world, node)
    before = len(node.log)
    for _ in range(60):
        puppet.say(m.Ranges([], [m.RangePrint(b"", b"", 1, bytes(8))], [], False))
    assert sum(len(m.encode_frame(r)) for r in puppet.got(m.Ranges)) <= 50_000
    assert len(node.log) - before < 60
    world.run(2)
    assert [r.opening for r in puppet.got(m.Ranges)][-1], "what was left out is due"


def test_an_equal_range_is_gone_through_feed_by_feed_and_bit_by_bit():
    """The partner holds what we hold, perhaps further back: there may be more to ask for."""
    config = replace(QUIET, feeds_looked_back_per_tick=8)
    world, node = quiet_node(config)
    bundles = [chain(3, author=number) for number in range(1, 21)]
    for newest in bundles:
        node.feeds.offer(newest[2], now=world.now)
    node.gossip.reload()
    world.follow(node, *(b[0].feed.author for b in bundles))
    puppet = Puppet(world, node)
    keys = {feed_key(b[2].feed): b[2] for b in bundles}
    total = sum(head_print(key, 3, tag_of(b.id)) for key, b in keys.items()) % 2**64
    equal = m.RangePrint(b"", b"", len(keys), total.to_bytes(8, "big"))
    puppet.say(m.Ranges([], [equal], [], False))
    assert puppet.got(m.Ranges) == []
    asked = [len(puppet.wants())]
    for _ in range(4):
        world.deliver(node, Tick())
        asked.append(len(puppet.wants()))
    assert asked == [0, 8, 16, 20, 20]
    assert {(want.lo, want.hi, want.newest_first) for want in puppet.wants()} == {(1, 2, True)}


def test_equal_ranges_share_a_tick_and_are_bounded():
    config = replace(QUIET, feeds_looked_back_per_tick=8, link=LinkConfig(equal_ranges_max=3))
    world, node = quiet_node(config)
    bundles = [chain(3, author=number) for number in range(1, 9)]
    for newest in bundles:
        node.feeds.offer(newest[2], now=world.now)
    node.gossip.reload()
    world.follow(node, *(b[0].feed.author for b in bundles))
    puppets = [Puppet(world, node, f"p{n}") for n in range(2)]
    order = sorted(bundles, key=lambda b: feed_key(b[2].feed))
    edges = [b"", *(feed_key(b[2].feed) for b in order[1:]), b""]
    prints = []
    for held, low, high in zip(order, edges[:-1], edges[1:], strict=True):
        digest = head_print(feed_key(held[2].feed), 3, tag_of(held[2].id)).to_bytes(8, "big")
        prints.append(m.RangePrint(low, high, 1, digest))
    for puppet in puppets:
        puppet.say(m.Ranges([], prints, [], False))
    world.deliver(node, Tick())
    world.deliver(node, Tick())
    links = node.gossip._context.links
    assert [len(links[p.link].serves) for p in puppets] == [3, 3]


def test_empty_ranges_that_both_hold_alike_are_no_work():
    world, node = quiet_node()
    puppet = Puppet(world, node)
    puppet.say(m.Ranges([], [m.RangePrint(b"", b"", 0, bytes(8))], [], False))
    assert node.gossip._context.links[puppet.link].equal == []
    assert puppet.got(m.Ranges) == []


def test_few_heads_are_listed_and_many_are_split():
    for count, kind in ((LIST_MAX, "lists"), (LIST_MAX + 1, "prints")):
        world, node = quiet_node()
        stock(node, count)
        puppet = Puppet(world, node)
        puppet.say(m.Ranges([], [m.RangePrint(b"", b"", 5, bytes(8))], [], False))
        (answer,) = puppet.got(m.Ranges)
        assert {"lists": bool(answer.lists), "prints": bool(answer.prints)} == {
            "lists": kind == "lists", "prints": kind == "prints"
        }  # fmt: skip
        assert all(part.answer for part in answer.lists)


def test_own_heads_keep_to_half_of_what_partners_may_tell():
    link = LinkConfig()
    world, node = quiet_node()
    stock(node, 40_000)
    puppet = Puppet(world, node)
    for _ in range(40):
        puppet.say(ask_all())
    told = sum(len(listed(r)) for r in puppet.got(m.Ranges))
    assert 0 < told <= link.heads_burst / 2
