"""HELLO: a proof holds between these two, now, and nowhere else."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.messages import PROOFS_PER_FRAME_MAX, AuthorProof, Hello, Proofs
from protocol.session import AUTHORS_PER_LINK_MAX, Session, statement
from protocol.signing import BUNDLE, HELLO
from tests.protocol.gossip_world import NETWORK, signer_of
from tests.protocol.strategies import examples

ALICE = signer_of(1)


def pair(seed: int = 1, *, names: tuple[str, str] = ("a", "b"), network: bytes = NETWORK):
    """Two ends of one link, both open."""
    ends = (
        Session(network, names[0], names[1], Random(f"{seed}/0")),
        Session(network, names[1], names[0], Random(f"{seed}/1")),
    )
    ends[0].accept(ends[1].hello())
    ends[1].accept(ends[0].hello())
    return ends


def proof_of(session: Session) -> AuthorProof:
    ((proof,),) = [each.proofs for each in session.prove([ALICE])]
    return proof


def test_a_proof_convinces_the_other_end():
    prover, verifier = pair()
    assert verifier.check(proof_of(prover))


def test_a_proof_is_worth_nothing_anywhere_else():
    prover, _ = pair()
    proof = proof_of(prover)
    assert not prover.check(proof), "reflected"
    assert not pair(2)[1].check(proof), "replayed on a later link"
    assert not pair(1, names=("a", "c"))[1].check(proof), "shown to another verifier"
    assert not pair(1, names=("m", "b"))[1].check(proof), "passed on by a man in the middle"
    assert not pair(1, network=b"other")[1].check(proof), "in another network"


@examples(60)
@given(st.integers(0, 95), st.integers(1, 255))
def test_an_altered_proof_is_worth_nothing(at: int, change: int):
    prover, verifier = pair()
    proof = proof_of(prover)
    data = bytearray(proof.author + proof.signature)
    data[at] ^= change
    assert not verifier.check(AuthorProof(bytes(data[:32]), bytes(data[32:])))


def test_a_signature_of_another_kind_is_no_proof():
    prover, verifier = pair()
    nonces = (prover.hello().nonce, verifier.hello().nonce)
    data = statement(NETWORK, "a", "b", *nonces)
    assert verifier.check(AuthorProof(ALICE.public_key, ALICE.sign(HELLO, data)))
    assert not verifier.check(AuthorProof(ALICE.public_key, ALICE.sign(BUNDLE, data)))


def test_statements_cannot_be_read_in_two_ways():
    nonce = bytes(32)
    made = [
        statement(NETWORK, "ab", "c", nonce, nonce),
        statement(NETWORK, "a", "bc", nonce, nonce),
        statement(NETWORK + b"a", "b", "c", nonce, nonce),
    ]
    assert len(dict.fromkeys(made)) == 3


def test_nothing_is_proved_or_believed_before_hello():
    session = Session(NETWORK, "a", "b", Random(1))
    assert not session.open
    assert session.prove([ALICE]) == []
    assert not session.check(proof_of(pair()[0]))


@pytest.mark.parametrize(
    ("hello", "word"),
    [
        (Hello(2, NETWORK, bytes(32)), "version 2"),
        (Hello(1, b"other", bytes(32)), "other network"),
        (Hello(1, NETWORK, bytes(32)), None),
    ],
)
def test_with_whom_we_cannot_talk(hello: Hello, word: str | None):
    reason = Session(NETWORK, "a", "b", Random(1)).refusal(hello)
    assert (reason is None) if word is None else (reason is not None and word in reason)


def test_each_author_is_proved_once_and_only_so_many():
    prover, _ = pair()
    signers = [signer_of(number) for number in range(1, AUTHORS_PER_LINK_MAX + 20)]
    frames: list[Proofs] = prover.prove(signers[:10])
    frames += prover.prove(signers)
    frames += prover.prove(signers)
    authors = [proof.author for frame in frames for proof in frame.proofs]
    assert authors == [signer.public_key for signer in signers[:AUTHORS_PER_LINK_MAX]]
    assert all(len(frame.proofs) <= PROOFS_PER_FRAME_MAX for frame in frames)


def test_nonces_are_fresh():
    rng = Random(1)
    nonces = [Session(NETWORK, "a", "b", rng).hello().nonce for _ in range(20)]
    assert len(dict.fromkeys(nonces)) == 20
    assert all(len(nonce) == 32 for nonce in nonces)
