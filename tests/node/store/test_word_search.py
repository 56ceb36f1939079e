"""Finding items by words: in any script, whatever is typed, and in bounded work."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.store import word_search
from node.store.database import connect
from node.store.migrations import STEPS, create_schema
from node.store.rows import ItemInfoRow
from node.store.store import Store

ANYBODY = bytes([9]) * 32


def named(store: Store, titles: dict[str, str], source: bytes = ANYBODY, tags=()) -> None:
    store.put_item_info([ItemInfoRow(i, source, title, tags) for i, title in titles.items()])


def full(store: Store, *words: str, limit: int = 10) -> list[str]:
    return store.match_items(words, limit).full


SCRIPTS = {
    "x:ozu": "東京物語",
    "x:ran": "乱",
    "x:akira": "アキラ",
    "x:thai": "ฉลาดเกมส์โกง",
    "x:korean": "부산행 열차",
    "x:greek": "Ο Θίασος",
    "x:german": "Die Straße",
    "x:russian": "Ночной дозор",
    "x:arabic": "باب الحديد",
    "x:wide": "ＡＫＩＲＡ ２",
}


@pytest.mark.parametrize(
    ("words", "item"),
    [
        ("東京", "x:ozu"),
        ("物語", "x:ozu"),
        ("京物", "x:ozu"),
        ("乱", "x:ran"),
        ("キラ", "x:akira"),
        ("ｱｷﾗ", "x:akira"),
        ("เกมส์", "x:thai"),
        ("부산행", "x:korean"),
        ("부산", "x:korean"),
        ("θιασος", "x:greek"),
        ("ΘΙΑΣΟΣ", "x:greek"),
        ("strasse", "x:german"),
        ("НОЧНОЙ", "x:russian"),
        ("الحديد", "x:arabic"),
        ("akira", "x:wide"),
    ],
)
def test_every_script_finds_its_own(store: Store, words: str, item: str):
    named(store, SCRIPTS)
    assert full(store, words) == [item]


def test_letters_of_a_word_must_stand_together(store: Store):
    named(store, SCRIPTS)
    assert full(store, "東語") == []
    assert full(store, "東", "語") == ["x:ozu"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("words") / "store.sqlite"
    with Store.open(path) as store:
        named(store, SCRIPTS)
        named(store, {"x:tags": "NEAR the title OR not"}, tags=("AND", "sci-fi", "a*b"))
        yield store


SYNTAX = st.sampled_from(
    ['"', '""', "*", "NEAR(", "NEAR", "AND", "OR", "NOT", "title:", "tags :", "{title}", "-", "^",
     "+", "(", ")", "\x00", "\x1f", "\ud800", "\udfff", "a" * 5_000, "_", "'", ";", "\U0001f600",
     "\u0301", "\U0001e922", "%", "\\"]
)  # fmt: skip


@given(
    st.lists(SYNTAX | st.text(st.characters(codec=None), max_size=20), max_size=12),
    st.sampled_from(["", " "]),
)
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_typed_is_answered(filled: Store, parts: list[str], between: str):
    found = filled.match_items([between.join(parts)], 10, enough=10, clicked=["x:ran"])
    assert len(found.full) == len(set(found.full)) <= 11
    assert not set(found.full) & set(found.partial)


def test_thousands_of_words_are_looked_at_up_to_a_cap(filled: Store):
    words = [f"w{n}" for n in range(5_000)]
    assert filled.match_items([*words, "title"], 10, enough=10) == ([], [])
    assert filled.match_items(["title", *words], 10, enough=10) == ([], ["x:tags"])


def test_words_with_a_meaning_to_the_engine_are_words(filled: Store):
    for words in (["near"], ["or", "NOT"], ["and"], ["sci-fi"], ["title:the"]):
        assert full(filled, *words) == ["x:tags"], words


def test_all_words_before_some_words(store: Store):
    named(store, {"x:1": "blue night", "x:2": "blue sea", "x:3": "night train", "x:4": "blue"})
    found = store.match_items(["blue", "night"], 10, enough=10)
    assert found.full == ["x:1"]
    assert sorted(found.partial) == ["x:2", "x:3", "x:4"]
    assert store.match_items(["blue", "night"], 10, enough=1).partial == []
    assert store.match_items(["blue", "night"], 10, enough=2, clicked=["x:9"]).partial == []


def test_the_more_relevant_comes_first(store: Store):
    named(store, {"x:1": "night and day and something else", "x:2": "night", "x:3": "day"})
    assert full(store, "night") == ["x:2", "x:1"]


def test_a_text_is_indexed_once_whoever_says_it(store: Store):
    for k in range(30):
        named(store, {"x:1": "Night", "x:2": "Night train"}, bytes([k]) * 32)
    named(store, {"x:1": "The night"}, bytes([99]) * 32)
    assert store._row("SELECT count(*) FROM item_texts") == (3,)
    assert full(store, "night", limit=2) == ["x:1", "x:2"]
    for k in range(30):
        named(store, {"x:1": "Day"}, bytes([k]) * 32)
    assert full(store, "night") == ["x:2", "x:1"]
    named(store, {"x:1": "Noon"}, bytes([99]) * 32)
    assert full(store, "night") == ["x:2"]
    assert store._row("SELECT count(*) FROM item_texts WHERE sources = 0") == (0,)


def test_of_a_very_common_word_the_first_and_the_last_texts_are_ranked(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(word_search, "SCORED_MAX", 5)
    named(store, {f"x:{n:02}": "common title" for n in range(30)} | {"x:z": "rare common"})
    first, last = (f"x:{n:02}" for n in range(5)), (f"x:{n:02}" for n in range(26, 30))
    assert set(full(store, "common", limit=50)) == {*first, *last, "x:z"}
    assert full(store, "rare") == ["x:z"]


def test_what_was_clicked_is_found_among_too_many_matches(store: Store):
    named(store, {f"x:{n:02}": "common title" for n in range(30)} | {"x:other": "else"})
    found = store.match_items(["common"], 5, clicked=["x:other", "x:20", "x:unknown"])
    assert found.full[:5] == [f"x:{n:02}" for n in range(5)]
    assert found.full[5:] == ["x:20"]


def test_the_last_word_may_be_a_beginning_and_no_other(store: Store):
    named(store, {"x:1": "Matrix Reloaded", "x:2": "Matrimony", "x:3": "Mat"})
    assert sorted(full(store, "matri")) == ["x:1", "x:2"]
    assert full(store, "mat")[0] == "x:3", "the word itself comes first"
    assert full(store, "MÁTRI", "reloaded") == []
    assert full(store, "reloaded", "mátri") == ["x:1"]


def test_few_of_very_many_words_that_begin_so_are_tried(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(word_search, "BEGINNINGS_MAX", 3)
    named(store, {f"x:{n}": f"word{n}" for n in range(9)})
    assert sorted(full(store, "word")) == ["x:0", "x:1", "x:2"]
    monkeypatch.setattr(word_search, "COMMON_MAX", 1)
    assert full(store, "word") == ["x:0"]


def test_of_some_words_the_rare_ones_count(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(word_search, "COMMON_MAX", 6)
    named(store, {f"x:{n}": "the title" for n in range(9)} | {"x:a": "quark", "x:b": "the quark"})
    assert store.match_items(["the", "quark", "zzz"], 20, enough=20).partial == ["x:a", "x:b"]


def test_a_store_from_before_is_indexed_anew(tmp_path: Path):
    path = tmp_path / "old.sqlite"
    connection = connect(path, create=True)
    create_schema(connection, {n: STEPS[n] for n in (1, 2)})
    connection.close()
    with Store.open(path, steps={n: STEPS[n] for n in (1, 2)}) as old:
        sql = "INSERT INTO item_info (item, source, title, tags, seq, device) VALUES (?,?,?,?,0,?)"
        for item, title in SCRIPTS.items():
            for source in (b"", ANYBODY):
                old._execute(sql, (item, source, title, "tag", b""))
    with Store.open(path) as store:
        assert full(store, "物語") == ["x:ozu"]
        assert len(full(store, "tag", limit=50)) == len(SCRIPTS)
        assert store._row("SELECT min(sources), max(sources) FROM item_texts") == (2, 2)
        named(store, dict.fromkeys(SCRIPTS, "new"), b"")
        named(store, dict.fromkeys(SCRIPTS, "new"))
        assert full(store, "物語") == []
        assert len(full(store, "new", limit=50)) == len(SCRIPTS)
