"""What is heard means the same in whatever order it comes, and nothing looks fresher than it is."""

from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.claims import Click, Endpoint, ItemInfo, Retract, UnknownClaim, Vouch
from protocol.ids import Lane
from tests.node.core.peer_world import DAY, World, heard_by
from tests.node.core.scribe import Scribe, rates
from tests.protocol.gossip_world import START

DEVICES = (b"\x05" * 8, b"\x05" * 7 + b"\x06", b"\x05\x05" + b"\x00" * 6)
"""Equal in their first two bytes."""


def wild_feeds(seed):
    """Bundles of three authors, on up to three devices, in all lanes, with retractions."""
    rng, bundles = Random(seed), []
    scribes = [Scribe(n) for n in range(3)]
    keys = [s.author for s in scribes] + [Scribe(9).author]
    for scribe in scribes:
        for device in DEVICES[: rng.randrange(1, 4)]:
            for seq in range(1, rng.randrange(2, 7)):
                items = [f"t:{rng.randrange(6)}" for _ in range(rng.randrange(1, 4))]
                claims = [
                    rates(i, rng.randrange(-100, 101), DAY - rng.randrange(99)) for i in items
                ]
                claims.append(ItemInfo(items[0], f"title {seq}", ()))
                if rng.random() < 0.3:
                    claims.append(UnknownClaim(77, msgspec.msgpack.encode([77, "?"])))
                if rng.random() < 0.3:
                    claims.append(Retract(rng.randrange(1, seq + 1)))
                bundles.append(scribe.says(*claims, device=device))
                vouches = [Vouch(rng.choice(keys), rng.randrange(-100, 101)) for _ in range(3)]
                bundles.append(scribe.says(*vouches, lane=Lane.VOUCHES, device=device))
                click = Click((f"w{rng.randrange(3)}", "x"), items[0], 0)
                bundles.append(scribe.says(click, lane=Lane.CLICKS, device=device))
    return scribes, bundles


def heard(bundles, scribes):
    node = World().node("ada")
    heard_by(node, bundles)
    return (
        [node.edges(s.author) for s in scribes],
        [node.vouches(s.author) for s in scribes],
        node.clicks(),
    )


def interleaved(bundles, rng):
    """A random order in which each feed keeps its own, as gossip fetches new bundles."""
    by_feed = {}
    for bundle in bundles:
        by_feed.setdefault(bundle.feed, []).append(bundle)
    order = [feed for feed, own in by_feed.items() for _ in own]
    rng.shuffle(order)
    return [by_feed[feed].pop(0) for feed in order]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_any_order_of_the_same_bundles_gives_the_same_graph_vouches_and_clicks(seed, shuffle):
    scribes, bundles = wild_feeds(seed)
    first = heard(bundles, scribes)
    assert heard(interleaved(bundles, Random(shuffle)), scribes) == first
    parked = list(bundles)  # out of order within feeds, too: what does not fit yet is parked
    Random(shuffle).shuffle(parked)
    assert heard(parked, scribes) == first
    # Back-fill: from each feed's head down.
    assert heard(sorted(parked, key=lambda b: -b.seq), scribes) == first


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (0, 2, 1)])
def test_of_equal_seqs_the_highest_device_stands_even_when_they_begin_alike(order):
    scribe, node = Scribe(1), World().node("ada")
    said = [
        scribe.says(rates("t:1", weight), device=d)
        for d, weight in zip(DEVICES, (10, 20, 30), strict=True)
    ]
    for at in order:
        heard_by(node, [said[at]])
    assert node.edges(scribe.author) == {"t:1": (20, DAY)}, "the device that ends in 6"


def test_within_a_bundle_the_last_statement_stands():
    scribe, other, node = Scribe(1), Scribe(2), World().node("ada")
    heard_by(node, [scribe.says(rates("t:1", 10), rates("t:1", -40))])
    vouches = [Vouch(other.author, 80), Vouch(other.author, -20)]
    heard_by(node, [scribe.says(*vouches, lane=Lane.VOUCHES)])
    assert node.edges(scribe.author) == {"t:1": (-40, DAY)}
    assert node.vouches(scribe.author) == {other.author: -20}


def test_taste_is_no_fresher_than_when_it_was_first_seen_here_also_after_a_restart():
    scribe, node = Scribe(1), World().node("ada")
    bundle = scribe.says(rates("t:1", day=65_535), rates("t:2", day=DAY - 50))
    heard_by(node, [bundle])
    expected = {"t:1": (100, DAY), "t:2": (100, DAY - 50)}
    assert node.edges(scribe.author) == expected
    node.world.now += 86_400 * 30
    node.restart()
    assert node.edges(scribe.author) == expected
    # Made anew from the stored bundles it is still no fresher.
    heard_by(node, [scribe.says(rates("t:3")), scribe.says(Retract(2))])
    assert node.edges(scribe.author) == expected


def test_the_last_word_on_addresses_stands_whatever_comes_late():
    scribe, node = Scribe(1), World().node("ada")
    old = scribe.says(Endpoint(("/ip4/1.1.1.1/tcp/1/p2p/old",)), lane=Lane.IDENTITY)
    new = scribe.says(Endpoint(("/ip4/2.2.2.2/tcp/1/p2p/new",)), lane=Lane.IDENTITY)
    heard_by(node, [new, old])
    assert node.state.admission.addresses_of(scribe.author) == ("/ip4/2.2.2.2/tcp/1/p2p/new",)


def test_without_room_for_an_author_her_bundles_are_kept_and_nothing_breaks():
    node = World().node("ada")
    graph = node.state.graph
    while graph.author_row(len(graph.authors).to_bytes(32, "big")) >= 0:
        pass
    scribe = Scribe(1)
    heard_by(node, [scribe.says(rates("t:1"))])
    heard_by(node, [scribe.says(Vouch(Scribe(2).author, 50), lane=Lane.VOUCHES)])
    assert node.edges(scribe.author) == {}
    assert len(node.store.feeds) == 2


def test_forgetting_an_author_leaves_nothing_of_what_she_said():
    scribe, other, node = Scribe(1), Scribe(2), World().node("ada")
    heard_by(node, [scribe.says(rates("t:1")), scribe.says(rates("t:2"), device=DEVICES[0])])
    heard_by(node, [scribe.says(Vouch(other.author, 50), lane=Lane.VOUCHES)])
    heard_by(node, [scribe.says(Click(("w",), "t:1", 0), lane=Lane.CLICKS)])
    endpoint = Endpoint(("/ip4/1.1.1.1/tcp/1/p2p/x",))
    heard_by(node, [scribe.says(endpoint, lane=Lane.IDENTITY, time=START)])
    node.state.admission.forget(scribe.author)
    assert node.edges(scribe.author) == {}
    assert node.vouches(scribe.author) == {}
    assert node.clicks() == set()
    assert node.state.admission.addresses_of(scribe.author) == ()
