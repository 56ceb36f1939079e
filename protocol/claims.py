"""What a person can say: one fact a claim.

A claim travels as `[kind, body...]`. msgspec decodes bytes straight into these types (typed,
limited, nothing untyped in between). A kind that we do not know, or fields behind those that we
know, are kept byte for byte in the bundle and ignored here.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Annotated, ClassVar, TypeAlias

import msgspec

from protocol import limits
from protocol.errors import LocalProtocolError, Offence, RemoteProtocolError
from protocol.ids import Lane

Percent = Annotated[int, msgspec.Meta(ge=-100, le=100)]
Day = Annotated[int, msgspec.Meta(ge=0, le=limits.DAY_MAX)]
Key = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Seq = Annotated[int, msgspec.Meta(ge=1, le=limits.SEQ_MAX)]
Position = Annotated[int, msgspec.Meta(ge=0, le=limits.POSITION_MAX)]


class InteractionKind(IntEnum):
    """How the person met the item. It describes; the weight decides."""

    PLAY = 0
    LIKE = 1
    RATE = 2
    SKIP = 3
    SAVE = 4


class _Claim(msgspec.Struct, frozen=True, array_like=True, tag_field="kind"):
    """Common shape: a frozen array whose first element is the kind."""


class Interaction(_Claim, frozen=True, tag=1):
    """Affinity of the author for an item now; a later statement replaces this one.

    `weight` in percent, negative for dislike; `day` in days since 1970-01-01.
    """

    lane: ClassVar[Lane] = Lane.TASTE
    item: str
    interaction: Annotated[int, msgspec.Meta(ge=0, le=255)]
    weight: Percent
    day: Day


class Vouch(_Claim, frozen=True, tag=2):
    """Trust of the author in another, percent; negative is distrust, 0 takes it back."""

    lane: ClassVar[Lane] = Lane.VOUCHES
    author: Key
    weight: Percent


class ItemInfo(_Claim, frozen=True, tag=3):
    """Title and tags of an item, as the author knows them."""

    lane: ClassVar[Lane] = Lane.TASTE
    item: str
    title: str
    tags: tuple[str, ...] = ()
    creator: str = ""


class Click(_Claim, frozen=True, tag=4):
    """The author opened `item`, shown at `position` (0 is the top) for these terms."""

    lane: ClassVar[Lane] = Lane.CLICKS
    terms: tuple[str, ...]
    item: str
    position: Position


class Retract(_Claim, frozen=True, tag=5):
    """The body of the feed's earlier bundle `seq` is void: receivers keep its header alone."""

    lane: ClassVar[None] = None
    seq: Seq


class Endpoint(_Claim, frozen=True, tag=6):
    """Where the author's node can be reached, as multiaddresses."""

    lane: ClassVar[Lane] = Lane.IDENTITY
    addresses: tuple[str, ...]


class UnknownClaim(msgspec.Struct, frozen=True):
    """A kind from a later version: kept and relayed with its bundle, ignored by the graph."""

    kind: int
    raw: bytes


KnownClaim: TypeAlias = Interaction | Vouch | ItemInfo | Click | Retract | Endpoint
Claim: TypeAlias = KnownClaim | UnknownClaim

_KNOWN_KINDS = range(1, 7)
_decode_known = msgspec.msgpack.Decoder(list[KnownClaim]).decode
_decode_one = msgspec.msgpack.Decoder(KnownClaim).decode
_decode_kind = msgspec.msgpack.Decoder(Annotated[int, msgspec.Meta(ge=0, le=65_535)]).decode
_decode_raw = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_encode = msgspec.msgpack.Encoder().encode


def encode_claims(claims: list[Claim]) -> bytes:
    """MessagePack of the claims, checked like a peer's.

    Raises `LocalProtocolError` when they break a limit: nobody may sign what others must refuse.
    """
    parts = [msgspec.Raw(c.raw) if isinstance(c, UnknownClaim) else c for c in claims]
    try:
        data = _encode(parts)
        decode_claims(data)
    except (RemoteProtocolError, UnicodeEncodeError, OverflowError) as error:
        raise LocalProtocolError(str(error)) from None
    return data


def decode_claims(data: bytes, lane: Lane | None = None) -> list[Claim]:
    """Claims of one bundle in order; about 25 µs for 64 interactions.

    `lane` given: each known kind must belong there. Raises `RemoteProtocolError` for anything
    malformed under a known kind, and never anything else.
    """
    if len(data) > limits.CLAIMS_BYTES_MAX:
        raise RemoteProtocolError(Offence.OVERSIZE, f"{len(data)} bytes of claims")
    claims: list[Claim]
    try:
        claims = list(_decode_known(data))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        claims = _decode_mixed(data)
    if len(claims) > limits.CLAIMS_MAX:
        raise RemoteProtocolError(Offence.OVERSIZE, f"{len(claims)} claims in a bundle")
    for claim in claims:
        _check(claim, lane)
    return claims


def decode_stored(data: bytes) -> Sequence[Claim]:
    """Claims that `decode_claims` has let pass before; about 5 µs for 64 interactions.

    Only their shape is looked at. Raises `RemoteProtocolError` when it is another now.
    """
    try:
        claims: list[KnownClaim] = _decode_known(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _decode_mixed(data)
    return claims


def _decode_mixed(data: bytes) -> list[Claim]:
    """The slow path: some kind is unknown, or something is malformed."""
    try:
        return [_decode_either(bytes(raw)) for raw in _decode_raw(data)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteProtocolError(Offence.MALFORMED, f"claims: {error}") from None


def _decode_either(raw: bytes) -> Claim:
    kind = _kind_of(raw)
    if kind not in _KNOWN_KINDS:
        return UnknownClaim(kind, raw)
    claim: KnownClaim = _decode_one(raw)
    return claim


def _kind_of(raw: bytes) -> int:
    """First element of the array, without decoding the rest."""
    first = msgspec.msgpack.decode(raw, type=tuple[msgspec.Raw, ...])
    if not first:
        raise RemoteProtocolError(Offence.MALFORMED, "an empty claim")
    kind: int = _decode_kind(first[0])
    return kind


def _check(claim: Claim, lane: Lane | None) -> None:
    if type(claim) is Interaction:
        check_item(claim.item)
    elif isinstance(claim, ItemInfo):
        check_item(claim.item)
        check_text(claim.title, limits.TITLE_BYTES_MAX, "title")
        check_text(claim.creator, limits.TITLE_BYTES_MAX, "creator", empty=True)
        _check_all(claim.tags, limits.TAGS_MAX, limits.TAG_BYTES_MAX, "tag")
    elif isinstance(claim, Click):
        check_item(claim.item)
        if not claim.terms:
            raise RemoteProtocolError(Offence.MALFORMED, "a click without terms")
        _check_all(claim.terms, limits.TERMS_MAX, limits.TERM_BYTES_MAX, "term")
    elif isinstance(claim, Endpoint):
        _check_all(claim.addresses, limits.ADDRESSES_MAX, limits.ADDRESS_BYTES_MAX, "address")
    elif isinstance(claim, UnknownClaim):
        return
    if lane is not None and claim.lane is not None and claim.lane != lane:
        raise RemoteProtocolError(
            Offence.MALFORMED, f"{type(claim).__name__} in lane {lane.name.lower()}"
        )


def _check_all(texts: tuple[str, ...], count_max: int, bytes_max: int, what: str) -> None:
    if len(texts) > count_max:
        raise RemoteProtocolError(Offence.OVERSIZE, f"{len(texts)} {what}s")
    for text in texts:
        check_text(text, bytes_max, what)


def check_item(item: str) -> None:
    """An item name is `namespace:rest`, 3..128 bytes of UTF-8, no control characters."""
    colon = item.find(":")
    if colon < 1 or colon == len(item) - 1:
        raise RemoteProtocolError(Offence.MALFORMED, "an item name without a namespace")
    check_text(item, limits.ITEM_BYTES_MAX, "item name")


def check_text(text: str, bytes_max: int, what: str, *, empty: bool = False) -> None:
    """Valid, short enough, and free of control characters (C0, DEL and C1)."""
    if not text and not empty:
        raise RemoteProtocolError(Offence.MALFORMED, f"an empty {what}")
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    if size > bytes_max:
        raise RemoteProtocolError(Offence.OVERSIZE, f"{_one(what)} of {size} bytes")
    if not text.isprintable() and any(ord(c) < 32 or 127 <= ord(c) < 160 for c in text):
        raise RemoteProtocolError(Offence.MALFORMED, f"control characters in {_one(what)}")


def _one(what: str) -> str:
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"
