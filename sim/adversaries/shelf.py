"""Bundles that an adversary keeps to hand out, by feed. Not every history on it is a true one."""

from __future__ import annotations

from collections.abc import Iterator

from protocol.bundle import Bundle
from protocol.events import ReadBundles
from protocol.feedtable import Offered
from protocol.ids import AuthorKey, DeviceId, FeedId, Lane
from protocol.limits import FRAME_BYTES_MAX
from protocol.messages import Data, Part, Want

FRAME_ROOM = FRAME_BYTES_MAX - 256
"""Bytes of bundles in one answer."""

_LANES = frozenset(int(lane) for lane in Lane)


class Shelf:
    """Bundles by feed and number. Cap: `feed_max` of one feed, the lowest go first."""

    def __init__(self, feed_max: int = 4_096) -> None:
        self._feeds: dict[FeedId, dict[int, Bundle]] = {}
        self._feed_max = feed_max

    def __contains__(self, feed: FeedId) -> bool:
        return feed in self._feeds

    def __len__(self) -> int:
        return sum(map(len, self._feeds.values()))

    def put(self, bundle: Bundle) -> None:
        """Keep it in place of any other with its number."""
        held = self._feeds.setdefault(bundle.feed, {})
        held[bundle.seq] = bundle
        if len(held) > self._feed_max:
            del held[min(held)]

    def keep(self, offered: Offered) -> None:
        """What a feed table has made of a bundle, as a store would."""
        for bundle in offered.accepted:
            self.put(bundle)
        for feed, seq in offered.voided:
            held = self._feeds.get(feed, {})
            if seq in held:
                held[seq] = held[seq].bare()
        for feed, lo in offered.raised:
            held = self._feeds.get(feed, {})
            for seq in [seq for seq in held if seq < lo]:
                del held[seq]

    def forget(self, feed: FeedId) -> None:
        """Hand nothing of it out any more."""
        self._feeds.pop(feed, None)

    def read(self, order: ReadBundles) -> tuple[bytes, ...]:
        """As a store answers."""
        wires = self._wires(order.feed, order.lo, order.hi, order.newest_first, order.headers_only)
        return tuple(_cut(wires, order.bytes_max))

    def has(self, want: Want) -> bool:
        """Whether the want is for a feed that is here."""
        return _feed_of(want) in self._feeds

    def answer(self, want: Want) -> list[Data]:
        """Frames for it, within the bytes asked for; one that says done at least."""
        feed = _feed_of(want)
        parts: list[list[bytes]] = [[]]
        size = 0
        wires = self._wires(feed, want.lo, want.hi, want.newest_first, False)
        for wire in _cut(wires, want.bytes_max):
            if size + len(wire) > FRAME_ROOM:
                parts.append([])
                size = 0
            parts[-1].append(wire)
            size += len(wire) + 5
        last = len(parts) - 1
        return [Data([Part(want.want, part, n == last)]) for n, part in enumerate(parts)]

    def _wires(
        self, feed: FeedId | None, lo: int, hi: int, newest_first: bool, bare: bool
    ) -> Iterator[bytes]:
        held = self._feeds.get(feed, {}) if feed is not None else {}
        for seq in sorted((s for s in held if lo <= s <= hi), reverse=newest_first):
            yield (held[seq].bare() if bare else held[seq]).wire()


def _feed_of(want: Want) -> FeedId | None:
    """The feed wanted; None for a lane of the future."""
    if want.lane not in _LANES:
        return None
    return FeedId(AuthorKey(want.author), DeviceId(want.device), Lane(want.lane))


def _cut(wires: Iterator[bytes], bytes_max: int) -> Iterator[bytes]:
    """The first ones within so many bytes, but one at least."""
    size = 0
    for wire in wires:
        size += len(wire)
        if size > bytes_max and size > len(wire):
            return
        yield wire
