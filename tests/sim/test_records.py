"""A record is read back as it was written, or refused with its file."""

import math
from pathlib import Path

import pytest
from msgspec import Struct

from sim import records


class Note(Struct):
    text: str
    value: float = 0.0
    version: int = 1


def read(file: Path) -> Note:
    return records.read(file, Note, "note", 1, LookupValue)


class LookupValue(ValueError):
    """Whose error it is decides who reads."""


def test_what_is_written_is_read_and_leaves_nothing_else(tmp_path: Path) -> None:
    file = records.write(Note("a", 0.1), tmp_path / "deep" / "note.json")
    assert read(file) == Note("a", 0.1)
    assert [one.name for one in file.parent.iterdir()] == ["note.json"]


def test_a_record_replaces_the_one_before(tmp_path: Path) -> None:
    file = records.write(Note("long " * 1_000), tmp_path / "note.json")
    records.write(Note("short"), file)
    assert read(file) == Note("short")


def test_nan_becomes_null_and_can_be_mended(tmp_path: Path) -> None:
    file = records.write(Note("a", math.nan), tmp_path / "note.json")
    with pytest.raises(LookupValue, match="is no note"):
        read(file)

    def mend(tree: dict[str, object]) -> dict[str, object]:
        return tree | {"value": 7.0}

    assert records.read(file, Note, "note", 1, LookupValue, mend).value == 7


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (None, "No such file"),
        (b"", "is no note"),
        (b"[" * 100_000, "is no note"),
        (b"\xff", "is no note"),
        (b'{"value": 1}', "text"),
        (b'{"text": "a", "version": 9}', "of version 9, this is 1"),
    ],
)
def test_whatever_is_wrong_is_told_with_the_file(
    tmp_path: Path, data: bytes | None, why: str
) -> None:
    file = tmp_path / "note.json"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(LookupValue, match=why) as caught:
        read(file)
    assert str(file) in str(caught.value)
