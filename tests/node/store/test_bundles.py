"""What was received comes back byte for byte, in order, and never again once voided."""

from collections.abc import Callable
from pathlib import Path

import pytest

from node.store import bundles as bundles_module
from node.store.store import Store
from protocol.bundle import Bundle, decode_bundle
from protocol.feedtable import FeedTable, Outcome
from protocol.ids import NO_BUNDLE, AuthorKey, DeviceId, Lane
from protocol.limits import VOID_MARKS_MAX

NOW = 1_760_000_000
BYTES_MAX = 10**9

MakeFeed = Callable[..., list[Bundle]]


def wires(bundles: list[Bundle]) -> list[bytes]:
    return [bundle.wire() for bundle in bundles]


def held(bundles: list[Bundle]) -> tuple[tuple[int, int], ...]:
    return tuple((bundle.seq, len(bundle.claims())) for bundle in bundles)


def test_bundles_come_back_as_they_were(store: Store, path: Path, make_feed: MakeFeed):
    feed = make_feed(5, claims=3)
    store.add_bundles(feed, seen=NOW)
    assert store.read_bundles(feed[0].feed, 1, 5, BYTES_MAX) == wires(feed)
    assert store.read_bundles(feed[0].feed, 2, 3, BYTES_MAX) == wires(feed[1:3])
    store.close()
    with Store.open(path) as again:
        assert again.read_bundles(feed[0].feed, 1, 5, BYTES_MAX) == wires(feed)


def test_reading_stops_at_the_byte_budget_but_gets_on(store: Store, make_feed: MakeFeed):
    feed = make_feed(5)
    store.add_bundles(feed, seen=NOW)
    size = len(feed[0].wire())
    assert len(store.read_bundles(feed[0].feed, 1, 5, 2 * size + size // 2)) == 2
    assert store.read_bundles(feed[0].feed, 3, 5, 1) == wires(feed[2:3])


def test_headers_only_leaves_the_claims_out(store: Store, make_feed: MakeFeed):
    feed = make_feed(2)
    store.add_bundles(feed, seen=NOW)
    got = store.read_bundles(feed[0].feed, 1, 2, BYTES_MAX, headers_only=True)
    assert got == [bundle.bare().wire() for bundle in feed]


def test_unknown_feed_reads_as_nothing(store: Store, make_feed: MakeFeed):
    assert store.read_bundles(make_feed(1)[0].feed, 1, 9, BYTES_MAX) == []


def test_feed_record_tells_the_replica(store: Store, path: Path, make_feed: MakeFeed):
    feed = make_feed(6)
    store.add_bundles(feed[2:5], seen=NOW)
    store.add_bundles(feed[5:], seen=NOW)
    store.add_bundles(feed[1:2], seen=NOW)  # back-fill
    [record] = store.feed_records()
    assert (record.feed, record.held) == (feed[0].feed, held(feed[1:]))
    assert (record.head, record.prev_lo) == (feed[5].id, feed[0].id)


def test_a_place_taken_keeps_its_first_bytes(store: Store, make_feed: MakeFeed):
    [first] = make_feed(1)
    [other] = make_feed(1, claims=2)
    store.add_bundles([first], seen=NOW)
    store.add_bundles([other, first], seen=NOW + 5)
    assert store.read_bundles(first.feed, 1, 1, BYTES_MAX) == [first.wire()]
    assert next(store.feed_records()).held == held([first])


def test_claims_may_follow_their_header(store: Store, make_feed: MakeFeed):
    [bundle] = make_feed(1)
    store.add_bundles([bundle.bare()], seen=NOW)
    assert next(store.feed_records()).held == ((1, 0),)
    store.add_bundles([bundle], seen=NOW)
    assert store.read_bundles(bundle.feed, 1, 1, BYTES_MAX) == [bundle.wire()]
    assert next(store.feed_records()).held == held([bundle])


@pytest.mark.parametrize("retract_first", [True, False])
def test_void_bodies_are_gone_for_good(store: Store, retract_first: bool, make_feed: MakeFeed):
    feed = make_feed(4)
    store.add_bundles(feed[2:] if retract_first else feed, seen=NOW)
    store.void_bundles(feed[0].feed, [2])
    store.add_bundles(feed, seen=NOW)
    expected = wires(feed)
    expected[1] = feed[1].bare().wire()
    assert store.read_bundles(feed[0].feed, 1, 4, BYTES_MAX) == expected
    assert next(store.feed_records()).voided == (2,)
    assert [row.seq for batch in store.replay() for row in batch] == (
        [3, 4, 1] if retract_first else [1, 3, 4]
    )
    assert next(store.feed_records()).held == ((1, 1), (2, 0), (3, 1), (4, 1))


@pytest.mark.parametrize("floor_first", [True, False])
def test_a_floor_voids_everything_below(store: Store, floor_first: bool, make_feed: MakeFeed):
    feed = make_feed(4, floors={4: 3})
    for part in (feed[3:], feed[:3]) if floor_first else (feed[:3], feed[3:]):
        store.add_bundles(part, seen=NOW)
    got = store.read_bundles(feed[0].feed, 1, 4, BYTES_MAX)
    assert got == [b.bare().wire() for b in feed[:2]] + wires(feed[2:])
    assert next(store.feed_records()).floor == 3


def test_floor_swallows_void_marks(store: Store, make_feed: MakeFeed):
    feed = make_feed(5, floors={5: 3})
    store.add_bundles(feed[:4], seen=NOW)
    store.void_bundles(feed[0].feed, [1, 3])
    store.add_bundles(feed[4:], seen=NOW)
    assert next(store.feed_records()).voided == (3,)


def test_eviction_raises_lo_and_keeps_the_head(store: Store, make_feed: MakeFeed):
    feed = make_feed(5)
    store.add_bundles(feed, seen=NOW)
    store.drop_below(feed[0].feed, 4)
    [record] = store.feed_records()
    assert (record.head, record.prev_lo, record.closed) == (feed[4].id, feed[2].id, True)
    assert record.held == held(feed[3:])
    store.drop_below(feed[0].feed, 6)
    assert not list(store.feed_records())
    assert store.writer_state(feed[0].feed) == (5, feed[4].id, 0, ())


def test_back_fill_opens_a_cut_feed_again(store: Store, make_feed: MakeFeed):
    feed = make_feed(3)
    store.add_bundles(feed, seen=NOW)
    store.drop_below(feed[0].feed, 3)
    store.add_bundles(feed[1:2], seen=NOW)
    [record] = store.feed_records()
    assert (record.held, record.closed) == (held(feed[1:]), False)


def test_marks_beyond_the_cap_become_a_floor(store: Store, make_feed: MakeFeed):
    feed = make_feed(VOID_MARKS_MAX + 3)
    store.add_bundles(feed, seen=NOW)
    store.void_bundles(feed[0].feed, range(2, VOID_MARKS_MAX + 4))
    [record] = store.feed_records()
    assert (record.floor, record.voided) == (4, tuple(range(4, VOID_MARKS_MAX + 4)))
    assert not any(count for _, count in record.held)


@pytest.mark.parametrize("at_once", [1, 2, 4, 5])
def test_the_size_of_the_parts_does_not_show(
    store: Store, monkeypatch: pytest.MonkeyPatch, make_feed: MakeFeed, at_once: int
):
    monkeypatch.setattr(bundles_module, "FEEDS_BATCH", at_once)
    monkeypatch.setattr(bundles_module, "REPLAY_BATCH", at_once)
    feeds = [make_feed(3, author=author) for author in (5, 2, 4, 1, 3)]
    for feed in feeds:
        store.add_bundles(feed, seen=NOW)
        store.void_bundles(feed[0].feed, [2])
    store.drop_author(feeds[1][0].feed.author, now=NOW)
    left = [feeds[k] for k in (0, 2, 3, 4)]
    records = list(store.feed_records())
    assert [(record.feed, record.held, record.voided) for record in records] == [
        (feed[0].feed, ((1, 1), (2, 0), (3, 1)), (2,)) for feed in left
    ]
    assert [(record.head, record.prev_lo) for record in records] == [
        (feed[2].id, NO_BUNDLE) for feed in left
    ]
    assert [(row.feed, row.seq) for rows in store.replay() for row in rows] == [
        (feed[0].feed, seq) for feed in left for seq in (1, 3)
    ]


@pytest.mark.parametrize("claims", [0, 1, 15, 16, 256])
def test_claims_are_counted_without_decoding_them(store: Store, make_feed: MakeFeed, claims: int):
    store.add_bundles(make_feed(1, claims=claims), seen=NOW)
    assert next(store.feed_records()).held == ((1, claims),)


def test_a_feed_table_restored_from_the_store_goes_on(store: Store, make_feed: MakeFeed):
    feed = make_feed(6, claims=2)
    store.add_bundles(feed[2:5], seen=NOW)
    store.void_bundles(feed[0].feed, [4])
    table = FeedTable()
    table.restore(store.feed_records())
    assert table.head(feed[0].feed) == (feed[0].feed, 3, 5, feed[4].id)
    assert table.voided(feed[0].feed) == (4,)
    assert table.offer(feed[5], now=NOW).outcome is Outcome.ACCEPTED
    assert table.offer(feed[1], now=NOW).outcome is Outcome.ACCEPTED


def test_a_new_device_writes_above_everything_the_author_ever_said(
    store: Store, make_feed: MakeFeed
):
    old = make_feed(7)
    store.add_own_bundles(old, seen=NOW)
    new = old[0].feed._replace(device=DeviceId(b"device-2"))
    assert store.writer_state(new) == (7, NO_BUNDLE, 0, ())
    store.drop_author(old[0].feed.author, now=NOW)
    assert store.writer_state(new) == (7, NO_BUNDLE, 0, ())
    assert store.writer_state(new._replace(lane=Lane.CLICKS)).seq == 0


def test_dropped_author_leaves_marks_only(store: Store, make_feed: MakeFeed):
    gone, kept = make_feed(3, floors={2: 2}), make_feed(2, author=2)
    store.add_bundles([*gone, *kept], seen=NOW)
    store.void_bundles(gone[0].feed, [3])
    store.put_equivocation(gone[0].feed.author, b"proof", seen=NOW)
    store.drop_author(gone[0].feed.author, now=NOW + 9)
    assert [record.feed for record in store.feed_records()] == [kept[0].feed]
    assert store.read_bundles(gone[0].feed, 1, 9, BYTES_MAX) == []
    assert store.dropped_feeds() == [(gone[0].feed, 3, 2, NOW + 9)]
    assert store.equivocation(gone[0].feed.author) == b"proof"


def test_the_oldest_marks_go_at_the_cap(
    store: Store, monkeypatch: pytest.MonkeyPatch, make_feed: MakeFeed
):
    monkeypatch.setattr(bundles_module, "DROPPED_MAX", 2)
    feeds = [make_feed(1, author=author)[0] for author in (1, 2, 3)]
    for age, bundle in enumerate(feeds):
        store.add_bundles([bundle], seen=NOW)
        store.drop_author(bundle.feed.author, now=NOW + age)
    assert [mark.feed for mark in store.dropped_feeds()] == [feeds[1].feed, feeds[2].feed]


def test_the_first_proof_stays_and_the_cap_spares_authors_we_hold(
    store: Store, monkeypatch: pytest.MonkeyPatch, make_feed: MakeFeed
):
    monkeypatch.setattr(bundles_module, "EQUIVOCATIONS_MAX", 2)
    [held] = make_feed(1)
    store.add_bundles([held], seen=NOW)
    store.put_equivocation(held.feed.author, b"first", seen=NOW)
    store.put_equivocation(held.feed.author, b"second", seen=NOW)
    strangers = [AuthorKey(bytes([n]) * 32) for n in (1, 2)]
    for age, author in enumerate(strangers):
        store.put_equivocation(author, b"proof", seen=NOW + 1 + age)
    assert store.equivocation(held.feed.author) == b"first"
    assert store.equivocators() == sorted([held.feed.author, strangers[1]])


def test_replay_is_in_first_seen_order_across_feeds_and_restarts(
    store: Store, path: Path, make_feed: MakeFeed
):
    a, b = make_feed(700), make_feed(2, author=2)
    store.add_bundles([a[1], b[0], a[0]], seen=NOW)
    store.add_bundles([b[1], *a[2:]], seen=NOW + 1)
    expected = [a[1], b[0], a[0], b[1], *a[2:]]
    store.close()
    with Store.open(path) as again:
        rows = [row for batch in again.replay() for row in batch]
    assert [(row.feed, row.seq, row.claims) for row in rows] == [
        (bundle.feed, bundle.seq, bundle.claims_bytes) for bundle in expected
    ]
    assert [row.seen for row in rows[2:4]] == [NOW, NOW + 1]


def test_what_is_stored_decodes_again(store: Store, make_feed: MakeFeed):
    feed = make_feed(2, claims=64)
    store.add_own_bundles(feed, seen=NOW)
    for wire, bundle in zip(store.read_bundles(feed[0].feed, 1, 2, BYTES_MAX), feed, strict=True):
        assert decode_bundle(wire).claims() == bundle.claims()
