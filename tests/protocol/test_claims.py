"""Claims: what is written is what is read, and what must be refused is."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import limits
from protocol.claims import (
    Click,
    Endpoint,
    Interaction,
    ItemInfo,
    Retract,
    UnknownClaim,
    Vouch,
    decode_claims,
    decode_stored,
    encode_claims,
)
from protocol.errors import LocalProtocolError, Offence, RemoteProtocolError
from protocol.ids import Lane
from tests.protocol.strategies import examples, mutated, said, unknown

pack = msgspec.msgpack.encode


@examples(150)
@given(said)
def test_round_trip(drawn):
    lane, claims = drawn
    data = encode_claims(claims)
    assert decode_claims(data, lane) == claims
    assert encode_claims(decode_claims(data)) == data


@examples(100)
@given(said, st.lists(unknown, max_size=3))
def test_stored_claims_are_read_as_they_were_on_arrival(drawn, later):
    data = encode_claims([*drawn[1], *later])
    assert decode_stored(data) == decode_claims(data)


@examples(100)
@given(st.one_of(st.binary(max_size=80), mutated(said.map(lambda drawn: encode_claims(drawn[1])))))
def test_damaged_claims_in_a_store_raise_nothing_else(data: bytes):
    try:
        decode_stored(data)
    except RemoteProtocolError:
        with pytest.raises(RemoteProtocolError):
            decode_claims(data)


@examples(300)
@given(st.one_of(st.binary(max_size=80), mutated(said.map(lambda drawn: encode_claims(drawn[1])))))
def test_no_bytes_raise_anything_else(data: bytes):
    for lane in (None, *Lane):
        try:
            found = decode_claims(data, lane)
        except RemoteProtocolError:
            continue
        assert isinstance(found, list)


@examples(100)
@given(said, st.lists(unknown, min_size=1, max_size=3))
def test_unknown_kinds_stand_beside_known_ones_byte_for_byte(drawn, later):
    lane, claims = drawn
    mixed = [*later, *claims]
    data = encode_claims(mixed)
    found = decode_claims(data, lane)
    assert found == mixed
    assert [claim.raw for claim in found[: len(later)]] == [claim.raw for claim in later]


def test_trailing_fields_are_ignored():
    data = pack([[1, "a:b", 0, 50, 3, "later", {"more": None}], [2, bytes(32), 5, 1.5]])
    assert decode_claims(data) == [Interaction("a:b", 0, 50, 3), Vouch(bytes(32), 5)]


LANES = [
    (Interaction("a:b", 0, 1, 1), [Lane.TASTE]),
    (Vouch(bytes(32), 1), [Lane.VOUCHES]),
    (ItemInfo("a:b", "t"), [Lane.TASTE]),
    (Click(("x",), "a:b", 0), [Lane.CLICKS]),
    (Retract(1), [*Lane]),
    (Endpoint(()), [Lane.IDENTITY]),
    (UnknownClaim(99, pack([99])), [*Lane]),
]


@pytest.mark.parametrize(("claim", "allowed"), LANES, ids=lambda v: type(v).__name__)
def test_each_kind_has_its_lane(claim, allowed):
    data = encode_claims([claim])
    for lane in Lane:
        if lane in allowed:
            assert decode_claims(data, lane) == [claim]
        else:
            with pytest.raises(RemoteProtocolError) as caught:
                decode_claims(data, lane)
            assert caught.value.offence is Offence.MALFORMED


AT_THE_CAP = {
    "claims": [Retract(1)] * limits.CLAIMS_MAX,
    "item": [Interaction("a:" + "b" * (limits.ITEM_BYTES_MAX - 2), 0, 1, 1)],
    "title": [ItemInfo("a:b", "t" * limits.TITLE_BYTES_MAX)],
    "creator": [ItemInfo("a:b", "t", (), "c" * limits.TITLE_BYTES_MAX)],
    "tags": [ItemInfo("a:b", "t", ("x",) * limits.TAGS_MAX)],
    "tag": [ItemInfo("a:b", "t", ("x" * limits.TAG_BYTES_MAX,))],
    "terms": [Click(("x",) * limits.TERMS_MAX, "a:b", 0)],
    "term": [Click(("x" * limits.TERM_BYTES_MAX,), "a:b", 0)],
    "position": [Click(("x",), "a:b", limits.POSITION_MAX)],
    "addresses": [Endpoint(("/a",) * limits.ADDRESSES_MAX)],
    "address": [Endpoint(("/" * limits.ADDRESS_BYTES_MAX,))],
    "day": [Interaction("a:b", 0, 1, limits.DAY_MAX)],
    "seq": [Retract(limits.SEQ_MAX)],
    "bytes": [UnknownClaim(7, pack([7, bytes(limits.CLAIMS_BYTES_MAX - 6)]))],
}
BEYOND = {
    "claims": [Retract(1)] * (limits.CLAIMS_MAX + 1),
    "item": [Interaction("a:" + "b" * (limits.ITEM_BYTES_MAX - 1), 0, 1, 1)],
    "title": [ItemInfo("a:b", "t" * (limits.TITLE_BYTES_MAX + 1))],
    "creator": [ItemInfo("a:b", "t", (), "c" * (limits.TITLE_BYTES_MAX + 1))],
    "tags": [ItemInfo("a:b", "t", ("x",) * (limits.TAGS_MAX + 1))],
    "tag": [ItemInfo("a:b", "t", ("x" * (limits.TAG_BYTES_MAX + 1),))],
    "terms": [Click(("x",) * (limits.TERMS_MAX + 1), "a:b", 0)],
    "term": [Click(("x" * (limits.TERM_BYTES_MAX + 1),), "a:b", 0)],
    "position": [Click(("x",), "a:b", limits.POSITION_MAX + 1)],
    "addresses": [Endpoint(("/a",) * (limits.ADDRESSES_MAX + 1))],
    "address": [Endpoint(("/" * (limits.ADDRESS_BYTES_MAX + 1),))],
    "day": [Interaction("a:b", 0, 1, limits.DAY_MAX + 1)],
    "seq": [Retract(limits.SEQ_MAX + 1)],
    "bytes": [UnknownClaim(7, pack([7, bytes(limits.CLAIMS_BYTES_MAX - 5)]))],
}


@pytest.mark.parametrize("what", AT_THE_CAP)
def test_a_cap_is_inclusive(what: str):
    claims = AT_THE_CAP[what]
    assert decode_claims(encode_claims(claims)) == claims
    with pytest.raises(LocalProtocolError):
        encode_claims(BEYOND[what])
    parts = [msgspec.Raw(c.raw) if isinstance(c, UnknownClaim) else c for c in BEYOND[what]]
    with pytest.raises(RemoteProtocolError):
        decode_claims(pack(parts))


@pytest.mark.parametrize(
    "claim",
    [
        Interaction("a:\ud800", 0, 1, 1),
        Interaction("a:b", 0, 2**70, 1),
        Interaction("a:b", 0, 101, 1),
        ItemInfo("a:b", "tab\there"),
        UnknownClaim(9, b"\xc1"),
        UnknownClaim(1, pack([1, "short"])),
    ],
    ids=repr,
)
def test_nobody_signs_what_others_must_refuse(claim):
    with pytest.raises(LocalProtocolError):
        encode_claims([claim])


def test_invalid_utf8_is_the_senders_fault():
    for text in (b"a:\xff", b"\xed\xa0\x80:b", b"a:\xc0\x80"):
        data = pack([[1, "?" * len(text), 0, 1, 1]]).replace(b"?" * len(text), text)
        with pytest.raises(RemoteProtocolError) as caught:
            decode_claims(data)
        assert caught.value.offence is Offence.MALFORMED


def test_deep_nesting_is_refused_not_followed():
    for data in (b"\x91" * 10_000, b"\x91\x92\x07" + b"\x91" * 10_000 + b"\xc0"):
        with pytest.raises(RemoteProtocolError):
            decode_claims(data)
