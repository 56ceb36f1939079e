"""Bundles: bytes in, the same bytes out, and nothing that its author did not sign."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import limits
from protocol.bundle import Bundle, Header, decode_bundle, sign_bundle, verify
from protocol.claims import Interaction, Vouch
from protocol.errors import LocalProtocolError, Offence, RemoteProtocolError, UnknownVersion
from protocol.ids import BundleId, DeviceId, FeedId, Lane
from protocol.signing import BUNDLE, Signer, digest
from tests.protocol.strategies import examples, keys, mutated, said

SIGNER = Signer(bytes(range(32)))
pack = msgspec.msgpack.encode


def feed(lane: Lane = Lane.TASTE) -> FeedId:
    return FeedId(SIGNER.public_key, DeviceId(b"device--"), lane)


def bundle_of(claims=(), *, lane: Lane = Lane.TASTE, **header) -> Bundle:
    known = {"network": b"n", "seq": 3, "time": 9} | header
    return sign_bundle(SIGNER, feed(lane), list(claims), **known)


drawn_bundles = st.builds(
    lambda drawn, seq, prev, floor, time: bundle_of(
        drawn[1], lane=drawn[0], seq=seq, prev=BundleId(prev), floor=min(floor, seq), time=time
    ),
    said,
    st.integers(1, limits.SEQ_MAX),
    keys,
    st.integers(0, limits.SEQ_MAX),
    st.integers(0, limits.TIME_MAX),
)


@examples(100)
@given(drawn_bundles)
def test_round_trip(bundle: Bundle):
    again = decode_bundle(bundle.wire())
    assert again == bundle
    assert again.header == bundle.header
    assert again.claims() == bundle.claims()
    assert verify(again)
    assert again.id == digest(again.header_bytes)
    bare = decode_bundle(bundle.bare().wire())
    assert (bare.id, bare.claims_bytes, bare.claims()) == (bundle.id, None, [])
    assert verify(bare)


@examples(300)
@given(st.one_of(st.binary(max_size=300), mutated(drawn_bundles.map(Bundle.wire))))
def test_no_bytes_raise_anything_else(data: bytes):
    try:
        bundle = decode_bundle(data)
        bundle.claims()
    except (RemoteProtocolError, UnknownVersion):
        return
    assert bundle.wire() == bundle.wire()


@examples(200)
@given(mutated(st.just(bundle_of([Interaction("a:b", 0, 1, 1)]).wire())))
def test_nothing_altered_verifies(data: bytes):
    """Either the bytes are refused, or not signed, or they say exactly what the author said."""
    original = bundle_of([Interaction("a:b", 0, 1, 1)])
    try:
        bundle = decode_bundle(data)
    except (RemoteProtocolError, UnknownVersion):
        return
    if verify(bundle):
        assert bundle.id == original.id
        assert bundle.claims_bytes in (None, original.claims_bytes)


def test_bytes_received_are_the_bytes_kept():
    """A header in a longer encoding has another id, and is relayed as it came."""
    original = bundle_of()
    header_bytes = b"\xdc\x00\x0a" + original.header_bytes[1:]  # array 16 for array 10
    wire = pack((1, header_bytes, SIGNER.sign(BUNDLE, header_bytes), original.claims_bytes))
    bundle = decode_bundle(wire)
    assert verify(bundle)
    assert bundle.header == original.header
    assert bundle.id != original.id
    assert bundle.wire() == wire


def test_trailing_elements_are_ignored_and_signed():
    original = bundle_of()
    header_bytes = b"\x9b" + original.header_bytes[1:] + pack("later")
    signature = SIGNER.sign(BUNDLE, header_bytes)
    bundle = decode_bundle(pack((1, header_bytes, signature, original.claims_bytes, "more")))
    assert verify(bundle)
    assert bundle.header == original.header
    assert not verify(
        decode_bundle(pack((1, original.header_bytes, signature, original.claims_bytes)))
    )


@pytest.mark.parametrize("version", [0, 2, 255, 2**40])
def test_other_versions_are_nobodys_fault(version: int):
    bundle = bundle_of()
    rest = (bundle.header_bytes, bundle.signature, bundle.claims_bytes)
    for wire in (pack((version, *rest)), pack((version,)), pack((version, "new", 1))):
        with pytest.raises(UnknownVersion):
            decode_bundle(wire)


def test_claims_of_another_header_are_refused():
    one, other = bundle_of(), bundle_of([Interaction("a:b", 0, 1, 1)])
    for claims in (other.claims_bytes, b"", one.claims_bytes + b"\0"):
        with pytest.raises(RemoteProtocolError) as caught:
            decode_bundle(pack((1, one.header_bytes, one.signature, claims)))
        assert caught.value.offence is Offence.MALFORMED


def test_sizes_are_checked_before_anything_else():
    bundle = bundle_of()
    with pytest.raises(RemoteProtocolError) as caught:
        decode_bundle(bytes(limits.BUNDLE_BYTES_MAX + 1))
    assert caught.value.offence is Offence.OVERSIZE
    long_header = bundle.header_bytes + bytes(limits.HEADER_BYTES_MAX)
    with pytest.raises(RemoteProtocolError) as caught:
        decode_bundle(pack((1, long_header, bundle.signature, None)))
    assert caught.value.offence is Offence.OVERSIZE


@pytest.mark.parametrize(
    "wrong",
    [
        {"network": b""},
        {"network": b"n" * (limits.NETWORK_BYTES_MAX + 1)},
        {"seq": 0},
        {"seq": limits.SEQ_MAX + 1},
        {"seq": 2**70},
        {"time": -1},
        {"time": limits.TIME_MAX + 1},
        {"floor": 4},
        {"prev": BundleId(b"short")},
    ],
    ids=repr,
)
def test_nobody_signs_what_others_must_refuse(wrong):
    with pytest.raises(LocalProtocolError):
        bundle_of(**wrong)


def test_a_claim_in_the_wrong_lane_is_our_own_bug():
    with pytest.raises(LocalProtocolError, match="lane"):
        bundle_of([Vouch(bytes(32), 1)], lane=Lane.CLICKS)


def test_a_lane_of_the_future_needs_a_new_version():
    bundle = bundle_of()
    fields = {name: getattr(bundle.header, name) for name in Header.__struct_fields__}
    header_bytes = pack([*(fields | {"lane": 4}).values()])
    wire = pack((1, header_bytes, SIGNER.sign(BUNDLE, header_bytes), bundle.claims_bytes))
    with pytest.raises(RemoteProtocolError):
        decode_bundle(wire)


def test_equality_is_that_of_the_bytes():
    one = bundle_of()
    assert one == decode_bundle(one.wire())
    assert one != one.bare()
    assert one != "bundle"
    assert hash(one) == hash(one.bare())
    assert one.seq == 3
    assert one.feed == feed()
