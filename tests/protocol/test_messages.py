"""Frames: schema and codec of gossip messages."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import messages as m
from protocol.errors import Offence, RemoteProtocolError, UnknownVersion
from protocol.limits import FRAME_BYTES_MAX
from tests.protocol.strategies import examples, messages, mutated

pack = msgspec.msgpack.encode


@examples(200)
@given(messages)
def test_round_trip(message: m.Message):
    frame = m.encode_frame(message)
    assert m.decode_frame(frame) == message
    assert m.encode_frame(m.decode_frame(frame)) == frame


@examples(400)
@given(st.one_of(st.binary(max_size=100), mutated(messages.map(m.encode_frame))))
def test_no_bytes_raise_anything_else(frame: bytes):
    try:
        m.decode_frame(frame)
    except (RemoteProtocolError, UnknownVersion, m.UnknownMessage):
        return


@examples(50)
@given(messages, st.lists(st.one_of(st.none(), st.text(), st.integers(0, 9)), min_size=1))
def test_fields_of_later_versions_are_ignored(message: m.Message, later):
    fields = msgspec.msgpack.decode(m.encode_frame(message), type=list[msgspec.Raw])
    assert m.decode_frame(pack([*fields, *later])) == message


@pytest.mark.parametrize("kind", [0, -1, 12, 255, 2**63])
def test_message_types_of_later_versions_are_told_apart(kind: int):
    for fields in ([kind], [kind, "x"], [kind, {}, [1]]):
        with pytest.raises(m.UnknownMessage):
            m.decode_frame(pack(fields))


@pytest.mark.parametrize("fields", [[1, 2], [1, 0, "x"], [1, 2, b"n", bytes(32)], [1, -1, 7]])
def test_a_hello_of_another_version_is_nobodys_fault(fields):
    if fields == [1, 2, b"n", bytes(32)]:
        assert m.decode_frame(pack(fields)).version == 2  # the session refuses it
        return
    with pytest.raises(UnknownVersion):
        m.decode_frame(pack(fields))


def test_the_length_is_checked_first():
    frame = m.encode_frame(m.Push([bytes(FRAME_BYTES_MAX - 6)]))
    assert len(frame) == FRAME_BYTES_MAX
    m.decode_frame(frame)
    with pytest.raises(RemoteProtocolError) as caught:
        m.decode_frame(bytes(FRAME_BYTES_MAX + 1))
    assert caught.value.offence is Offence.OVERSIZE


CAPS = {
    "proofs": (m.PROOFS_PER_FRAME_MAX, lambda n: [2, [[bytes(32), bytes(64)]] * n]),
    "names": (m.NAMED_PER_FRAME_MAX, lambda n: [4, [[0, bytes(32), bytes(8), 0]] * n, [], True]),
    "heads": (m.HEADS_PER_FRAME_MAX, lambda n: [4, [], [[0, 1, 1, bytes(8)]] * n, True]),
    "prints": (m.RANGES_PER_FRAME_MAX, lambda n: [5, [], [[b"", b"", 0, bytes(8)]] * n, [], True]),
    "lists": (m.RANGES_PER_FRAME_MAX, lambda n: [5, [], [], [[b"", b"", [], True]] * n, True]),
    "wants": (
        m.WANTS_PER_FRAME_MAX,
        lambda n: [6, [[0, bytes(32), bytes(8), 0, 1, 1, 1, True]] * n],
    ),
    "parts": (m.PARTS_PER_FRAME_MAX, lambda n: [7, [[0, [], True]] * n]),
    "bundles": (m.BUNDLES_PER_PART_MAX, lambda n: [7, [[0, [b""] * n, True]]]),
    "pushed": (m.PUSHED_PER_FRAME_MAX, lambda n: [8, [b""] * n]),
    "evidence": (m.EVIDENCE_PER_FRAME_MAX, lambda n: [9, [b""] * n]),
    "evidence bytes": (m.EVIDENCE_BYTES_MAX, lambda n: [9, [bytes(n)]]),
    "sought": (m.SOUGHT_PER_FRAME_MAX, lambda n: [10, [bytes(32)] * n]),
    "addresses": (16, lambda n: [11, ["/"] * n, True]),
    "address": (256, lambda n: [11, ["/" * n], True]),
    "handle": (m.HANDLES_MAX - 1, lambda n: [4, [[n, bytes(32), bytes(8), 0]], [], True]),
    "bound": (m.FEED_KEY_BYTES, lambda n: [5, [], [[b"", bytes(n), 0, bytes(8)]], [], True]),
    "nonce": (m.NONCE_BYTES, lambda n: [1, 1, b"n", bytes(n)]),
    "reason": (200, lambda n: [3, "x" * n]),
}


@pytest.mark.parametrize("what", CAPS)
def test_a_cap_is_inclusive(what: str):
    cap, fields = CAPS[what]
    m.decode_frame(pack(fields(cap)))
    with pytest.raises(RemoteProtocolError) as caught:
        m.decode_frame(pack(fields(cap + 1)))
    assert caught.value.offence is Offence.MALFORMED
