"""Heads: which feeds we hold up to where, told to each partner once by name, then by handle.

`HeadIndex` is what we hold, sorted, with a fingerprint for each head; `Journal` is the order in
which heads changed, so that a round tells a partner only what changed since the last round with
it; `HandleBook` and `HandleReader` are the two ends of a link's naming.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from hashlib import blake2b

from protocol.errors import Offence, RemoteProtocolError
from protocol.ids import AuthorKey, BundleId, DeviceId, FeedId, Lane
from protocol.messages import HANDLES_MAX, Named

TAG_BYTES = 8
HEADS_PER_CHUNK = 800
"""Heads in one frame, each with its name at worst: 800 × 76 bytes stay below 64 KiB."""

_MASK = 2**64 - 1
_LANES = frozenset(int(lane) for lane in Lane)


def feed_key(feed: FeedId) -> bytes:
    """Author, device, lane as 41 bytes: the order of reconciliation."""
    return feed.author + feed.device + bytes((feed.lane,))


def feed_of(key: bytes) -> FeedId:
    """The inverse of `feed_key`."""
    return FeedId(AuthorKey(key[:32]), DeviceId(key[32:40]), Lane(key[40]))


def tag_of(head: BundleId) -> bytes:
    """What stands for a bundle id in a head."""
    return head[:TAG_BYTES]


def head_print(key: bytes, hi: int, tag: bytes) -> int:
    """64-bit fingerprint of one head.

    `lo` is left out: it differs for ever between peers with different quotas.
    """
    digest = blake2b(key + hi.to_bytes(4, "big") + tag, digest_size=8).digest()
    return int.from_bytes(digest, "big")


class HeadIndex:
    """Sorted feed keys and their fingerprints. About 140 bytes a feed.

    As large as the feed table, whose cap is its cap. `put` of a new feed moves O(n) pointers
    (20 µs at 60,000 feeds), of a known one costs O(log n).
    """

    def __init__(self) -> None:
        self._keys: list[bytes] = []
        self._prints: list[int] = []

    def __len__(self) -> int:
        return len(self._keys)

    def load(self, heads: Iterable[tuple[FeedId, int, BundleId]]) -> None:
        """Replace everything by (feed, hi, head id); O(n log n)."""
        rows = sorted((feed_key(feed), hi, tag_of(head)) for feed, hi, head in heads)
        self._keys = [key for key, _, _ in rows]
        self._prints = [head_print(*row) for row in rows]

    def put(self, feed: FeedId, hi: int, head: BundleId) -> None:
        """The feed's head is now this."""
        key = feed_key(feed)
        at = bisect_left(self._keys, key)
        fingerprint = head_print(key, hi, tag_of(head))
        if at < len(self._keys) and self._keys[at] == key:
            self._prints[at] = fingerprint
        else:
            self._keys.insert(at, key)
            self._prints.insert(at, fingerprint)

    def remove(self, feed: FeedId) -> None:
        """The feed is held no longer; nothing happens when it was not."""
        key = feed_key(feed)
        at = bisect_left(self._keys, key)
        if at < len(self._keys) and self._keys[at] == key:
            del self._keys[at], self._prints[at]

    def span(self, lower: bytes, upper: bytes) -> tuple[int, int]:
        """Positions of lower <= key < upper; an empty `upper` is the end."""
        start = bisect_left(self._keys, lower)
        stop = bisect_left(self._keys, upper) if upper else len(self._keys)
        return start, max(start, stop)

    def key_at(self, position: int) -> bytes:
        """The key at a position."""
        return self._keys[position]

    def feeds(self, start: int, stop: int) -> Iterator[FeedId]:
        """The feeds at positions start..stop-1, in order."""
        return (feed_of(key) for key in self._keys[start:stop])

    def fingerprint(self, start: int, stop: int) -> bytes:
        """Sum of the fingerprints at start..stop-1, 8 bytes; about 15 ns a feed."""
        return (sum(self._prints[start:stop]) & _MASK).to_bytes(8, "big")


class Journal:
    """Feeds in the order of their last change, each once. At the cap the oldest fall out.

    Whoever was last told before an entry that fell out gets None and must reconcile.
    """

    def __init__(self, entries_max: int) -> None:
        self._max = entries_max
        self._entries: dict[FeedId, tuple[int, int]] = {}
        self._lost = 0
        self.version = 0

    def __len__(self) -> int:
        return len(self._entries)

    def mark(self, feed: FeedId, *, source: int) -> None:
        """The feed's head changed; `source` is the link that brought it (it knows already)."""
        self.version += 1
        self._entries.pop(feed, None)
        self._entries[feed] = (self.version, source)
        if len(self._entries) > self._max:
            oldest = next(iter(self._entries))
            self._lost = self._entries.pop(oldest)[0]

    def forget(self, feed: FeedId) -> None:
        """The feed is held no longer: nobody needs to hear of it."""
        self._entries.pop(feed, None)

    def since(self, version: int, *, link: int) -> list[FeedId] | None:
        """Feeds changed after `version` by others than `link`, oldest first; O(answer)."""
        if version < self._lost:
            return None
        changed: list[FeedId] = []
        for feed in reversed(self._entries):
            at, source = self._entries[feed]
            if at <= version:
                break
            if source != link:
                changed.append(feed)
        changed.reverse()
        return changed


class HandleBook:
    """The names we have given on one link. At the cap the oldest handle is named anew."""

    def __init__(self, handles_max: int = HANDLES_MAX) -> None:
        self._max = handles_max
        self._handles: dict[FeedId, int] = {}
        self._feeds: list[FeedId] = []
        self._next = 0

    def __len__(self) -> int:
        return len(self._handles)

    def name(self, feed: FeedId) -> tuple[int, Named | None]:
        """The feed's handle, and how to name it when the partner does not know it yet."""
        known = self._handles.get(feed)
        if known is not None:
            return known, None
        handle = self._next
        self._next = (handle + 1) % self._max
        if handle < len(self._feeds):
            del self._handles[self._feeds[handle]]
            self._feeds[handle] = feed
        else:
            self._feeds.append(feed)
        self._handles[feed] = handle
        return handle, Named(handle, feed.author, feed.device, int(feed.lane))


class HandleReader:
    """The names that a partner has given; 90 bytes a name, handles stay below `HANDLES_MAX`."""

    def __init__(self) -> None:
        self._keys: list[bytes | None] = []

    def learn(self, named: Named) -> None:
        """Note a name; it replaces what the handle meant. A lane of the future means no feed."""
        if named.handle >= len(self._keys):
            self._keys.extend([None] * (named.handle + 1 - len(self._keys)))
        self._keys[named.handle] = named.author + named.device + bytes((named.lane,))

    def feed(self, handle: int) -> FeedId | None:
        """The feed of a handle; None for a lane of the future.

        Raises `RemoteProtocolError` for a handle that was never named.
        """
        key = self._keys[handle] if handle < len(self._keys) else None
        if key is None:
            raise RemoteProtocolError(Offence.WRONG_SCHEMA, f"handle {handle} has no name")
        return feed_of(key) if key[-1] in _LANES else None
