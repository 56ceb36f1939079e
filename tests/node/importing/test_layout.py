"""Column mapping is checked word for word."""

import pytest

from node.importing.layout import ROLES, detect, parse_columns
from node.importing.lines import Line
from node.importing.rows import ImportUnreadable


def layout_of(text: str, **columns: str):
    lines = [Line(number, line) for number, line in enumerate(text.splitlines(), 1)]
    return detect(lines, "file.csv", columns)


def test_mappings_are_pairs():
    assert parse_columns(["item=a,time=b", "user=c d"]) == {"item": "a", "time": "b", "user": "c d"}


@pytest.mark.parametrize(
    ("text", "hint"),
    [("itm=a", "'item'"), ("item", "--map item=COLUMN"), ("item=", "--map"), ("", "--map")],
)
def test_wrong_mappings_name_the_right_one(text: str, hint: str):
    with pytest.raises(ImportUnreadable) as raised:
        parse_columns([text])
    assert hint in raised.value.hint


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "::"])
def test_delimiters_are_told_apart(delimiter: str):
    text = "\n".join(delimiter.join(row) for row in (["item", "note"], ["a b", "c d"], ["e", "f"]))
    found = layout_of(text)
    assert (found.delimiter, found.names) == (delimiter, ("item", "note"))


def test_commas_inside_other_fields_do_not_win():
    assert layout_of("item;note\na;b,c\nd;e,f,g\nh;i\n").delimiter == ";"


def test_names_are_recognised_whatever_their_case_and_marks():
    roles = layout_of("User-ID,Track Name,Artist,Play Count,UTS\n").roles
    assert roles == {
        "user": "User-ID",
        "title": "Track Name",
        "artist": "Artist",
        "plays": "Play Count",
        "time": "UTS",
    }


def test_one_column_plays_one_role():
    roles = layout_of("title,name\n", item="title").roles
    assert roles == {"item": "title", "title": "name"}


def test_no_name_stands_for_two_roles():
    names = [name for known in ROLES.values() for name in known]
    assert len(names) == len(set(names))


def test_numbers_count_from_one():
    assert layout_of("a,b\n", item="2").roles["item"] == "2"
    for wrong in ("0", "3", "999999999"):
        with pytest.raises(ImportUnreadable, match=wrong):
            layout_of("a,b\n", item=wrong)
