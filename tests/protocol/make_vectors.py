"""Golden vectors of SPEC.md: `python -m tests.protocol.make_vectors` writes `vectors/*.json`.

Everything comes from fixed seeds, so that a second run changes nothing. Byte strings stand as
`{"hex": ...}`; structures as objects with the names of SPEC.md's fields.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from node.id_string import format_id
from protocol import claims as c
from protocol import messages as m
from protocol.bundle import Bundle, sign_bundle
from protocol.forks import encode_proof
from protocol.heads import feed_key, head_print, tag_of
from protocol.ids import NO_BUNDLE, AuthorKey, BundleId, DeviceId, FeedId, Lane
from protocol.session import statement
from protocol.signing import HELLO, Signer
from tests.protocol.make_invalid import invalid

FOLDER = Path(__file__).parent / "vectors"
NETWORK = b"vectors"
TIME = 1_700_000_000
SEEDS = tuple(bytes([number]) * 32 for number in (1, 2, 3))
ALICE, BOB, CAROL = map(Signer, SEEDS)
DEVICE = DeviceId(bytes(range(8)))
PEERS = (
    "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5",
    "12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq",
)

CLAIMS: dict[str, tuple[Lane, list[c.Claim]]] = {
    "none": (Lane.TASTE, []),
    "interaction": (Lane.TASTE, [c.Interaction("mbid:8f3471b5", 1, 100, 19_675)]),
    "interaction extremes": (
        Lane.TASTE,
        [c.Interaction("a:" + "b" * 126, 255, -100, 65_535), c.Interaction("ü:ß", 0, 0, 0)],
    ),
    "vouch": (Lane.VOUCHES, [c.Vouch(BOB.public_key, 80), c.Vouch(CAROL.public_key, -20)]),
    "item info": (
        Lane.TASTE,
        [
            c.ItemInfo("ml:movie:50", "The Usual Suspects", ("crime", "thriller"), "B. Singer"),
            c.ItemInfo("text:x", "t", (), ""),
        ],
    ),
    "click": (Lane.CLICKS, [c.Click(("blue", "note"), "mbid:8f3471b5", 1_000)]),
    "retract": (Lane.TASTE, [c.Retract(1), c.Retract(2**32 - 1)]),
    "endpoint": (Lane.IDENTITY, [c.Endpoint(("/ip4/192.0.2.7/tcp/4001/p2p/" + PEERS[0],))]),
    "endpoint withdrawn": (Lane.IDENTITY, [c.Endpoint(())]),
    "unknown kind": (
        Lane.CLICKS,
        [c.UnknownClaim(7, msgspec.msgpack.encode((7, "later", {"any": [None, 1.5]})))],
    ),
}

READ_ONLY_CLAIMS: dict[str, tuple[Lane, str]] = {
    # well-formed, but not what a writer of this version makes: trailing fields, longer integers
    "trailing field": (Lane.TASTE, "919601a3613a6200010001"),
    "wide integers": (Lane.TASTE, "dd000000019501a3613a62cc01d100640c"),
    "item info without defaults": (Lane.TASTE, "919303a3613a62a174"),
}


def as_json(value: Any) -> Any:
    """Structures to objects, byte strings to hex."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, list | tuple):
        return [as_json(each) for each in value]
    if isinstance(value, c.UnknownClaim):
        return {"kind": value.kind, "raw": as_json(value.raw)}
    if isinstance(value, msgspec.Struct):
        named = {name: as_json(getattr(value, name)) for name in value.__struct_fields__}
        if isinstance(value, c.KnownClaim):
            return {"kind": value.__struct_config__.tag, **named}
        if isinstance(value, m.Message):
            return {"type": type(value).__name__, **named}
        return named
    return value


def keys() -> list[dict[str, Any]]:
    message = b"grapevine"
    return [
        {
            "seed": seed.hex(),
            "author": Signer(seed).public_key.hex(),
            "signed": (b"prefix\0" + message).hex(),
            "signature": Signer(seed).sign(b"prefix\0", message).hex(),
        }
        for seed in SEEDS
    ]


def claims() -> list[dict[str, Any]]:
    written = [
        {
            "name": name,
            "lane": int(lane),
            "claims": as_json(said),
            "bytes": c.encode_claims(said).hex(),
            "rewritten": True,
        }
        for name, (lane, said) in CLAIMS.items()
    ]
    read = [
        {
            "name": name,
            "lane": int(lane),
            "claims": as_json(c.decode_claims(bytes.fromhex(data), lane)),
            "bytes": data,
            "rewritten": False,
        }
        for name, (lane, data) in READ_ONLY_CLAIMS.items()
    ]
    return written + read


def chain(
    said: Iterable[list[c.Claim]], *, lane: Lane = Lane.TASTE, signer: Signer = ALICE
) -> list[Bundle]:
    """A feed of one bundle for each list of claims; seq 1, 2, 4, 5, ... (a gap after 2)."""
    made: list[Bundle] = []
    prev: BundleId = NO_BUNDLE
    feed = FeedId(AuthorKey(signer.public_key), DEVICE, lane)
    for number, each in enumerate(said, 1):
        seq = number if number < 3 else number + 1
        bundle = sign_bundle(
            signer, feed, each, network=NETWORK, seq=seq, time=TIME + seq, prev=prev, floor=seq // 5
        )
        made.append(bundle)
        prev = bundle.id
    return made


def bundle_json(name: str, bundle: Bundle, seed: bytes) -> dict[str, Any]:
    header = {field: as_json(getattr(bundle.header, field)) for field in HEADER_FIELDS}
    return {
        "name": name,
        "seed": seed.hex(),
        "header": header,
        "header_bytes": bundle.header_bytes.hex(),
        "claims_bytes": None if bundle.claims_bytes is None else bundle.claims_bytes.hex(),
        "id": bundle.id.hex(),
        "signature": bundle.signature.hex(),
        "wire": bundle.wire().hex(),
    }


HEADER_FIELDS = (
    "network", "author", "device", "lane", "seq", "prev", "floor", "time", "claims_hash",
    "claims_len",
)  # fmt: skip


def bundles() -> list[dict[str, Any]]:
    made = [
        bundle_json(f"of claims: {name}", chain([said], lane=lane)[0], SEEDS[0])
        for name, (lane, said) in CLAIMS.items()
    ]
    likes = [[c.Interaction(f"a:{n}", 0, 10 * n, n)] for n in range(1, 5)]
    feed = chain([*likes, [c.Retract(2)]])
    made += [bundle_json(f"of a feed: seq {b.seq}", b, SEEDS[0]) for b in feed]
    made.append(bundle_json("voided: seq 2 without its claims", feed[1].bare(), SEEDS[0]))
    return made


def fork() -> tuple[Bundle, Bundle, Bundle]:
    """Two bundles with one seq, and a third with the same prev as the second."""
    feed = FeedId(AuthorKey(BOB.public_key), DEVICE, Lane.TASTE)
    said = [c.Interaction("a:b", 0, weight, 1) for weight in (10, 20, 30)]
    first, second = (
        sign_bundle(BOB, feed, [claim], network=NETWORK, seq=1, time=TIME) for claim in said[:2]
    )
    third = sign_bundle(BOB, feed, [said[2]], network=NETWORK, seq=2, time=TIME)
    return first, second, third


def proofs() -> list[dict[str, Any]]:
    first, second, third = fork()
    return [
        {
            "name": name,
            "author": BOB.public_key.hex(),
            "wires": [one.wire().hex(), other.wire().hex()],
            "proof": encode_proof(one, other).hex(),
        }
        for name, one, other in (("same seq", first, second), ("same prev", second, third))
    ]


def messages() -> list[dict[str, Any]]:
    feed = chain([[c.Interaction("a:b", 0, 10, 1)], [c.Interaction("a:c", 0, 10, 1)]])
    first, second = feed
    named = m.Named(0, first.header.author, DEVICE, 2)
    head = m.Head(0, 1, 2, tag_of(second.id))
    part = m.RangePrint(b"", feed_key(first.feed), 0, bytes(8))
    listed = m.RangeList(feed_key(first.feed), b"", [head], True)
    want = m.Want(2**32 - 1, first.header.author, DEVICE, 2, 1, 2**32 - 1, 2**31 - 1, True)
    proof = m.AuthorProof(ALICE.public_key, bytes(64))
    evidence = [bytes.fromhex(each["proof"]) for each in proofs()]
    address = "/dns4/home.example/tcp/4001/p2p/" + PEERS[0]
    made: list[m.Message] = [
        m.Hello(1, NETWORK, bytes(range(32))),
        m.Proofs([proof]),
        m.Refused("another network, sorry: ü"),
        m.Heads([named], [head], True),
        m.Heads([], [], False),
        m.Ranges([named], [part], [listed], True),
        m.Wants([want]),
        m.Data([m.Part(7, [first.wire(), second.bare().wire()], False), m.Part(8, [], True)]),
        m.Push([second.bare().wire()]),
        m.Evidence(evidence),
        m.Seek([BOB.public_key, CAROL.public_key]),
        m.Peers([address], True),
    ]
    return [{"message": as_json(each), "frame": m.encode_frame(each).hex()} for each in made]


def hello() -> list[dict[str, Any]]:
    """A handshake in which the first peer proves two authors to the second, which proves one."""
    nonces = (bytes(range(32)), bytes(range(100, 132)))
    made = []
    for prover, authors in ((0, (ALICE, BOB)), (1, (CAROL,))):
        verifier = 1 - prover
        data = statement(NETWORK, PEERS[prover], PEERS[verifier], nonces[prover], nonces[verifier])
        signed = [m.AuthorProof(a.public_key, a.sign(HELLO, data)) for a in authors]
        seeds = SEEDS[:2] if prover == 0 else SEEDS[2:]
        made.append(
            {
                "network": NETWORK.hex(),
                "prover": PEERS[prover],
                "verifier": PEERS[verifier],
                "prover_nonce": nonces[prover].hex(),
                "verifier_nonce": nonces[verifier].hex(),
                "seeds": [seed.hex() for seed in seeds],
                "statement": data.hex(),
                "hello": m.encode_frame(m.Hello(1, NETWORK, nonces[prover])).hex(),
                "proofs": m.encode_frame(m.Proofs(signed)).hex(),
            }
        )
    return made


def fingerprints() -> list[dict[str, Any]]:
    made = []
    total = 0
    for number, signer in enumerate((ALICE, BOB, CAROL), 1):
        feed = FeedId(AuthorKey(signer.public_key), DEVICE, Lane(number))
        tag = bytes([number]) * 8
        value = head_print(feed_key(feed), number * 1_000, tag)
        total = (total + value) % 2**64
        made.append(
            {
                "author": signer.public_key.hex(),
                "device": DEVICE.hex(),
                "lane": number,
                "hi": number * 1_000,
                "tag": tag.hex(),
                "fingerprint": value.to_bytes(8, "big").hex(),
                "digest_so_far": total.to_bytes(8, "big").hex(),
            }
        )
    return made


def ids() -> list[dict[str, Any]]:
    addresses = (f"/ip4/192.0.2.7/tcp/4001/p2p/{PEERS[0]}", "/dns4/home.example/tcp/1")
    return [
        {
            "author": ALICE.public_key.hex(),
            "addresses": list(some),
            "id": format_id(AuthorKey(ALICE.public_key), some),
        }
        for some in ((), addresses[:1], addresses)
    ]


def vectors() -> dict[str, list[dict[str, Any]]]:
    """File stem -> its vectors."""
    feed = chain([[c.Interaction("a:b", 0, 10, 1)], [c.Interaction("a:c", 0, 10, 1)]])
    return {
        "keys": keys(),
        "claims": claims(),
        "bundles": bundles(),
        "proofs": proofs(),
        "messages": messages(),
        "hello": hello(),
        "fingerprints": fingerprints(),
        "ids": ids(),
        "invalid": invalid(feed, fork(), ALICE, ids()[2]["id"]),
    }


def text_of(made: list[dict[str, Any]]) -> str:
    """The file's text: one vector a line, so that a diff shows which one changed."""
    lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in made)
    return f"[\n{lines}\n]\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for stem, made in vectors().items():
        (FOLDER / f"{stem}.json").write_text(text_of(made), "utf-8")
