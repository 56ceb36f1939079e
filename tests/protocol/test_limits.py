"""Every limit of SPEC.md's tables, filled to the brim and by one more; and how they fit together.

test_vectors.py compares the tables with our constants.
"""

from collections.abc import Callable

import msgspec
import pytest

from protocol import limits
from protocol import messages as m
from protocol.bundle import Bundle, decode_bundle, from_parts, sign_bundle
from protocol.claims import Retract, UnknownClaim, decode_claims
from protocol.errors import Offence, RemoteProtocolError
from protocol.events import Spoke
from protocol.feedtable import FeedConfig, FeedTable, Outcome
from protocol.fetch import FetchConfig
from protocol.forks import encode_proof
from protocol.heads import HEADS_PER_CHUNK
from protocol.ids import BundleId, DeviceId, FeedId, Lane
from protocol.rounds import HEADS_PER_LIST
from protocol.serve import READ_BYTES
from protocol.session import AUTHORS_PER_LINK_MAX, statement
from protocol.signing import HELLO
from tests.protocol.chains import bundle_of, chain
from tests.protocol.gossip_world import NETWORK, START, quiet_node, signer_of
from tests.protocol.puppet import Puppet
from tests.protocol.spec_tables import spec_table

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


# --- to the brim and one more --------------------------------------------------------------------
# Each function says whether something of that size is taken as it is. A limit "refused" by a reader
# refuses the bytes; at the others the surplus is not taken, and nobody is charged.


def taken(read: Callable[[], object]) -> bool:
    try:
        read()
    except RemoteProtocolError as error:
        return error.offence not in (Offence.MALFORMED, Offence.OVERSIZE)
    return True


def claim(*fields: object, lane: Lane = Lane.TASTE) -> bool:
    return taken(lambda: decode_claims(pack([fields]), lane))


def header(**changed: object) -> bool:
    fields: dict[str, object] = {
        "network": b"n", "author": bytes(32), "device": bytes(8), "lane": 2, "seq": limits.SEQ_MAX,
        "prev": bytes(32), "floor": 0, "time": 0, "claims_hash": bytes(32), "claims_len": 0,
    }  # fmt: skip
    return taken(lambda: from_parts(pack([*(fields | changed).values()]), bytes(64), None))


def frame(*fields: object) -> bool:
    return taken(lambda: m.decode_frame(pack(fields)))


def padded(fields: list[object], size: int) -> bytes:
    """The array with a filler behind it, that readers ignore, so that it has this many bytes."""
    spare = size - len(pack(fields))
    filler = next(f for n in (2, 3, 5) if len(f := bytes(spare - n)) >= 0 and len(pack(f)) == spare)
    data = pack([*fields, filler])
    assert len(data) == size
    return data


def table_of(bundles: list[Bundle]) -> tuple[FeedTable, list[Outcome]]:
    feeds = FeedTable()
    return feeds, [feeds.offer(bundle, now=START).outcome for bundle in bundles]


def devices(count: int) -> bool:
    _, outcomes = table_of([chain(1, device=n + 1)[0] for n in range(count)])
    return outcomes == [Outcome.ACCEPTED] * count


def parked(count: int) -> bool:
    bundles = chain(count + 2)
    feeds, _ = table_of([bundles[0], *bundles[2:]])
    return feeds.parked(bundles[0].feed) == count


def void_marks(count: int) -> bool:
    bundles = [*chain(1)]
    for seq in range(2, count + 2):
        said = [Retract(seq - 1)]
        bundles.append(bundle_of(bundles[0].feed, 1, seq, said, prev=bundles[-1].id))
    feeds, _ = table_of(bundles)
    return len(feeds.voided(bundles[0].feed)) == count


def future(seconds: int) -> bool:
    bundle = bundle_of(chain(1)[0].feed, 1, 1, [], time=START + seconds)
    return table_of([bundle])[1] == [Outcome.ACCEPTED]


def proved_authors(count: int) -> bool:
    world, node = quiet_node()
    speakers = [signer_of(1_000 + n) for n in range(count)]
    puppet = Puppet(world, node)
    data = statement(NETWORK, "peer-mallory", f"peer-{node.name}", puppet.session._nonce,
                     puppet.session._their_nonce or b"")  # fmt: skip
    proofs = [m.AuthorProof(s.public_key, s.sign(HELLO, data)) for s in speakers]
    for at in range(0, count, m.PROOFS_PER_FRAME_MAX):
        puppet.say(m.Proofs(proofs[at : at + m.PROOFS_PER_FRAME_MAX]))
    assert len(puppet.effects(Spoke)) == min(count, AUTHORS_PER_LINK_MAX)
    return puppet.charged == []


def version(number: int) -> bool:
    world, node = quiet_node()
    puppet = Puppet(world, node, greet=False)
    puppet.say(m.Hello(number, NETWORK, bytes(32)))
    assert puppet.charged == []
    return puppet.closed is None


INTERACTION = (1, "a:b", 0, 0, 0)
NAMED = (0, bytes(32), bytes(8), 2)
HEAD = (0, 1, 1, bytes(8))
PRINT = (b"", b"", 0, bytes(8))
LIST = (b"", b"", [], False)
WANT = (0, bytes(32), bytes(8), 2, 1, 1, 1, True)
PROOF = (bytes(32), bytes(64))

FILL: dict[str, Callable[[int], bool]] = {
    "FRAME_BYTES_MAX": lambda n: taken(lambda: m.decode_frame(padded([3, ""], n))),
    "CLAIMS_MAX": lambda n: taken(lambda: decode_claims(pack([INTERACTION] * n))),
    "CLAIMS_BYTES_MAX": lambda n: taken(lambda: decode_claims(pack([[7, bytes(n - 6)]]))),
    "HEADER_BYTES_MAX": lambda n: taken(lambda: from_parts(
        padded(list(msgspec.msgpack.decode(chain(1)[0].header_bytes)), n), bytes(64), None)),
    "BUNDLE_BYTES_MAX": lambda n: taken(lambda: decode_bundle(
        padded([1, chain(1)[0].header_bytes, bytes(64), None], n))),
    "NETWORK_BYTES_MAX": lambda n: header(network=bytes(n)) and frame(1, 1, bytes(n), bytes(32)),
    "ITEM_BYTES_MAX": lambda n: claim(1, "a:" + "b" * (n - 2), 0, 0, 0),
    "TITLE_BYTES_MAX": lambda n: claim(3, "a:b", "t" * n) and claim(3, "a:b", "t", [], "c" * n),
    "TAGS_MAX": lambda n: claim(3, "a:b", "t", ["tag"] * n),
    "TAG_BYTES_MAX": lambda n: claim(3, "a:b", "t", ["t" * n]),
    "TERMS_MAX": lambda n: claim(4, ["term"] * n, "a:b", 0, lane=Lane.CLICKS),
    "TERM_BYTES_MAX": lambda n: claim(4, ["t" * n], "a:b", 0, lane=Lane.CLICKS),
    "ADDRESSES_MAX": lambda n: claim(6, ["/a"] * n, lane=Lane.IDENTITY)
    and frame(11, ["/a"] * n, False),
    "ADDRESS_BYTES_MAX": lambda n: claim(6, ["a" * n], lane=Lane.IDENTITY)
    and frame(11, ["a" * n], False),
    "POSITION_MAX": lambda n: claim(4, ["t"], "a:b", n, lane=Lane.CLICKS),
    "DAY_MAX": lambda n: claim(1, "a:b", 0, 0, n),
    "SEQ_MAX": lambda n: header(seq=n) and claim(5, n) and frame(6, [(*WANT[:4], n, n, 1, True)]),
    "TIME_MAX": lambda n: header(time=n),
    "DEVICES_MAX": devices,
    "VOID_MARKS_MAX": void_marks,
    "PARKED_MAX": parked,
    "FUTURE_SECONDS_MAX": future,
    "GOSSIP_VERSION": version,
    "NONCE_BYTES": lambda n: frame(1, 1, b"n", bytes(n)),
    "PROOFS_PER_FRAME_MAX": lambda n: frame(2, [PROOF] * n),
    "AUTHORS_PER_LINK_MAX": proved_authors,
    "NAMED_PER_FRAME_MAX": lambda n: frame(4, [NAMED] * n, [], False)
    and frame(5, [NAMED] * n, [], [], False),
    "HEADS_PER_FRAME_MAX": lambda n: frame(4, [], [HEAD] * n, False)
    and frame(5, [], [], [(b"", b"", [HEAD] * n, False)], False),
    "RANGES_PER_FRAME_MAX": lambda n: frame(5, [], [PRINT] * n, [], False)
    and frame(5, [], [], [LIST] * n, False),
    "WANTS_PER_FRAME_MAX": lambda n: frame(6, [WANT] * n),
    "PARTS_PER_FRAME_MAX": lambda n: frame(7, [(0, [], True)] * n),
    "BUNDLES_PER_PART_MAX": lambda n: frame(7, [(0, [b""] * n, True)]),
    "PUSHED_PER_FRAME_MAX": lambda n: frame(8, [b""] * n),
    "EVIDENCE_PER_FRAME_MAX": lambda n: frame(9, [b""] * n),
    "EVIDENCE_BYTES_MAX": lambda n: frame(9, [bytes(n)]),
    "SOUGHT_PER_FRAME_MAX": lambda n: frame(10, [bytes(32)] * n),
    "HANDLES_MAX": lambda n: frame(4, [(n - 1, *NAMED[1:])], [], False),
    "FEED_KEY_BYTES": lambda n: frame(5, [], [(bytes(n), b"", 0, bytes(8))], [], False),
}  # fmt: skip

ELSEWHERE = {"VOUCHES_LIVE_MAX": "a rule of what is made of claims: tests/trust"}
LIMITS = [(name, int(cap)) for name, cap in spec_table("## 14. Limits") if name not in ELSEWHERE]


def test_every_limit_of_the_spec_is_filled_here():
    assert sorted([*FILL, *ELSEWHERE]) == sorted(name for name, _ in spec_table("## 14. Limits"))


@pytest.mark.parametrize(("name", "cap"), LIMITS)
def test_a_limit_holds_what_it_says_and_not_one_more(name: str, cap: int):
    assert FILL[name](cap), f"{name}: {cap} must be taken"
    assert not FILL[name](cap + 1), f"{name}: {cap} + 1 must not"
