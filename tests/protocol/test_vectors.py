"""Our codec against the golden vectors, and SPEC.md's tables against the constants."""

import json
import re
from typing import Any

import pytest

from node.id_string import MalformedId, format_id, parse_id
from protocol import limits
from protocol import messages as m
from protocol.bundle import Bundle, decode_bundle, sign_bundle, verify
from protocol.claims import decode_claims, encode_claims
from protocol.config import GossipConfig, LinkConfig
from protocol.errors import Offence, ProtocolError, RemoteProtocolError, UnknownVersion
from protocol.fetch import FetchConfig
from protocol.forks import encode_proof, read_proof
from protocol.heads import feed_key, head_print
from protocol.ids import AuthorKey, DeviceId, FeedId, Lane
from protocol.session import AUTHORS_PER_LINK_MAX, Session, statement
from protocol.signing import HELLO, Signer, verify_signature
from tests.protocol.make_vectors import FOLDER, NETWORK, as_json, text_of, vectors
from tests.protocol.spec_tables import SPEC, spec_table


def load(stem: str) -> list[dict[str, Any]]:
    return json.loads((FOLDER / f"{stem}.json").read_text("utf-8"))


def each(stem: str, name: str = "name") -> Any:
    """Parametrise over a file's vectors, named by one of their fields."""
    found = load(stem)
    ids = [str(vector.get(name, number)) for number, vector in enumerate(found)]
    return pytest.mark.parametrize("vector", found, ids=ids)


def raw(text: str) -> bytes:
    return bytes.fromhex(text)


def test_the_files_are_what_their_script_writes():
    for stem, made in vectors().items():
        assert (FOLDER / f"{stem}.json").read_text("utf-8") == text_of(made), stem


@each("keys", "author")
def test_key(vector):
    signer = Signer(raw(vector["seed"]))
    assert signer.public_key == raw(vector["author"])
    data, signature = raw(vector["signed"]), raw(vector["signature"])
    assert signer.sign(b"", data) == signature
    assert verify_signature(b"", data, signature, signer.public_key)


@each("claims")
def test_claims(vector):
    found = decode_claims(raw(vector["bytes"]), Lane(vector["lane"]))
    assert as_json(found) == vector["claims"]
    assert (encode_claims(found) == raw(vector["bytes"])) is vector["rewritten"]


@each("bundles")
def test_bundle(vector):
    bundle = decode_bundle(raw(vector["wire"]))
    assert verify(bundle)
    assert bundle.id == raw(vector["id"])
    assert bundle.wire() == raw(vector["wire"])
    told = {name: as_json(getattr(bundle.header, name)) for name in vector["header"]}
    assert told == vector["header"]
    if bundle.claims_bytes is not None:
        assert again(bundle, raw(vector["seed"])).wire() == raw(vector["wire"])


def again(bundle: Bundle, seed: bytes) -> Bundle:
    header = bundle.header
    return sign_bundle(
        Signer(seed),
        bundle.feed,
        bundle.claims(),
        network=header.network,
        seq=header.seq,
        time=header.time,
        prev=header.prev,
        floor=header.floor,
    )


@each("proofs")
def test_proof(vector):
    one, other = (decode_bundle(raw(wire)) for wire in vector["wires"])
    assert encode_proof(one, other) == encode_proof(other, one) == raw(vector["proof"])
    convicted = read_proof(raw(vector["proof"]), network=NETWORK, verify=verify)
    assert convicted == raw(vector["author"])


@each("messages")
def test_message(vector):
    message = m.decode_frame(raw(vector["frame"]))
    assert as_json(message) == vector["message"]
    assert m.encode_frame(message) == raw(vector["frame"])


def test_every_message_type_has_a_vector():
    told = {vector["message"]["type"] for vector in load("messages")}
    assert told == {kind.__name__ for kind in m.Message.__args__}


class FixedNonce:
    """In place of a `Random`: the nonce of the vector."""

    def __init__(self, nonce: bytes) -> None:
        self._nonce = nonce

    def randbytes(self, count: int) -> bytes:
        assert count == len(self._nonce)
        return self._nonce


@each("hello", "prover")
def test_hello(vector):
    prover, verifier = (
        Session(raw(vector["network"]), vector[me], vector[peer], FixedNonce(raw(vector[nonce])))
        for me, peer, nonce in (
            ("prover", "verifier", "prover_nonce"),
            ("verifier", "prover", "verifier_nonce"),
        )
    )
    assert m.encode_frame(prover.hello()) == raw(vector["hello"])
    prover.accept(verifier.hello())
    verifier.accept(prover.hello())
    signers = [Signer(raw(seed)) for seed in vector["seeds"]]
    (proofs,) = prover.prove(signers)
    assert m.encode_frame(proofs) == raw(vector["proofs"])
    data = statement(
        raw(vector["network"]),
        vector["prover"],
        vector["verifier"],
        raw(vector["prover_nonce"]),
        raw(vector["verifier_nonce"]),
    )
    assert data == raw(vector["statement"])
    for proof in proofs.proofs:
        assert verify_signature(HELLO, data, proof.signature, proof.author)
        assert verifier.check(proof)
        assert not prover.check(proof)  # reflected


def test_fingerprints():
    total = 0
    for vector in load("fingerprints"):
        author, device = AuthorKey(raw(vector["author"])), DeviceId(raw(vector["device"]))
        key = feed_key(FeedId(author, device, Lane(vector["lane"])))
        value = head_print(key, vector["hi"], raw(vector["tag"]))
        total = (total + value) % 2**64
        assert value.to_bytes(8, "big") == raw(vector["fingerprint"])
        assert total.to_bytes(8, "big") == raw(vector["digest_so_far"])


@each("ids", "id")
def test_id(vector):
    parsed = parse_id(vector["id"])
    assert parsed.author == raw(vector["author"])
    assert list(parsed.addresses) == vector["addresses"]
    assert format_id(parsed.author, parsed.addresses) == vector["id"]


def read(vector: dict[str, Any]) -> None:
    """Read what the vector holds; raises when it must be refused."""
    match vector["kind"]:
        case "claims":
            decode_claims(raw(vector["bytes"]), Lane(vector["lane"]))
        case "bundle":
            bundle = decode_bundle(raw(vector["bytes"]))
            if not verify(bundle):
                raise RemoteProtocolError(Offence.BAD_SIGNATURE, "a forged bundle")
        case "frame":
            m.decode_frame(raw(vector["bytes"]))
        case "proof":
            network = raw(vector["network"]) if "network" in vector else NETWORK
            read_proof(raw(vector["bytes"]), network=network, verify=verify)
        case "id":
            parse_id(vector["text"])


@each("invalid", "reason")
def test_invalid(vector):
    with pytest.raises((ProtocolError, MalformedId)) as caught:
        read(vector)
    match caught.value:
        case UnknownVersion():
            assert vector["offence"] == "unknown_version"
        case m.UnknownMessage():
            assert vector["offence"] == "ignored"
        case RemoteProtocolError(offence=offence):
            assert vector["offence"] == offence
        case _:
            assert vector["kind"] == "id"


# --- SPEC.md's tables ----------------------------------------------------------------------------


def constants(module: Any) -> dict[str, int]:
    """Numbers of a module in capitals."""
    found = {k: v for k, v in vars(module).items() if k.isupper() and not k.startswith("_")}
    return {name: value for name, value in found.items() if isinstance(value, int)}


def test_every_limit_stands_in_the_spec():
    told = spec_table("## 14. Limits")
    assert len(told) == len(dict(told)), "a limit is listed twice"
    ours = constants(limits) | constants(m) | {"AUTHORS_PER_LINK_MAX": AUTHORS_PER_LINK_MAX}
    assert dict(told) == ours


def test_recommended_budgets_are_our_defaults():
    told = spec_table("### 11.5 Recommended budgets")
    configs = {type(config).__name__: config for config in CONFIGS}
    ours = [(name, getattr(configs[name.split(".")[0]], name.split(".")[1])) for name, _ in told]
    assert told == ours
    assert len(told) > 10


CONFIGS = (LinkConfig(), FetchConfig(), GossipConfig())


def test_every_offence_stands_in_the_spec():
    section = SPEC.read_text("utf-8").split("## 13. Offences")[1].split("## 14.")[0]
    told = re.findall(r"^\| ([a-z_]+) \| (?:yes|no) \|", section, flags=re.M)
    assert sorted(told) == sorted(Offence)
