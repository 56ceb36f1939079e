"""A bundle: a signed header and the claims that travel beside it.

The claims can be dropped while the header is kept, chained and relayed. Bytes received are the
bytes verified, stored and passed on; nothing is ever re-encoded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeAlias

import msgspec

from protocol import limits
from protocol.claims import Claim, decode_claims, encode_claims
from protocol.errors import LocalProtocolError, Offence, RemoteProtocolError, UnknownVersion
from protocol.ids import NO_BUNDLE, AuthorKey, BundleId, DeviceId, FeedId, Lane
from protocol.signing import BUNDLE, SIGNATURE_BYTES, Signer, digest, verify_signature

VERSION = 1

_Bytes32 = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class Header(msgspec.Struct, frozen=True, array_like=True):
    """What the author signs. Field order is wire order; fields behind these are ignored."""

    network: Annotated[bytes, msgspec.Meta(min_length=1, max_length=limits.NETWORK_BYTES_MAX)]
    author: _Bytes32
    device: Annotated[bytes, msgspec.Meta(min_length=8, max_length=8)]
    lane: Lane
    seq: Annotated[int, msgspec.Meta(ge=1, le=limits.SEQ_MAX)]
    prev: _Bytes32
    floor: Annotated[int, msgspec.Meta(ge=0, le=limits.SEQ_MAX)]
    time: Annotated[int, msgspec.Meta(ge=0, le=limits.TIME_MAX)]
    claims_hash: _Bytes32
    claims_len: Annotated[int, msgspec.Meta(ge=0, le=limits.CLAIMS_BYTES_MAX)]


class _Wire(msgspec.Struct, array_like=True):
    version: int
    header: bytes
    signature: Annotated[
        bytes, msgspec.Meta(min_length=SIGNATURE_BYTES, max_length=SIGNATURE_BYTES)
    ]
    claims: bytes | None


class _Version(msgspec.Struct, array_like=True):
    version: int


_decode_header = msgspec.msgpack.Decoder(Header).decode
_decode_wire = msgspec.msgpack.Decoder(_Wire).decode
_decode_version = msgspec.msgpack.Decoder(_Version).decode
_encode = msgspec.msgpack.Encoder().encode


@dataclass(slots=True, eq=False)
class Bundle:
    """A decoded bundle; never changed. `claims_bytes` is None where only the header travels."""

    header: Header
    header_bytes: bytes
    signature: bytes
    claims_bytes: bytes | None
    id: BundleId
    _claims: list[Claim] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bundle) and self.wire() == other.wire()

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def feed(self) -> FeedId:
        """The feed that it extends."""
        header = self.header
        return FeedId(AuthorKey(header.author), DeviceId(header.device), header.lane)

    @property
    def seq(self) -> int:
        """Its place in the feed; gaps are legal."""
        return self.header.seq

    def claims(self) -> list[Claim]:
        """The claims, decoded once; empty for a bare header. Raises `RemoteProtocolError`."""
        if self._claims is None:
            data = self.claims_bytes
            self._claims = [] if data is None else decode_claims(data, self.header.lane)
        return self._claims

    def wire(self) -> bytes:
        """The bytes that travel and are stored."""
        return _encode((VERSION, self.header_bytes, self.signature, self.claims_bytes))

    def bare(self) -> "Bundle":
        """The same bundle without its claims."""
        return Bundle(self.header, self.header_bytes, self.signature, None, self.id)

    def undecoded(self) -> "Bundle":
        """The same bundle, without the claims that have been decoded meanwhile (five times it)."""
        return Bundle(self.header, self.header_bytes, self.signature, self.claims_bytes, self.id)


Verifier: TypeAlias = Callable[[Bundle], bool]
"""Checks a bundle's signature; injected, so that a simulator can share a memo."""


def verify(bundle: Bundle) -> bool:
    """Whether the author named in the header signed it; about 80 µs."""
    return verify_signature(BUNDLE, bundle.header_bytes, bundle.signature, bundle.header.author)


def decode_bundle(data: bytes) -> Bundle:
    """Wire bytes to a bundle, claims checked against their hash and length but not the signature.

    Raises `UnknownVersion` (nobody's fault) or `RemoteProtocolError`, and nothing else.
    """
    if len(data) > limits.BUNDLE_BYTES_MAX:
        raise RemoteProtocolError(Offence.OVERSIZE, f"a bundle of {len(data)} bytes")
    try:
        wire = _decode_wire(data)
    except (msgspec.MsgspecError, RecursionError) as error:
        _raise_if_newer(data)
        raise RemoteProtocolError(Offence.MALFORMED, f"bundle: {error}") from None
    if wire.version != VERSION:
        raise UnknownVersion(f"bundle version {wire.version}")
    return from_parts(wire.header, wire.signature, wire.claims)


def _raise_if_newer(data: bytes) -> None:
    try:
        version = _decode_version(data).version
    except (msgspec.MsgspecError, RecursionError):
        return
    if version != VERSION:
        raise UnknownVersion(f"bundle version {version}")


def from_parts(header_bytes: bytes, signature: bytes, claims_bytes: bytes | None) -> Bundle:
    """Check and assemble what a wire form or a store row holds. Errors as `decode_bundle`."""
    if len(header_bytes) > limits.HEADER_BYTES_MAX:
        raise RemoteProtocolError(Offence.OVERSIZE, f"a header of {len(header_bytes)} bytes")
    try:
        header = _decode_header(header_bytes)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise RemoteProtocolError(Offence.MALFORMED, f"header: {error}") from None
    if header.floor > header.seq:
        raise RemoteProtocolError(Offence.MALFORMED, "a floor above the bundle's own seq")
    if claims_bytes is not None and (
        len(claims_bytes) != header.claims_len or digest(claims_bytes) != header.claims_hash
    ):
        raise RemoteProtocolError(Offence.MALFORMED, "claims that are not the header's")
    return Bundle(header, header_bytes, signature, claims_bytes, BundleId(digest(header_bytes)))


def sign_bundle(
    signer: Signer,
    feed: FeedId,
    claims: list[Claim],
    *,
    network: bytes,
    seq: int,
    time: int,
    prev: BundleId = NO_BUNDLE,
    floor: int = 0,
) -> Bundle:
    """A new bundle of `feed`. Raises `LocalProtocolError` when it would break a limit."""
    claims_bytes = encode_claims(claims)
    header = Header(
        network,
        feed.author,
        feed.device,
        feed.lane,
        seq,
        prev,
        floor,
        time,
        digest(claims_bytes),
        len(claims_bytes),
    )
    try:
        decode_claims(claims_bytes, feed.lane)
        header_bytes = _encode(header)
        return from_parts(header_bytes, signer.sign(BUNDLE, header_bytes), claims_bytes)
    except (RemoteProtocolError, OverflowError) as error:
        raise LocalProtocolError(str(error)) from None
