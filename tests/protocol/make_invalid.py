"""Vectors that every implementation must refuse, each with the reason and what it is charged as."""

from typing import Any

import msgspec

from protocol.bundle import Bundle
from protocol.messages import Hello as HelloMessage
from protocol.messages import encode_frame
from protocol.signing import BUNDLE, Signer, digest

pack = msgspec.msgpack.encode
LATER = "unknown_version"
IGNORED = "ignored"


def _vector(kind: str, reason: str, offence: str, data: bytes, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "reason": reason, "offence": offence, "bytes": data.hex(), **more}


def _claims() -> list[dict[str, Any]]:
    play = [1, "a:b", 0, 10, 1]
    cases: list[tuple[str, str, int, Any]] = [
        ("no array at all", "malformed", 2, None),
        ("a claim that is no array", "malformed", 2, ["x"]),
        ("an empty claim", "malformed", 2, [[]]),
        ("a kind that is text", "malformed", 2, [["1", "a:b", 0, 10, 1]]),
        ("a kind that is a float", "malformed", 2, [[1.0, "a:b", 0, 10, 1]]),
        ("a kind that is a boolean", "malformed", 2, [[True, "a:b", 0, 10, 1]]),
        ("a negative kind", "malformed", 2, [[-1]]),
        ("a kind above 65535", "malformed", 2, [[65_536]]),
        ("an interaction cut short", "malformed", 2, [play[:4]]),
        ("an item that is bin", "malformed", 2, [[1, b"a:b", 0, 10, 1]]),
        ("an item without a namespace", "malformed", 2, [[1, ":b", 0, 10, 1]]),
        ("an item without a colon", "malformed", 2, [[1, "ab", 0, 10, 1]]),
        ("an item without a name", "malformed", 2, [[1, "a:", 0, 10, 1]]),
        ("a control character in an item", "malformed", 2, [[1, "a:b\n", 0, 10, 1]]),
        ("U+0085 in an item", "malformed", 2, [[1, "a:b\x85", 0, 10, 1]]),
        ("an item of 129 bytes", "oversize", 2, [[1, "a:" + "b" * 127, 0, 10, 1]]),
        ("an item of 65 characters and 130 bytes", "oversize", 2, [[1, "a:" + "ü" * 64, 0, 1, 1]]),
        ("an interaction of 256", "malformed", 2, [[1, "a:b", 256, 10, 1]]),
        ("a weight of 101", "malformed", 2, [[1, "a:b", 0, 101, 1]]),
        ("a weight of -101", "malformed", 2, [[1, "a:b", 0, -101, 1]]),
        ("a weight that is a float", "malformed", 2, [[1, "a:b", 0, 10.0, 1]]),
        ("a day of 65536", "malformed", 2, [[1, "a:b", 0, 10, 65_536]]),
        ("a taste claim among the vouches", "malformed", 1, [play]),
        ("a vouch for 31 bytes", "malformed", 1, [[2, b"x" * 31, 10]]),
        ("a vouch among taste", "malformed", 2, [[2, b"x" * 32, 10]]),
        ("an empty title", "malformed", 2, [[3, "a:b", ""]]),
        ("a title of 201 bytes", "oversize", 2, [[3, "a:b", "t" * 201]]),
        ("a creator of 201 bytes", "oversize", 2, [[3, "a:b", "t", [], "c" * 201]]),
        ("17 tags", "oversize", 2, [[3, "a:b", "t", ["x"] * 17]]),
        ("an empty tag", "malformed", 2, [[3, "a:b", "t", [""]]]),
        ("a tag of 33 bytes", "oversize", 2, [[3, "a:b", "t", ["x" * 33]]]),
        ("a click without terms", "malformed", 3, [[4, [], "a:b", 0]]),
        ("17 terms", "oversize", 3, [[4, ["x"] * 17, "a:b", 0]]),
        ("a term of 33 bytes", "oversize", 3, [[4, ["x" * 33], "a:b", 0]]),
        ("a position of 1001", "malformed", 3, [[4, ["x"], "a:b", 1_001]]),
        ("a retraction of 0", "malformed", 2, [[5, 0]]),
        ("a retraction of 2^32", "malformed", 2, [[5, 2**32]]),
        ("17 addresses", "oversize", 0, [[6, ["/ip4/1.1.1.1"] * 17]]),
        ("an address of 257 bytes", "oversize", 0, [[6, ["/" * 257]]]),
        ("an endpoint among taste", "malformed", 2, [[6, []]]),
        ("257 claims", "oversize", 2, [[7]] * 257),
    ]
    made = [_vector("claims", why, off, pack(said), lane=lane) for why, off, lane, said in cases]
    good = pack([play])
    raw = [
        ("nothing", "malformed", b""),
        ("cut off", "malformed", good[:-1]),
        ("a byte too many", "malformed", good + b"\0"),
        ("invalid UTF-8 in an item", "malformed", good.replace(b"a:b", b"a:\xff")),
        ("an encoded surrogate in a title", "malformed", b"\x91\x93\x03\xa3a:b\xa3\xed\xa0\x80"),
        ("a reserved byte", "malformed", b"\x91\x92\x07\xc1"),
        ("claims of 16385 bytes", "oversize", pack([[7, b"x" * 16_379]])),
    ]
    return made + [_vector("claims", why, off, data, lane=2) for why, off, data in raw]


def _bundle(bundle: Bundle, signer: Signer, **changed: Any) -> bytes:
    """The bundle with some header fields changed, signed anew."""
    fields = {name: getattr(bundle.header, name) for name in bundle.header.__struct_fields__}
    header = pack([*(fields | changed).values()])
    return pack((1, header, signer.sign(BUNDLE, header), bundle.claims_bytes))


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _bundles(bundle: Bundle, signer: Signer) -> list[dict[str, Any]]:
    header, signature, claims = bundle.header_bytes, bundle.signature, bundle.claims_bytes
    assert claims is not None
    cases: list[tuple[str, str, bytes]] = [
        ("no array", "malformed", pack("bundle")),
        ("nothing", "malformed", b""),
        ("cut off", "malformed", bundle.wire()[:-1]),
        ("a byte too many", "malformed", bundle.wire() + b"\0"),
        ("three elements", "malformed", pack((1, header, signature))),
        ("version 2 with other elements", LATER, pack((2, "whatever"))),
        ("version 2 with the same elements", LATER, pack((2, header, signature, claims))),
        ("version 0", LATER, pack((0, header, signature, claims))),
        ("a signature of 63 bytes", "malformed", pack((1, header, signature[:63], claims))),
        ("a signature of 65 bytes", "malformed", pack((1, header, signature + b"\0", claims))),
        ("a changed signature", "bad_signature", pack((1, header, _flipped(signature, 0), claims))),
        ("claims cut short", "malformed", pack((1, header, signature, claims[:-1]))),
        ("changed claims", "malformed", pack((1, header, signature, _flipped(claims, 3)))),
        ("empty claims instead of none", "malformed", pack((1, header, signature, b""))),
        ("a header of 513 bytes", "oversize", pack((1, header + bytes(513), signature, claims))),
        ("a bundle of 17025 bytes", "oversize", bundle.wire() + bytes(17_025)),
        ("a changed time", "bad_signature", pack((1, _flipped(header, -36), signature, claims))),
    ]
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("an empty network", {"network": b""}),
        ("a network of 33 bytes", {"network": b"n" * 33}),
        ("a network that is text", {"network": "vectors"}),
        ("an author of 31 bytes", {"author": b"a" * 31}),
        ("a device of 9 bytes", {"device": b"d" * 9}),
        ("lane 4", {"lane": 4}),
        ("seq 0", {"seq": 0}),
        ("seq 2^32", {"seq": 2**32}),
        ("a prev of 31 bytes", {"prev": bytes(31)}),
        ("a floor above seq", {"floor": bundle.seq + 1}),
        ("a time that is a float", {"time": 1.0}),
        ("a negative time", {"time": -1}),
        ("a time above 2^40", {"time": 2**40 + 1}),
        ("another hash", {"claims_hash": digest(b"other")}),
        ("another length", {"claims_len": len(claims) + 1}),
        ("a length above the limit", {"claims_len": 16_385}),
    ]
    cases += [(why, "malformed", _bundle(bundle, signer, **changed)) for why, changed in wrong]
    other = Signer(bytes(31) + b"\x09")
    cases.append(("signed by another", "bad_signature", _bundle(bundle, other)))
    return [_vector("bundle", why, off, data) for why, off, data in cases]


def _frames() -> list[dict[str, Any]]:
    nonce, key, device = bytes(32), b"k" * 32, b"d" * 8
    want = [0, key, device, 2, 1, 2, 100, True]
    cases: list[tuple[str, str, Any]] = [
        ("no array", "malformed", None),
        ("an empty array", "malformed", []),
        ("a type that is text", "malformed", ["4", [], [], True]),
        ("a type that is a boolean", "malformed", [True, 1, b"n", nonce]),
        ("a message type of the future", IGNORED, [12, "anything"]),
        ("a Hello of version 2", LATER, [1, 2, "whatever"]),
        ("a Hello without a network", "malformed", [1, 1, b"", nonce]),
        ("a Hello with a network of 33 bytes", "malformed", [1, 1, b"n" * 33, nonce]),
        ("a Hello with a nonce of 31 bytes", "malformed", [1, 1, b"n", nonce[:31]]),
        ("a Hello cut short", "malformed", [1, 1, b"n"]),
        ("65 author proofs", "malformed", [2, [[key, bytes(64)]] * 65]),
        ("an author proof with a short signature", "malformed", [2, [[key, bytes(63)]]]),
        ("a reason of 201 characters", "malformed", [3, "x" * 201]),
        ("Heads with answer 1", "malformed", [4, [], [], 1]),
        ("handle 8192", "malformed", [4, [[8_192, key, device, 2]], [], True]),
        ("a head with seq 0", "malformed", [4, [], [[0, 0, 2, b"t" * 8]], True]),
        ("a head with a tag of 7 bytes", "malformed", [4, [], [[0, 1, 2, b"t" * 7]], True]),
        ("a bound of 42 bytes", "malformed", [5, [], [[b"", b"b" * 42, 0, bytes(8)]], [], True]),
        ("513 prints", "malformed", [5, [], [[b"", b"", 0, bytes(8)]] * 513, [], True]),
        ("a want of 0 bytes", "malformed", [6, [[*want[:6], 0, True]]]),
        ("a want of 2^31 bytes", "malformed", [6, [[*want[:6], 2**31, True]]]),
        ("a want numbered 2^32", "malformed", [6, [[2**32, *want[1:]]]]),
        ("65 wants", "malformed", [6, [want] * 65]),
        ("65 parts", "malformed", [7, [[0, [], True]] * 65]),
        ("1025 bundles in a part", "malformed", [7, [[0, [b""] * 1_025, True]]]),
        ("129 headers", "malformed", [8, [b""] * 129]),
        ("a header that is text", "malformed", [8, ["x"]]),
        ("17 proofs", "malformed", [9, [b""] * 17]),
        ("a proof of 2049 bytes", "malformed", [9, [bytes(2_049)]]),
        ("65 sought authors", "malformed", [10, [key] * 65]),
        ("a sought author of 33 bytes", "malformed", [10, [b"k" * 33]]),
        ("17 addresses", "malformed", [11, ["/ip4/1.1.1.1"] * 17, True]),
        ("an address of 257 characters", "malformed", [11, ["/" * 257], True]),
    ]
    made = [_vector("frame", why, off, pack(said)) for why, off, said in cases]
    good = encode_frame(HelloMessage(1, b"n", nonce))
    made.append(_vector("frame", "a byte too many", "malformed", good + b"\0"))
    made.append(_vector("frame", "cut off", "malformed", good[:-1]))
    made.append(_vector("frame", "invalid UTF-8", "malformed", b"\x92\x03\xa2\xff\xfe"))
    return made


def _proofs(feed: list[Bundle], fork: tuple[Bundle, ...]) -> list[dict[str, Any]]:
    first, second, _ = (bundle.bare() for bundle in fork)
    honest = [bundle.bare().wire() for bundle in feed]
    forged = pack((1, second.header_bytes, _flipped(second.signature, 5), None))
    return [
        _vector("proof", "one side only", "malformed", pack((first.wire(),))),
        _vector("proof", "three sides", "malformed", pack((first.wire(),) * 3)),
        _vector("proof", "a side that is text", "malformed", pack((first.wire(), "x"))),
        _vector("proof", "twice the same", "wrong_schema", pack((first.wire(),) * 2)),
        _vector("proof", "two that go together", "wrong_schema", pack(honest)),
        _vector("proof", "of two feeds", "wrong_schema", pack((first.wire(), honest[0]))),
        _vector("proof", "a forged side", "bad_signature", pack((first.wire(), forged))),
        _vector(
            "proof", "of another network", "wrong_network", pack((first.wire(), second.wire())),
            network=b"elsewhere".hex(),
        ),
        _vector("proof", "a later version", LATER, pack((first.wire(), pack((2,))))),
    ]  # fmt: skip


def _ids(good: str) -> list[dict[str, Any]]:
    word, _, addresses = good.partition("@")
    digit = "0" if word[-1] != "0" else "1"
    wrong = {
        "a wrong checksum": f"{word[:-1]}{digit}@{addresses}",
        "an address lost": word + "@" + addresses.split(",")[0],
        "no addresses behind the @": word + "@",
        "another scheme": good.replace("grapevine:", "grape:"),
        "a digit lost": good.replace(word, word[:-1]),
        "a space in an address": good + " x",
    }
    return [
        {"kind": "id", "reason": why, "offence": "malformed", "text": text}
        for why, text in wrong.items()
    ]


def invalid(
    feed: list[Bundle], fork: tuple[Bundle, Bundle, Bundle], signer: Signer, good_id: str
) -> list[dict[str, Any]]:
    """All of them."""
    return _claims() + _bundles(feed[0], signer) + _frames() + _proofs(feed, fork) + _ids(good_id)
