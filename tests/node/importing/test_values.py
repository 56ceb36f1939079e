"""What a field means, at the edges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.importing.rows import BadRow
from node.importing.values import (
    PLAYS_MAX,
    clean_tags,
    clean_title,
    item_name,
    play_count,
    plays_weight,
    rating_weight,
    unix_time,
    work_name,
)

TODAY = 20_700


@pytest.mark.parametrize(
    ("rating", "weight"),
    [("0.5", -0.8), ("1", -0.6), ("2.5", 0.0), ("3", 0.2), ("4.0", 0.6), ("5", 1.0), ("0", -1.0)],
)
def test_five_stars_as_weights(rating: str, weight: float):
    assert rating_weight(rating, 5.0) == weight


@given(st.integers(1, PLAYS_MAX), st.integers(1, PLAYS_MAX))
def test_more_plays_never_weigh_less(a: int, b: int):
    low, high = sorted((plays_weight(a), plays_weight(b)))
    assert 0.2 <= low <= high <= 1.0
    assert (plays_weight(min(a, b)), plays_weight(max(a, b))) == (low, high)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "1e10", "", "x", "1_000"])
def test_play_counts_are_whole(text: str):
    with pytest.raises(BadRow):
        play_count(text)


@pytest.mark.parametrize(
    "text",
    [
        "1270468740",
        "1270468740000",
        "1270468740000000",
        "1.27046874e9",
        "2010-04-05T11:59:00Z",
        "2010-04-05 11:59",
        "2010-04-05T13:59:00+02:00",
        "05 Apr 2010 11:59",
        "05 Apr 2010, 11:59",
        " 1270468740 ",
    ],
)
def test_one_moment_written_many_ways(text: str):
    assert unix_time(text, TODAY) == 1270468740


def test_tomorrow_is_allowed_for_other_time_zones_and_no_more():
    assert unix_time(str((TODAY + 2) * 86_400 - 1), TODAY)
    for late in (str((TODAY + 2) * 86_400), "9999-12-31T23:59:59+00:00", "0001-01-01"):
        with pytest.raises(BadRow):
            unix_time(late, TODAY)


def test_items_keep_a_namespace_and_get_one_else():
    assert item_name(" ml:movie:50 ", "item:") == "ml:movie:50"
    assert item_name("50", "ml:movie:") == "ml:movie:50"
    assert item_name("Star Wars: Episode IV", "item:") == "item:Star Wars: Episode IV"


def test_a_work_has_one_name_however_it_is_spelt():
    name = work_name("Bj\u00f6rk", "It's Oh So Quiet")
    assert name == work_name("BJO\u0308RK ", "it\u2019s  oh so QUIET!")
    assert name != work_name("Bj\u00f6rk", "It's Oh So Quite")
    assert len(name.encode()) == len("text:") + 32
    with pytest.raises(BadRow):
        work_name("Bj\u00f6rk", " ... ")


def test_titles_and_tags_are_cut_between_characters():
    assert clean_title("a\tb\x1b[31m\u202ec\n") == "a b [31m c"
    assert clean_title("\u00e9" * 200) == "\u00e9" * 100
    assert clean_title(" \n ") is None
    assert clean_tags("a|b, a|" + "\u00e9" * 40) == ("a", "b", "\u00e9" * 16)
    assert len(clean_tags("|".join(map(str, range(99))))) == 16
