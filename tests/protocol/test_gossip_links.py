"""One link of the machine: what opens it, what it costs, and that honest peers never pay."""

import msgspec
import pytest

from protocol import messages as m
from protocol.claims import UnknownClaim
from protocol.config import GossipConfig, LinkConfig
from protocol.errors import Offence
from protocol.events import (
    BundlesRead,
    Penalise,
    ReadBundles,
    Send,
    Spoke,
)
from tests.protocol.chains import chain
from tests.protocol.gossip_world import NETWORK, World, play, signer_of, stock
from tests.protocol.puppet import Puppet

UNKNOWN = UnknownClaim(77, b"\x93\x4d\xa5later\xc0")


def charges(world: World) -> list[Penalise]:
    return [e for node in world.nodes.values() for e in node.effects(Penalise)]


# --- honest peers at their busiest charge nobody -------------------------------------------------


def test_a_hub_that_hears_much_at_once_is_not_charged_and_charges_nobody():
    """Four times as much as may be urgent, one bundle of each of many feeds, and slow reads."""
    world = World(latency_s=0.05)
    hub, reader = world.add("hub", number=50), world.add("reader", number=51)
    feeds = [chain(2, author=number) for number in range(100, 500)]
    for node in (hub, reader):
        world.follow(node, *(feed[0].feed.author for feed in feeds))
        for feed in feeds:
            node.feeds.offer(feed[0], now=world.now)
            node.store.add(feed[0])
        node.gossip.reload()
    world.connect("hub", "reader")
    world.run(3)
    for at in range(0, 400, 40):
        source = Puppet(world, hub, f"source-{at}")
        source.push(*(feed[1] for feed in feeds[at : at + 40]))
        source.serve(*(feed[1] for feed in feeds[at : at + 40]))
    hub.reading = False
    world.run(1)
    hub.reading = True
    for order in hub.effects(ReadBundles):
        world.deliver(hub, BundlesRead(order.token, hub.store.read(order)))
    done = lambda: len(reader.accepted_at) == len(feeds)  # noqa: E731
    assert world.run_until(done, seconds=60) < 60
    assert charges(world) == []


def test_large_tables_that_differ_everywhere_are_reconciled_without_offence():
    world = World()
    a, b = world.add("a", number=50), world.add("b", number=51)
    for node, firsts in ((a, (0, 100_000)), (b, (0, 200_000))):
        for first in firsts:
            feeds = stock(node, 3_000, first=first)
    wanted = [feeds[0].author, feeds[1_500].author, feeds[-1].author]
    world.follow(a, *wanted)
    world.connect("a", "b")
    asked: dict[bytes, None] = {}
    for _ in range(30):
        world.run(2)
        messages = [m.decode_frame(send.frame) for send in a.effects(Send)]
        a.log.clear()
        asked |= {w.author: None for x in messages if isinstance(x, m.Wants) for w in x.wants}
        assert charges(world) == []
    assert [author for author in wanted if author in asked] == wanted


def test_a_partner_that_never_answers_is_asked_for_no_more_than_it_queues():
    world = World()
    a, b = world.add("a", number=50), world.add("b", number=51)
    world.follow(a, *(chain(1, author=number)[0].feed.author for number in range(100, 300)))
    for number in range(100, 300):
        bundle = chain(1, author=number)[0]
        b.feeds.offer(bundle, now=world.now)
        b.store.add(bundle)
    b.gossip.reload()
    b.reading = False
    world.connect("a", "b")
    world.run(200)
    assert charges(world) == []
    assert a.gossip.statistics().totals["wants_cancelled"] <= 96


def test_frames_are_metered_and_unknown_ones_too():
    config = GossipConfig(link=LinkConfig(frames_per_s=1, frames_burst=3))
    for kind in ([99], [10, []]):
        world = World()
        puppet = Puppet(world, world.add("a", config=config))
        for _ in range(5):
            puppet.raw(msgspec.msgpack.encode(kind))
        assert puppet.charged == [Offence.FLOOD] * 2
        assert puppet.closed is None
        world.run(1)
        puppet.raw(msgspec.msgpack.encode(kind))
        assert len(puppet.charged) == 2
    world = World()
    puppet = Puppet(world, world.add("a", config=config), greet=False)
    for _ in range(5):
        puppet.raw(msgspec.msgpack.encode([99]))
    assert puppet.charged == [Offence.FLOOD]
    assert puppet.closed == "too many frames"


def test_wants_keep_to_half_of_the_frames_that_a_partner_takes():
    config = GossipConfig(round_s=10**6, link=LinkConfig(frames_per_s=2, frames_burst=8))
    world = World()
    node = world.add("a", number=50, config=config)
    feeds = [chain(1, author=number)[0] for number in range(100, 120)]
    world.follow(node, *(bundle.feed.author for bundle in feeds))
    puppet = Puppet(world, node)
    puppet.push(*feeds[:1])
    for bundle in feeds[1:]:
        puppet.push(bundle)
    assert len(puppet.got(m.Wants)) == 4
    world.run(1)
    assert len(puppet.wants()) == len(feeds)
    assert len(puppet.got(m.Wants)) == 5


@pytest.mark.parametrize(
    "first", [m.Proofs([]), m.Peers([], False), m.Wants([]), m.Heads([], [], False)]
)
def test_anything_before_hello_is_charged_and_closes(first: m.Message):
    world = World()
    puppet = Puppet(world, world.add("a"), greet=False)
    puppet.say(first)
    assert puppet.charged == [Offence.WRONG_SCHEMA]
    assert puppet.closed is not None


@pytest.mark.parametrize("hello", [m.Hello(2, NETWORK, bytes(32)), m.Hello(1, b"other", bytes(32))])
def test_other_versions_and_networks_are_refused_unpunished(hello: m.Hello):
    world = World()
    puppet = Puppet(world, world.add("a"), greet=False)
    puppet.say(hello)
    assert puppet.charged == []
    assert puppet.closed is not None
    assert len(puppet.got(m.Refused)) == 1


def test_a_second_hello_is_charged_and_a_refusal_is_not():
    world = World()
    puppet = Puppet(world, world.add("a"))
    puppet.say(puppet.session.hello())
    assert (puppet.charged, puppet.closed) == ([Offence.WRONG_SCHEMA], None)
    puppet.say(m.Refused("good bye"))
    assert puppet.closed == "refused: good bye"
    assert len(puppet.charged) == 1


def test_proofs_are_checked_and_bounded():
    world = World()
    node = world.add("a")
    puppet = Puppet(world, node)
    puppet.say(*puppet.session.prove([signer_of(60), signer_of(61)]))
    puppet.say(*Puppet(world, node, "other").session.prove([signer_of(62)]))  # of another link
    assert [e.author for e in puppet.effects(Spoke)] == [
        signer_of(60).public_key, signer_of(61).public_key
    ]  # fmt: skip
    assert puppet.charged == [Offence.BAD_SIGNATURE]
    assert puppet.closed is not None


def test_more_wants_than_the_queue_has_room_for_are_answered_empty_and_charged():
    config = GossipConfig(link=LinkConfig(served_wants_max=3))
    world = World()
    node = world.add("a", config=config)
    bundle = world.write(node, [play(1)])
    node.gossip.reload()
    node.reading = False
    puppet = Puppet(world, node)
    puppet.say(m.Wants([m.Want(n, *bundle.feed[:2], 2, 1, 1, 999, False) for n in range(5)]))
    assert puppet.charged == [Offence.FLOOD]
    assert puppet.closed is None
    for order in node.effects(ReadBundles):
        world.deliver(node, BundlesRead(order.token, node.store.read(order)))
    parts = [part for data in puppet.got(m.Data) for part in data.parts]
    assert sorted((p.want, len(p.bundles), p.done) for p in parts) == [
        (n, int(n < 3), True) for n in range(5)
    ]


def test_wants_for_what_is_not_held_are_answered_in_one_frame():
    world = World()
    puppet = Puppet(world, world.add("a"))
    lanes = (2, 2, 2, 200)
    puppet.say(m.Wants([m.Want(n, bytes(32), bytes(8), lane, 1, 9, 9, True)
                        for n, lane in enumerate(lanes)]))  # fmt: skip
    assert puppet.got(m.Data) == [m.Data([m.Part(n, [], True) for n in range(4)])]
    assert puppet.charged == []
