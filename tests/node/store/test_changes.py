"""Every change of a feed is noted, and a checkpoint fits the store that it was made of alone."""

from collections.abc import Callable
from pathlib import Path

import pytest

from node.store import changes as changes_module
from node.store.changes import CheckpointMark
from node.store.store import Store
from protocol.bundle import Bundle

NOW = 1_760_000_000
MakeFeed = Callable[..., list[Bundle]]


def marked(store: Store, token: bytes = b"a" * 16) -> CheckpointMark:
    mark = store.begin_checkpoint(token)
    store.finish_checkpoint(mark)
    return mark


def test_a_store_without_a_change_names_nobody(store: Store, make_feed: MakeFeed):
    assert store.changed_since(marked(store)) == []
    store.add_bundles(make_feed(2), seen=NOW)
    assert store.changed_since(marked(store, b"b" * 16)) == []


def test_whatever_touches_a_feed_names_its_author_once(store: Store, make_feed: MakeFeed):
    feeds = {author: make_feed(4, author=author) for author in range(1, 7)}
    for feed in feeds.values():
        store.add_bundles(feed[1:3], seen=NOW)
    store.add_bundles([feeds[6][3].bare()], seen=NOW)
    mark = marked(store)
    store.add_bundles(feeds[1][3:], seen=NOW)
    store.add_bundles(feeds[2][:1], seen=NOW)  # back-fill
    store.void_bundles(feeds[3][0].feed, (2,))
    store.drop_below(feeds[4][0].feed, 3)
    store.drop_author(feeds[5][0].feed.author, now=NOW)
    store.add_bundles(feeds[6][3:], seen=NOW)  # claims after their header
    store.add_bundles(feeds[1][:1], seen=NOW)
    authors = [feeds[author][0].feed.author for author in (2, 3, 4, 5, 6, 1)]
    assert store.changed_since(mark) == authors
    assert store.changes_since(mark.change) == len(authors)


def test_a_floor_that_rises_by_a_later_bundle_is_a_change(store: Store, make_feed: MakeFeed):
    feed = make_feed(4, floors={4: 3})
    store.add_bundles(feed[:3], seen=NOW)
    mark = marked(store)
    store.add_bundles(feed[3:], seen=NOW)
    assert store.changed_since(mark) == [feed[0].feed.author]


def test_marking_a_place_that_is_not_held_is_a_change(store: Store, make_feed: MakeFeed):
    feed = make_feed(4)
    store.add_bundles(feed[2:], seen=NOW)
    mark = marked(store)
    store.void_bundles(feed[0].feed, (1,))
    assert store.changed_since(mark) == [feed[0].feed.author]


def test_both_checkpoints_fit_until_the_newer_one_is_finished(store: Store, make_feed: MakeFeed):
    first, second = make_feed(1, author=1), make_feed(1, author=2)
    old = marked(store, b"old" + bytes(13))
    store.add_bundles(first, seen=NOW)
    new = store.begin_checkpoint(b"new" + bytes(13))
    store.add_bundles(second, seen=NOW)
    assert store.changed_since(old) == [first[0].feed.author, second[0].feed.author]
    assert store.changed_since(new) == [second[0].feed.author]
    store.finish_checkpoint(new)
    assert store.changed_since(old) is None
    assert store.changed_since(new) == [second[0].feed.author]


def test_one_that_was_never_finished_gives_way_to_the_next(store: Store, make_feed: MakeFeed):
    old = marked(store)
    lost = store.begin_checkpoint(b"lost" + bytes(12))
    store.add_bundles(make_feed(1), seen=NOW)
    new = store.begin_checkpoint(b"new" + bytes(13))
    assert store.changed_since(lost) is None
    assert len(store.changed_since(old) or []) == 1
    assert store.changed_since(new) == []


def test_an_earlier_copy_of_the_store_knows_no_later_checkpoint(
    store: Store, path: Path, tmp_path: Path, make_feed: MakeFeed
):
    store.add_bundles(make_feed(1), seen=NOW)
    old = marked(store, b"old" + bytes(13))
    store.close()
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes(path.read_bytes())
    with Store.open(path) as again:
        new = marked(again, b"new" + bytes(13))
    with Store.open(copy) as earlier:
        assert earlier.changed_since(new) is None
        assert earlier.changed_since(old) == []


def test_numbers_are_not_used_again_after_they_were_forgotten(store: Store, make_feed: MakeFeed):
    store.add_bundles(make_feed(1, author=1), seen=NOW)
    mark = marked(store)
    store.add_bundles(make_feed(1, author=2), seen=NOW)
    assert len(store.changed_since(mark) or []) == 1


def test_too_many_changes_are_as_good_as_no_checkpoint(
    store: Store, make_feed: MakeFeed, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(changes_module, "CHANGES_MAX", 3)
    old = marked(store)
    for author in range(1, 5):
        store.add_bundles(make_feed(1, author=author), seen=NOW)
    new = store.begin_checkpoint(b"new" + bytes(13))
    assert store.changed_since(old) is None
    assert store.changed_since(new) == []


def test_some_authors_are_read_as_all_of_them_are(store: Store, make_feed: MakeFeed):
    feeds = [make_feed(3, author=author, device=device)
             for author in range(1, 4) for device in (b"device-1", b"device-2")]  # fmt: skip
    for feed in feeds:
        store.add_bundles(feed, seen=NOW)
    store.void_bundles(feeds[0][0].feed, (2,))
    wanted = [feeds[4][0].feed.author, feeds[0][0].feed.author]
    every = list(store.feed_records())
    assert list(store.feed_records_of(wanted)) == [*every[4:], *every[:2]]
    claims = [row for batch in store.replay() for row in batch]
    read = [row for batch in store.replay_of(wanted) for row in batch]
    assert read == [row for author in wanted for row in claims if row.feed.author == author]
