"""Lines become fields; a broken row is one broken record."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.importing.lines import Line
from node.importing.records import NESTING_MAX, delimited, json_lines, split_line


def lines(text: str) -> list[Line]:
    return [Line(number, line) for number, line in enumerate(text.split("\n"), 1)]


def table(text: str, names: str = "ab", delimiter: str = ",") -> list[tuple[int, dict, str]]:
    records = delimited(lines(text), list(names), delimiter, quoted=delimiter == ",")
    return [(record.number, dict(record.fields), record.problem) for record in records]


def test_missing_columns_are_a_problem_and_further_ones_are_not():
    assert table("1,2\n3\n\n4,5,6") == [
        (1, {"a": "1", "b": "2"}, ""),
        (2, {}, "1 columns instead of 2"),
        (4, {"a": "4", "b": "5"}, ""),
    ]


def test_a_quoted_field_holds_delimiters_and_line_ends():
    assert table('"1,\n""x""",2\n3,4') == [
        (1, {"a": '1,\n"x"', "b": "2"}, ""),
        (3, {"a": "3", "b": "4"}, ""),
    ]


def test_a_quote_that_never_closes_costs_its_own_line():
    assert table('"1,2\n3,4\n5,6') == [
        (1, {}, "an unfinished or misplaced quote"),
        (2, {"a": "3", "b": "4"}, ""),
        (3, {"a": "5", "b": "6"}, ""),
    ]


def test_tabs_know_no_quotes():
    assert table('"1\t2', delimiter="\t") == [(1, {"a": '"1', "b": "2"}, "")]
    assert split_line('"a', ",", quoted=True) is None


fields = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=8)


@given(st.lists(st.tuples(fields, fields), min_size=1, max_size=8))
def test_what_a_csv_writer_wrote_is_read(rows):
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    told = table(out.getvalue().removesuffix("\n"))
    assert [tuple(row.values()) for _, row, _ in told] == rows


def json_fields(value: object) -> dict[str, str]:
    [record] = json_lines([Line(1, json.dumps(value))])
    assert not record.problem
    return dict(record.fields)


def test_inner_objects_are_dotted_and_lists_joined():
    assert json_fields({"a": {"b": {"c": 1.5}}, "t": ["x", 3, "y"], "n": None, "y": True}) == {
        "a.b.c": "1.5",
        "t": "x|y",
    }


def test_depth_is_looked_at_only_so_far():
    value: dict = {"x": "deep"}
    for _ in range(NESTING_MAX):
        value = {"i": value}
    assert json_fields(value) == {"i." * NESTING_MAX + "x": "deep"}
    assert json_fields({"i": value}) == {}


@pytest.mark.parametrize("text", ["{", "[1]", "1", '"a"', "[" * 100_000, "nul"])
def test_what_is_no_object_is_a_problem(text: str):
    [record] = json_lines([Line(7, text)])
    assert record.number == 7
    assert "JSON" in record.problem
