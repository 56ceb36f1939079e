"""Hostile frames: valid ones with something wrong in the bytes or in what they mean."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import msgpack

BYTES_MAX = 65_536
ODD: tuple[Any, ...] = (
    0, -1, 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, -(2**63), 2**64 - 1, 1.5, float("nan"), None,
    True, False, "", "\u0000", "x" * 300, b"", b"\xff" * 8, b"\x00" * 32, b"\xaa" * 64,
    b"z" * 5_000, [], [[]], [None] * 100, {}, {"id": 1}, {1: 2}, msgpack.ExtType(5, b"ext"),
)  # fmt: skip
BOMBS = (
    b"\xdd\xff\xff\xff\xff",  # an array of four thousand million elements
    b"\x9b\x01\xdc\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\x91" * 60_000,
    b"\x82\xa2id\x01\xa6params" + b"\x81\xa1x" * 15_000,
    b"\xc1",
    b"\x00",
)


def flip(frame: bytes, rng: Random) -> bytes:
    at, bit = rng.randrange(len(frame)), rng.randrange(8)
    return frame[:at] + bytes([frame[at] ^ 1 << bit]) + frame[at + 1 :]


def overwrite(frame: bytes, rng: Random) -> bytes:
    at, size = rng.randrange(len(frame)), rng.randint(1, 12)
    return frame[:at] + rng.randbytes(size) + frame[at + size :]


def delete(frame: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(frame))
    return frame[:at] + frame[at + rng.randint(1, 40) :]


def insert(frame: bytes, rng: Random) -> bytes:
    at = rng.randint(0, len(frame))
    return frame[:at] + rng.randbytes(rng.randint(1, 40)) + frame[at:]


def repeat(frame: bytes, rng: Random) -> bytes:
    at, size = rng.randrange(len(frame)), rng.randint(1, 200)
    return frame[:at] + frame[at : at + size] * rng.randint(2, 20) + frame[at:]


def truncate(frame: bytes, rng: Random) -> bytes:
    return frame[: rng.randrange(len(frame))]


def bomb(frame: bytes, rng: Random) -> bytes:
    return rng.choice(BOMBS)


def restructure(frame: bytes, rng: Random) -> bytes:
    """Another value, one more, one less or another order somewhere inside."""
    try:
        top = msgpack.unpackb(frame, strict_map_key=False)
    except (ValueError, TypeError, msgpack.UnpackException):  # damaged before
        return flip(frame, rng)
    if not isinstance(top, list | dict):
        return flip(frame, rng)
    inner = rng.choice(_containers(top))
    if isinstance(inner, dict):
        inner[rng.choice([*inner, "more"])] = rng.choice(ODD)
    else:
        _change_list(inner, rng)
    return msgpack.packb(top)


def _containers(top: Any) -> list[Any]:
    """All that are not empty, the outermost first; a wide one counts no more than a narrow one."""
    found = [top]
    for container in found:
        inner = container.values() if isinstance(container, dict) else container
        found += [value for value in inner if isinstance(value, list | dict) and value][:20]
        if len(found) > 200:
            break
    return found


def _change_list(values: list[Any], rng: Random) -> None:
    if not values:
        values.append(rng.choice(ODD))
        return
    at = rng.randrange(len(values))
    match rng.randrange(6):
        case 0 | 1:
            values[at] = rng.choice(ODD)
        case 2:
            values[at:at] = [values[at]] * rng.choice([1, 2, 70])
        case 3:
            del values[at]
        case 4:
            values.append(rng.choice(ODD))
        case 5:
            rng.shuffle(values)


MUTATORS: tuple[Callable[[bytes, Random], bytes], ...] = (
    flip, overwrite, delete, insert, repeat, truncate, bomb,
    restructure, restructure, restructure, restructure, restructure,
)  # fmt: skip


def mutated(corpus: Sequence[bytes], rng: Random) -> bytes:
    """One of the frames, changed once or twice: never empty, never longer than a frame may be."""
    while True:
        frame = base = rng.choice(corpus)
        for _ in range(rng.choice([1, 1, 1, 2])):
            frame = rng.choice(MUTATORS)(frame, rng)[:BYTES_MAX]
            if not frame:
                break
        if frame and frame != base:
            return frame
