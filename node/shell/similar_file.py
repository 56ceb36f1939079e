"""The owner's index of similar items in a file: bit by bit what this node wrote, or nothing.

    magic 8 | arrays, each padded to a multiple of 8 | form | length of the form u32 | BLAKE2b 32

The form is MessagePack: numbers and texts as they are, an array as its type, place and length. The
last bytes are a keyed hash of all others under a key that only the owner's author key gives: what
is damaged, of another node, or made up, is never looked at any further, since hnswlib follows
whatever it is given. The file can be deleted at will.
"""

import contextlib
import hmac
import logging
import mmap
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from node.durable_file import write_atomically

log = logging.getLogger(__name__)

MAGIC = b"GVNEAR\x00\x01"
"""Its last byte is the version."""

MAC_BYTES = 32
LENGTH_BYTES = 4

ARRAY = "\0array"
"""Key of what stands in the form for an array."""


class SimilarFile:
    """See the module; `node.core.similar.IndexFile`. `bytes_max`: a larger file is not read."""

    def __init__(self, path: Path, owner_seed: bytes, bytes_max: int) -> None:
        self._path = path
        self._key = blake2b(owner_seed, digest_size=32, person=b"grapevine near").digest()
        self._bytes_max = bytes_max
        self.told = "none"
        """What became of the last one, in words."""

    def read(self) -> Mapping[str, Any] | None:
        """The parts, copied; None when there is no file, or none that can be used. .2 s for
        100 MB."""
        try:
            with self._path.open("rb") as file:
                view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            parts = self._parts(view)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            self.refused(str(error))
            return None
        self.told = f"used, {len(view)} bytes"
        return parts

    def refused(self, why: str) -> None:
        """The file cannot be used: an index is made anew."""
        self.told = f"not used: {why}"
        log.warning("the index of similar items is made anew: the file is not used: %s", why)

    def write(self, parts: Mapping[str, Any]) -> None:
        """Write the file; a crash leaves the old one or the new one. What fails is logged."""
        try:
            write_atomically(self._path, self._sealed(_pieces(parts)))
        except OSError as error:
            self.told = f"not written: {error}"
            log.warning("the index of similar items was not written: %s", error)
            return
        self.told = f"written, {self._path.stat().st_size} bytes"

    def discard(self) -> None:
        """Remove the file."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _sealed(self, pieces: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
        mac = blake2b(key=self._key, digest_size=MAC_BYTES)
        for piece in pieces:
            mac.update(piece)
            yield piece
        yield mac.digest()

    def _parts(self, view: memoryview) -> Mapping[str, Any]:
        """ValueError says what is wrong."""
        if not len(MAGIC) + LENGTH_BYTES + MAC_BYTES < len(view) <= self._bytes_max:
            raise ValueError(f"it has {len(view)} bytes")
        if view[: len(MAGIC)] != MAGIC:
            raise ValueError("it is something else, or of another version")
        end = len(view) - MAC_BYTES
        mac = blake2b(view[:end], key=self._key, digest_size=MAC_BYTES).digest()
        if not hmac.compare_digest(mac, view[end:]):
            raise ValueError("it is damaged, or another node's")
        size = int.from_bytes(view[end - LENGTH_BYTES : end], "little")
        form = msgspec.msgpack.decode(view[end - LENGTH_BYTES - size : end - LENGTH_BYTES])
        parts: Mapping[str, Any] = _filled(form, view)
        return parts


def _pieces(parts: Mapping[str, Any]) -> Iterator[bytes | memoryview]:
    """All but the hash, in order."""
    yield MAGIC
    arrays: list[np.ndarray[Any, Any]] = []
    form = msgspec.msgpack.encode(_form(parts, arrays, len(MAGIC)))
    for array in arrays:
        yield array.reshape(-1).view(np.uint8).data if array.size else b""
        yield bytes(-array.nbytes % 8)
    yield form
    yield len(form).to_bytes(LENGTH_BYTES, "little")


def _form(value: Any, arrays: list[np.ndarray[Any, Any]], start: int) -> Any:
    """The value with places instead of arrays, which are gathered."""
    if isinstance(value, np.ndarray):
        at = start + sum(array.nbytes + -array.nbytes % 8 for array in arrays)
        arrays.append(np.ascontiguousarray(value))
        return {ARRAY: [value.dtype.name, at, value.size]}
    if isinstance(value, Mapping):
        return {name: _form(part, arrays, start) for name, part in value.items()}
    if isinstance(value, list):
        return [_form(part, arrays, start) for part in value]
    return value


def _filled(value: Any, view: memoryview) -> Any:
    """The value with arrays in their places: copies, to be written to."""
    if isinstance(value, list):
        return [_filled(part, view) for part in value]
    if not isinstance(value, dict):
        return value
    if ARRAY in value:
        name, at, size = value[ARRAY]
        dtype = np.dtype(name)
        return np.frombuffer(view[at : at + size * dtype.itemsize], dtype).copy()
    return {name: _filled(part, view) for name, part in value.items()}
