"""A second codec for SPEC.md's arrays, on `msgpack` alone: schemas as data, read and written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgpack


class Refused(Exception):
    """The bytes must not be taken; `offence` is SPEC.md's name for what they cost."""

    def __init__(self, offence: str, why: str) -> None:
        super().__init__(f"{offence}: {why}")
        self.offence = offence


class Schema(Protocol):
    """How one value is read from what msgpack found, and written for it."""

    def read(self, found: Any) -> Any: ...

    def write(self, value: Any) -> Any: ...


@dataclass(frozen=True)
class Int:
    lo: int
    hi: int

    def read(self, found: Any) -> int:
        if type(found) is not int or not self.lo <= found <= self.hi:
            raise Refused("malformed", f"{found!r:.40} is no integer of {self.lo}..{self.hi}")
        return found

    def write(self, value: Any) -> Any:
        return self.read(value)


@dataclass(frozen=True)
class Bin:
    least: int
    most: int

    def read(self, found: Any) -> bytes:
        if type(found) is not bytes or not self.least <= len(found) <= self.most:
            raise Refused("malformed", f"{found!r:.40} is no bin of {self.least}..{self.most}")
        return found

    def write(self, value: Any) -> Any:
        return self.read(value)


@dataclass(frozen=True)
class Text:
    chars_max: int = 2**32

    def read(self, found: Any) -> str:
        if type(found) is not str or len(found) > self.chars_max:
            raise Refused("malformed", f"{found!r:.40} is no text")
        if any(0xD800 <= ord(character) <= 0xDFFF for character in found):
            raise Refused("malformed", "invalid UTF-8")
        return found

    def write(self, value: Any) -> Any:
        return self.read(value)


@dataclass(frozen=True)
class Bool:
    def read(self, found: Any) -> bool:
        if type(found) is not bool:
            raise Refused("malformed", f"{found!r:.40} is no boolean")
        return found

    def write(self, value: Any) -> Any:
        return self.read(value)


@dataclass(frozen=True)
class Nil:
    """A value or nil."""

    inner: Schema

    def read(self, found: Any) -> Any:
        return None if found is None else self.inner.read(found)

    def write(self, value: Any) -> Any:
        return None if value is None else self.inner.write(value)


@dataclass(frozen=True)
class Many:
    each: Schema
    most: int = 2**32

    def read(self, found: Any) -> list[Any]:
        if type(found) is not list or len(found) > self.most:
            raise Refused("malformed", f"no array of at most {self.most}")
        return [self.each.read(one) for one in found]

    def write(self, value: Sequence[Any]) -> list[Any]:
        return [self.each.write(one) for one in value]


class Row:
    """An array of named fields, optional with a default; what stands behind them is ignored."""

    def __init__(self, defaults: Mapping[str, Any] | None = None, **fields: Schema) -> None:
        self._fields = fields
        self._defaults = defaults or {}

    def read(self, found: Any) -> dict[str, Any]:
        if type(found) is not list:
            raise Refused("malformed", f"{found!r:.40} is no array")
        named: dict[str, Any] = {}
        for position, (name, schema) in enumerate(self._fields.items()):
            if position < len(found):
                named[name] = schema.read(found[position])
            elif name in self._defaults:
                named[name] = self._defaults[name]
            else:
                raise Refused("malformed", f"{name} is missing")
        return named

    def write(self, value: Mapping[str, Any]) -> list[Any]:
        return [schema.write(value[name]) for name, schema in self._fields.items()]


def pack(value: Any) -> bytes:
    """The shortest MessagePack encoding."""
    return msgpack.packb(value, use_bin_type=True)


def unpack(data: bytes) -> Any:
    """What the bytes hold; invalid UTF-8 becomes surrogates: it may stand where nobody looks."""
    try:
        return msgpack.unpackb(
            data, raw=False, strict_map_key=False, unicode_errors="surrogateescape"
        )
    except Exception as error:  # noqa: BLE001 - msgpack has a dozen types for malformed bytes
        raise Refused("malformed", repr(error)) from None


def elements(data: bytes) -> list[bytes]:
    """The encodings of the elements of one array, byte for byte."""
    reader = msgpack.Unpacker(raw=True, strict_map_key=False, max_buffer_size=len(data) + 1)
    reader.feed(data)
    cut = []
    try:
        for _ in range(reader.read_array_header()):
            start = reader.tell()
            reader.skip()
            cut.append(data[start : reader.tell()])
        end = reader.tell()
    except Exception as error:  # noqa: BLE001 - see above
        raise Refused("malformed", repr(error)) from None
    if end != len(data):
        raise Refused("malformed", "bytes behind the end")
    return cut
