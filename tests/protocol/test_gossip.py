"""Many peers in one world: what is published reaches everyone, whatever happens on the way."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.bundle import decode_bundle
from protocol.claims import Endpoint, Interaction, Retract, UnknownClaim, Vouch
from protocol.config import GossipConfig, LinkConfig
from protocol.events import (
    Disconnect,
    FindAuthor,
    FrameReceived,
    LinkDown,
    LinkUp,
    Penalise,
    Spoke,
    Tick,
    Unfollowed,
)
from protocol.ids import FeedId, Lane
from protocol.interest import FollowingConfig, Interest
from tests.protocol.chains import chain, wild_chain
from tests.protocol.gossip_world import START, Node, World, play, signer_of, stock
from tests.protocol.puppet import Puppet
from tests.protocol.strategies import examples

UNKNOWN = UnknownClaim(77, b"\x93\x4d\xa5later\xc0")


def ring(count: int, seed: int = 1, *, config: GossipConfig | None = None) -> World:
    """Peers in a ring, each following everyone."""
    world = World(seed)
    names = [f"n{number}" for number in range(count)]
    for name in names:
        world.add(name, config=config)
    world.follow_everyone()
    for number, name in enumerate(names):
        world.connect(name, names[(number + 1) % count])
    return world


def charges(world: World) -> list[Penalise]:
    return [e for node in world.nodes.values() for e in node.effects(Penalise)]


def retractable(node: Node) -> list[int]:
    """Own bundles that still say something, but nothing about others."""
    feed = FeedId(node.author, node.device, Lane.TASTE)
    own = [decode_bundle(wire) for wire in node.store.feeds.get(feed, {}).values()]
    kinds = {bundle.seq: {type(claim) for claim in bundle.claims()} for bundle in own}
    return [seq for seq, found in kinds.items() if found and Retract not in found]


def speak(node: Node, world: World, rng: Random) -> None:
    """Something legal in some lane."""
    match rng.randrange(5):
        case 0:
            world.publish(node, [Vouch(node.author[::-1], 50)], Lane.VOUCHES)
        case 1:
            world.publish(node, [Endpoint(("/ip4/8.8.8.8/tcp/1",))], Lane.IDENTITY)
        case 2:
            live = retractable(node)
            if live:
                world.publish(node, [Retract(rng.choice(live))])
        case 3:
            world.publish(node, [UNKNOWN, Interaction("a:b", 200, 5, 1)])
        case _:
            world.publish(node, [play(rng.randrange(10**6)) for _ in range(rng.randrange(30))])


@pytest.mark.parametrize("seed", range(3))
def test_everyone_converges(seed: int):
    world = ring(7, seed)
    rng = Random(seed)
    nodes = [*world.nodes.values()]
    for _ in range(60):
        speak(rng.choice(nodes), world, rng)
        world.run(rng.random())
    assert world.run_until(world.same_everywhere, seconds=60) < 60
    assert charges(world) == []
    assert len(nodes[0].store.contents()) > 10


def test_everyone_converges_with_links_that_come_and_go():
    world = ring(6)
    rng = Random(2)
    names = [*world.nodes]
    for _ in range(40):
        speak(world.nodes[rng.choice(names)], world, rng)
        a, b = rng.sample(names, 2)
        if b in world.nodes[a].links:
            world.cut(a, b)
        else:
            world.connect(a, b)
        world.run(rng.random() * 2)
    for a, b in pairwise(names):
        if b not in world.nodes[a].links:
            world.connect(a, b)
    assert world.run_until(world.same_everywhere, seconds=300) < 300
    assert charges(world) == []


def test_the_same_seed_gives_the_same_frames():
    logs = []
    for _ in range(2):
        world = ring(4, seed=5)
        world.keep_frames = True
        for node in world.nodes.values():
            speak(node, world, Random(node.name))
        world.run(10)
        logs.append(world.frames)
    assert logs[0] == logs[1]
    assert len(logs[0]) > 50


def test_news_overtakes_rounds():
    world = ring(5)
    world.run(5)
    bundle = world.publish(world.nodes["n0"], [play(1)])
    reached = lambda: all(bundle.id in n.accepted_at for n in world.nodes.values())  # noqa: E731
    assert world.run_until(reached, seconds=2) < 0.5


def test_a_history_travels_at_once_and_is_held_byte_for_byte():
    world = World()
    a, b = world.add("a"), world.add("b")
    made = world.history(a, bundles=150, claims=64)
    world.follow_everyone()
    world.connect("a", "b")
    took = world.run_until(lambda: len(b.accepted_at) == len(made), seconds=30)
    assert took < 5
    assert world.same_everywhere()
    assert b.gossip.statistics().bytes_in_flight == 0


@examples(12)
@given(st.integers(0, 2**32), st.integers(0, 20))
def test_bundles_in_any_order_end_in_the_same_state(shuffle: int, seed: int):
    bundles = wild_chain(seed, 24)
    contents = []
    for order in (Random(shuffle), None):
        world = World()
        node = world.add("a", number=50)
        world.follow(node, bundles[0].feed.author)
        puppet = Puppet(world, node)
        puppet.head(bundles[-1])
        sent = list(bundles)
        if order is not None:
            sent += order.choices(bundles, k=8)
            order.shuffle(sent)
        (want,) = puppet.wants()
        for bundle in sent:
            puppet.answer(want, bundle, done=False)
        puppet.answer(want)
        head = node.feeds.head(bundles[0].feed)
        held = node.feeds.held(bundles[0].feed)
        contents.append((head, held, node.feeds.voided(bundles[0].feed)))
        stored = node.store.contents()[bundles[0].feed]
        contents[-1] += (stored[-len(held) :],)
        assert puppet.charged == []
    assert contents[0] == contents[1]


def test_reordered_bundles_are_parked_until_they_fit():
    world = World()
    node = world.add("a", number=50)
    bundles = chain(6)
    world.follow(node, bundles[0].feed.author)
    puppet = Puppet(world, node)
    puppet.head(bundles[-1])
    (want,) = puppet.wants()
    puppet.answer(want, bundles[0], *bundles[2:], done=False)
    assert node.feeds.parked(bundles[0].feed) == 4
    puppet.answer(want, bundles[1])
    assert node.feeds.held(bundles[0].feed) == [1, 2, 3, 4, 5, 6]
    assert [b.seq for e in node.log for b in getattr(e, "bundles", ()) if not isinstance(b, bytes)]
    assert node.feeds.parked(bundles[0].feed) == 0


def test_unknown_kinds_are_kept_and_relayed_byte_for_byte():
    world = World()
    for name in ("a", "b", "c"):
        world.add(name)
    world.follow_everyone()
    world.connect("a", "b")
    world.connect("b", "c")
    bundle = world.publish(world.nodes["a"], [UNKNOWN, play(1)])
    world.run(10)
    far = world.nodes["c"].store.contents()[bundle.feed]
    assert far == (bundle.wire(),)
    assert charges(world) == []


def test_who_is_wanted_and_served_by_nobody_is_looked_for():
    world = World()
    node = world.add("a")
    other = chain(1, author=40)[0].feed.author
    world.follow(node, other, node.author)
    world.run(2 * GossipConfig().find_after_rounds + 3)
    assert node.effects(FindAuthor) == [FindAuthor(other)]
    world.run(60)
    assert 2 <= len(node.effects(FindAuthor)) <= 5  # less and less often


def test_hosted_people_are_proved_to_everyone():
    world = World()
    a, b = world.add("a", signers=200), world.add("b")
    world.connect("a", "b")
    world.run(1)
    assert len(list(b.effects(Spoke))) == 200
    assert [e.author for e in a.effects(Spoke)] == [b.author]


def test_links_are_bounded_and_never_to_ourselves():
    world = World()
    node = world.add("a", config=GossipConfig(links_max=2))
    for number in (1, 2, 3):
        world.deliver(node, LinkUp(number, f"peer-{number}", False, ""))
    assert node.effects(Disconnect) == [Disconnect(3, "too many links")]
    world.deliver(node, LinkDown(1))
    world.deliver(node, LinkUp(4, "peer-a", True, ""))
    assert node.effects(Disconnect)[1:] == [Disconnect(4, "this is ourselves")]
    assert node.gossip.statistics().links == 1


def test_a_link_without_hello_is_closed_unpunished():
    world = World()
    node = world.add("a", config=GossipConfig(link=LinkConfig(hello_timeout_s=3.0)))
    puppet = Puppet(world, node, greet=False)
    world.run(2.5)
    assert puppet.closed is None
    world.run(1)
    assert puppet.closed == "no Hello"
    assert puppet.charged == []


def test_events_of_unknown_links_change_nothing():
    world = World()
    node = world.add("a")
    for event in (FrameReceived(77, b"\x90"), LinkDown(77)):
        assert node.gossip.handle(event, now=START) == []


def test_the_expendable_link_is_never_the_best():
    world = World()
    node = world.add("a")
    assert node.gossip.expendable_link(1) is None
    friend = world.add("friend")
    world.follow(node, friend.author)
    best = Puppet(world, node, "best", speaks_for=[friend.signer])
    others = [Puppet(world, node, f"other-{n}").link for n in range(3)]
    silent = Puppet(world, node, "silent", greet=False).link
    newcomer = Puppet(world, node, "newcomer").link
    drawn = {node.gossip.expendable_link(newcomer) for _ in range(50)}
    assert drawn <= {*others, silent}
    assert silent in drawn
    assert best.link not in drawn


def test_who_is_held_at_the_start_and_followed_by_nobody_goes_after_a_while():
    following = FollowingConfig(lapsed_s=100.0, leaving_per_tick_max=3)
    world = World()
    node = world.add("a", number=50, config=GossipConfig(following=following))
    for number in range(1, 11):
        node.feeds.offer(chain(1, author=number)[0], now=world.now)
    node.gossip.reload()
    world.run(200)
    assert node.effects(Unfollowed) == [], "until it is known who is followed, nobody goes"
    world.follow(node, signer_of(1).public_key)
    world.run(50)
    world.follow(node, signer_of(2).public_key)
    world.run(49)
    assert node.effects(Unfollowed) == []
    ticks = [
        len([e for e in world.deliver(node, Tick()) if isinstance(e, Unfollowed)])
        for world.now in (START + 301, START + 302, START + 303, START + 304)
    ]
    assert ticks == [3, 3, 2, 0]
    gone = {effect.author for effect in node.effects(Unfollowed)}
    assert gone == {signer_of(number).public_key for number in range(3, 11)}


def test_statistics_count():
    world = ring(3)
    world.publish(world.nodes["n0"], [play(1)])
    world.run(10)
    stats = world.nodes["n1"].gossip.statistics()
    assert (stats.links, stats.links_open, stats.followed) == (2, 2, 3)
    assert stats.feeds == 1
    assert stats.totals["bundles_accepted"] == 1
    assert stats.totals["offences"] == 0
    assert stats.totals["frames_in"] > 10
    assert stats.wants_in_flight == stats.reads_outstanding == 0
    world.deliver(world.nodes["n1"], Tick())


def test_heads_and_authors_are_accounted_for():
    node = World().add("a")
    before = node.gossip.nbytes
    feeds = stock(node, 500)
    loaded = node.gossip.nbytes - before
    assert (49 + 88) * len(feeds) <= loaded <= (60 + 88) * len(feeds)
    node.gossip.follow(Interest({}), now=START)  # who is not followed is remembered for a while
    lapsed = node.gossip.nbytes - before
    assert lapsed == loaded + (150 - 88) * len(feeds)


def test_a_dropped_author_who_is_followed_again_is_heard_from_the_beginning():
    world = World()
    reader, author = world.add("reader"), world.add("author")
    world.follow(reader, author.author)
    for number in range(5):
        world.publish(author, [play(number)])
    world.connect("reader", "author")
    held = lambda: len(reader.feeds.feeds_of(author.author))  # noqa: E731
    assert world.run_until(held, seconds=20) < 20
    reader.gossip.drop_author(author.author, now=world.now)
    reader.store.feeds.clear()
    reader.interest.clear()
    world.follow(reader)
    world.run(10)
    assert not held()
    world.follow(reader, author.author)
    assert world.run_until(world.same_everywhere, seconds=60) < 60
