"""Signatures: only over these bytes, with this prefix, by this author."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import signing
from protocol.signing import Signer, digest, verify_signature
from tests.protocol.strategies import examples

SIGNER = Signer(bytes(range(32)))
ORDER = 2**252 + 27742317777372353535851937790883648493
SMALL_ORDER_KEYS = [
    bytes(32),
    b"\x01" + bytes(31),
    b"\xec" + b"\xff" * 30 + b"\x7f",
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
]


@examples(30)
@given(st.binary(max_size=100), st.sampled_from([signing.BUNDLE, signing.HELLO, signing.QUERY]))
def test_a_signature_holds_for_its_prefix_only(data: bytes, prefix: bytes):
    signature = SIGNER.sign(prefix, data)
    for other in (signing.BUNDLE, signing.HELLO, signing.QUERY):
        held = verify_signature(other, data, signature, SIGNER.public_key)
        assert held is (other == prefix)


def test_prefixes_are_distinct_and_none_begins_another():
    prefixes = (signing.BUNDLE, signing.HELLO, signing.QUERY)
    assert all(prefix.endswith(b"\0") and prefix.count(b"\0") == 1 for prefix in prefixes)
    assert len(dict.fromkeys(prefixes)) == 3


@examples(60)
@given(st.integers(0, 64 * 8 - 1))
def test_one_bit_breaks_it(bit: int):
    signature = bytearray(SIGNER.sign(signing.BUNDLE, b"data"))
    signature[bit // 8] ^= 1 << bit % 8
    assert not verify_signature(signing.BUNDLE, b"data", bytes(signature), SIGNER.public_key)


@examples(100)
@given(st.binary(max_size=80), st.binary(max_size=40))
def test_no_input_raises(signature: bytes, author: bytes):
    assert not verify_signature(signing.BUNDLE, b"data", signature, author)
    assert not verify_signature(signing.BUNDLE, b"", signature, SIGNER.public_key)


def test_a_signature_has_one_form():
    """S + L verifies in lax libraries; it would be a second id of the same statement."""
    signature = SIGNER.sign(signing.BUNDLE, b"data")
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    forged = signature[:32] + scalar.to_bytes(32, "little")
    assert not verify_signature(signing.BUNDLE, b"data", forged, SIGNER.public_key)


@pytest.mark.parametrize("key", SMALL_ORDER_KEYS, ids=lambda key: key.hex()[:8])
def test_keys_of_small_order_sign_nothing(key: bytes):
    for signature in (bytes(64), key + bytes(32), b"\x01" + bytes(63)):
        assert not verify_signature(signing.BUNDLE, b"data", signature, key)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_seed_has_32_bytes(size: int):
    with pytest.raises(ValueError, match="32 bytes"):
        Signer(bytes(size))


def test_a_digest_is_blake2b_256():
    known = "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"
    assert digest(b"").hex() == known
