"""Bytes become lines whatever they are, and every line keeps its number."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.importing import lines as lines_module
from node.importing.lines import Line, check_encoding, read_lines, sniff_encoding
from node.importing.rows import ImportUnreadable


def read(content: bytes, encoding: str = "utf-8") -> list[Line]:
    return list(read_lines(BytesIO(content), encoding))


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"plain", "utf-8"),
        ("Amélie".encode(), "utf-8"),
        ("Amélie".encode()[:3], "utf-8"),  # the sample may end inside a character
        ("Amélie,".encode("latin-1"), "latin-1"),
        ("a".encode("utf-8-sig"), "utf-8-sig"),
        ("a".encode("utf-16"), "utf-16"),
        (b"", "utf-8"),
    ],
)
def test_the_encoding_is_told_from_the_bytes(content: bytes, encoding: str):
    assert sniff_encoding(content) == encoding


def test_encodings_have_canonical_names_and_others_are_refused():
    assert check_encoding("Latin1") == "iso8859-1"
    for name in ("klingon", "base64", "hex", ""):
        with pytest.raises(ImportUnreadable, match="no text encoding"):
            check_encoding(name)


def test_lines_end_in_any_way_and_count_from_one():
    assert [(n, t) for n, t, _ in read(b"a\nb\r\nc\rd")] == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]


def test_a_damaged_line_is_named_and_costs_no_other():
    told = read(b"good\nb\xffd\ngood\n")
    assert [bool(line.problem) for line in told] == [False, True, False]
    assert told[1].problem == "not valid utf-8"


def test_a_line_above_the_cap_is_skipped_whole(monkeypatch):
    monkeypatch.setattr(lines_module, "LINE_CHARS_MAX", 8)
    told = read(b"12345678\n" + b"x" * 100 + b"\nshort\n")
    assert [(line.number, bool(line.problem)) for line in told] == [
        (1, False),
        (2, True),
        (3, False),
    ]
    assert (told[2].number, told[2].text) == (3, "short")


@given(st.binary(max_size=300))
def test_any_bytes_give_lines_in_order(content: bytes):
    for encoding in (sniff_encoding(content), "utf-8", "latin-1"):
        numbers = [line.number for line in read(content, encoding)]
        assert numbers == list(range(1, len(numbers) + 1))
