"""Replica records of very many feeds in one byte arena.

A Python object a feed would cost three times the graph edges that the feed carries; a record here
is 132 bytes, which say all of a feed of one bundle, as most are. Longer ones add an array of eight
bytes a bundle. Feeds of one author are chained, so that one table of first records finds an author,
all her devices and each of her feeds.
"""

import sys
from array import array
from collections.abc import Iterator
from itertools import accumulate
from struct import Struct
from typing import NamedTuple

from protocol.ids import AuthorKey, BundleId, DeviceId, FeedId, Lane

_RECORD = Struct("<32s8sBBHiIIIII32s32s")
_FOLLOWING = Struct("<i")
_FOLLOWING_AT = 44
_QUOTA_AT = 64
_IN_USE_AT = 42
_LANES = tuple(Lane)
_FREE = -1
_TOMB = -2


class Replica(NamedTuple):
    """What is held of one feed: a suffix lo..hi of its chain.

    `lo` is 0 while nothing is held. `closed`: nothing below lo will be asked for. `claims` counts
    the claims held, `quota` what may be held (claims; 0: the lane's default).
    """

    author: AuthorKey
    device: DeviceId
    lane: Lane
    closed: bool
    following: int
    lo: int
    hi: int
    floor: int
    claims: int
    quota: int
    head: BundleId
    prev_lo: BundleId

    @property
    def feed(self) -> FeedId:
        """Its name."""
        return FeedId(self.author, self.device, self.lane)


class ReplicaDump(NamedTuple):
    """All replicas as bytes of this machine, for `ReplicaArena.load`."""

    records: bytes
    """132 bytes a row."""
    sizes: bytes
    """uint32 a row: how many numbers `held` has of it, 0 where the record says all."""
    held: bytes
    """uint32 each: seq, count, seq, count, ..."""


class ReplicaArena:
    """Replicas by row number; rows are recycled, iteration is in row order.

    Lookup and update cost about 2 µs. Cap: `replicas_max`; `add` returns -1 beyond it.
    """

    def __init__(self, replicas_max: int) -> None:
        self._max = replicas_max
        self._bytes = bytearray()
        self._held: list[array[int] | None] = []
        """Of each row with more than one bundle."""
        self._free: list[int] = []
        self._slots = array("i", [_FREE]) * 64
        self._used = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """Memory of all of it, array headers included."""
        held = sum(sys.getsizeof(a) for a in self._held if a is not None)
        return held + sum(map(sys.getsizeof, (self._bytes, self._slots, self._held, self._free)))

    def get(self, row: int) -> Replica:
        """The record of a row in use."""
        f = _RECORD.unpack_from(self._bytes, row * _RECORD.size)
        return Replica(
            AuthorKey(f[0]), DeviceId(f[1]), _LANES[f[2]], bool(f[3]), f[5], f[6], f[7], f[8],
            f[9], f[10], BundleId(f[11]), BundleId(f[12]),
        )  # fmt: skip

    def author(self, row: int) -> AuthorKey:
        """The author of a row in use."""
        start = row * _RECORD.size
        return AuthorKey(bytes(self._bytes[start : start + 32]))

    def device(self, row: int) -> DeviceId:
        """The device of a row in use."""
        start = row * _RECORD.size + 32
        return DeviceId(bytes(self._bytes[start : start + 8]))

    def put(self, row: int, r: Replica, held: "array[int] | None" = None) -> None:
        """Overwrite the record of a row in use (author, device, lane and chain stay as given).

        `held`: what `held` tells from now on; lo, hi and claims are its ends and its sum.
        """
        _RECORD.pack_into(
            self._bytes, row * _RECORD.size, r.author, r.device, r.lane, r.closed, 1,
            r.following, r.lo, r.hi, r.floor, r.claims, r.quota, r.head, r.prev_lo,
        )  # fmt: skip
        if held is not None:
            self._held[row] = held if len(held) > 2 else None

    def held(self, row: int) -> "array[int]":
        """Bundles held, as seq, count, seq, count, ... with seq ascending.

        Whoever changes it hands it to `put`.
        """
        held = self._held[row]
        if held is not None:
            return held
        replica = self.get(row)
        return array("I", (replica.lo, replica.claims) if replica.lo else ())

    def rows_of(self, author: AuthorKey) -> Iterator[int]:
        """Rows of all feeds of one author, oldest first."""
        row = self._slots[self._slot_of(author)]
        while row >= 0:
            yield row
            (row,) = _FOLLOWING.unpack_from(self._bytes, row * _RECORD.size + _FOLLOWING_AT)

    def row_of(self, feed: FeedId) -> int:
        """The feed's row, -1 when there is none."""
        key = feed.author + feed.device + bytes((feed.lane,))
        for row in self.rows_of(feed.author):
            if self._bytes.startswith(key, row * _RECORD.size):
                return row
        return -1

    def add(self, feed: FeedId) -> int:
        """A new, empty replica; its row, or -1 at the cap."""
        if self._count >= self._max:
            return -1
        *_, last = -1, *self.rows_of(feed.author)
        if self._free:
            row = self._free.pop()
        else:
            row = len(self._held)
            self._held.append(None)
            self._bytes.extend(bytes(_RECORD.size))
        empty = BundleId(bytes(32))
        self.put(row, Replica(feed.author, feed.device, feed.lane, False, -1, 0, 0, 0, 0, 0,
                              empty, empty))  # fmt: skip
        if last >= 0:
            _FOLLOWING.pack_into(self._bytes, last * _RECORD.size + _FOLLOWING_AT, row)
        else:
            self._insert(feed.author, row)
        self._count += 1
        return row

    def remove_author(self, author: AuthorKey) -> None:
        """Forget every feed of the author."""
        slot = self._slot_of(author)
        rows = list(self.rows_of(author))
        if not rows:
            return
        self._slots[slot] = _TOMB
        for row in rows:
            start = row * _RECORD.size
            self._bytes[start : start + _RECORD.size] = bytes(_RECORD.size)
            self._held[row] = None
        self._free.extend(reversed(rows))
        self._count -= len(rows)

    def rows(self) -> Iterator[int]:
        """All rows in use, in row order."""
        rows = range(len(self._held))
        return (row for row in rows if self._bytes[row * _RECORD.size + _IN_USE_AT])

    def dump(self) -> ReplicaDump:
        """Copies of everything; some 20 ms for 200,000 feeds."""
        sizes = array("I", [len(held) if held is not None else 0 for held in self._held])
        held = b"".join([held for held in self._held if held is not None])
        return ReplicaDump(bytes(self._bytes), sizes.tobytes(), held)

    def load(self, records: bytes, sizes: bytes, held: bytes) -> None:
        """Become what gave this `dump`, quotas aside: they are the default ones.

        ValueError if the parts do not belong together. 1 µs a feed.
        """
        numbers, longest = array("I", sizes), array("I", held)
        rows = len(numbers)
        if len(records) != rows * _RECORD.size or sum(numbers) != len(longest):
            raise ValueError("the feed table's parts do not belong together")
        self._bytes = bytearray(records)
        words, width = memoryview(self._bytes).cast("i"), _RECORD.size // 4
        words[_QUOTA_AT // 4 :: width] = memoryview(array("i", bytes(4 * rows)))
        following = words[_FOLLOWING_AT // 4 :: width].tolist()
        words.release()
        in_use = self._bytes[_IN_USE_AT :: _RECORD.size]
        ends = accumulate(numbers)
        self._held = [
            longest[end - size : end] if size else None
            for end, size in zip(ends, numbers, strict=True)
        ]
        self._free = [row for row in reversed(range(rows)) if not in_use[row]]
        self._count = rows - len(self._free)
        followers = {after for row, after in enumerate(following) if in_use[row]}
        firsts = [row for row in range(rows) if in_use[row] and row not in followers]
        if self._count > self._max or max(followers, default=-1) >= rows:
            raise ValueError("the feed table does not fit")
        self._fill(firsts)

    def _slot_of(self, author: bytes) -> int:
        """The author's slot, or the free one where a probe for it ends."""
        mask = len(self._slots) - 1
        slot = hash(author) & mask
        while True:
            row = self._slots[slot]
            if row == _FREE or (row >= 0 and self.author(row) == author):
                return slot
            slot = (slot + 1) & mask

    def _insert(self, author: bytes, row: int) -> None:
        if (self._used + 1) * 2 > len(self._slots):
            self._rehash()
        self._slots[self._slot_of(author)] = row
        self._used += 1

    def _rehash(self) -> None:
        """Grow (or sweep tombstones): insert every author's first row anew."""
        self._fill([row for row in self._slots if row >= 0])

    def _fill(self, firsts: list[int]) -> None:
        """Slots for these first rows, and for nothing else."""
        size = 64
        while size < (len(firsts) + 1) * 3:
            size *= 2
        self._slots = array("i", [_FREE]) * size
        for row in firsts:
            self._slots[self._slot_of(self.author(row))] = row
        self._used = len(firsts)
