"""Frames in a byte stream: a u32 big-endian length, then that many bytes."""

from node.shell.network import FRAME_BYTES_MAX, FrameTooLong, LinkProtocol

LENGTH_BYTES = 4


class BadFrame(Exception):
    """The peer announced a frame that its protocol does not allow; the stream is of no more use."""


class FrameSplitter:
    """Bytes in any cut to whole frames. Holds at most one unfinished frame of `frame_bytes_max`."""

    def __init__(self, frame_bytes_max: int) -> None:
        self._max = frame_bytes_max
        self._partial = bytearray()

    @property
    def unfinished(self) -> bool:
        """Whether a frame has begun and not ended."""
        return bool(self._partial)

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes in, return what is complete. Raises BadFrame as soon as a length is wrong.

        An empty frame is wrong as well: no message is empty, and a flood of them would be cheap.
        Costs one copy of every byte.
        """
        self._partial += data
        frames: list[bytes] = []
        at, view = 0, memoryview(self._partial)
        try:
            while len(view) - at >= LENGTH_BYTES:
                size = int.from_bytes(view[at : at + LENGTH_BYTES], "big")
                if not 0 < size <= self._max:
                    raise BadFrame(f"a frame of {size} bytes, at most {self._max}")
                end = at + LENGTH_BYTES + size
                if end > len(view):
                    break
                frames.append(bytes(view[at + LENGTH_BYTES : end]))
                at = end
        finally:
            view.release()
        del self._partial[:at]
        return frames


def check_frame(protocol: LinkProtocol, frame: bytes) -> None:
    """Whether we may send this. Raises FrameTooLong, and ValueError for an empty frame."""
    if len(frame) > FRAME_BYTES_MAX[protocol]:
        raise FrameTooLong(f"{len(frame)} bytes on a {protocol} link")
    if not frame:
        raise ValueError("an empty frame")


def join_frames(frames: list[bytes]) -> bytes:
    """The frames behind their lengths, in one piece."""
    pieces: list[bytes] = []
    for frame in frames:
        pieces.append(len(frame).to_bytes(LENGTH_BYTES, "big"))
        pieces.append(frame)
    return b"".join(pieces)
