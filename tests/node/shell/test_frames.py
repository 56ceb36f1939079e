"""Frames survive any cut of the stream; a wrong length is found before anything is kept."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.shell.frames import (
    LENGTH_BYTES,
    BadFrame,
    FrameSplitter,
    check_frame,
    join_frames,
)
from node.shell.network import FRAME_BYTES_MAX, FrameTooLong

MAX = 64

frames_ = st.lists(st.binary(min_size=1, max_size=MAX), max_size=12)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in pairwise(edges)]


@given(frames_, st.lists(st.integers(min_value=0), max_size=12))
def test_any_cut_gives_the_same_frames(frames: list[bytes], places: list[int]):
    splitter = FrameSplitter(MAX)
    got = [frame for piece in cut(join_frames(frames), places) for frame in splitter.feed(piece)]
    assert got == frames
    assert not splitter.unfinished


@given(frames_, st.binary(min_size=1, max_size=MAX), st.data())
def test_an_unfinished_frame_is_known_as_such(
    frames: list[bytes], last: bytes, data: st.DataObject
):
    whole = join_frames([*frames, last])
    cut_off = data.draw(st.integers(1, LENGTH_BYTES + len(last) - 1))
    splitter = FrameSplitter(MAX)
    assert splitter.feed(whole[:-cut_off]) == frames
    assert splitter.unfinished
    assert splitter.feed(whole[-cut_off:]) == [last]


@given(st.binary(max_size=400))
def test_any_bytes_give_frames_within_the_limit_or_bad_frame(data: bytes):
    splitter = FrameSplitter(MAX)
    try:
        frames = splitter.feed(data)
    except BadFrame:
        return
    assert all(0 < len(frame) <= MAX for frame in frames)
    assert len(splitter._partial) < LENGTH_BYTES + MAX


@pytest.mark.parametrize("size", [0, MAX + 1, 2**32 - 1])
def test_a_wrong_length_is_refused_before_its_bytes_come(size: int):
    with pytest.raises(BadFrame, match=f"{size} bytes"):
        FrameSplitter(MAX).feed(size.to_bytes(LENGTH_BYTES, "big"))


def test_what_we_send_is_checked_as_well():
    for protocol, limit in FRAME_BYTES_MAX.items():
        check_frame(protocol, bytes(limit))
        with pytest.raises(FrameTooLong, match=protocol):
            check_frame(protocol, bytes(limit + 1))
        with pytest.raises(ValueError, match="empty"):
            check_frame(protocol, b"")
