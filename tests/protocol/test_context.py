"""What of an offer is wanted, whether an author matters, and what conviction leaves behind."""

from dataclasses import fields

from protocol.context import BYTES_PER_CLAIM, NO_LINK, Counters
from protocol.events import Equivocated
from protocol.fetch import Span
from protocol.interest import Interest, Wanted
from tests.protocol.chains import bundle_of, chain, feed_of
from tests.protocol.gossip_world import Node, World, play, quiet_node
from tests.protocol.puppet import scene

FEED = feed_of()


def following(quota: int) -> tuple[World, Node]:
    world, node = quiet_node()
    wanted = Wanted(1.0, (quota, quota, quota, quota))
    node.gossip.follow(Interest({FEED.author: wanted}), now=world.now)
    return world, node


def spans(world: World, node: Node, lo: int, hi: int) -> list[Span]:
    return node.gossip._context.spans(FEED, lo, hi, now=world.now)


def hold(world: World, node: Node, *bundles, quota: int) -> None:
    for bundle in bundles:
        node.feeds.offer(bundle, now=world.now)
    node.feeds.set_quota(FEED, quota)


def test_nothing_is_wanted_of_strangers_of_closed_lanes_and_of_the_dropped():
    world, node = quiet_node()
    assert spans(world, node, 1, 9) == []
    world, node = following(0)
    assert spans(world, node, 1, 9) == []
    world, node = following(100)
    hold(world, node, *chain(1), quota=100)
    node.gossip.drop_author(FEED.author, now=world.now)
    assert spans(world, node, 1, 9) == []
    assert node.feeds.may_ask(FEED.author, now=world.now + 86_400)
    world.now += 86_400
    assert [(span.lo, span.hi) for span in spans(world, node, 1, 9)] == [(2, 9)]


def test_the_first_of_a_feed_is_read_downwards_as_far_as_the_quota_has_room():
    world, node = following(100)
    assert spans(world, node, 3, 900) == [Span(3, 900, True, 100 * BYTES_PER_CLAIM)]


def test_news_comes_first_and_back_fill_has_what_is_left_of_the_quota():
    world, node = following(100)
    hold(world, node, *chain(6)[4:], quota=100)  # 5 and 6, of two claims each
    assert spans(world, node, 1, 9) == [
        Span(7, 9, False), Span(1, 4, True, 96 * BYTES_PER_CLAIM)
    ]  # fmt: skip
    assert spans(world, node, 6, 6) == []


def test_there_is_no_back_fill_below_the_first_bundle_or_beyond_the_quota():
    world, node = following(100)
    hold(world, node, *chain(3), quota=100)
    assert spans(world, node, 1, 3) == []
    world, node = following(4)
    hold(world, node, *chain(6)[4:], quota=4)
    assert spans(world, node, 1, 9) == [Span(7, 9, False)]


def test_who_is_followed_held_or_dropped_lately_matters():
    world, node = following(9)
    context = node.gossip._context
    assert context.matters(FEED.author, now=world.now)
    other = chain(1, author=2)[0]
    assert not context.matters(other.feed.author, now=world.now)
    node.feeds.offer(other, now=world.now)
    assert context.matters(other.feed.author, now=world.now)
    node.gossip.drop_author(other.feed.author, now=world.now)
    assert context.matters(other.feed.author, now=world.now)
    assert not context.matters(other.feed.author, now=world.now + 86_400)


def test_conviction_leaves_only_the_proof():
    _, node, puppet = scene()
    puppet.offer(*chain(3))
    for device in (2, 3):
        puppet.offer(*chain(2, device=device))
    puppet.head(bundle_of(feed_of(device=4), 1, 7, [play(1)]))
    context = node.gossip._context
    assert len(context.index) == 3
    context.convict(FEED.author, b"proof", source=NO_LINK)
    context.convict(FEED.author, b"another", source=NO_LINK)
    assert len(context.index) == len(context.journal) == 0
    assert FEED.author not in context.following
    assert FEED.author not in context.links[puppet.link].serves
    assert context.proofs == {FEED.author: b"proof"}
    effects = node.gossip._drain()
    assert [e for e in effects if isinstance(e, Equivocated)] == [
        Equivocated(FEED.author, b"proof")
    ]
    puppet.answer(puppet.wants()[-1])
    assert dict(context.fetcher.offered()) == {puppet.link: 0}


def test_a_link_that_is_forgotten_twice_is_forgotten_once():
    _, node, puppet = scene()
    puppet.head(chain(2)[1])
    context = node.gossip._context
    assert context.fetcher.in_flight_bytes > 0
    for _ in range(2):
        context.forget_link(puppet.link)
    assert (context.links, context.fetcher.in_flight_bytes) == ({}, 0)


def test_a_head_is_known_to_the_index_and_to_the_journal():
    world, node = following(9)
    bundle = chain(1)[0]
    context = node.gossip._context
    context.head_changed(bundle, source=NO_LINK)
    assert len(context.index) == 0  # nothing is held of it
    hold(world, node, bundle, quota=9)
    context.head_changed(bundle, source=NO_LINK)
    assert list(context.index.feeds(0, 1)) == [FEED]
    assert context.journal.since(0, link=1) == [FEED]


def test_counters_are_told_by_name():
    counted = Counters(frames_in=3).as_dict()
    assert counted["frames_in"] == 3
    assert list(counted) == [f.name for f in fields(Counters)]
