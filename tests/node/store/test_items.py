"""Titles by source, and finding items by their words."""

from collections.abc import Callable
from itertools import permutations

import pytest

from node.store import items as items_module
from node.store.items import SOURCES_MAX
from node.store.rows import ItemInfoRow
from node.store.store import Store
from protocol.bundle import Bundle
from protocol.ids import AuthorKey, FeedId, Lane
from protocol.limits import VOID_MARKS_MAX

MakeFeed = Callable[..., list[Bundle]]

PEER = bytes([9]) * 32
ROWS = [
    ItemInfoRow("ml:movie:1", b"", "Café Wars (1977)", ("Sci-Fi", "War")),
    ItemInfoRow("ml:movie:1", PEER, "Cafe Wars", ()),
    ItemInfoRow("ml:movie:2", PEER, "Peace in the Café", ("Drama",)),
]


@pytest.fixture
def titled(store: Store) -> Store:
    store.put_item_info(ROWS)
    return store


def found(store: Store, *words: str, limit: int = 10) -> list[str]:
    return sorted(store.match_items(words, limit).full)


def test_every_source_is_told(titled: Store):
    assert sorted(titled.item_info(["ml:movie:1", "unknown"])) == ROWS[:2]


def test_all_words_must_be_there_in_any_spelling(titled: Store):
    assert found(titled, "cafe") == found(titled, "CAFÉ") == ["ml:movie:1", "ml:movie:2"]
    assert found(titled, "wars", "café") == ["ml:movie:1"]
    assert found(titled, "dram") == ["ml:movie:2"]
    assert found(titled, "cafe", "unknown") == []
    assert len(found(titled, "cafe", limit=1)) == 1


@pytest.mark.parametrize(
    "words", ['"', "* OR", "NEAR(", "title:", "'; DROP", "", "-", "\x00", "()"]
)
def test_no_word_is_query_language(titled: Store, words: str):
    assert found(titled, words) == []


def test_a_corrected_title_is_found_by_its_new_words_only(titled: Store):
    titled.put_item_info([ROWS[2]._replace(title="War")])
    assert found(titled, "peace") == []
    assert found(titled, "war") == ["ml:movie:1", "ml:movie:2"]


def test_a_dropped_author_takes_the_names_along(titled: Store):
    titled.drop_author(AuthorKey(PEER), now=1)
    assert titled.item_info(["ml:movie:1", "ml:movie:2"]) == ROWS[:1]
    assert found(titled, "peace") == []


def test_at_the_cap_only_our_own_names_enter(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(items_module, "ITEM_INFO_MAX", 3)
    for number in range(5):
        store.put_item_info([ItemInfoRow(f"x:{number}", PEER, "title", ())])
    assert len(found(store, "title", limit=100)) == 3
    store.put_item_info([ItemInfoRow("x:own", b"", "title", ())])
    assert "x:own" in found(store, "title")


def stated(seq: int, device: bytes, title: str, item: str = "ml:movie:1") -> ItemInfoRow:
    """One author's title, by the bundle that states it."""
    return ItemInfoRow(item, PEER, title, (), seq, device)


def titles_of(store: Store, count: int) -> list[str]:
    return [row.title for row in store.item_info(f"x:{seq}" for seq in range(1, count + 1))]


def named_by_bundles(store: Store, feed: list[Bundle]) -> None:
    """Each bundle of the feed is kept, and names an item after its seq."""
    store.add_bundles(feed, seen=1)
    author, device, _ = feed[0].feed
    store.put_item_info(
        [ItemInfoRow(f"x:{b.seq}", author, f"title {b.seq}", (), b.seq, device) for b in feed]
    )


def test_the_highest_statement_of_a_source_stands_in_whatever_order_it_comes(store: Store):
    said = [stated(7, b"device-2", "newest"), stated(7, b"device-1", "other"),
            stated(3, b"device-9", "oldest")]  # fmt: skip
    for at, order in enumerate(permutations(said)):
        for row in order:
            store.put_item_info([row._replace(item=f"y:{at}")])
        assert store.item_info([f"y:{at}"]) == [said[0]._replace(item=f"y:{at}")]
    assert found(store, "oldest") == found(store, "other") == []


def test_of_two_titles_in_one_bundle_the_later_stands(store: Store):
    store.put_item_info([stated(7, b"device-1", "first"), stated(7, b"device-1", "second")])
    assert [row.title for row in store.item_info(["ml:movie:1"])] == ["second"]


def test_our_own_title_is_the_last_given(titled: Store):
    titled.put_item_info([ROWS[0]._replace(title="A Café at War")])
    titled.put_item_info([ROWS[0]])
    assert ROWS[0] in titled.item_info(["ml:movie:1"])


def test_the_names_of_a_voided_bundle_go_and_nobody_elses(store: Store, make_feed: MakeFeed):
    mine, other = make_feed(4), make_feed(4, device=b"device-2")
    named_by_bundles(store, mine)
    store.put_item_info([ItemInfoRow("x:2", PEER, "theirs", (), 2, mine[0].feed.device)])
    named_by_bundles(store, other[3:])
    vouches = FeedId(*mine[0].feed[:2], Lane.VOUCHES)
    store.void_bundles(vouches, [1, 2, 3])  # of a lane without names, and not even held
    store.void_bundles(mine[0].feed, [2, 4])
    assert titles_of(store, 4) == ["title 1", "theirs", "title 3", "title 4"]
    assert found(store, "title", "2") == []
    assert [row.device for row in store.item_info(["x:4"])] == [b"device-2"]


def test_a_lane_without_names_takes_none_along(store: Store, make_feed: MakeFeed):
    feed = make_feed(3)
    named_by_bundles(store, feed)
    store._execute("UPDATE feeds SET lane = ?", (Lane.CLICKS,))
    store.void_bundles(FeedId(*feed[0].feed[:2], Lane.CLICKS), [1])
    store.drop_below(FeedId(*feed[0].feed[:2], Lane.CLICKS), 3)
    assert titles_of(store, 3) == ["title 1", "title 2", "title 3"]


def test_names_below_a_cut_or_a_floor_go(store: Store, make_feed: MakeFeed):
    cut, raised = make_feed(5), make_feed(5, author=2, floors={5: 4})
    named_by_bundles(store, cut)
    store.drop_below(cut[0].feed, 3)
    assert titles_of(store, 5) == ["title 3", "title 4", "title 5"]
    store.drop_author(cut[0].feed.author, now=1)
    named_by_bundles(store, raised[:4])
    store.add_bundles(raised[4:], seen=1)
    assert titles_of(store, 5) == ["title 4"]


def test_marks_that_become_a_floor_take_names_along(store: Store, make_feed: MakeFeed):
    feed = make_feed(VOID_MARKS_MAX + 12)
    named_by_bundles(store, feed)
    store.void_bundles(feed[0].feed, range(10, VOID_MARKS_MAX + 11))
    left = [f"title {seq}" for seq in (VOID_MARKS_MAX + 11, VOID_MARKS_MAX + 12)]
    assert titles_of(store, len(feed)) == left


def test_of_very_many_sources_some_are_read_and_always_our_own(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    keys = [bytes([k]) * 32 for k in range(1, 201)]
    store.put_item_info([ItemInfoRow("x:1", key, f"title {key[0]}", ()) for key in keys])
    store.put_item_info([ItemInfoRow("x:1", b"", "own", ("tag",)), ItemInfoRow("x:2", PEER, "b")])
    for first in (0, 50, 150, 255):
        monkeypatch.setattr(store, "_first", bytes([first]) * 32)
        found = store.some_item_info(["x:2", "x:1", "x:none"])
        assert [row.item for row in found] == ["x:2"] + ["x:1"] * (SOURCES_MAX + 1)
        assert found[1] == ItemInfoRow("x:1", b"", "own", ("tag",))
        after = [key for key in keys if key[0] >= first] + [k for k in keys if k[0] < first]
        assert [row.source for row in found[2:]] == after[:SOURCES_MAX]
