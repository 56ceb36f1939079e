"""Announcing what is new: to those who care, at once, and never faster than a partner allows."""

from dataclasses import replace

import pytest

from protocol import messages as m
from protocol.bundle import decode_bundle
from protocol.config import LinkConfig
from protocol.events import Penalise, Published
from protocol.forks import encode_proof
from protocol.heads import HandleReader
from protocol.limits import FRAME_BYTES_MAX
from protocol.push import FRESH_MAX
from tests.protocol.chains import bundle_of, chain, feed_of
from tests.protocol.gossip_world import QUIET, Node, World, play, quiet_node, signer_of
from tests.protocol.puppet import Puppet, scene


def pushed(puppet: Puppet) -> list[tuple[bytes, int]]:
    """(author, seq) of every header that was pushed."""
    headers = [decode_bundle(wire) for push in puppet.got(m.Push) for wire in push.headers]
    assert all(header.claims_bytes is None for header in headers)
    return [(header.header.author, header.seq) for header in headers]


def told(puppet: Puppet) -> list[tuple[bytes, int]]:
    """(author, hi) of every head that was told unasked."""
    reader, found = HandleReader(), []
    for frame in puppet.got(m.Heads):
        for name in frame.named:
            reader.learn(name)
        feeds = [(reader.feed(head.handle), head.hi) for head in frame.heads]
        found += [(feed.author, hi) for feed, hi in feeds if not frame.answer]
    return found


def test_own_news_goes_to_every_open_link_and_to_no_other():
    world, node = quiet_node()
    puppets = [Puppet(world, node, f"p{n}") for n in range(3)]
    silent = Puppet(world, node, "silent", greet=False)
    bundle = world.publish(node, [play(1)])
    for puppet in puppets:
        assert pushed(puppet) == [(node.author, bundle.seq)]
    assert pushed(silent) == []


def test_only_the_newest_of_several_own_bundles_is_announced():
    world, node = quiet_node()
    puppet = Puppet(world, node)
    bundles = tuple(world.write(node, [play(n)]) for n in range(5))
    world.deliver(node, Published(bundles[::-1]))
    assert pushed(puppet) == [(node.author, 5)]


def test_others_news_goes_to_those_who_hold_something_of_the_author():
    world, node, source = scene()
    bundles = chain(4)
    source.offer(*bundles[:2])
    near, far = Puppet(world, node, "near"), Puppet(world, node, "far")
    near.head(bundles[1])
    source.push(bundles[2])
    source.serve(bundles[2])
    author = bundles[0].feed.author
    assert (told(near), told(far), told(source)) == ([(author, 3)], [], [])
    assert pushed(near) == []


def test_who_has_told_of_it_is_not_told():
    world, node, source = scene()
    bundles = chain(4)
    source.offer(*bundles[:2])
    near, late = Puppet(world, node, "near"), Puppet(world, node, "late")
    near.head(bundles[1])
    late.head(bundles[1])
    source.push(bundles[2])
    late.head(bundles[2])
    source.serve(bundles[2])
    assert told(near) == [(bundles[0].feed.author, 3)]
    assert told(late) == []
    near.open()
    near.say(m.Heads([], [], True))
    assert told(near) == [(bundles[0].feed.author, 3)]  # and not again in the next exchange


def test_a_feed_that_is_new_here_goes_to_everybody_but_its_source():
    world, node, source = scene()
    others = [Puppet(world, node, f"p{n}") for n in range(2)]
    bundle = chain(1)[0]
    source.push(bundle)
    source.serve(bundle)
    assert [told(p) for p in others] == [[(bundle.feed.author, 1)]] * 2
    assert told(source) == []


@pytest.mark.parametrize("length", [FRESH_MAX, FRESH_MAX + 1])
def test_history_is_not_pushed(length: int):
    world, node, source = scene()
    bundles = chain(1 + FRESH_MAX + 1)
    source.offer(bundles[0])
    near = Puppet(world, node, "near")
    near.head(bundles[0])
    source.head(bundles[length])
    source.serve(*bundles)
    assert bool(told(near)) is (length <= FRESH_MAX)


@pytest.mark.parametrize("age", [100, 140])
def test_what_was_said_long_ago_is_left_to_the_rounds(age: int):
    world, node, source = scene(config=replace(QUIET, news_rounds=120 / QUIET.round_s))
    bundles = chain(2)
    near = Puppet(world, node, "near")
    world.now += age
    source.offer(bundles[0])
    near.head(bundles[0])
    source.head(bundles[1])
    source.serve(*bundles)
    assert bool(told(near)) is (age == 100)


def test_what_waits_is_replaced_by_what_is_newer_and_bounded():
    """Without a token left, headers wait; the oldest go, for a round tells of them anyhow."""
    link = LinkConfig(pushes_per_s=2, pushes_burst=2, outbox_max=3)
    world, node = quiet_node(replace(QUIET, link=link))
    puppet = Puppet(world, node)
    for number in range(3):
        world.publish(node, [play(number)])
    assert pushed(puppet) == [(node.author, 1)]
    world.run(1)
    assert pushed(puppet) == [(node.author, 1), (node.author, 3)]
    state = node.gossip._context.links[puppet.link]
    for number in range(1, 10):
        bundle = chain(1, author=number)[0]
        node.gossip._pusher.announce(bundle, widely=True)
    assert [feed.author for feed in state.outbox] == [
        signer_of(number).public_key for number in (7, 8, 9)
    ]


def test_we_push_at_half_of_what_a_partner_takes():
    link = LinkConfig(pushes_per_s=8, pushes_burst=64)
    world, node = quiet_node(replace(QUIET, link=link))
    puppet = Puppet(world, node)
    for number in range(1, 200):
        node.gossip._pusher.announce(chain(1, author=number)[0], widely=True)
    world.run(4)
    assert len(pushed(puppet)) in range(32 + 15, 32 + 17)
    for push in puppet.got(m.Push):
        assert len(push.headers) <= m.PUSHED_PER_FRAME_MAX
        assert len(m.encode_frame(push)) <= FRAME_BYTES_MAX


def test_many_headers_are_cut_into_frames():
    link = LinkConfig(pushes_per_s=10**4, pushes_burst=10**4)
    world, node = quiet_node(replace(QUIET, link=link))
    puppet = Puppet(world, node)
    for number in range(1, 2 * m.PUSHED_PER_FRAME_MAX):
        node.gossip._pusher.announce(chain(1, author=number)[0], widely=True)
    world.run(1)
    assert [len(push.headers) for push in puppet.got(m.Push)] == [
        m.PUSHED_PER_FRAME_MAX, m.PUSHED_PER_FRAME_MAX - 1
    ]  # fmt: skip


def equivocators(world: World, node: Node, numbers: range) -> list[bytes]:
    """Authors whom the node has convicted, and their proofs."""
    proofs = []
    for number in numbers:
        one, other = (bundle_of(feed_of(number), number, 1, [play(n)]) for n in (1, 2))
        proofs.append(encode_proof(one, other))
        node.gossip.restore_proofs([(one.feed.author, proofs[-1])])
    return proofs


def test_many_proofs_are_told_one_by_one_and_the_partner_never_charges_us():
    """A partner who holds feeds of many equivocators did nothing wrong, and neither did we."""
    world = World()
    teller, hearer = world.add("teller"), world.add("hearer")
    numbers = range(100, 300)
    proofs = equivocators(world, teller, numbers)
    world.follow(hearer, *(signer_of(n).public_key for n in numbers))
    for number in numbers:
        bundle = chain(1, author=number)[0]
        hearer.feeds.offer(bundle, now=world.now)
        hearer.store.add(bundle)
    hearer.gossip.reload()
    world.connect("teller", "hearer")
    every = lambda: hearer.gossip.statistics().proofs == len(proofs)  # noqa: E731
    assert world.run_until(every, seconds=200) < 200
    assert teller.effects(Penalise) == hearer.effects(Penalise) == []


def test_a_proof_is_told_once_and_memory_of_it_is_bounded():
    link = LinkConfig(evidence_told_max=3)
    world, node = quiet_node(replace(QUIET, link=link))
    equivocators(world, node, range(1, 6))
    puppet = Puppet(world, node)
    for _ in range(3):
        puppet.say(m.Seek([signer_of(1).public_key]))
        world.run(1)
    assert sum(len(e.proofs) for e in puppet.got(m.Evidence)) == 1
    for number in range(2, 6):
        puppet.say(m.Seek([signer_of(number).public_key]))
    state = node.gossip._context.links[puppet.link]
    assert list(state.evidence_told) == [signer_of(n).public_key for n in (3, 4, 5)]


def test_proofs_in_memory_are_bounded_and_the_convicted_stay_convicted():
    world, node = quiet_node(replace(QUIET, proofs_max=2))
    equivocators(world, node, range(1, 5))
    assert node.gossip.statistics().proofs == 2
    assert all(node.feeds.disowned(signer_of(n).public_key) for n in range(1, 5))
    puppet = Puppet(world, node)
    puppet.say(m.Seek([signer_of(n).public_key for n in range(1, 5)]))
    world.run(1)
    assert sum(len(e.proofs) for e in puppet.got(m.Evidence)) == 2
