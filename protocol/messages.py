"""The frames of a gossip link: MessagePack arrays `[type, field, ...]`, at most 64 KiB each.

One schema serves as codec and as validator: lengths and ranges are checked while decoding, nothing
untyped is ever built. A field added at the end by a later version is ignored, a message type that
is not known yet is reported as `UnknownMessage`, and neither costs the sender anything. Bundles and
proofs travel as opaque byte strings, so that the bytes received are the bytes verified.
"""

from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

from protocol.errors import Offence, ProtocolError, RemoteProtocolError, UnknownVersion
from protocol.limits import ADDRESS_BYTES_MAX, ADDRESSES_MAX, FRAME_BYTES_MAX, NETWORK_BYTES_MAX

GOSSIP_VERSION: Final = 1
"""What `Hello.version` must be; the libp2p protocol id carries the same major number."""

NONCE_BYTES: Final = 32
PROOFS_PER_FRAME_MAX: Final = 64
NAMED_PER_FRAME_MAX: Final = 1_024
HEADS_PER_FRAME_MAX: Final = 2_048
RANGES_PER_FRAME_MAX: Final = 512
WANTS_PER_FRAME_MAX: Final = 64
PARTS_PER_FRAME_MAX: Final = 64
BUNDLES_PER_PART_MAX: Final = 1_024
PUSHED_PER_FRAME_MAX: Final = 128
EVIDENCE_PER_FRAME_MAX: Final = 16
EVIDENCE_BYTES_MAX: Final = 2_048
SOUGHT_PER_FRAME_MAX: Final = 64
HANDLES_MAX: Final = 8_192
FEED_KEY_BYTES: Final = 41

Key: TypeAlias = Annotated[bytes, Meta(min_length=32, max_length=32)]
Device: TypeAlias = Annotated[bytes, Meta(min_length=8, max_length=8)]
LaneNumber: TypeAlias = Annotated[int, Meta(ge=0, le=255)]
Seq: TypeAlias = Annotated[int, Meta(ge=1, le=2**32 - 1)]
Handle: TypeAlias = Annotated[int, Meta(ge=0, lt=HANDLES_MAX)]
WantId: TypeAlias = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Digest: TypeAlias = Annotated[bytes, Meta(min_length=8, max_length=8)]
Bound: TypeAlias = Annotated[bytes, Meta(max_length=FEED_KEY_BYTES)]
BundleBytes: TypeAlias = Annotated[bytes, Meta(max_length=FRAME_BYTES_MAX)]


class Hello(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """First frame in both directions; nothing else is allowed before it."""

    version: Annotated[int, Meta(ge=0, le=2**16)]
    network: Annotated[bytes, Meta(min_length=1, max_length=NETWORK_BYTES_MAX)]
    nonce: Annotated[bytes, Meta(min_length=NONCE_BYTES, max_length=NONCE_BYTES)]


class AuthorProof(msgspec.Struct, frozen=True, array_like=True):
    """The author's signature over (network, both PeerIDs, both nonces): see `session.py`."""

    author: Key
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


class Proofs(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """The authors that the sender speaks for; at most 256 on one link, over several frames."""

    proofs: Annotated[list[AuthorProof], Meta(max_length=PROOFS_PER_FRAME_MAX)]


class Refused(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """Why the sender is about to close; for people, never acted upon."""

    reason: Annotated[str, Meta(max_length=200)]


class Named(msgspec.Struct, frozen=True, array_like=True):
    """From now on `handle` means this feed, in frames of the same direction."""

    handle: Handle
    author: Key
    device: Device
    lane: LaneNumber


class Head(msgspec.Struct, frozen=True, array_like=True):
    """The sender holds lo..hi of a feed; `tag` is the first 8 bytes of the id at hi."""

    handle: Handle
    lo: Seq
    hi: Seq
    tag: Digest


NamedList: TypeAlias = Annotated[list[Named], Meta(max_length=NAMED_PER_FRAME_MAX)]
HeadList: TypeAlias = Annotated[list[Head], Meta(max_length=HEADS_PER_FRAME_MAX)]


class Heads(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """Heads changed since the last round with this partner; `answer` asks for the partner's."""

    named: NamedList
    heads: HeadList
    answer: bool


class RangePrint(msgspec.Struct, frozen=True, array_like=True):
    """Fingerprint of the sender's heads with lower <= feed key < upper (empty upper: no end)."""

    lower: Bound
    upper: Bound
    count: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    digest: Digest


class RangeList(msgspec.Struct, frozen=True, array_like=True):
    """All the sender's heads of a range; `answer` asks for those that the partner has otherwise."""

    lower: Bound
    upper: Bound
    heads: HeadList
    answer: bool


class Ranges(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """One step of a reconciliation; `opening` marks the first frame, over the whole key space."""

    named: NamedList
    prints: Annotated[list[RangePrint], Meta(max_length=RANGES_PER_FRAME_MAX)]
    lists: Annotated[list[RangeList], Meta(max_length=RANGES_PER_FRAME_MAX)]
    opening: bool


class Want(msgspec.Struct, frozen=True, array_like=True):
    """Send the bundles lo..hi of a feed, `bytes_max` at most, then a part marked done.

    `want` grows by one with each want of a direction. A feed is given in full rather than by
    handle, so that a handle named anew meanwhile cannot change what is meant.
    """

    want: WantId
    author: Key
    device: Device
    lane: LaneNumber
    lo: Seq
    hi: Seq
    bytes_max: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    newest_first: bool


class Wants(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """Requests, best first."""

    wants: Annotated[list[Want], Meta(max_length=WANTS_PER_FRAME_MAX)]


class Part(msgspec.Struct, frozen=True, array_like=True):
    """Some bundles of the answer to a want, in the order asked for; the last part is `done`."""

    want: WantId
    bundles: Annotated[list[BundleBytes], Meta(max_length=BUNDLES_PER_PART_MAX)]
    done: bool


class Data(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """Answers, packed until the frame is full."""

    parts: Annotated[list[Part], Meta(max_length=PARTS_PER_FRAME_MAX)]


class Push(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """Newest headers of feeds, as bundles without their claims; the receiver asks for the rest."""

    headers: Annotated[list[BundleBytes], Meta(max_length=PUSHED_PER_FRAME_MAX)]


class Evidence(msgspec.Struct, frozen=True, array_like=True, tag=9):
    """Proofs that authors equivocated."""

    proofs: Annotated[
        list[Annotated[bytes, Meta(max_length=EVIDENCE_BYTES_MAX)]],
        Meta(max_length=EVIDENCE_PER_FRAME_MAX),
    ]


class Seek(msgspec.Struct, frozen=True, array_like=True, tag=10):
    """Which heads of these authors do you hold? Sent to vouched partners only."""

    authors: Annotated[list[Key], Meta(max_length=SOUGHT_PER_FRAME_MAX)]


class Peers(msgspec.Struct, frozen=True, array_like=True, tag=11):
    """Multiaddresses of peers, the sender's own first; `answer` asks for some in return."""

    addresses: Annotated[
        list[Annotated[str, Meta(max_length=ADDRESS_BYTES_MAX)]],
        Meta(max_length=ADDRESSES_MAX),
    ]
    answer: bool


Message: TypeAlias = (
    Hello | Proofs | Refused | Heads | Ranges | Wants | Data | Push | Evidence | Seek | Peers
)

KNOWN_TYPES: Final = range(1, 12)


class UnknownMessage(ProtocolError):
    """A message type of the future: ignored, charged to nobody. No state was changed."""


_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)
_outline = msgspec.msgpack.Decoder(list[msgspec.Raw])
_number = msgspec.msgpack.Decoder(int)


def encode_frame(message: Message) -> bytes:
    """The frame of a message. The caller keeps it within `FRAME_BYTES_MAX`."""
    return _encoder.encode(message)


def decode_frame(frame: bytes) -> Message:
    """The message of a frame; O(size).

    Raises `UnknownMessage`, `UnknownVersion` (of HELLO) or `RemoteProtocolError`, nothing else.
    """
    if len(frame) > FRAME_BYTES_MAX:
        raise RemoteProtocolError(Offence.OVERSIZE, f"a frame of {len(frame)} bytes")
    try:
        return _decoder.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _raise_if_from_the_future(frame)
        raise RemoteProtocolError(Offence.MALFORMED, f"frame: {str(error)[:200]}") from None


def _raise_if_from_the_future(frame: bytes) -> None:
    """Tell what is not known yet from what is broken, by the first one or two elements."""
    try:
        fields = _outline.decode(frame)
        kind = _number.decode(fields[0])
        version = _number.decode(fields[1]) if kind == Hello.__struct_config__.tag else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, IndexError):
        return
    if kind not in KNOWN_TYPES:
        raise UnknownMessage(f"message type {kind}")
    if version is not None and version != GOSSIP_VERSION:
        raise UnknownVersion(f"gossip version {version}")
