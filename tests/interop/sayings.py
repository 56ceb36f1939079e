"""SPEC.md sections 2 to 7 a second time: ids, signatures, claims, bundles, proofs."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.interop.schema import Bin, Int, Many, Nil, Refused, Row, Text, elements, pack, unpack

SEQ_MAX = 2**32 - 1
BUNDLE, HELLO = b"grapevine/bundle/1\0", b"grapevine/hello/1\0"
KEY = Bin(32, 32)
NO_BUNDLE = bytes(32)

CLAIMS = {
    1: Row(item=Text(), interaction=Int(0, 255), weight=Int(-100, 100), day=Int(0, 65_535)),
    2: Row(author=KEY, weight=Int(-100, 100)),
    3: Row({"tags": [], "creator": ""}, item=Text(), title=Text(), tags=Many(Text()),
           creator=Text()),
    4: Row(terms=Many(Text()), item=Text(), position=Int(0, 1_000)),
    5: Row(seq=Int(1, SEQ_MAX)),
    6: Row(addresses=Many(Text())),
}  # fmt: skip
LANES = {1: 2, 2: 1, 3: 2, 4: 3, 6: 0}
TEXTS = {  # field: (bytes at least, bytes at most, how many at most)
    "item": (1, 128, 1),
    "title": (1, 200, 1),
    "creator": (0, 200, 1),
    "tags": (1, 32, 16),
    "terms": (1, 32, 16),
    "addresses": (1, 256, 16),
}

HEADER = Row(
    network=Bin(1, 32),
    author=KEY,
    device=Bin(8, 8),
    lane=Int(0, 3),
    seq=Int(1, SEQ_MAX),
    prev=KEY,
    floor=Int(0, SEQ_MAX),
    time=Int(0, 2**40),
    claims_hash=KEY,
    claims_len=Int(0, 16_384),
)
WIRE = Row(
    version=Int(-(2**63), 2**64),
    header=Bin(0, 2**32),
    signature=Bin(64, 64),
    claims=Nil(Bin(0, 2**32)),
)


def digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=32).digest()


# --- signatures ----------------------------------------------------------------------------------


def public_key(seed: bytes) -> bytes:
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def sign(seed: bytes, data: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).sign(data)


def signed(author: bytes, signature: bytes, data: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(author).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


# --- claims --------------------------------------------------------------------------------------


def read_claims(data: bytes, lane: int) -> list[dict[str, Any]]:
    """The claims as objects with their kind; raises Refused."""
    if len(data) > 16_384:
        raise Refused("oversize", "claims")
    parts = elements(data)
    if len(parts) > 256:
        raise Refused("oversize", "too many claims")
    return [_read_claim(part, lane) for part in parts]


def _read_claim(part: bytes, lane: int) -> dict[str, Any]:
    found = unpack(part)
    if type(found) is not list or not found:
        raise Refused("malformed", "no claim")
    kind = Int(0, 65_535).read(found[0])
    if kind not in CLAIMS:
        return {"kind": kind, "raw": part}
    claim = CLAIMS[kind].read(found[1:])
    _check_texts(claim)
    if LANES.get(kind, lane) != lane:
        raise Refused("malformed", f"kind {kind} in lane {lane}")
    return {"kind": kind, **claim}


def _check_texts(claim: Mapping[str, Any]) -> None:
    if "terms" in claim and not claim["terms"]:
        raise Refused("malformed", "no terms")
    for name, (least, most, count) in TEXTS.items():
        values = claim.get(name, [])
        values = [values] if isinstance(values, str) else values
        if len(values) > count:
            raise Refused("oversize", f"{len(values)} {name}")
        for value in values:
            size = len(value.encode())
            if size > most:
                raise Refused("oversize", f"{name} of {size} bytes")
            if size < least or any(ord(c) < 0x20 or 0x7F <= ord(c) <= 0x9F for c in value):
                raise Refused("malformed", name)
    if "item" in claim:
        namespace, colon, rest = claim["item"].partition(":")
        if not (namespace and colon and rest):
            raise Refused("malformed", "item without a namespace")


def write_claims(claims: Sequence[Mapping[str, Any]]) -> bytes:
    parts = [
        claim["raw"] if "raw" in claim else _write_claim(claim["kind"], claim) for claim in claims
    ]
    count = len(parts)
    head = bytes([0x90 | count]) if count < 16 else b"\xdc" + count.to_bytes(2, "big")
    return head + b"".join(parts)


def _write_claim(kind: int, claim: Mapping[str, Any]) -> bytes:
    return pack([kind, *CLAIMS[kind].write(claim)])


# --- bundles -------------------------------------------------------------------------------------


def read_bundle(wire: bytes) -> dict[str, Any]:
    """Header fields, `claims` (None for a bare header), `id`, and the three byte strings."""
    if len(wire) > 17_024:
        raise Refused("oversize", "bundle")
    found = unpack(wire)
    if type(found) is list and found and type(found[0]) is int and found[0] != 1:
        raise Refused("unknown_version", str(found[0]))
    outer = WIRE.read(found)
    if len(outer["header"]) > 512:
        raise Refused("oversize", "header")
    header = HEADER.read(unpack(outer["header"]))
    if header["floor"] > header["seq"]:
        raise Refused("malformed", "floor above seq")
    data = outer["claims"]
    if data is not None and (
        len(data) != header["claims_len"] or digest(data) != header["claims_hash"]
    ):
        raise Refused("malformed", "claims of another header")
    if not signed(header["author"], outer["signature"], BUNDLE + outer["header"]):
        raise Refused("bad_signature", "bundle")
    return {
        **header,
        "id": digest(outer["header"]),
        "header_bytes": outer["header"],
        "signature": outer["signature"],
        "claims": None if data is None else read_claims(data, header["lane"]),
    }


def write_bundle(
    seed: bytes,
    claims: Sequence[Mapping[str, Any]],
    *,
    network: bytes,
    device: bytes,
    lane: int,
    seq: int,
    time: int,
    prev: bytes = NO_BUNDLE,
    floor: int = 0,
) -> bytes:
    data = write_claims(claims)
    header = {
        "network": network,
        "author": public_key(seed),
        "device": device,
        "lane": lane,
        "seq": seq,
        "prev": prev,
        "floor": floor,
        "time": time,
        "claims_hash": digest(data),
        "claims_len": len(data),
    }
    header_bytes = pack(HEADER.write(header))
    return pack([1, header_bytes, sign(seed, BUNDLE + header_bytes), data])


def bare(wire: bytes) -> bytes:
    """The bundle without its claims; its header is not encoded anew."""
    version, header, signature, *_ = unpack(wire)
    return pack([version, header, signature, None])


# --- proofs of equivocation ----------------------------------------------------------------------


def read_proof(proof: bytes, network: bytes) -> bytes:
    """The convicted author."""
    side = Bin(0, 2_048)
    found = unpack(proof)
    if type(found) is not list or len(found) != 2:
        raise Refused("malformed", "not two sides")
    wires = [side.read(one) for one in found]
    forged: Refused | None = None
    headers = []
    for wire in wires:
        try:
            headers.append(read_bundle(wire))
        except Refused as refusal:
            if refusal.offence != "bad_signature":
                raise
            forged = refusal
    if forged is not None:
        raise forged
    one, other = headers
    if one["network"] != network:
        raise Refused("wrong_network", "proof")
    same = all(one[name] == other[name] for name in ("network", "author", "device", "lane"))
    if not same or one["id"] == other["id"]:
        raise Refused("wrong_schema", "nothing to compare")
    if one["seq"] != other["seq"] and one["prev"] != other["prev"]:
        raise Refused("wrong_schema", "no contradiction")
    return one["author"]


def write_proof(wires: Sequence[bytes]) -> bytes:
    return pack([bare(wire) for wire in sorted(wires, key=lambda wire: read_bundle(wire)["id"])])


# --- id strings ----------------------------------------------------------------------------------


def read_id(text: str) -> tuple[bytes, list[str]]:
    """(author, addresses)."""
    scheme, colon, rest = text.partition(":")
    word, at, tail = rest.partition("@")
    addresses = tail.split(",") if at else []
    plain = all(
        a.startswith("/") and len(a) <= 256 and all(33 <= ord(c) < 127 and c not in ",@" for c in a)
        for a in addresses
    )
    if scheme != "grapevine" or not colon or len(word) != 72 or len(addresses) > 16 or not plain:
        raise Refused("malformed", "id")
    author = bytes.fromhex(word[:64])
    if word[64:].lower() != _checksum(author, addresses):
        raise Refused("malformed", "checksum")
    return author, addresses


def write_id(author: bytes, addresses: Sequence[str]) -> str:
    word = f"grapevine:{author.hex()}{_checksum(author, addresses)}"
    return f"{word}@{','.join(addresses)}" if addresses else word


def _checksum(author: bytes, addresses: Sequence[str]) -> str:
    covered = author + ",".join(addresses).encode()
    return blake2b(covered, digest_size=4, person=b"grapevine/id/1").hexdigest()
