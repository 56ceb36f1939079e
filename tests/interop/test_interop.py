"""A reader and a writer made from SPEC.md alone agree with the golden vectors, byte for byte."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from tests.interop import sayings, talk
from tests.interop.schema import Refused

HERE = Path(__file__).parent
VECTORS = HERE.parent / "protocol" / "vectors"
OURS = ("node", "protocol", "ranking", "sim", "trust")
NETWORK = b"vectors"


def load(stem: str) -> list[dict[str, Any]]:
    return json.loads((VECTORS / f"{stem}.json").read_text("utf-8"))


def each(stem: str, name: str = "name") -> Any:
    found = load(stem)
    ids = [str(vector.get(name, number)) for number, vector in enumerate(found)]
    return pytest.mark.parametrize("vector", found, ids=ids)


def raw(text: str) -> bytes:
    return bytes.fromhex(text)


def plain(value: Any) -> Any:
    """A vector's value with byte strings in place of their hex."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        if list(value) == ["hex"]:
            return raw(value["hex"])
        return {name: plain(one) for name, one in value.items()}
    return value


def imported(source: str) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return names


def test_nothing_of_ours_is_imported():
    files = sorted(HERE.glob("*.py"))
    assert len(files) >= 4
    for file in files:
        for name in imported(file.read_text("utf-8")):
            top, _, rest = name.partition(".")
            assert top not in OURS, f"{file.name} imports {name}"
            assert top != "tests" or rest.startswith("interop"), f"{file.name} imports {name}"


def test_the_import_scan_finds_what_it_is_for():
    assert imported("from protocol.bundle import x") == ["protocol.bundle"]
    assert imported("def f():\n    import node.errors as e") == ["node.errors"]


@each("keys", "author")
def test_key(vector):
    seed, data = raw(vector["seed"]), raw(vector["signed"])
    assert sayings.public_key(seed) == raw(vector["author"])
    assert sayings.sign(seed, data) == raw(vector["signature"])
    assert sayings.signed(raw(vector["author"]), raw(vector["signature"]), data)


@each("claims")
def test_claims(vector):
    found = sayings.read_claims(raw(vector["bytes"]), vector["lane"])
    assert found == plain(vector["claims"])
    if vector["rewritten"]:
        assert sayings.write_claims(found) == raw(vector["bytes"])


@each("bundles")
def test_bundle(vector):
    wire = raw(vector["wire"])
    found = sayings.read_bundle(wire)
    header = plain(vector["header"])
    assert {name: found[name] for name in header} == header
    assert found["id"] == raw(vector["id"])
    if found["claims"] is None:
        full = next(v for v in load("bundles") if v["id"] == vector["id"] and v["claims_bytes"])
        assert sayings.bare(raw(full["wire"])) == wire
        return
    again = sayings.write_bundle(
        raw(vector["seed"]),
        found["claims"],
        **{
            name: found[name]
            for name in ("network", "device", "lane", "seq", "time", "prev", "floor")
        },
    )
    assert again == wire


def test_the_chain_holds():
    feed = [v for v in load("bundles") if v["name"].startswith("of a feed")]
    found = [sayings.read_bundle(raw(vector["wire"])) for vector in feed]
    assert found[0]["prev"] == sayings.NO_BUNDLE
    assert [one["id"] for one in found[:-1]] == [one["prev"] for one in found[1:]]
    assert [one["seq"] for one in found] == [1, 2, 4, 5, 6]


@each("proofs")
def test_proof(vector):
    assert sayings.read_proof(raw(vector["proof"]), NETWORK) == raw(vector["author"])
    wires = [raw(wire) for wire in vector["wires"]]
    assert sayings.write_proof(wires) == sayings.write_proof(wires[::-1]) == raw(vector["proof"])


@each("messages")
def test_message(vector):
    message = talk.read_frame(raw(vector["frame"]))
    assert message == plain(vector["message"])
    assert talk.write_frame(message) == raw(vector["frame"])


@each("hello", "prover")
def test_hello(vector):
    data = talk.statement(
        raw(vector["network"]),
        vector["prover"],
        vector["verifier"],
        raw(vector["prover_nonce"]),
        raw(vector["verifier_nonce"]),
    )
    assert data == raw(vector["statement"])
    hello = {"type": "Hello", "version": 1, "network": raw(vector["network"])}
    frame = talk.write_frame({**hello, "nonce": raw(vector["prover_nonce"])})
    assert frame == raw(vector["hello"])
    seeds = [raw(seed) for seed in vector["seeds"]]
    message = talk.read_frame(raw(vector["proofs"]))
    assert talk.prove(seeds, data) == message
    assert talk.proved(message, data) == [sayings.public_key(seed) for seed in seeds]
    with pytest.raises(Refused, match="bad_signature"):
        talk.proved(message, data + b"\0")


def test_fingerprints():
    prints = []
    for vector in load("fingerprints"):
        key = talk.feed_key(raw(vector["author"]), raw(vector["device"]), vector["lane"])
        prints.append(talk.fingerprint(key, vector["hi"], raw(vector["tag"])))
        assert prints[-1].to_bytes(8, "big") == raw(vector["fingerprint"])
        assert talk.range_digest(prints) == raw(vector["digest_so_far"])


@each("ids", "id")
def test_id(vector):
    author, addresses = sayings.read_id(vector["id"])
    assert (author, addresses) == (raw(vector["author"]), vector["addresses"])
    assert sayings.write_id(author, addresses) == vector["id"]


def read(vector: dict[str, Any]) -> None:
    """Read what the vector holds; raises when it must be refused."""
    match vector["kind"]:
        case "claims":
            sayings.read_claims(raw(vector["bytes"]), vector["lane"])
        case "bundle":
            sayings.read_bundle(raw(vector["bytes"]))
        case "frame":
            talk.read_frame(raw(vector["bytes"]))
        case "proof":
            network = raw(vector["network"]) if "network" in vector else NETWORK
            sayings.read_proof(raw(vector["bytes"]), network)
        case "id":
            sayings.read_id(vector["text"])


@each("invalid", "reason")
def test_invalid(vector):
    with pytest.raises(Refused) as caught:
        read(vector)
    assert caught.value.offence == vector["offence"]


def test_frames_on_a_stream():
    frames = [raw(vector["frame"]) for vector in load("messages")]
    stream = talk.join(frames)
    for cut in (1, 3, 1_000, len(stream)):
        splitter = talk.Splitter()
        pieces = [stream[at : at + cut] for at in range(0, len(stream), cut)]
        assert [frame for piece in pieces for frame in splitter.feed(piece)] == frames
    with pytest.raises(Refused):
        list(talk.Splitter().feed((65_537).to_bytes(4, "big")))
    with pytest.raises(Refused):
        list(talk.Splitter().feed(bytes(4)))
