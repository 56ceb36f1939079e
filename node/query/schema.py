"""The query protocol `/grapevine/query/1.0.0`: how apps, shells and other nodes ask a node.

The same frames over the Unix socket (the owner) and over libp2p (authors whom the owner allows):
a four-byte big-endian length, then MessagePack.

    request   {"id", "method", "params"}
    answer    {"id", "ok": true, "data", "warnings"}
    failure   {"id", "ok": false, "error": {"code", "exit", "message", "hint"}}

`node.query.methods` lists every method with its parameters and what `data` holds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

PROTOCOL: Final = "/grapevine/query/1.0.0"
REQUEST_BYTES_MAX: Final = 64 * 1024
ANSWER_BYTES_MAX: Final = 256 * 1024
LENGTH_BYTES: Final = 4

EXIT_CODES: Final[Mapping[str, int]] = {
    "internal": 1,
    "usage": 2,
    "daemon_not_running": 3,
    "not_found": 4,
    "timeout": 5,
    "config": 6,
    "locked": 7,
    "not_allowed": 8,
    "version": 9,
    "degraded": 10,
    "partial": 12,
    "damaged": 13,
    "busy": 1,
    "unreachable": 5,
    "store": 1,
    "bad_answer": 1,
}
"""Error code -> exit code of the command line. An error whose code is not listed brings its own
exit code (the failures of `node.errors` do), or exits 1."""

READ_ONLY: Final = frozenset({"recommend", "why", "similar", "search", "trust_get", "status"})
"""What an author whom the owner allows may ask over the network."""


class QueryError(Exception):
    """The query cannot be answered: what happened, and what to do about it.

    `exit` is what the command line exits with, 1..255: that of the code, else the one given.
    """

    def __init__(self, code: str, message: str, hint: str = "", *, exit: int = 1) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.exit = EXIT_CODES.get(code, exit if 1 <= exit <= 255 else 1)

    def as_dict(self) -> dict[str, Any]:
        """As it travels and as `--json` prints it."""
        return {"code": self.code, "exit": self.exit, "message": self.message, "hint": self.hint}


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One query."""

    id: int
    method: str
    params: dict[str, Any] = {}


class Failure(msgspec.Struct, frozen=True):
    """Why a query was not answered."""

    code: str
    message: str
    hint: str = ""
    exit: int = 1


class Response(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of it."""

    id: int
    ok: bool
    data: dict[str, Any] = {}
    warnings: tuple[str, ...] = ()
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A query's answer as the client hands it out."""

    data: dict[str, Any]
    warnings: tuple[str, ...] = ()


_decode_request = msgspec.msgpack.Decoder(Request).decode
_decode_response = msgspec.msgpack.Decoder(Response).decode
_encode = msgspec.msgpack.Encoder().encode


def frame(payload: bytes) -> bytes:
    """The payload behind its length."""
    return len(payload).to_bytes(LENGTH_BYTES, "big") + payload


class FrameDecoder:
    """Bytes in any cut to whole payloads. Holds at most one frame of `bytes_max`."""

    def __init__(self, bytes_max: int = REQUEST_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes in, yield what is complete. `QueryError` for a frame over the cap."""
        self._buffer += data
        while len(self._buffer) >= LENGTH_BYTES:
            size = int.from_bytes(self._buffer[:LENGTH_BYTES], "big")
            if size > self._bytes_max:
                raise QueryError("usage", f"a frame of {size} bytes, at most {self._bytes_max}")
            end = LENGTH_BYTES + size
            if len(self._buffer) < end:
                return
            payload = bytes(self._buffer[LENGTH_BYTES:end])
            del self._buffer[:end]
            yield payload


def encode_request(request: Request) -> bytes:
    """Payload of a request. `QueryError` when it is too large to send."""
    payload = _encode(request)
    if len(payload) > REQUEST_BYTES_MAX:
        raise QueryError("usage", f"a request of {len(payload)} bytes, at most {REQUEST_BYTES_MAX}")
    return payload


def decode_request(payload: bytes) -> Request:
    """A request from its payload. `QueryError` when it is malformed."""
    try:
        return _decode_request(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise QueryError("usage", f"not a query: {error}") from None


def encode_result(request_id: int, data: Mapping[str, Any], warnings: tuple[str, ...]) -> bytes:
    """Payload of an answer; one over the cap becomes a failure that says so."""
    payload = _encode(Response(request_id, True, dict(data), warnings))
    if len(payload) > ANSWER_BYTES_MAX:
        return encode_error(
            request_id, QueryError("usage", "the answer is too large: ask for less")
        )
    return payload


def encode_error(request_id: int, error: QueryError) -> bytes:
    """Payload of a failure."""
    failure = Failure(error.code, error.message, error.hint, error.exit)
    return _encode(Response(request_id, False, {}, (), failure))


def decode_response(payload: bytes) -> tuple[int, Result]:
    """(request id, result) from a payload. Raises the `QueryError` that the node sent."""
    try:
        response = _decode_response(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise QueryError("internal", f"not an answer: {error}") from None
    if not response.ok:
        failure = response.error or Failure("internal", "a failure without a reason")
        raise QueryError(failure.code, failure.message, failure.hint, exit=failure.exit)
    return response.id, Result(response.data, response.warnings)
