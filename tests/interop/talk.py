"""SPEC.md sections 8 to 12 a second time: frames, messages, HELLO, fingerprints."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from tests.interop.sayings import HELLO, KEY, SEQ_MAX, public_key, sign, signed
from tests.interop.schema import Bin, Bool, Int, Many, Refused, Row, Text, pack, unpack

FRAME_BYTES_MAX = 65_536
U32 = Int(0, 2**32 - 1)
SEQ = Int(1, SEQ_MAX)
HANDLE = Int(0, 8_191)
DEVICE, TAG, BOUND = Bin(8, 8), Bin(8, 8), Bin(0, 41)
BLOB = Bin(0, FRAME_BYTES_MAX)

AUTHOR_PROOF = Row(author=KEY, signature=Bin(64, 64))
NAMED = Row(handle=HANDLE, author=KEY, device=DEVICE, lane=Int(0, 255))
HEAD = Row(handle=HANDLE, lo=SEQ, hi=SEQ, tag=TAG)
PRINT = Row(lower=BOUND, upper=BOUND, count=U32, digest=TAG)
LIST = Row(lower=BOUND, upper=BOUND, heads=Many(HEAD, 2_048), answer=Bool())
WANT = Row(
    want=U32,
    author=KEY,
    device=DEVICE,
    lane=Int(0, 255),
    lo=SEQ,
    hi=SEQ,
    bytes_max=Int(1, 2**31 - 1),
    newest_first=Bool(),
)
PART = Row(want=U32, bundles=Many(BLOB, 1_024), done=Bool())

MESSAGES: dict[int, tuple[str, Row]] = {
    1: ("Hello", Row(version=Int(0, 65_536), network=Bin(1, 32), nonce=Bin(32, 32))),
    2: ("Proofs", Row(proofs=Many(AUTHOR_PROOF, 64))),
    3: ("Refused", Row(reason=Text(200))),
    4: ("Heads", Row(named=Many(NAMED, 1_024), heads=Many(HEAD, 2_048), answer=Bool())),
    5: (
        "Ranges",
        Row(
            named=Many(NAMED, 1_024),
            prints=Many(PRINT, 512),
            lists=Many(LIST, 512),
            opening=Bool(),
        ),
    ),
    6: ("Wants", Row(wants=Many(WANT, 64))),
    7: ("Data", Row(parts=Many(PART, 64))),
    8: ("Push", Row(headers=Many(BLOB, 128))),
    9: ("Evidence", Row(proofs=Many(Bin(0, 2_048), 16))),
    10: ("Seek", Row(authors=Many(KEY, 64))),
    11: ("Peers", Row(addresses=Many(Text(256), 16), answer=Bool())),
}
TYPES = {name: number for number, (name, _) in MESSAGES.items()}


def read_frame(frame: bytes) -> dict[str, Any]:
    """The message as an object with its type's name."""
    if len(frame) > FRAME_BYTES_MAX:
        raise Refused("oversize", "frame")
    found = unpack(frame)
    if type(found) is not list or not found:
        raise Refused("malformed", "no message")
    kind = Int(-(2**63), 2**64).read(found[0])
    if kind not in MESSAGES:
        raise Refused("ignored", f"message type {kind}")
    if kind == 1 and len(found) > 1 and type(found[1]) is int and found[1] != 1:
        raise Refused("unknown_version", str(found[1]))
    name, schema = MESSAGES[kind]
    return {"type": name, **schema.read(found[1:])}


def write_frame(message: Mapping[str, Any]) -> bytes:
    kind = TYPES[message["type"]]
    return pack([kind, *MESSAGES[kind][1].write(message)])


def join(frames: Sequence[bytes]) -> bytes:
    """Frames as they travel on a stream."""
    return b"".join(len(frame).to_bytes(4, "big") + frame for frame in frames)


class Splitter:
    """The inverse of `join`, for bytes in any cut."""

    def __init__(self, frame_bytes_max: int = FRAME_BYTES_MAX) -> None:
        self._max = frame_bytes_max
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._buffer += data
        while len(self._buffer) >= 4:
            size = int.from_bytes(self._buffer[:4], "big")
            if not 0 < size <= self._max:
                raise Refused("malformed", f"a frame of {size} bytes")
            if len(self._buffer) < 4 + size:
                return
            frame, self._buffer = self._buffer[4 : 4 + size], self._buffer[4 + size :]
            yield frame


# --- HELLO ---------------------------------------------------------------------------------------


def statement(
    network: bytes, prover: str, verifier: str, prover_nonce: bytes, verifier_nonce: bytes
) -> bytes:
    return pack([network, prover, verifier, prover_nonce, verifier_nonce])


def prove(seeds: Sequence[bytes], data: bytes) -> dict[str, Any]:
    proofs = [{"author": public_key(seed), "signature": sign(seed, HELLO + data)} for seed in seeds]
    return {"type": "Proofs", "proofs": proofs}


def proved(message: Mapping[str, Any], data: bytes) -> list[bytes]:
    """The authors of a Proofs message; Refused when one is forged."""
    for proof in message["proofs"]:
        if not signed(proof["author"], proof["signature"], HELLO + data):
            raise Refused("bad_signature", "author")
    return [proof["author"] for proof in message["proofs"]]


# --- fingerprints --------------------------------------------------------------------------------


def feed_key(author: bytes, device: bytes, lane: int) -> bytes:
    return author + device + bytes([lane])


def fingerprint(key: bytes, hi: int, tag: bytes) -> int:
    return int.from_bytes(blake2b(key + hi.to_bytes(4, "big") + tag, digest_size=8).digest(), "big")


def range_digest(prints: Sequence[int]) -> bytes:
    return (sum(prints) % 2**64).to_bytes(8, "big")
