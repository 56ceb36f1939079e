"""Secrets stay private and whole."""

import stat
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from node.identity import (
    KeyFileDamaged,
    KeyFileExposed,
    author_key,
    create_seed,
    new_device,
    read_or_create_seed,
    read_seed,
)
from protocol.ids import AuthorKey

KEY = AuthorKey(bytes(range(32)))


def test_a_seed_is_written_once_and_read_back(tmp_path: Path):
    file = tmp_path / "author.key"
    seed = read_or_create_seed(file)
    assert read_or_create_seed(file) == read_seed(file) == seed
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["author.key"]
    assert author_key(seed) == bytes(SigningKey(seed).verify_key)
    with pytest.raises(FileExistsError):
        create_seed(file)
    assert read_seed(file) == seed


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_an_exposed_key_is_refused_with_the_remedy(tmp_path: Path, mode: int):
    file = tmp_path / "author.key"
    create_seed(file)
    file.chmod(mode)
    with pytest.raises(KeyFileExposed) as raised:
        read_or_create_seed(file)
    assert raised.value.exit_code == 8
    assert raised.value.hint == f"run: chmod 600 {file}"


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33, bytes(32)])
def test_a_damaged_key_is_named_and_left_alone(tmp_path: Path, content: bytes):
    file = tmp_path / "author.key"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(KeyFileDamaged, match=r"author\.key") as raised:
        read_or_create_seed(file)
    assert "backup restore" in raised.value.hint
    assert file.read_bytes() == content


def test_a_missing_key_a_directory_and_a_link_are_no_keys(tmp_path: Path):
    create_seed(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "directory").mkdir(mode=0o700)
    for name in ("missing", "link", "directory"):
        with pytest.raises(KeyFileDamaged, match=name):
            read_seed(tmp_path / name)


def test_devices_differ():
    assert len({new_device() for _ in range(64)}) == 64
    assert len(new_device()) == 8
