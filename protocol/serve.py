"""Answering wants: one queue for each link, few reads at a time, answers packed into full frames.

A want is answered by reads of one frame's size, each of which starts where the last one ended, so
that a link costs at most `reads_max` frames of memory however much it asks for and however slowly
it reads. Short wants (a new claim that somebody heard of) go before long ones; those take turns.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from protocol.events import ReadBundles
from protocol.ids import FeedId
from protocol.limits import FRAME_BYTES_MAX
from protocol.messages import BUNDLES_PER_PART_MAX, PARTS_PER_FRAME_MAX, Data, Part

READ_BYTES = 63 * 1024
"""One read: a frame's worth with room for its framing."""

SHORT_BYTES = 64 * 1024
"""A want of at most this many bytes is short."""

_FRAME_OVERHEAD = 16
_PART_OVERHEAD = 16
_BUNDLE_OVERHEAD = 5


@dataclass(slots=True)
class Serving:
    """A want in the queue. lo..hi is what is still to be read, `credit` the bytes still allowed.

    `begun`: some of it was sent.
    """

    want: int
    feed: FeedId
    lo: int
    hi: int
    credit: int
    newest_first: bool
    begun: bool = False


class Packer:
    """Collects parts into `Data` frames that stay below 64 KiB."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._size = _FRAME_OVERHEAD

    def add(self, want: int, bundles: Sequence[bytes], *, done: bool) -> list[Data]:
        """Take a part in; returns the frames that got full."""
        full: list[Data] = []
        batch: list[bytes] = []
        self._open_part(full)
        for bundle in bundles:
            size = len(bundle) + _BUNDLE_OVERHEAD
            if self._size + size > FRAME_BYTES_MAX or len(batch) == BUNDLES_PER_PART_MAX:
                self._close_part(want, batch, done=False)
                batch = []
                full += self.flush()
                self._open_part(full)
            batch.append(bundle)
            self._size += size
        self._close_part(want, batch, done=done)
        return full

    def flush(self) -> list[Data]:
        """What has been collected, as at most one frame."""
        if not self._parts:
            return []
        frame = Data(self._parts)
        self._parts = []
        self._size = _FRAME_OVERHEAD
        return [frame]

    def _open_part(self, full: list[Data]) -> None:
        if len(self._parts) == PARTS_PER_FRAME_MAX or self._size + _PART_OVERHEAD > FRAME_BYTES_MAX:
            full += self.flush()
        self._size += _PART_OVERHEAD

    def _close_part(self, want: int, bundles: list[bytes], *, done: bool) -> None:
        if bundles or done:
            self._parts.append(Part(want, bundles, done))


class Server:
    """The answering side of one link. At most `queue_max` wants wait and `reads_max` are read."""

    def __init__(self, *, queue_max: int, reads_max: int) -> None:
        self._queue_max = queue_max
        self._reads_max = reads_max
        self._short: deque[Serving] = deque()
        self._long: deque[Serving] = deque()
        self._reading: dict[int, Serving] = {}
        self._packer = Packer()

    def __len__(self) -> int:
        return len(self._short) + len(self._long) + len(self._reading)

    def add(self, serving: Serving) -> bool:
        """Queue a want; False when the queue is full (the want is dropped)."""
        if len(self) >= self._queue_max:
            return False
        self._queue(serving)
        return True

    def refuse(self, want: int) -> list[Data]:
        """Say that nothing comes for this want; the last of it goes out with `flush_if_idle`."""
        return self._packer.add(want, (), done=True)

    def next_read(self, token: int) -> ReadBundles | None:
        """The next read, to be answered under `token`; None when there is nothing to do."""
        if len(self._reading) >= self._reads_max:
            return None
        queue = self._short or self._long
        if not queue:
            return None
        serving = queue.popleft()
        self._reading[token] = serving
        return ReadBundles(
            token,
            serving.feed,
            serving.lo,
            serving.hi,
            min(READ_BYTES, serving.credit),
            newest_first=serving.newest_first,
        )

    def on_read(self, token: int, bundles: Sequence[bytes], last_seq: int | None) -> list[Data]:
        """The read is back; `last_seq` is that of its last bundle. Returns frames to send.

        A read has one bundle at least. More than was asked for is sent only as the first of all.
        """
        serving = self._reading.pop(token)
        size = sum(map(len, bundles))
        if serving.begun and size > serving.credit:
            bundles, last_seq = (), None
        serving.begun = True
        serving.credit -= size
        if last_seq is not None:
            if serving.newest_first:
                serving.hi = last_seq - 1
            else:
                serving.lo = last_seq + 1
        done = last_seq is None or serving.lo > serving.hi or serving.credit <= 0
        frames = self._packer.add(serving.want, bundles, done=done)
        if not done:
            self._queue(serving)
        return frames + self.flush_if_idle()

    def _queue(self, serving: Serving) -> None:
        short = serving.credit <= SHORT_BYTES
        (self._short if short else self._long).append(serving)

    def flush_if_idle(self) -> list[Data]:
        """Hold a frame back only while reads for the same link are about to fill it."""
        return [] if self._reading or self._short else self._packer.flush()
