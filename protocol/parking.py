"""Bundles that came out of order and wait for what stands between.

Anybody who relays a feed can leave one bundle out and make all that follow wait, in every feed that
we follow. So there is a cap for each feed and one on the bytes of all, and claims wait undecoded.
"""

from collections.abc import Iterator

from protocol.bundle import Bundle
from protocol.ids import FeedId
from protocol.limits import PARKED_MAX

_OBJECT_BYTES = 600
"""A bundle's objects beside its bytes."""


class Parking:
    """At most `PARKED_MAX` bundles a feed; beyond `bytes_max` the feed that waits longest goes."""

    def __init__(self, bytes_max: int) -> None:
        self._max = bytes_max
        self._feeds: dict[FeedId, dict[int, Bundle]] = {}
        self.nbytes = 0

    def count(self, feed: FeedId) -> int:
        """How many bundles of the feed wait."""
        return len(self._feeds.get(feed, ()))

    def waiting(self, feed: FeedId) -> Iterator[Bundle]:
        """The feed's bundles, in the order in which they came; they may be taken meanwhile."""
        return iter(list(self._feeds.get(feed, {}).values()))

    def add(self, bundle: Bundle, *, hi: int) -> None:
        """Let the bundle wait; the farthest from `hi` is forgotten beyond the cap of the feed."""
        feed = bundle.feed
        waiting = self._feeds.setdefault(feed, {})
        if bundle.seq in waiting:
            self.nbytes -= _size(waiting[bundle.seq])
        waiting[bundle.seq] = bundle.undecoded()
        self.nbytes += _size(bundle)
        if len(waiting) > PARKED_MAX:
            self.take(feed, max(waiting, key=lambda seq: abs(seq - hi)))
        while self.nbytes > self._max:
            self.forget(next(iter(self._feeds)))

    def take(self, feed: FeedId, seq: int) -> Bundle:
        """The bundle waits no longer."""
        waiting = self._feeds[feed]
        bundle = waiting.pop(seq)
        self.nbytes -= _size(bundle)
        if not waiting:
            del self._feeds[feed]
        return bundle

    def forget(self, feed: FeedId) -> None:
        """Nothing of the feed waits any longer."""
        self.nbytes -= sum(map(_size, self._feeds.pop(feed, {}).values()))


def _size(bundle: Bundle) -> int:
    return _OBJECT_BYTES + len(bundle.header_bytes) + len(bundle.claims_bytes or b"")
