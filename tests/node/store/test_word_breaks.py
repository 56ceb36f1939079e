"""Scripts without spaces are read letter by letter, all others are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.store.word_breaks import apart, folded, phrases


@pytest.mark.parametrize(
    ("text", "spaced"),
    [
        ("Café del Mar", "cafe del mar"),
        ("東京物語", "東 京 物 語"),
        ("Kurosawa 乱 (1985)", "kurosawa 乱 (1985)"),
        ("ｱｷﾗ ２", "ア キ ラ 2"),
        ("부산행", "부산행"),
        ("Die Straße", "die strasse"),
        ("The Straight Story", "The Straight Story"),
        ("ฉลาด", "ฉ ล า ด"),
    ],
)
def test_letters_without_spaces_stand_apart(text, spaced):
    assert " ".join(apart(text).split()) == spaced


def test_a_search_is_phrases_that_know_how_often_they_are_said():
    assert phrases("Night of the night 東京 Sci-Fi 東京") == {
        "night": 2, "of": 1, "the": 1, "東 京": 2, "sci": 1, "fi": 1,
    }  # fmt: skip
    assert phrases('" * - () :^ \x00 \ud800') == {}


@given(st.text(st.characters(codec=None, categories=None)))
def test_no_text_has_a_meaning_to_the_query_language(text):
    for phrase in phrases(text):
        assert phrase == " ".join(phrase.split())
        assert all(c == "_" or c == " " or c.isalnum() for c in phrase)


def test_words_are_folded_as_the_index_does():
    assert [folded(word) for word in ("café", "CAFÉ", "Ångström", "ночь", "Θίασος", "ガ")] == [
        "cafe", "cafe", "angstrom", "ночь", "θιασοσ", "ガ",
    ]  # fmt: skip
