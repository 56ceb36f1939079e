"""The steps of a reconciliation that we take: fingerprints and lists on their way into frames."""

from collections.abc import Mapping
from typing import NamedTuple

from protocol.context import Context
from protocol.feedtable import Head as HeldHead
from protocol.heads import HEAD_BYTES, tag_of
from protocol.ids import FeedId
from protocol.messages import RANGES_PER_FRAME_MAX, Head, Named, RangeList, RangePrint, Ranges
from protocol.peerlink import PeerLink

_PRINT_BYTES = 112
_LIST_BYTES = 96
_STEP_BYTES_MAX = 60_000


class Slice(NamedTuple):
    """A part of our heads that is to be listed, but for those that the partner told alike."""

    lower: bytes
    upper: bytes
    start: int
    stop: int
    answer: bool
    known: Mapping[FeedId, Head]


class Steps:
    """Collects prints and lists into `Ranges` frames below 64 KiB, until `bytes_max` is told."""

    def __init__(self, context: Context, link: PeerLink, *, bytes_max: int) -> None:
        self._context = context
        self._link = link
        self._prints: list[RangePrint] = []
        self._lists: list[RangeList] = []
        self._named: list[Named] = []
        self._size = 0
        self._bytes_max = bytes_max
        self.total = 0
        self.full = False
        """Whether something found no room; the next reconciliation makes up for it."""

    def print(self, part: RangePrint) -> None:
        """Tell a fingerprint."""
        if self._make_room(_PRINT_BYTES):
            self._prints.append(part)

    def list(self, lower: bytes, upper: bytes, held: list[HeldHead], *, answer: bool) -> None:
        """Tell the heads of a range."""
        if not self._make_room(_LIST_BYTES + HEAD_BYTES * len(held)):
            return
        heads = []
        for head in held:
            handle, named = self._link.book.name(head.feed)
            if named is not None:
                self._named.append(named)
            heads.append(Head(handle, head.lo, head.hi, tag_of(head.id)))
        self._lists.append(RangeList(lower, upper, heads, answer))

    def flush(self, *, opening: bool = False) -> None:
        """Send what has been collected, in ascending order."""
        if self._prints or self._lists:
            self._prints.sort(key=lambda part: part.lower)
            self._lists.sort(key=lambda part: part.lower)
            message = Ranges(self._named, self._prints, self._lists, opening)
            self._context.send(self._link, message)
        self._prints, self._lists, self._named, self._size = [], [], [], 0

    def _make_room(self, size: int) -> bool:
        self.full = self.full or self.total + size > self._bytes_max
        if self.full:
            return False
        parts = max(len(self._prints), len(self._lists))
        if self._size + size > _STEP_BYTES_MAX or parts == RANGES_PER_FRAME_MAX:
            self.flush()
        self._size += size
        self.total += size
        return True
