"""Range fingerprints: two peers find the heads in which they differ.

Whoever opens sends the fingerprints of a few ranges that cover all feed keys. For each range the
other end compares with its own: equal ranges are done; a range in which it holds few heads is
answered by listing them; any other is split at its own keys and answered by fingerprints. A list
that asks for an answer is answered by the heads that the lister lacks or has otherwise. Neither
side keeps state between messages: a lost or refused step is made up by the next reconciliation.

Every split leaves at most 1/16 of the splitter's heads in a range, so that n heads take at most
log16(n) + 2 steps; identical tables take one frame each way at most.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

from protocol.heads import HeadIndex
from protocol.messages import RangeList, RangePrint

FANOUT = 16
"""Parts of a split."""

LIST_MAX = 32
"""A range with at most this many of our heads is listed rather than split."""


@dataclass(frozen=True, slots=True)
class Equal:
    """Both hold the same heads in the range."""


@dataclass(frozen=True, slots=True)
class Listing:
    """List our heads at start..stop-1 for the range; `answer`: the partner holds some, too."""

    lower: bytes
    upper: bytes
    start: int
    stop: int
    answer: bool


@dataclass(frozen=True, slots=True)
class Split:
    """The range differs and is large: here are the fingerprints of its parts."""

    prints: tuple[RangePrint, ...]


def opening(index: HeadIndex) -> tuple[RangePrint, ...]:
    """Fingerprints that cover the whole key space."""
    return _split(index, b"", b"", 0, len(index))


def compare(index: HeadIndex, theirs: RangePrint) -> Equal | Listing | Split:
    """What to do about one range of the partner's. O(log n + heads in the range)."""
    start, stop = index.span(theirs.lower, theirs.upper)
    count = stop - start
    if count == theirs.count and index.fingerprint(start, stop) == theirs.digest:
        return Equal()
    if count <= LIST_MAX or theirs.count == 0:
        return Listing(theirs.lower, theirs.upper, start, stop, theirs.count > 0)
    return Split(_split(index, theirs.lower, theirs.upper, start, stop))


def in_order(ranges: Sequence[RangePrint | RangeList]) -> bool:
    """Whether the ranges are well formed, ascending and disjoint.

    Anything else would let one frame make us read the whole index hundreds of times.
    """
    reached: bytes | None = b""
    for part in ranges:
        if reached is None or part.lower < reached or (part.upper and part.upper <= part.lower):
            return False
        reached = part.upper or None
    return True


def within(ranges: Sequence[tuple[bytes, bytes]], key: bytes) -> bool:
    """Whether a key lies in one of the ranges (lower, upper), disjoint and ascending."""
    at = bisect_right(ranges, key, key=itemgetter(0)) - 1
    return at >= 0 and (not ranges[at][1] or key < ranges[at][1])


def _split(
    index: HeadIndex, lower: bytes, upper: bytes, start: int, stop: int
) -> tuple[RangePrint, ...]:
    count = stop - start
    parts = min(FANOUT, max(1, count))
    edges = [start + count * i // parts for i in range(parts + 1)]
    prints = []
    for i in range(parts):
        low = lower if i == 0 else index.key_at(edges[i])
        high = upper if i == parts - 1 else index.key_at(edges[i + 1])
        size = edges[i + 1] - edges[i]
        prints.append(RangePrint(low, high, size, index.fingerprint(edges[i], edges[i + 1])))
    return tuple(prints)
