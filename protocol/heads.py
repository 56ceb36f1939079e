"""Heads: which feeds we hold up to where, told to each partner once by name, then by handle.

`HeadIndex` is what we hold, sorted, with a fingerprint for each head; `Journal` is the order in
which heads changed, so that a round tells a partner only what changed since the last round with
it; `HandleBook` and `HandleReader` are the two ends of a link's naming.
"""

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Iterator
from functools import partial
from hashlib import blake2b
from itertools import accumulate
from typing import NamedTuple

from protocol.errors import Offence, RemoteProtocolError
from protocol.ids import AuthorKey, BundleId, DeviceId, FeedId, Lane
from protocol.messages import HANDLES_MAX, NAMED_PER_FRAME_MAX, Head, Named

TAG_BYTES = 8
HEAD_BYTES = 76
"""What a head takes at most on the wire, with its name."""

HEADS_PER_CHUNK = 800
"""Heads in one frame: 800 × 76 bytes stay below 64 KiB."""

_KEY_BYTES = 41

_BLOCK = 512
"""Heads in a block of the index; one that has twice as many is split."""

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


def _row(key: bytes, hi: int, tag: bytes) -> bytes:
    """A key and its fingerprint, to be sorted by key."""
    return key + head_print(key, hi, tag).to_bytes(8, "big")


class HeadIndex:
    """Sorted feed keys and their fingerprints, in blocks with their sums. About 55 bytes a feed.

    As large as the feed table, whose cap is its cap. Every call costs O(log n + n / 512) at most,
    plus the feeds that it returns: a partner may ask for fingerprints of large ranges very often.
    """

    def __init__(self) -> None:
        self._keys: list[bytearray] = []
        self._prints: list[array[int]] = []
        self._sums: list[int] = []
        self._firsts: list[bytes] = []
        self._starts: list[int] | None = None

    def __len__(self) -> int:
        return sum(map(len, self._prints))

    @property
    def nbytes(self) -> int:
        """Memory of keys and fingerprints."""
        return sum(map(sys.getsizeof, (*self._keys, *self._prints)))

    def load(self, heads: Iterable[tuple[FeedId, int, BundleId]]) -> None:
        """Replace everything by (feed, hi, head id); O(n log n)."""
        for part in (self._keys, self._prints, self._sums, self._firsts):
            part.clear()
        self._starts = None
        rows = sorted(_row(feed_key(feed), hi, tag_of(head)) for feed, hi, head in heads)
        for at in range(0, len(rows), _BLOCK):
            block = rows[at : at + _BLOCK]
            keys = bytearray().join(row[:_KEY_BYTES] for row in block)
            prints = (int.from_bytes(row[_KEY_BYTES:], "big") for row in block)
            self._insert_block(len(self._keys), keys, array("Q", prints))

    def dump(self) -> tuple[bytes, bytes]:
        """Keys and fingerprints (uint64 of this machine) in their order, for `undump`. Copies."""
        return b"".join(self._keys), b"".join(self._prints)

    def undump(self, keys: bytes, prints: bytes) -> None:
        """Replace everything by what gave this `dump`. ValueError if the parts do not fit."""
        self.load(())
        numbers = array("Q", prints)
        if len(keys) != _KEY_BYTES * len(numbers):
            raise ValueError("there is not one fingerprint for each head")
        for at in range(0, len(numbers), _BLOCK):
            block = bytearray(keys[at * _KEY_BYTES : (at + _BLOCK) * _KEY_BYTES])
            self._insert_block(len(self._keys), block, numbers[at : at + _BLOCK])

    def drop_author(self, author: AuthorKey) -> None:
        """Remove all of the author's feeds."""
        for feed in list(self.feeds(*self.span(author, author + b"\xff" * (_KEY_BYTES - 31)))):
            self.remove(feed)

    def put(self, feed: FeedId, hi: int, head: BundleId) -> None:
        """The feed's head is now this."""
        key = feed_key(feed)
        fingerprint = head_print(key, hi, tag_of(head))
        block, at = self._find(key)
        if self._holds(key, block, at):
            self._sums[block] += fingerprint - self._prints[block][at]
            self._prints[block][at] = fingerprint
            return
        if not self._keys:
            self._insert_block(0, bytearray(), array("Q"))
        keys, prints = self._keys[block], self._prints[block]
        keys[at * _KEY_BYTES : at * _KEY_BYTES] = key
        prints.insert(at, fingerprint)
        self._sums[block] += fingerprint
        self._firsts[block] = self._key(block, 0)
        self._starts = None
        if len(prints) > 2 * _BLOCK:
            self._insert_block(block + 1, keys[_BLOCK * _KEY_BYTES :], prints[_BLOCK:])
            del keys[_BLOCK * _KEY_BYTES :], prints[_BLOCK:]
            self._sums[block] -= self._sums[block + 1]

    def remove(self, feed: FeedId) -> None:
        """The feed is held no longer; nothing happens when it was not."""
        key = feed_key(feed)
        block, at = self._find(key)
        if not self._holds(key, block, at):
            return
        self._sums[block] -= self._prints[block].pop(at)
        del self._keys[block][at * _KEY_BYTES : (at + 1) * _KEY_BYTES]
        self._starts = None
        if self._keys[block]:
            self._firsts[block] = self._key(block, 0)
        else:
            del self._keys[block], self._prints[block], self._sums[block], self._firsts[block]

    def span(self, lower: bytes, upper: bytes) -> tuple[int, int]:
        """Positions of lower <= key < upper; an empty `upper` is the end."""
        start = self._position(lower)
        stop = self._position(upper) if upper else len(self)
        return start, max(start, stop)

    def key_at(self, position: int) -> bytes:
        """The key at a position."""
        return self._key(*self._place(position))

    def feeds(self, start: int, stop: int) -> Iterator[FeedId]:
        """The feeds at positions start..stop-1, in order."""
        found = [
            self._key(block, at)
            for block, low, high in self._slices(start, stop)
            for at in range(low, high)
        ]
        return map(feed_of, found)

    def fingerprint(self, start: int, stop: int) -> bytes:
        """Sum of the fingerprints at start..stop-1, 8 bytes."""
        total = 0
        for block, low, high in self._slices(start, stop):
            prints = self._prints[block]
            whole = high - low == len(prints)
            total += self._sums[block] if whole else sum(prints[low:high])
        return (total & _MASK).to_bytes(8, "big")

    # -------------------------------------------------------------------------------- blocks
    def _insert_block(self, block: int, keys: bytearray, prints: "array[int]") -> None:
        self._keys.insert(block, keys)
        self._prints.insert(block, prints)
        self._sums.insert(block, sum(prints))
        self._firsts.insert(block, self._key(block, 0))

    def _key(self, block: int, at: int) -> bytes:
        return bytes(self._keys[block][at * _KEY_BYTES : (at + 1) * _KEY_BYTES])

    def _find(self, key: bytes) -> tuple[int, int]:
        """Block and place where the key stands or belongs."""
        if not self._keys:
            return 0, 0
        block = max(0, bisect_right(self._firsts, key) - 1)
        places = range(len(self._prints[block]))
        return block, bisect_left(places, key, key=partial(self._key, block))

    def _holds(self, key: bytes, block: int, at: int) -> bool:
        return block < len(self._keys) and self._key(block, at) == key

    def _block_starts(self) -> list[int]:
        """Position of the first key of each block."""
        if self._starts is None:
            self._starts = list(accumulate(map(len, self._prints), initial=0))
        return self._starts

    def _position(self, key: bytes) -> int:
        block, at = self._find(key)
        return self._block_starts()[block] + at

    def _place(self, position: int) -> tuple[int, int]:
        starts = self._block_starts()
        block = bisect_right(starts, position) - 1
        return block, position - starts[block]

    def _slices(self, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
        """(block, low, high) of all blocks that hold positions start..stop-1."""
        if start >= stop:
            return
        block, low = self._place(start)
        left = stop - start
        while left > 0:
            high = min(len(self._prints[block]), low + left)
            yield block, low, high
            left -= high - low
            block, low = block + 1, 0


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
    """The names we have given on one link. At the cap the oldest handle is named anew.

    A partner learns the names of a frame before it reads the heads. So a handle that is about to be
    named anew is not used any more, else a frame could take it back from a head that it tells.
    """

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
        if known is not None and not self._expires(known):
            return known, None
        handle = self._next
        self._next = (handle + 1) % self._max
        if handle < len(self._feeds):
            if self._handles.get(self._feeds[handle]) == handle:
                del self._handles[self._feeds[handle]]
            self._feeds[handle] = feed
        else:
            self._feeds.append(feed)
        self._handles[feed] = handle
        return handle, Named(handle, feed.author, feed.device, int(feed.lane))

    def _expires(self, handle: int) -> bool:
        """Whether the handle may be named anew within the frame that is being made."""
        full = len(self._feeds) == self._max
        return full and (handle - self._next) % self._max < NAMED_PER_FRAME_MAX


class _Told(NamedTuple):
    """A head as a partner has told it; the tag as a number."""

    lo: int
    hi: int
    tag: int


class HandleReader:
    """The names that a partner has given, and the heads that it has told by them.

    110 bytes a feed; handles stay below `HANDLES_MAX`. `earlier`: what an earlier link to the same
    partner knew, whose handles mean nothing any more; the more recent head of a feed counts.
    """

    def __init__(self, earlier: "HandleReader | None" = None) -> None:
        self._keys: list[bytes | None] = []
        self._los, self._his, self._tags = array("I"), array("I"), array("Q")
        self.whole = True
        """Whether every head ever told is remembered: no handle has been named anew."""
        self._earlier: dict[bytes, _Told] = {}
        if earlier is not None:
            self._earlier = earlier._rows()
            self.whole = earlier.whole and len(self._earlier) <= HANDLES_MAX

    def __len__(self) -> int:
        return len(self._keys) + len(self._earlier)

    def learn(self, named: Named) -> None:
        """Note a name; it replaces what the handle meant. A lane of the future means no feed."""
        if named.handle >= len(self._keys):
            more = named.handle + 1 - len(self._keys)
            self._keys.extend([None] * more)
            for part in (self._los, self._his, self._tags):
                part.extend([0] * more)
        key = named.author + named.device + bytes((named.lane,))
        before = self._keys[named.handle]
        if before not in (None, key):
            self.whole = False
            self._his[named.handle] = 0
        self._keys[named.handle] = key

    def hear(self, head: Head) -> None:
        """Note a head whose handle has a name."""
        self._los[head.handle], self._his[head.handle] = head.lo, head.hi
        self._tags[head.handle] = int.from_bytes(head.tag, "big")

    def tags_of(self, wanted: Container[bytes]) -> dict[bytes, bytes]:
        """Feed key -> tag of the last head told, of those wanted. O(names), some 50 ns each."""
        found = {key: told.tag for key, told in self._earlier.items() if key in wanted}
        for key, hi, tag in zip(self._keys, self._his, self._tags, strict=True):
            if key is not None and hi and key in wanted:
                found[key] = tag
        return {key: tag.to_bytes(TAG_BYTES, "big") for key, tag in found.items()}

    def told(self) -> Iterator[tuple[FeedId, int, int]]:
        """(feed, lo, hi) of the last head told of each feed. O(names)."""
        for key, told in self._rows().items():
            if key[-1] in _LANES:
                yield feed_of(key), told.lo, told.hi

    def told_of(self, authors: Container[AuthorKey]) -> list[tuple[FeedId, int, int]]:
        """The same, of these authors."""
        return [
            (feed_of(key), told.lo, told.hi)
            for key, told in self._rows().items()
            if key[:32] in authors and key[-1] in _LANES
        ]

    def _rows(self) -> dict[bytes, "_Told"]:
        rows = dict(self._earlier)
        for key, *told in zip(self._keys, self._los, self._his, self._tags, strict=True):
            if key is not None and told[1]:
                rows[key] = _Told(*told)
        return rows

    def feed(self, handle: int) -> FeedId | None:
        """The feed of a handle; None for a lane of the future.

        Raises `RemoteProtocolError` for a handle that was never named.
        """
        key = self._keys[handle] if handle < len(self._keys) else None
        if key is None:
            raise RemoteProtocolError(Offence.WRONG_SCHEMA, f"handle {handle} has no name")
        return feed_of(key) if key[-1] in _LANES else None
