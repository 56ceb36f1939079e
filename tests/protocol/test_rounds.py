"""Exchanges, reconciliation, strangers and the search for authors, as one partner sees them."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from protocol import messages as m
from protocol.config import GossipConfig, LinkConfig
from protocol.errors import Offence
from protocol.events import FindAuthor, HeardPeers, Unfollowed
from protocol.heads import tag_of
from protocol.ids import FeedId, Lane
from protocol.interest import FollowingConfig
from protocol.rounds import COVERS_AMONG
from tests.protocol.chains import bundle_of, chain, feed_of
from tests.protocol.gossip_world import QUIET, Node, World, play, quiet_node, signer_of, stock
from tests.protocol.puppet import Ear, Puppet

CONFIG = GossipConfig()

# --- exchanges -----------------------------------------------------------------------------------


def test_who_dialled_opens_a_reconciliation_and_who_was_dialled_does_not():
    for outbound, expected in ((True, [True]), (False, [])):
        world, node = quiet_node()
        puppet = Puppet(world, node, outbound=outbound)
        assert [r.opening for r in puppet.got(m.Ranges)] == expected


def test_every_round_starts_one_exchange_with_one_partner():
    world, node = quiet_node(CONFIG)
    puppets = [Puppet(world, node, f"p{n}") for n in range(3)]
    world.run(60)
    asked = [len([h for h in p.got(m.Heads) if h.answer]) for p in puppets]
    assert 28 <= sum(asked) <= 30
    assert min(asked) >= 3
    assert [len([x for x in p.got(m.Peers) if x.answer]) for p in puppets] == asked


def test_rounds_without_news_cost_a_few_bytes():
    world = World()
    for name in "ab":
        node = world.add(name, config=CONFIG)
        node.gossip.advertise(
            [f"/ip4/8.8.8.{number}/tcp/4001/p2p/x{number}" for number in range(9)]
        )
        world.publish(node, [play(1)])
    world.follow_everyone()
    world.connect("a", "b")
    world.run(20)
    world.frame_bytes = 0
    world.run(60)
    assert world.same_everywhere()
    assert 58 * 5 <= world.frame_bytes <= 62 * 6  # two start an exchange every two seconds


def test_an_exchange_tells_only_what_changed_and_never_back_to_its_source():
    world, node = quiet_node(CONFIG)
    others = [chain(2, author=number) for number in (1, 2)]
    world.follow(node, *(c[0].feed.author for c in others))
    source, other = Puppet(world, node, "source"), Puppet(world, node, "other")
    ears = Ear(source), Ear(other)
    source.open()
    other.open()
    source.offer(*others[0])
    other.say(m.Heads([], [], True))
    source.say(m.Heads([], [], True))
    assert ears[0].heads() == {}
    told = ears[1].heads()[others[0][0].feed]
    assert (told.lo, told.hi, told.tag) == (1, 2, tag_of(others[0][1].id))
    other.say(m.Heads([], [], True))
    assert ears[1].heads() == {}


def test_a_feed_is_named_once():
    world, node = quiet_node(CONFIG)
    puppet = Puppet(world, node)
    puppet.open()
    for number in range(3):
        world.write(node, [play(number)])
        node.gossip._context.head_changed(chain_head(node), source=-1)
        puppet.say(m.Heads([], [], True))
    heads = [h for h in puppet.got(m.Heads) if h.heads]
    assert [len(h.named) for h in heads] == [1, 0, 0]
    assert {h.heads[0].handle for h in heads} == {heads[0].named[0].handle}


def chain_head(node: Node):
    feed = FeedId(node.author, node.device, Lane.TASTE)
    return node.gossip._context.stored(node.store.feeds[feed][max(node.store.feeds[feed])])


def test_every_hundredth_exchange_reconciles():
    world, node = quiet_node(replace(CONFIG, reconcile_rounds=5))
    puppet = Puppet(world, node)
    world.run(21 * CONFIG.round_s)
    assert len(puppet.got(m.Ranges)) == 4


@pytest.mark.parametrize("config", [{"journal_max": 4}, {"changed_heads_max": 4}])
def test_too_many_changes_are_reconciled(config: dict):
    world, node = quiet_node(replace(CONFIG, **config))
    bundles = [chain(1, author=number)[0] for number in range(1, 8)]
    world.follow(node, *(b.feed.author for b in bundles))
    source, other = Puppet(world, node, "source"), Puppet(world, node, "other")
    for bundle in bundles:
        source.offer(bundle)
    other.say(m.Heads([], [], True))
    (opening,) = other.got(m.Ranges)
    assert opening.opening
    assert sum(part.count for part in opening.prints) == 7
    other.say(m.Heads([], [], True))  # told now: nothing more is due
    assert len(other.got(m.Ranges)) == 1


def test_changed_heads_beyond_the_budget_wait_for_the_next_exchange():
    config = replace(CONFIG, link=LinkConfig(heads_per_s=2, heads_burst=8))
    world, node = quiet_node(config)
    bundles = [chain(1, author=number)[0] for number in range(1, 7)]
    world.follow(node, *(b.feed.author for b in bundles))
    source, other = Puppet(world, node, "source"), Puppet(world, node, "other")
    ear = Ear(other)
    other.open()
    for bundle in bundles[:3]:
        source.offer(bundle)
    other.say(m.Heads([], [], True))
    told = ear.heads()
    assert len(told) == 3
    for bundle in bundles[3:]:
        source.offer(bundle)
    other.say(m.Heads([], [], True))
    told |= ear.heads()
    assert len(told) == 4
    world.run(60)
    told |= ear.heads()
    assert set(told) == {bundle.feed for bundle in bundles}


@pytest.mark.parametrize("kind", ["heads", "names", "lists", "prints"])
def test_more_heads_than_the_bucket_allows_are_a_flood(kind: str):
    config = replace(QUIET, link=LinkConfig(heads_per_s=1, heads_burst=5))
    world, node = quiet_node(config)
    puppet = Puppet(world, node)
    feed = feed_of()
    named = [m.Named(0, feed.author, feed.device, 2)]
    heads = [m.Head(0, 1, 1, bytes(8))] * 3
    prints = [
        m.RangePrint(low, high, 0, bytes(8)) for low, high in pairwise((b"", b"a", b"b", b""))
    ]
    frame: m.Message = {
        "heads": m.Heads(named, heads, False),
        "names": m.Heads(named * 3, [], False),
        "lists": m.Ranges(named, [], [m.RangeList(b"", b"", heads, False)], False),
        "prints": m.Ranges([], prints, [], False),
    }[kind]
    puppet.say(frame)
    assert puppet.charged == []
    puppet.say(frame)
    assert puppet.charged == [Offence.FLOOD]
    assert puppet.closed is None


@pytest.mark.parametrize(
    "frame",
    [
        m.Heads([], [m.Head(3, 1, 1, bytes(8))], False),
        m.Heads([m.Named(3, bytes(32), bytes(8), 2)], [m.Head(3, 2, 1, bytes(8))], False),
        m.Ranges([], [m.RangePrint(b"b", b"a", 1, bytes(8))], [], False),
        m.Ranges([], [], [m.RangeList(b"", b"", [], False)] * 2, False),
    ],
)
def test_senseless_heads_and_ranges_are_charged(frame: m.Message):
    world, node = quiet_node()
    puppet = Puppet(world, node)
    puppet.say(frame)
    assert puppet.charged == [Offence.WRONG_SCHEMA]
    assert puppet.closed is None


def test_feeds_of_future_lanes_cost_nothing():
    world, node = quiet_node()
    puppet = Puppet(world, node)
    author = chain(1)[0].feed.author
    world.follow(node, author)
    puppet.say(m.Heads([m.Named(0, author, bytes(8), 9)], [m.Head(0, 1, 5, bytes(8))], False))
    assert puppet.charged == []
    assert puppet.wants() == []


# --- seek ----------------------------------------------------------------------------------------


def test_seek_is_answered_by_heads_or_by_nothing():
    world, node = quiet_node()
    feeds = stock(node, 3)
    puppet = Puppet(world, node)
    ear = Ear(puppet)
    puppet.say(m.Seek([b"?" * 32]))
    assert puppet.got(m.Heads) == []
    puppet.say(m.Seek([feeds[1].author, b"?" * 32, feeds[1].author]))
    assert list(ear.heads()) == [feeds[1]]
    assert [h.answer for h in puppet.got(m.Heads)] == [False]
    assert sum(len(h.heads) for h in puppet.got(m.Heads)) == 1


def test_seek_is_answered_within_the_budget_of_heads():
    config = replace(QUIET, link=LinkConfig(heads_per_s=2, heads_burst=20))
    world, node = quiet_node(config)
    feeds = stock(node, 64)
    puppet = Puppet(world, node)
    for _ in range(5):
        puppet.say(m.Seek([feed.author for feed in feeds]))
    assert sum(len(h.heads) for h in puppet.got(m.Heads)) == 10


def test_only_vouched_partners_are_asked_for_authors():
    world, node = quiet_node(CONFIG)
    friend, other = signer_of(7), signer_of(8)
    world.follow(node, friend.public_key)
    world.follow(node, other.public_key, vouched=False)
    trusted = Puppet(world, node, "friend", speaks_for=[friend])
    followed = Puppet(world, node, "followed", speaks_for=[other])
    stranger = Puppet(world, node, "stranger")
    world.run(20)
    assert {tuple(s.authors) for s in trusted.got(m.Seek)} == {
        (friend.public_key, other.public_key)
    }
    assert followed.got(m.Seek) == stranger.got(m.Seek) == []


def test_a_partner_is_asked_once_for_each_author_and_again_after_a_reconciliation():
    world, node = quiet_node(CONFIG)
    friend = signer_of(7)
    world.follow(node, friend.public_key)
    trusted = Puppet(world, node, "friend", speaks_for=[friend])
    authors = [signer_of(100 + number).public_key for number in range(m.SOUGHT_PER_FRAME_MAX + 9)]
    for author in authors:
        world.follow(node, author, vouched=False)

    def asked() -> list[bytes]:
        return [author for seek in trusted.got(m.Seek) for author in seek.authors]

    world.run(20)
    assert set(asked()) == {friend.public_key, *authors}
    assert len(asked()) == len(set(asked()))
    world.run(CONFIG.round_s * (CONFIG.reconcile_rounds + 3))
    assert set(Counter(asked()).values()) == {2}


def test_with_a_short_memory_of_whom_it_sought_a_node_asks_for_the_oldest_again():
    config = replace(CONFIG, link=replace(CONFIG.link, sought_max=2))
    world, node = quiet_node(config)
    friends = [signer_of(number) for number in range(7, 10)]
    for friend in friends:
        world.follow(node, friend.public_key)
    trusted = Puppet(world, node, "friend", speaks_for=friends[:1])
    world.run(20)
    assert len(trusted.got(m.Seek)) > 3


# --- searching -----------------------------------------------------------------------------------


def finds(node: Node) -> int:
    return len(node.effects(FindAuthor))


def test_searching_backs_off_and_stops_when_somebody_serves():
    world, node = quiet_node(CONFIG)
    bundle = chain(1)[0]
    world.follow(node, bundle.feed.author)
    rounds = []
    for number in range(1, 200):
        before = finds(node)
        world.run(CONFIG.round_s)
        if finds(node) > before:
            rounds.append(number)
    gaps = [b / a for a, b in pairwise(rounds)]
    assert rounds[0] <= CONFIG.find_after_rounds + 1
    assert all(gap >= 3 for gap in gaps)
    puppet = Puppet(world, node)
    puppet.offer(bundle)
    before = finds(node)
    world.run(2_000)
    assert finds(node) == before


def test_few_authors_are_looked_for_in_one_round():
    world, node = quiet_node(CONFIG)
    world.follow(node, *(signer_of(n).public_key for n in range(100, 110)))
    world.run(CONFIG.round_s * (CONFIG.find_after_rounds + 1))
    assert 0 < finds(node) <= 2 * CONFIG.find_per_round_max
    world.run(CONFIG.round_s * 3)
    assert finds(node) == 10


def test_a_partner_that_promises_and_brings_nothing_does_not_serve():
    world, node = quiet_node(CONFIG)
    bundle = chain(1)[0]
    world.follow(node, bundle.feed.author)
    puppet = Puppet(world, node)
    puppet.head(bundle)
    for want in puppet.wants():
        puppet.answer(want)
    world.run(CONFIG.round_s * (CONFIG.find_after_rounds + 1))
    assert node.effects(FindAuthor) == [FindAuthor(bundle.feed.author)]


# --- strangers -----------------------------------------------------------------------------------


def strangers_of(node: Node) -> int:
    return node.gossip.statistics().on_probation


def test_a_strangers_feeds_are_taken_from_whoever_offers_them():
    """Two links offer one stranger: when it is admitted from one, the other's list runs empty."""
    for seed in range(8):
        world = World(seed)
        node = world.add("a", number=50 + seed)
        bundle = chain(1)[0]
        puppets = [Puppet(world, node, f"p{n}") for n in range(4)]
        for puppet in puppets:
            puppet.head(bundle)
        world.run(3 * CONFIG.round_s)
        assert strangers_of(node) == 1
        links = node.gossip._context.links
        assert all(links[p.link].strangers == {} for p in puppets)
        assert all(bundle.feed.author in links[p.link].serves for p in puppets)
        assert sum(len(p.wants()) for p in puppets) == 1


def test_probation_is_bounded_a_round_and_in_all_and_ends():
    following = FollowingConfig(followed_max=100, probation_share=0.05, probation_s=100)
    config = replace(CONFIG, probation_per_round_max=2, following=following)
    world, node = quiet_node(config)
    puppets = [Puppet(world, node, f"p{n}") for n in range(4)]
    bundles = [chain(1, author=number)[0] for number in range(1, 25)]
    for number, bundle in enumerate(bundles):
        puppets[number % 4].head(bundle)
    world.run(CONFIG.round_s)
    assert strangers_of(node) <= 2
    world.run(10 * CONFIG.round_s)
    assert strangers_of(node) == 5
    assert node.effects(Unfollowed) == []
    world.run(100)
    assert len(node.effects(Unfollowed)) == 5
    assert strangers_of(node) == 5


def test_places_of_strangers_that_equivocate_stay_taken():
    following = FollowingConfig(followed_max=40, probation_share=0.05, probation_s=1_000)
    world, node = quiet_node(replace(CONFIG, following=following))
    puppet = Puppet(world, node)
    for number in range(1, 9):
        one, other = (bundle_of(feed_of(number), number, 1, [play(n)]) for n in (1, 2))
        puppet.head(one)
        world.run(2 * CONFIG.round_s)
        puppet.serve(one)
        puppet.push(other)
        world.run(2 * CONFIG.round_s)
    assert node.gossip.statistics().proofs == 2
    assert strangers_of(node) == 0
    world.run(1_000)
    puppet.head(chain(1, author=30)[0])
    world.run(2 * CONFIG.round_s)
    assert strangers_of(node) > 0


def test_equivocators_are_not_admitted():
    world, node = quiet_node(CONFIG)
    bundle = chain(1)[0]
    puppet = Puppet(world, node)
    puppet.head(bundle)
    node.feeds.disown(bundle.feed.author)
    world.run(5 * CONFIG.round_s)
    assert strangers_of(node) == 0


# --- cover ---------------------------------------------------------------------------------------


def covered(*, vouched: bool, rate: float) -> tuple[list[m.Want], list[m.Want]]:
    """(meant, cover) wants sent to a partner that offers both kinds of feeds."""
    following = FollowingConfig(probation_share=0.0)
    world, node = quiet_node(replace(QUIET, cover_rate=rate, following=following))
    friend = signer_of(99)
    if vouched:
        world.follow(node, friend.public_key)
    puppet = Puppet(world, node, speaks_for=[friend])
    wanted = [chain(1, author=number)[0] for number in range(1, 21)]
    others = [chain(1, author=number)[0] for number in range(21, 26)]
    for bundle in others:
        puppet.head(bundle)
    world.follow(node, *(b.feed.author for b in wanted), vouched=False)
    for bundle in wanted:
        puppet.head(bundle)
    keys = [b.feed.author for b in wanted]
    meant = [want for want in puppet.wants() if want.author in keys]
    cover = [want for want in puppet.wants() if want.author not in keys]
    for want in cover:  # thrown away, but nobody is charged for answering
        puppet.answer(want, *(b for b in others if b.feed.author == want.author))
    assert puppet.charged == []
    assert len(node.store.feeds) == 0
    return meant, cover


def test_cover_wants_go_to_those_whom_nobody_vouches_for():
    meant, cover = covered(vouched=False, rate=1.0)
    assert (len(meant), len(cover)) == (20, 20)
    assert {want.bytes_max for want in cover} == {4_096}
    meant, cover = covered(vouched=True, rate=1.0)
    assert (len(meant), len(cover)) == (20, 0)
    meant, cover = covered(vouched=False, rate=0.0)
    assert (len(meant), len(cover)) == (20, 0)


def test_a_cover_asks_for_what_was_told_lately_and_for_as_much_as_what_it_hides():
    config = replace(QUIET, cover_rate=1.0, following=FollowingConfig(probation_share=0.0))
    world, node = quiet_node(config)
    puppet = Puppet(world, node)
    old = [chain(1, author=number)[0] for number in range(20, 20 + COVERS_AMONG)]
    lately = [chain(5, author=number) for number in range(40, 40 + COVERS_AMONG)]
    for bundle in (lately[0][0], *old, *(told[-1] for told in lately)):
        puppet.head(bundle)
    news = chain(3, author=1)
    world.follow(node, news[0].feed.author, vouched=False)
    puppet.head(news[-1])
    meant, *covers = sorted(puppet.wants(), key=lambda want: want.author != news[0].feed.author)
    assert len(covers) == 1
    assert covers[0].author in {told[0].feed.author for told in lately}
    assert (covers[0].lo, covers[0].hi) == (5 - (meant.hi - meant.lo), 5)


# --- peers ---------------------------------------------------------------------------------------


def test_addresses_are_passed_on_as_far_out_as_the_partner_lies():
    world, node = quiet_node()
    public, private = "/ip4/8.8.4.4/tcp/1", "/ip4/10.0.0.1/tcp/1"
    node.gossip.advertise([public, private])
    puppet = Puppet(world, node)
    puppet.say(m.Peers([private, public], True))
    assert [e.addresses for e in puppet.effects(HeardPeers)] == [(public,)]
    assert [p.addresses for p in puppet.got(m.Peers)] == [[public]]
    near = Puppet(world, node, "near", address="/ip4/10.0.0.9/tcp/2")
    near.say(m.Peers([private, public], True))
    assert [e.addresses for e in near.effects(HeardPeers)] == [(private, public)]
    assert [p.addresses for p in near.got(m.Peers)] == [[public, private]]


def test_told_addresses_are_metered():
    world, node = quiet_node(replace(QUIET, round_s=2.0))
    puppet = Puppet(world, node)
    for turn in range(10):
        puppet.say(m.Peers([f"/ip4/8.8.{turn}.{n}/tcp/1" for n in range(16)], False))
    assert sum(len(e.addresses) for e in puppet.effects(HeardPeers)) == 32
    assert puppet.charged == []


def test_known_addresses_are_bounded():
    world, node = quiet_node(replace(QUIET, addresses_known_max=2))
    node.gossip.advertise(f"/ip4/8.8.8.{n}/tcp/1" for n in range(5))
    puppet = Puppet(world, node)
    puppet.say(m.Peers([], True))
    assert [p.addresses for p in puppet.got(m.Peers)] == [
        ["/ip4/8.8.8.0/tcp/1", "/ip4/8.8.8.1/tcp/1"]
    ]
