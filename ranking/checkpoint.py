"""The whole graph as checksummed bytes, and back: the same rows, names, blocks, priorities, caps.

    magic 8 | version u32 | byte order u32 | bytes of it all u64 | parts | BLAKE2b-256 of the rest
    part:   dtype u32 | 0 u32 | length u64 | data, padded to a multiple of 8

The checksum tells damage, not malice: what passes is checked again as if a stranger had written it
(`restore` of each part), since a graph with a wrong row in it would read and write outside its
arrays. The bytes hold no hash key; names are hashed anew under the key of the process that loads.
Bytes of edges that were deleted may still stand in holes between blocks, so a file of it needs the
same care as the store.
"""

from collections.abc import Iterator
from hashlib import blake2b
from itertools import chain
from struct import Struct
from sys import byteorder
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranking.graph import BoundedGraph
from ranking.graph_config import GraphConfig

MAGIC = b"GVGRAPH\n"

VERSION = 1
"""Goes up with every change of the format; other versions are refused."""

DIGEST_BYTES = 32

_HEADER = Struct("=8sIIQ")
_PART = Struct("=IIQ")
_ORDER = 0x01020304

_DTYPES: tuple[type[np.generic], ...] = (
    np.int64, np.int32, np.uint32, np.float32, np.uint8,
)  # fmt: skip

_NAMES = (np.int64, np.uint8, np.int32, np.uint8)
_EXPECTED = (
    (np.int64, np.int64),
    _NAMES,
    (*_NAMES, np.int64, np.int32),
    (np.int64, np.float32, np.uint32),
    (np.int64, np.int64, np.int32, np.int32, np.int32, np.int32, np.int32),
)
"""Types of the parts of `BoundedGraph.arrays`; the last list goes on with segments of bytes."""


class CheckpointError(ValueError):
    """The bytes are no checkpoint that this graph can be made of; rebuild it from the store."""


def dump(graph: BoundedGraph, *, copied: bool = False) -> Iterator[bytes | memoryview]:
    """The graph in pieces, to be written one after the other.

    They are views of its arrays: use them up before the graph changes. With `copied` everything is
    copied now, some 20 ms a million edges, and the pieces may be taken on another thread while the
    graph goes on; taking them is 15 ms a million edges more, for the checksum.
    """
    caps = np.array(_caps(graph.config), np.int64)
    arrays = [caps, *chain.from_iterable(graph.arrays())]
    if copied:
        arrays = [array.copy() for array in arrays]
    return _pieces(arrays)


def load(
    buffer: bytes | bytearray | memoryview, config: GraphConfig, *, hash_key: int
) -> BoundedGraph:
    """The graph that was dumped to the buffer, which is not kept. O(graph), 50 ms a million edges.

    CheckpointError: the bytes are damaged, of another version or machine, contradict themselves, or
    do not fit the caps of `config`. No graph is half loaded.
    """
    try:
        arrays = _arrays(memoryview(buffer).cast("B"))
        caps = next(arrays, np.zeros(0, np.int64))
        _check_caps(caps, config)
        graph = BoundedGraph(config, hash_key=hash_key)
        graph.restore(_parts(arrays))
    except (ValueError, OverflowError, TypeError, IndexError, MemoryError) as error:
        raise CheckpointError(f"the graph's checkpoint cannot be used: {error}") from error
    return graph


def _caps(config: GraphConfig) -> tuple[int, int, int]:
    return config.bytes_max, config.edges_per_author_max, config.edges_per_protected_max


def _check_caps(caps: NDArray[Any], config: GraphConfig) -> None:
    """What was within larger caps may be above these in ways that no count shows."""
    now = _caps(config)
    if caps.dtype != np.int64 or len(caps) != len(now):
        raise ValueError("it does not say its caps")
    if any(before > after for before, after in zip(caps.tolist(), now, strict=True)):
        raise ValueError("the graph's caps are smaller now")


# -------------------------------------------------------------------------------------- writing
def _pieces(arrays: list[NDArray[Any]]) -> Iterator[bytes | memoryview]:
    total = _HEADER.size + sum(_PART.size + _padded(a.nbytes) for a in arrays) + DIGEST_BYTES
    digest = blake2b(digest_size=DIGEST_BYTES)
    header = _HEADER.pack(MAGIC, VERSION, _ORDER, total)
    digest.update(header)
    yield header
    for array in arrays:
        head = _PART.pack(_DTYPES.index(array.dtype.type), 0, array.nbytes)
        for piece in (head, array.data.cast("B") if array.size else b"", _padding(array)):
            digest.update(piece)
            yield piece
    yield digest.digest()


def _padded(size: int) -> int:
    return size + -size % 8


def _padding(array: NDArray[Any]) -> bytes:
    return bytes(-array.nbytes % 8)


# -------------------------------------------------------------------------------------- reading
def _arrays(view: memoryview) -> Iterator[NDArray[Any]]:
    """Every array of a whole buffer, as views; what is wrong with the buffer is said first."""
    if len(view) < _HEADER.size + DIGEST_BYTES:
        raise ValueError("it is cut short")
    magic, version, order, total = _HEADER.unpack_from(view)
    if magic != MAGIC:
        raise ValueError("it is something else")
    if version != VERSION:
        raise ValueError(f"it has version {version}, not {VERSION}")
    if order != _ORDER:
        raise ValueError(f"it is of a machine that is not {byteorder}-endian")
    if total != len(view):
        raise ValueError(f"it has {len(view)} bytes instead of {total}")
    end = len(view) - DIGEST_BYTES
    if blake2b(view[:end], digest_size=DIGEST_BYTES).digest() != view[end:]:
        raise ValueError("its checksum is wrong")
    return _split(view[_HEADER.size : end])


def _split(view: memoryview) -> Iterator[NDArray[Any]]:
    at = 0
    while at < len(view):
        if at + _PART.size > len(view):
            raise ValueError("a part is cut short")
        code, zero, size = _PART.unpack_from(view, at)
        at += _PART.size
        if code >= len(_DTYPES) or zero or size > len(view) - at:
            raise ValueError("a part cannot be")
        dtype = np.dtype(_DTYPES[code])
        if size % dtype.itemsize:
            raise ValueError("a part is cut short")
        yield np.frombuffer(view[at : at + size], dtype)
        at += _padded(size)


def _parts(arrays: Iterator[NDArray[Any]]) -> list[list[NDArray[Any]]]:
    """The lists that `BoundedGraph.restore` takes, of the right types."""
    parts: list[list[NDArray[Any]]] = []
    for dtypes in _EXPECTED:
        parts.append([])
        for dtype in dtypes:
            array = next(arrays, None)
            if array is None or array.dtype != dtype:
                raise ValueError("a part is missing")
            parts[-1].append(array)
    for array in arrays:
        if array.dtype != np.uint8:
            raise ValueError("there is a part too many")
        parts[-1].append(array)
    return parts
