"""What partners say they hold: who serves, what is wanted of it, and the strangers among it."""

from collections import Counter
from dataclasses import replace

from protocol.config import LinkConfig
from protocol.events import Tick
from protocol.ids import FeedId
from protocol.interest import Interest, Wanted
from tests.protocol.chains import chain, feed_of
from tests.protocol.gossip_world import QUIET, quiet_node, signer_of
from tests.protocol.puppet import Puppet, scene


def test_a_followed_author_is_noted_as_served_and_fetched():
    _, node, puppet = scene()
    bundle = chain(3)[2]
    puppet.head(bundle)
    link = node.gossip._context.links[puppet.link]
    assert list(link.serves) == [bundle.feed.author]
    assert link.strangers == {}
    assert [(want.lo, want.hi) for want in puppet.wants()] == [(1, 3)]


def test_a_stranger_is_noted_and_not_fetched_until_followed():
    world, node, puppet = scene()
    bundle = chain(3, author=2)[2]
    puppet.head(bundle, lo=2)
    link = node.gossip._context.links[puppet.link]
    assert link.strangers == {bundle.feed: (2, 3)}
    assert puppet.wants() == []
    puppet.head(bundle, lo=1)
    assert link.strangers == {bundle.feed: (1, 3)}
    world.follow(node, bundle.feed.author)
    world.run(1)
    assert link.strangers == {}
    assert list(link.serves) == [bundle.feed.author]
    assert [(want.lo, want.hi) for want in puppet.wants()] == [(1, 3)]


def test_following_many_at_once_takes_each_from_whoever_offered_it():
    world, node = quiet_node(replace(QUIET, cover_rate=0.0))
    puppets = [Puppet(world, node, f"p{n}") for n in range(3)]
    bundles = [chain(1, author=number)[0] for number in range(1, 31)]
    for number, bundle in enumerate(bundles):
        puppets[number % 3].head(bundle)
    world.follow(node, *(bundle.feed.author for bundle in bundles[:24]))
    world.run(1)
    for number, puppet in enumerate(puppets):
        link = node.gossip._context.links[puppet.link]
        offered = [bundle.feed for bundle in bundles[number::3]]
        assert sorted(link.serves) == sorted(feed.author for feed in offered[:8])
        assert list(link.strangers) == offered[8:]
        assert sorted(want.author for want in puppet.wants()) == sorted(link.serves)


def test_nothing_is_asked_for_that_is_held():
    _, node, puppet = scene()
    bundles = chain(3)
    puppet.offer(*bundles)
    asked = len(puppet.wants())
    puppet.head(bundles[2])
    puppet.push(bundles[1])
    assert len(puppet.wants()) == asked
    assert dict(node.gossip._context.fetcher.offered()) == {puppet.link: 0}


def test_the_sample_of_strangers_is_bounded_and_fair():
    """Whoever is offered first has no better chance than who is offered last."""
    room, offered, links = 10, 100, 60
    world, node = quiet_node(replace(QUIET, link=LinkConfig(strangers_max=room)))
    kept: Counter[FeedId] = Counter()
    feeds = [feed_of(number) for number in range(1, offered + 1)]
    for number in range(links):
        puppet = Puppet(world, node, f"p{number}")
        link = node.gossip._context.links[puppet.link]
        for feed in feeds:
            node.gossip._offers.notice(link, feed, 1, 1)
        assert len(link.strangers) == room
        kept.update(list(link.strangers))
    first = sum(kept[feed] for feed in feeds[: offered // 2])
    assert 220 < first < 380  # 300 expected of 600


def test_equivocators_are_told_on_instead():
    _, node, puppet = scene()
    author = signer_of(1).public_key
    node.gossip.restore_proofs([(author, b"proof")])
    puppet.head(chain(1)[0])
    link = node.gossip._context.links[puppet.link]
    assert (link.serves, link.strangers) == ({}, {})
    assert puppet.wants() == []
    assert list(link.evidence_told) == [author]


def test_who_is_wanted_more_than_before_is_asked_for_her_beginning_bit_by_bit():
    """Over the link that stands: equal heads are not told again."""
    world, node = quiet_node(replace(QUIET, feeds_looked_back_per_tick=4, cover_rate=0.0))
    authors = [chain(20, author=number) for number in range(1, 11)]
    for quota in (6, 40):
        wanted = {c[0].feed.author: Wanted(1.0, (quota,) * 4) for c in authors}
        if quota == 6:
            node.gossip.follow(Interest(wanted), now=world.now)
            puppet = Puppet(world, node)
            for bundles in authors:
                puppet.offer(*bundles)
    assert [node.feeds.held(c[0].feed) for c in authors] == [[18, 19, 20]] * 10
    before = len(puppet.wants())
    assert node.gossip.follow(Interest(wanted), now=world.now) == []
    asked = []
    for _ in range(4):
        world.deliver(node, Tick())
        asked.append(len(puppet.wants()) - before)
    assert asked == [4, 8, 10, 10]
    puppet.serve(*(bundle for bundles in authors for bundle in bundles))
    assert [node.feeds.held(c[0].feed) for c in authors] == [[*range(1, 21)]] * 10
