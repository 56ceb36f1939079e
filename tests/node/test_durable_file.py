"""A file is the old one or the new one, never a part."""

import os
import stat
from pathlib import Path

import pytest

from node.durable_file import write_atomically


def test_content_and_mode_whatever_the_umask(tmp_path: Path):
    old = os.umask(0o277)
    try:
        write_atomically(tmp_path / "file", b"content", mode=0o640)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640
    assert (tmp_path / "file").read_bytes() == b"content"


def test_replaces_only_when_told(tmp_path: Path):
    file = tmp_path / "file"
    write_atomically(file, b"old")
    write_atomically(file, b"new")
    with pytest.raises(FileExistsError):
        write_atomically(file, b"newer", replace=False)
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]


def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "file"
    write_atomically(file, b"old")

    def no_room(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(OSError, match="No space"):
        write_atomically(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]
