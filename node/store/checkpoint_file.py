"""The file of a node's checkpoint: named parts, whole and as they were written, or none at all.

    magic 8 | parts, each padded to a multiple of 8 | index | length of the index u32 | CRC-32 u32

The index is MessagePack: the mark in the store that the parts belong to, and where each part lies.
The checksum is over all that stands before it. A file that is cut, damaged or of another version is
refused; so is one that a crash has left half written, which never bears the file's name.
"""

import contextlib
import mmap
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from struct import Struct
from zlib import crc32

import msgspec

from node.durable_file import sync_directory
from node.store.changes import CheckpointMark

MAGIC = b"GVCHECK\x01"
"""Its last byte is the version."""

_TAIL = Struct("<II")


class UnusableCheckpoint(ValueError):
    """The file is none, or is damaged; the text says which. Rebuild from the store."""


class _Index(msgspec.Struct, frozen=True):
    token: bytes
    change: int
    parts: dict[str, tuple[int, int]]
    """Name -> (first byte, length)."""


def write_checkpoint(
    path: Path, mark: CheckpointMark, parts: Mapping[str, Iterable[bytes | memoryview]]
) -> int:
    """Write the file; a crash at any moment leaves the old one or the new one. Its size in bytes.

    Raises `OSError`, and then the old one is still there. One pass over the parts and two fsyncs.
    """
    partial = _partial(path)
    partial.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        with open(os.open(partial, flags, 0o600), "wb") as file:
            size, checksum = 0, 0
            for piece in _pieces(mark, parts):
                file.write(piece)
                checksum = crc32(piece, checksum)
                size += len(piece)
            file.write(checksum.to_bytes(4, "little"))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    sync_directory(path.parent)
    return size + 4


def _pieces(
    mark: CheckpointMark, parts: Mapping[str, Iterable[bytes | memoryview]]
) -> Iterable[bytes | memoryview]:
    """All but the checksum, in order."""
    yield MAGIC
    at, places = len(MAGIC), dict[str, tuple[int, int]]()
    for name, pieces in parts.items():
        start = at
        for piece in pieces:
            yield piece
            at += len(piece)
        places[name] = start, at - start
        yield bytes(-at % 8)
        at += -at % 8
    index = msgspec.msgpack.encode(_Index(mark.token, mark.change, places))
    yield index
    yield len(index).to_bytes(4, "little")


def read_checkpoint(path: Path) -> tuple[CheckpointMark, dict[str, memoryview]] | None:
    """The mark and the parts, read as they are looked at; None when there is no file.

    Checks the whole file, .05 s for 250 MB in memory. Raises `UnusableCheckpoint`.
    """
    _partial(path).unlink(missing_ok=True)
    try:
        with path.open("rb") as file:
            view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UnusableCheckpoint(f"it cannot be read: {error}") from error
    if len(view) < len(MAGIC) + _TAIL.size or view[: len(MAGIC)] != MAGIC:
        raise UnusableCheckpoint("it is something else, or of another version")
    index_size, checksum = _TAIL.unpack(view[-_TAIL.size :])
    if crc32(view[:-4]) != checksum:
        raise UnusableCheckpoint("it is damaged: its checksum is wrong")
    end = len(view) - _TAIL.size
    try:
        index = msgspec.msgpack.decode(view[max(0, end - index_size) : end], type=_Index)
    except msgspec.MsgspecError as error:
        raise UnusableCheckpoint(f"its index cannot be read: {error}") from error
    parts = {name: view[at : at + size] for name, (at, size) in index.parts.items()}
    return CheckpointMark(index.token, index.change), parts


def discard_checkpoint(path: Path) -> None:
    """Remove the file, and what a crash has left of another."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        _partial(path).unlink(missing_ok=True)


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")
