"""Frames in any cut, sizes at the caps, and an exit code for every error."""

import contextlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.query.schema import (
    ANSWER_BYTES_MAX,
    EXIT_CODES,
    LENGTH_BYTES,
    REQUEST_BYTES_MAX,
    FrameDecoder,
    QueryError,
    Request,
    decode_request,
    decode_response,
    encode_error,
    encode_request,
    encode_result,
    frame,
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.binary(max_size=60), max_size=8),
    st.lists(st.integers(0, 600), max_size=12),
)
def test_frames_come_out_whole_however_they_are_cut(payloads, cuts):
    stream = b"".join(map(frame, payloads))
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    decoder, found = FrameDecoder(), []
    for start, end in pairwise(edges):
        found += decoder.feed(stream[start:end])
    assert found == payloads


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=10))
def test_whatever_arrives_the_decoder_yields_or_refuses(chunks):
    decoder = FrameDecoder(32)
    total = sum(map(len, chunks))
    taken = 0
    with contextlib.suppress(QueryError):
        for chunk in chunks:
            for payload in decoder.feed(chunk):
                taken += LENGTH_BYTES + len(payload)
                assert len(payload) <= 32
    assert taken <= total


@pytest.mark.parametrize("bytes_max", [0, 1, REQUEST_BYTES_MAX])
def test_a_frame_at_the_cap_passes_and_one_byte_more_is_refused_by_its_length(bytes_max):
    decoder = FrameDecoder(bytes_max)
    assert list(decoder.feed(frame(b"x" * bytes_max))) == [b"x" * bytes_max]
    length_alone = (bytes_max + 1).to_bytes(LENGTH_BYTES, "big")
    with pytest.raises(QueryError, match=f"a frame of {bytes_max + 1} bytes"):
        list(decoder.feed(length_alone))


def test_a_request_at_the_cap_is_sent_and_a_larger_one_is_not():
    def encode(text):
        return encode_request(Request(1, "like", {"item": text}))

    with pytest.raises(QueryError, match="a request of"):
        encode("x" * 70_000)
    size = REQUEST_BYTES_MAX - (len(encode("x" * 60_000)) - 60_000)
    assert len(encode("x" * size)) == REQUEST_BYTES_MAX
    with pytest.raises(QueryError) as no:
        encode("x" * (size + 1))
    assert no.value.code == "usage"
    assert list(FrameDecoder().feed(frame(encode("x" * size))))


def test_an_answer_at_the_cap_is_sent_and_a_larger_one_says_why_not():
    def encode(text):
        return encode_result(1, {"text": text}, ())

    size = ANSWER_BYTES_MAX - (len(encode("x" * 70_000)) - 70_000)
    assert decode_response(encode("x" * size))[1].data == {"text": "x" * size}
    with pytest.raises(QueryError, match="ask for less"):
        decode_response(encode("x" * (size + 1)))


DATA = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=6,
    ),
    max_size=4,
)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**63), st.text(max_size=20), DATA, st.lists(st.text(max_size=9)))
def test_requests_and_answers_come_back_as_they_were(number, method, data, warnings):
    request = Request(number, method, data)
    assert decode_request(encode_request(request)) == request
    answered, result = decode_response(encode_result(number, data, tuple(warnings)))
    assert (answered, result.data, result.warnings) == (number, data, tuple(warnings))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xc0",
        b"\x80",
        b"\x81\xa2id\x01",
        b"\x82\xa2id\xa1x\xa6method\xa1m",
        b"\x83\xa2id\x01\xa6method\xa1m\xa5extra\x01",
        b"\x82\xa2id\x01\xa6method\xa1m trailing",
    ],
)
def test_what_is_no_query_is_refused(payload):
    with pytest.raises(QueryError, match="not a query"):
        decode_request(payload)


def test_the_codes_and_their_exit_codes_are_the_documented_ones():
    assert EXIT_CODES == {
        "internal": 1, "usage": 2, "daemon_not_running": 3, "not_found": 4, "timeout": 5,
        "config": 6, "locked": 7, "not_allowed": 8, "version": 9, "degraded": 10,
        "partial": 12, "damaged": 13, "busy": 1, "unreachable": 5, "store": 1, "bad_answer": 1,
    }  # fmt: skip


@pytest.mark.parametrize("code", EXIT_CODES)
def test_every_error_arrives_with_its_exit_code(code):
    sent = QueryError(code, "what happened", "what to do", exit=99)
    with pytest.raises(QueryError) as error:
        decode_response(encode_error(3, sent))
    assert error.value.as_dict() == {
        "code": code,
        "exit": EXIT_CODES[code],
        "message": "what happened",
        "hint": "what to do",
    }


@pytest.mark.parametrize(("exit_code", "taken"), [(77, 77), (0, 1), (256, 1), (-3, 1)])
def test_an_unknown_error_brings_its_own_exit_code_if_it_is_one(exit_code, taken):
    with pytest.raises(QueryError) as error:
        decode_response(encode_error(3, QueryError("new", "what", exit=exit_code)))
    assert error.value.exit == taken


def test_a_failure_without_a_reason_is_a_failure():
    with pytest.raises(QueryError, match="without a reason"):
        decode_response(b"\x82\xa2id\x01\xa2ok\xc2")
