"""Ed25519 signatures with a prefix for each kind of signed object.

The prefix keeps one kind of signature from being replayed as another. libsodium (through PyNaCl)
refuses non-canonical signatures and small-order keys.
"""

from hashlib import blake2b

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError
from nacl.exceptions import ValueError as NaClValueError
from nacl.signing import SigningKey

from protocol.ids import AuthorKey

BUNDLE = b"grapevine/bundle/1\0"
HELLO = b"grapevine/hello/1\0"
QUERY = b"grapevine/query/1\0"

KEY_BYTES = 32
SIGNATURE_BYTES = 64


class Signer:
    """An author's secret key. Never enters the network process."""

    def __init__(self, seed: bytes) -> None:
        """`seed`: 32 secret bytes; `ValueError` for any other length."""
        if len(seed) != KEY_BYTES:
            raise ValueError(f"an Ed25519 seed has {KEY_BYTES} bytes, not {len(seed)}")
        self._key = SigningKey(seed)
        self.public_key = AuthorKey(bytes(self._key.verify_key))

    def sign(self, prefix: bytes, data: bytes) -> bytes:
        """64-byte signature over prefix + data; about 30 µs."""
        return bytes(self._key.sign(prefix + data).signature)


def verify_signature(prefix: bytes, data: bytes, signature: bytes, author: bytes) -> bool:
    """Whether the author signed exactly these bytes; about 80 µs. Never raises for bad input."""
    if len(signature) != SIGNATURE_BYTES or len(author) != KEY_BYTES:
        return False
    try:
        crypto_sign_open(signature + prefix + data, author)
    except (BadSignatureError, NaClValueError):
        return False
    return True


def digest(data: bytes) -> bytes:
    """BLAKE2b-256, 32 bytes."""
    return blake2b(data, digest_size=32).digest()
