"""Titles by source, and finding items by their words."""

import pytest

from node.store import items as items_module
from node.store.rows import ItemInfoRow
from node.store.store import Store
from protocol.ids import AuthorKey

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
    return sorted({row.item for row in store.search_items(words, limit)})


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
    assert titled.search_items([words], 10) == []


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
    assert len(store.search_items(["title"], 100)) == 3
    store.put_item_info([ItemInfoRow("x:own", b"", "title", ())])
    assert "x:own" in found(store, "title")
