"""The store in memory does what the effects order, and a restart finds it all."""

from node.core import events as ev
from protocol import events as gossip
from protocol.ids import AuthorKey, DeviceId, Lane
from sim.virtual.shared import Blobs
from sim.virtual.store import MemoryStore
from tests.sim.virtual.bundles import feed_of_likes, likes, retracting, writer


def a_store():
    store = MemoryStore(Blobs())
    store.write(ev.PutPerson("me", AuthorKey(b"a" * 32), b"s" * 32, DeviceId(bytes(8))), 0)
    return store


def read(store, feed, lo=1, hi=10, **more):
    return store.read(gossip.ReadBundles(1, feed, lo, hi, more.pop("bytes_max", 10**6), **more))


def test_bundles_are_read_as_they_came_upwards_or_downwards_bare_or_whole():
    store, made = a_store(), feed_of_likes([["a"], ["b"], ["c"]])
    store.keep(ev.StoreBundles(tuple(made)), 5.0)
    feed, wires = made[0].feed, tuple(bundle.wire() for bundle in made)
    assert read(store, feed) == wires
    assert read(store, feed, newest_first=True) == wires[::-1]
    assert read(store, feed, lo=2, hi=2) == wires[1:2]
    assert read(store, feed, headers_only=True) == tuple(b.bare().wire() for b in made)
    assert read(store, feed, bytes_max=1) == wires[:1]
    assert read(store, feed, bytes_max=len(wires[0]) + len(wires[1])) == wires[:2]
    assert store.received_bytes == sum(map(len, wires))


def test_two_stores_share_the_memory_of_one_bundle():
    shared, made = Blobs(), feed_of_likes([["a"]])
    stores = [MemoryStore(shared), MemoryStore(shared)]
    for store in stores:
        store.keep(ev.StoreBundles(tuple(made)), 0)
    first, second = (store.feeds[made[0].feed].blobs[1] for store in stores)
    assert first is second


def test_a_voided_bundle_keeps_its_header_only_whether_it_came_before_or_after():
    hand = writer()
    one, two = hand.write(likes("a"), time=1), hand.write(likes("b"), time=1)
    gone = retracting(hand, one.seq)
    for order in ([one, two, gone], [gone, two, one]):
        store = a_store()
        store.keep(ev.StoreBundles((gone,), voided=((one.feed, one.seq),)), 0)
        store.keep(ev.StoreBundles(tuple(order)), 0)
        assert read(store, one.feed, hi=1) == (one.bare().wire(),)
        assert read(store, one.feed, lo=2, hi=2) == (two.wire(),)


def test_what_is_cut_off_and_what_is_dropped_is_gone():
    store, made = a_store(), feed_of_likes([["a"], ["b"], ["c"]])
    feed = made[0].feed
    infos = (ev.InfoRow("a", feed.author, "A", (), 1, feed.device),)
    store.keep(ev.StoreBundles(tuple(made), infos=infos), 0)
    assert store.find(ev.FindInfo(1, items=("a",))).rows == infos
    found = store.find(ev.FindInfo(2, words=("a", "b"), enough=1))
    assert found == ev.InfoFound(2, infos, (), ("a",))
    assert store.find(ev.FindInfo(1, words=("a",))) == ev.InfoFound(1, infos, ("a",), ())
    store.keep(ev.StoreBundles((), raised=((feed, 3),)), 0)
    assert len(read(store, feed)) == 1
    assert store.find(ev.FindInfo(1, items=("a",))).rows == ()
    store.drop_author(feed.author)
    assert read(store, feed) == ()


def test_a_restart_finds_people_facts_feeds_and_claims_in_the_order_first_seen():
    store, made = a_store(), feed_of_likes([["a"], ["b"], ["c"]], number=7)
    store.write(ev.PutFacts("me", (("x", "LIKE", 100, 3, "X", ()),)), 0)
    store.write(ev.PutVouch("me", made[0].feed.author, 80), 0)
    store.write(ev.PutPolicy("me", True, True, False, False), 0)
    own = writer(9).write(likes("x"), time=1)
    store.write(ev.PutOwnBundle(own), 1.0)
    store.write(ev.MarkShared("me", Lane.TASTE, ("x",), own.seq), 1.0)
    for at, bundle in zip((4.0, 3.0, 2.0), (made[2], made[1], made[0]), strict=True):
        store.keep(ev.StoreBundles((bundle,)), at)
    found = store.remembered()
    (person,) = found.persons
    assert person.facts["x"].seq == own.seq
    assert person.vouches[made[0].feed.author].weight == 80
    assert (person.policy.taste, person.policy.clicks) == (True, False)
    others = [(seq, seen) for feed, seq, _, seen in found.claims if feed == made[0].feed]
    assert others == [(3, 4.0), (2, 3.0), (1, 2.0)]
    (record,) = [r for r in found.feeds if r.feed == made[0].feed]
    assert record.held == ((1, 1), (2, 1), (3, 1))
    assert record.head == made[2].id


def test_clicks_outcomes_blocks_and_permissions_are_kept():
    store = a_store()
    store.write(ev.PutClick("me", ("jazz",), "x", 2), 0)
    store.keep_shown(ev.KeepShown("me", (("y", 3, ()),)))
    store.write(ev.PutOutcome("me", "y", 100), 0)
    store.write(ev.PutBlock(None, "z", True), 0)
    store.write(ev.PutAllowed(AuthorKey(b"b" * 32), True), 0)
    (person,) = store.remembered().persons
    assert person.clicks[("jazz",), "x"].position == 2
    assert [item for item, _ in person.shown] == ["y"]
    assert person.shown[0][1].outcome == 100
    assert store.remembered().blocked_items == ("z",)
    store.write(ev.PutBlock(None, "z", False), 0)
    store.write(ev.PutAllowed(AuthorKey(b"b" * 32), False), 0)
    assert store.remembered().blocked_items == store.remembered().allowed == ()
    store.keep_shown(ev.KeepShown("me", (), gone=("y",)))
    assert store.remembered().persons[0].shown == ()
