"""HELLO: is this a peer of our network, and for which authors does it speak?

    LinkUp ──send Hello──► GREETING ──Hello of our version and network──► OPEN
                              │ anything else first: charged, closed
                              │ other version or network: Refused, closed, nobody charged
                              └ nothing for `hello_timeout_s`: closed

The transport key can be rotated and says nothing about people. A proof is an author's signature
over (network, prover's PeerID, verifier's PeerID, prover's nonce, verifier's nonce): it cannot be
replayed on another link (the verifier's nonce is fresh), passed on by a man in the middle (both
PeerIDs are those that the transport has authenticated) nor reflected (their order is fixed).
"""

from collections.abc import Iterable
from random import Random
from typing import Protocol

import msgspec

from protocol.ids import AuthorKey
from protocol.messages import (
    GOSSIP_VERSION,
    NONCE_BYTES,
    PROOFS_PER_FRAME_MAX,
    AuthorProof,
    Hello,
    Proofs,
)
from protocol.signing import HELLO, verify_signature

AUTHORS_PER_LINK_MAX = 256
"""Authors that one link may speak for; further proofs are a flood."""


class HelloSigner(Protocol):
    """What HELLO needs of a `signing.Signer`."""

    public_key: AuthorKey

    def sign(self, prefix: bytes, data: bytes) -> bytes:
        """Sign prefix + data."""
        ...


def statement(
    network: bytes, prover: str, verifier: str, prover_nonce: bytes, verifier_nonce: bytes
) -> bytes:
    """The bytes that an author signs (behind the prefix `grapevine/hello/1\\0`)."""
    return msgspec.msgpack.encode((network, prover, verifier, prover_nonce, verifier_nonce))


class Session:
    """One link's handshake. Holds at most `AUTHORS_PER_LINK_MAX` proved authors."""

    def __init__(self, network: bytes, my_peer_id: str, peer_id: str, rng: Random) -> None:
        self._network = network
        self._me = my_peer_id
        self._peer = peer_id
        self._nonce = rng.randbytes(NONCE_BYTES)
        self._their_nonce: bytes | None = None
        self._told: dict[AuthorKey, None] = {}
        self.open = False
        """Whether the partner's Hello has been accepted."""
        self.authors: dict[AuthorKey, None] = {}
        """Proved, in the order of the proofs."""

    def hello(self) -> Hello:
        """Our first frame."""
        return Hello(GOSSIP_VERSION, self._network, self._nonce)

    def refusal(self, theirs: Hello) -> str | None:
        """Why we cannot talk, for people; None when we can."""
        if theirs.version != GOSSIP_VERSION:
            return f"gossip version {theirs.version} is not spoken here, only {GOSSIP_VERSION}"
        if theirs.network != self._network:
            return f"other network: {theirs.network.hex()}, here {self._network.hex()}"
        return None

    def accept(self, theirs: Hello) -> None:
        """The partner's Hello is good: the session is open."""
        self._their_nonce, self.open = theirs.nonce, True

    def prove(self, signers: Iterable[HelloSigner]) -> list[Proofs]:
        """Proofs for those not proved yet on this link, while there is room; 30 µs each."""
        new = [signer for signer in signers if signer.public_key not in self._told]
        if self._their_nonce is None or not new:
            return []
        data = statement(self._network, self._me, self._peer, self._nonce, self._their_nonce)
        proofs: list[AuthorProof] = []
        for signer in new[: AUTHORS_PER_LINK_MAX - len(self._told)]:
            self._told[signer.public_key] = None
            proofs.append(AuthorProof(signer.public_key, signer.sign(HELLO, data)))
        return [
            Proofs(proofs[i : i + PROOFS_PER_FRAME_MAX])
            for i in range(0, len(proofs), PROOFS_PER_FRAME_MAX)
        ]

    def check(self, proof: AuthorProof) -> bool:
        """Whether the proof holds for this very session; 80 µs."""
        if self._their_nonce is None:
            return False
        data = statement(self._network, self._peer, self._me, self._their_nonce, self._nonce)
        return verify_signature(HELLO, data, proof.signature, proof.author)
