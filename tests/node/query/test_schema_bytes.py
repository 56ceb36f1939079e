"""Whatever bytes come instead of a request or an answer, only `QueryError` leaves the decoders."""

import contextlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from node.query.schema import (
    QueryError,
    Request,
    decode_request,
    decode_response,
    encode_request,
    encode_result,
)

VALID = (
    encode_request(Request(7, "search", {"words": ["wörter", "b"]})),
    encode_result(7, {"items": [{"title": "ü", "score": 0.5}]}, ("warned",)),
)
NOT_UTF_8 = b"\x82\xa2id\x01\xa6m\xf7thod\xa1x"


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(1, 4))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data)


@settings(max_examples=400, deadline=None)
@example(NOT_UTF_8)
@example(b"\x91" * 60_000)
@given(st.one_of(st.binary(max_size=200), damaged()))
def test_only_query_errors(data: bytes) -> None:
    with contextlib.suppress(QueryError):
        assert isinstance(decode_request(data), Request)
    with contextlib.suppress(QueryError):
        decode_response(data)


def test_text_that_is_none_is_no_query() -> None:
    with pytest.raises(QueryError):
        decode_request(NOT_UTF_8)
