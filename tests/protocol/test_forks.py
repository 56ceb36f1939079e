"""Proofs of equivocation: what two headers prove, and what they do not."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.bundle import Bundle, sign_bundle, verify
from protocol.errors import Offence, RemoteProtocolError, UnknownVersion
from protocol.forks import contradict, encode_proof, read_proof
from protocol.ids import BundleId, DeviceId, FeedId, Lane
from protocol.messages import EVIDENCE_BYTES_MAX
from tests.protocol.gossip_world import NETWORK, play, signer_of
from tests.protocol.strategies import examples, mutated

pack = msgspec.msgpack.encode


def bundle(
    item: int = 1,
    *,
    seq: int = 1,
    prev: bytes = bytes(32),
    author: int = 1,
    network: bytes = NETWORK,
) -> Bundle:
    signer = signer_of(author)
    feed = FeedId(signer.public_key, DeviceId(bytes(8)), Lane.TASTE)
    return sign_bundle(
        signer, feed, [play(item)], network=network, seq=seq, time=1, prev=BundleId(prev)
    )


FIRST = bundle(1)
CASES = {
    "the same bundle": (bundle(1), False),
    "the same without claims": (bundle(1).bare(), False),
    "another with the same seq": (bundle(2, prev=b"p" * 32), True),
    "another with the same prev": (bundle(2, seq=2), True),
    "a later one behind it": (bundle(2, seq=2, prev=FIRST.id), False),
    "another author's": (bundle(2, author=2), False),
    "another network's": (bundle(2, network=b"else"), False),
}


@pytest.mark.parametrize("what", CASES)
def test_what_contradicts(what: str):
    other, proves = CASES[what]
    assert contradict(FIRST, other) is contradict(other, FIRST) is proves
    proof = encode_proof(FIRST, other)
    if proves:
        assert read_proof(proof, network=NETWORK, verify=verify) == FIRST.header.author
        assert proof == encode_proof(other, FIRST)
        assert len(proof) <= EVIDENCE_BYTES_MAX
        return
    with pytest.raises(RemoteProtocolError):
        read_proof(proof, network=NETWORK, verify=verify)


def test_an_honest_feed_never_contradicts_itself():
    made = [FIRST]
    for seq in (2, 3, 7):
        made.append(bundle(seq, seq=seq, prev=made[-1].id))
    assert not any(contradict(a, b) for a in made for b in made)


def test_a_proof_needs_both_signatures_and_our_network():
    other = bundle(2)
    forged = Bundle(other.header, other.header_bytes, FIRST.signature, None, other.id)
    for pair in ((FIRST, forged), (forged, FIRST)):
        with pytest.raises(RemoteProtocolError) as caught:
            read_proof(encode_proof(*pair), network=NETWORK, verify=verify)
        assert caught.value.offence is Offence.BAD_SIGNATURE
    with pytest.raises(RemoteProtocolError) as caught:
        read_proof(encode_proof(FIRST, other), network=b"else", verify=verify)
    assert caught.value.offence is Offence.WRONG_NETWORK


def test_a_proof_in_a_later_version_is_nobodys_fault():
    with pytest.raises(UnknownVersion):
        read_proof(pack((FIRST.bare().wire(), pack((2, "x")))), network=NETWORK, verify=verify)


@examples(200)
@given(st.one_of(st.binary(max_size=60), mutated(st.just(encode_proof(FIRST, bundle(2))))))
def test_no_bytes_raise_anything_else(proof: bytes):
    try:
        convicted = read_proof(proof, network=NETWORK, verify=verify)
    except (RemoteProtocolError, UnknownVersion):
        return
    assert convicted == FIRST.header.author
