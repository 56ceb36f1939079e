"""Limits fit into one another; SPEC.md's copy of them is compared in test_vectors.py."""

import msgspec

from protocol import limits
from protocol import messages as m
from protocol.bundle import sign_bundle
from protocol.claims import UnknownClaim
from protocol.feedtable import FeedConfig
from protocol.fetch import FetchConfig
from protocol.forks import encode_proof
from protocol.heads import HEADS_PER_CHUNK
from protocol.ids import BundleId, DeviceId, FeedId, Lane
from protocol.rounds import HEADS_PER_LIST
from protocol.serve import READ_BYTES
from tests.protocol.gossip_world import signer_of

pack = msgspec.msgpack.encode


def largest_bundle(claims_hash_of: int = 0):
    """Every field at its limit."""
    signer = signer_of(1)
    feed = FeedId(signer.public_key, DeviceId(b"\xff" * 8), Lane.CLICKS)
    filler = bytes([claims_hash_of]) * (limits.CLAIMS_BYTES_MAX - 6)
    return sign_bundle(
        signer,
        feed,
        [UnknownClaim(7, pack([7, filler]))],
        network=b"n" * limits.NETWORK_BYTES_MAX,
        seq=limits.SEQ_MAX,
        time=limits.TIME_MAX,
        prev=BundleId(b"\xff" * 32),
        floor=limits.SEQ_MAX,
    )


def test_the_largest_bundle_fits_everywhere():
    bundle = largest_bundle()
    assert bundle.claims_bytes is not None
    assert len(bundle.claims_bytes) == limits.CLAIMS_BYTES_MAX
    assert len(bundle.header_bytes) <= limits.HEADER_BYTES_MAX
    assert len(bundle.wire()) <= limits.BUNDLE_BYTES_MAX
    data = m.Data([m.Part(2**32 - 1, [bundle.wire()], True)])
    assert len(m.encode_frame(data)) <= limits.FRAME_BYTES_MAX


def test_the_largest_proof_fits():
    proof = encode_proof(largest_bundle(1), largest_bundle(2))
    assert len(proof) <= m.EVIDENCE_BYTES_MAX
    frame = m.encode_frame(m.Evidence([proof] * m.EVIDENCE_PER_FRAME_MAX))
    assert len(frame) <= limits.FRAME_BYTES_MAX


def full_names(count: int) -> list[m.Named]:
    return [m.Named(m.HANDLES_MAX - 1, bytes(32), bytes(8), 255)] * count


def full_heads(count: int) -> list[m.Head]:
    return [m.Head(m.HANDLES_MAX - 1, limits.SEQ_MAX, limits.SEQ_MAX, bytes(8))] * count


def test_our_largest_frames_of_heads_fit():
    heads = m.Heads(full_names(HEADS_PER_CHUNK), full_heads(HEADS_PER_CHUNK), True)
    assert len(m.encode_frame(heads)) <= limits.FRAME_BYTES_MAX
    listed = m.RangeList(bytes(41), bytes(41), full_heads(HEADS_PER_LIST), True)
    ranges = m.Ranges(full_names(HEADS_PER_LIST), [], [listed], True)
    assert len(m.encode_frame(ranges)) <= limits.FRAME_BYTES_MAX
    assert HEADS_PER_CHUNK <= m.NAMED_PER_FRAME_MAX
    assert HEADS_PER_LIST <= m.HEADS_PER_FRAME_MAX


def test_our_other_frames_fit():
    want = m.Want(2**32 - 1, bytes(32), bytes(8), 255, 2**32 - 1, 2**32 - 1, 2**31 - 1, True)
    proof = m.AuthorProof(bytes(32), bytes(64))
    for message in (
        m.Wants([want] * m.WANTS_PER_FRAME_MAX),
        m.Proofs([proof] * m.PROOFS_PER_FRAME_MAX),
        m.Seek([bytes(32)] * m.SOUGHT_PER_FRAME_MAX),
        m.Peers(["/" * limits.ADDRESS_BYTES_MAX] * limits.ADDRESSES_MAX, True),
    ):
        assert len(m.encode_frame(message)) <= limits.FRAME_BYTES_MAX
        assert m.decode_frame(m.encode_frame(message)) == message


def test_one_read_fills_a_frame_and_a_link_may_ask_for_a_bundle():
    assert limits.BUNDLE_BYTES_MAX < READ_BYTES < limits.FRAME_BYTES_MAX
    fetch = FetchConfig()
    assert limits.BUNDLE_BYTES_MAX < fetch.want_bytes_max <= fetch.link_in_flight_bytes_max
    assert fetch.link_in_flight_bytes_max <= fetch.in_flight_bytes_max <= fetch.round_bytes_max


def test_live_vouches_fit_into_the_quota_of_their_lane():
    assert FeedConfig().quota[Lane.VOUCHES] >= limits.VOUCHES_LIVE_MAX
