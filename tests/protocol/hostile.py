"""Frames that no honest peer sends, made from those that one did: seeded, and mostly still alive.

Half of the mutations work on bytes, half on decoded MessagePack, so that many get past the codec
and into the machine.
"""

from random import Random
from typing import Any

import msgspec

pack = msgspec.msgpack.encode
unpack = msgspec.msgpack.decode

NUMBERS = (0, 1, -1, 127, 128, 255, 256, 2**16, 2**31 - 1, 2**32 - 1, 2**32, 2**40, 2**64 - 1)
BYTES = (b"", bytes(8), bytes(32), bytes(41), b"\xff" * 32)
OTHERS = (None, True, False, 1.5, float("nan"), "", "x" * 300, [], {}, [[]], {"a": 1})
EXTREMES: tuple[Any, ...] = (*NUMBERS, *BYTES, *OTHERS)
RAW = (b"\xc1", b"\xdd\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\x91" * 500, b"\xd9\xff")


def paths(value: Any, here: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """Where in nested lists something stands."""
    found = [here]
    if isinstance(value, list):
        for at, one in enumerate(value[:200]):
            found += paths(one, (*here, at))
    return found


def at(value: Any, path: tuple[int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def put(value: Any, path: tuple[int, ...], new: Any) -> Any:
    """The value with something else at the path."""
    if not path:
        return new
    parent = at(value, path[:-1])
    parent[path[-1]] = new
    return value


class Mutator:
    """Draws hostile frames from a stock of valid ones."""

    def __init__(self, frames: list[bytes], rng: Random) -> None:
        self.rng = rng
        self.frames = frames
        self.by_kind: dict[int, list[bytes]] = {}
        for frame in frames:
            self.by_kind.setdefault(unpack(frame)[0], []).append(frame)

    def valid(self) -> bytes:
        """A recorded frame; rare kinds as often as common ones."""
        kind = self.rng.choice(sorted(self.by_kind))
        return self.rng.choice(self.by_kind[kind])

    def frame(self, frame: bytes | None = None) -> bytes:
        """One hostile frame, made of this valid one or of any."""
        rng, frame = self.rng, frame or self.valid()
        if rng.random() < 0.35:
            return self._mangle(frame)
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            frame = self._edit(frame)
        return frame

    def _mangle(self, frame: bytes) -> bytes:
        """On bytes: flipped bits, cuts, insertions, two frames in one."""
        rng, data = self.rng, bytearray(frame)
        where = rng.randrange(len(data))
        match rng.randrange(7):
            case 0:
                for _ in range(rng.choice((1, 1, 4))):
                    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            case 1:
                del data[where:]
            case 2:
                data[where:where] = rng.randbytes(rng.choice((1, 3, 50)))
            case 3:
                data[where : where + 1] = rng.choice(RAW)
            case 4:
                data += self.valid()
            case 5:
                data[where:] = self.valid()[where:]
            case _:
                return rng.randbytes(rng.randrange(200))
        return bytes(data)

    def _edit(self, frame: bytes) -> bytes:
        """On values: another type, an extreme, a splice, something twice, missing or moved."""
        rng = self.rng
        try:
            value = unpack(frame)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return frame
        path = rng.choice(paths(value))
        part = at(value, path)
        match rng.randrange(8):
            case 0:
                part = rng.choice(EXTREMES)
            case 1:
                other = unpack(self.valid())
                part = at(other, rng.choice(paths(other)))
            case 2 if isinstance(part, bytes) and part:
                spot = rng.randrange(len(part))
                flipped = bytes([part[spot] ^ (1 << rng.randrange(8))])
                part = part[:spot] + flipped + part[spot + 1 :]
            case 3 if isinstance(part, int) and not isinstance(part, bool):
                part += rng.choice((-1, 1, -2, 256))
            case 4 if isinstance(part, list) and part:
                part = part * rng.choice((2, 3, 70))
            case 5 if isinstance(part, list) and part:
                part = [*part]
                del part[rng.randrange(len(part))]
            case 6 if isinstance(part, list):
                part = rng.sample(part, len(part))
            case 7 if isinstance(part, bytes):
                part = self._inside(part)
        try:
            return pack(put(value, path, part))[: 2**16]
        except (OverflowError, ValueError, msgspec.EncodeError):
            return frame

    def _inside(self, data: bytes) -> bytes:
        """Bytes that hold MessagePack themselves: bundles, headers, proofs."""
        try:
            value = unpack(data)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return self.rng.randbytes(len(data))
        return self._edit(data) if isinstance(value, list) else self._mangle(data or b"\0")
