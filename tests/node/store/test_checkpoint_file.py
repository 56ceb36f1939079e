"""The file is whole and as it was written, or it is refused; a crash leaves the old or the new."""

import os
import stat
from pathlib import Path
from random import Random

import pytest

from node.store.changes import CheckpointMark
from node.store.checkpoint_file import (
    UnusableCheckpoint,
    discard_checkpoint,
    read_checkpoint,
    write_checkpoint,
)

MARK = CheckpointMark(b"t" * 16, 41)
PARTS = {"a": [b"one", b"", memoryview(b"two")], "empty": [], "b": [b"\x00" * 1000]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "checkpoint"


def test_what_was_written_is_read(file: Path):
    assert read_checkpoint(file) is None
    size = write_checkpoint(file, MARK, PARTS)
    assert size == file.stat().st_size
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    mark, parts = read_checkpoint(file) or pytest.fail("there is one")
    assert mark == MARK
    assert {n: bytes(p) for n, p in parts.items()} == {
        "a": b"onetwo", "empty": b"", "b": b"\x00" * 1000
    }  # fmt: skip
    assert [p.name for p in file.parent.iterdir()] == ["checkpoint"]


def overwrite(file: Path, content: bytes) -> None:
    """In place: a file system may wait for the disk when a file is emptied and written anew."""
    with file.open("r+b") as out:
        out.write(content)
        out.truncate()


def test_every_damage_is_found(file: Path):
    write_checkpoint(file, MARK, PARTS)
    whole, rng = file.read_bytes(), Random(1)
    for at in range(len(whole)):
        bad = bytearray(whole)
        bad[at] ^= 1 << rng.randrange(8)
        overwrite(file, bad)
        with pytest.raises(UnusableCheckpoint):
            read_checkpoint(file)
    for length in range(len(whole)):
        overwrite(file, whole[:length])
        with pytest.raises(UnusableCheckpoint):
            read_checkpoint(file)
    for other in (whole + b"\x00", whole + whole, b"SQLite format 3\x00" * 9, os.urandom(5_000)):
        overwrite(file, other)
        with pytest.raises(UnusableCheckpoint):
            read_checkpoint(file)
    file.unlink()
    file.mkdir()
    with pytest.raises(UnusableCheckpoint):
        read_checkpoint(file)


def test_a_failure_at_any_piece_leaves_the_old_file(file: Path):
    write_checkpoint(file, MARK, PARTS)
    before = file.read_bytes()

    def failing():
        yield b"new"
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="space"):
        write_checkpoint(file, MARK, {"a": failing()})
    assert file.read_bytes() == before
    assert [p.name for p in file.parent.iterdir()] == ["checkpoint"]


def test_what_a_crash_left_half_written_is_in_nobodys_way(file: Path):
    partial = file.with_name(".checkpoint.partial")
    partial.write_bytes(b"half")
    write_checkpoint(file, MARK, PARTS)
    assert not partial.exists()
    partial.write_bytes(b"half")
    assert read_checkpoint(file) is not None
    assert not partial.exists()
    partial.write_bytes(b"half")
    discard_checkpoint(file)
    assert list(file.parent.iterdir()) == []
    discard_checkpoint(file)
