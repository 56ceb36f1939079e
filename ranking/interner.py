"""Names to rows: bytes outside, ints inside, with no Python object a name.

Open addressing over numpy arrays; the names themselves stand in one byte arena. A row in use
costs 13 bytes plus 8 to 16 of slots, beside its name.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ranking.kernels_storage import FREE, drop_row, find_rows, place_rows

_T = TypeVar("_T", bound=np.generic)

NAME_BYTES_MAX = 255
"""A longer name is refused (row -1)."""


class Interner:
    """Bytes <-> int32 rows. Rows are recycled; at either cap new names get row -1.

    `names_max` rows and `names_bytes_max` bytes of names bound its memory.
    """

    def __init__(self, *, key: int, names_max: int, names_bytes_max: int) -> None:
        self._key = np.uint64(key)
        self._names_max = names_max
        self._bytes_max = names_bytes_max
        self._slots = np.full(128, FREE, np.int32)
        self._starts = np.zeros(64, np.int64)
        self._lengths = np.zeros(64, np.uint8)
        self._arena = np.zeros(4096, np.uint8)
        self._rows = 0
        self._used_slots = 0
        self._filled = 0
        self._garbage = 0
        self._free: list[int] = []

    def __len__(self) -> int:
        return self._rows - len(self._free)

    @property
    def rows(self) -> int:
        """One more than the largest row ever in use."""
        return self._rows

    @property
    def names_nbytes(self) -> int:
        """Bytes of the names themselves."""
        return self._filled - self._garbage

    @property
    def nbytes(self) -> int:
        """Memory of every array, names included."""
        arrays = (self._slots, self._starts, self._lengths, self._arena)
        return sum(a.nbytes for a in arrays) + 8 * len(self._free)

    def lookup_many(self, names: Sequence[bytes]) -> NDArray[np.int32]:
        """Rows of the names, -1 for unknown ones. About 0.1 µs a name."""
        data, offsets = _joined(names)
        rows: NDArray[np.int32] = find_rows(
            data, offsets, self._key, self._slots, self._arena, self._starts, self._lengths
        )
        return rows

    def lookup(self, name: bytes) -> int:
        """Row of the name, or -1."""
        return int(self.lookup_many((name,))[0])

    def intern_many(self, names: Sequence[bytes]) -> NDArray[np.int32]:
        """Rows of the names; unknown ones get new rows, -1 at a cap or when empty or too long."""
        rows = self.lookup_many(names)
        if rows.size and rows.min() >= 0:
            return rows
        fresh: dict[bytes, int] = {}
        for i in np.flatnonzero(rows < 0).tolist():
            name = bytes(names[i])
            row = fresh.get(name)
            if row is None:
                row = fresh[name] = self._new_row(name)
            rows[i] = row
        made = np.array([row for row in fresh.values() if row >= 0], np.int32)
        self._reserve_slots(len(made))
        place_rows(made, self._key, self._slots, self._arena, self._starts, self._lengths)
        self._used_slots += len(made)
        return rows

    def intern(self, name: bytes) -> int:
        """Row of the name, a new one if need be; -1 at a cap."""
        return int(self.intern_many((name,))[0])

    def name(self, row: int) -> bytes:
        """The name of a row in use."""
        start = self._starts[row]
        return self._arena[start : start + self._lengths[row]].tobytes()

    def in_use(self, row: int) -> bool:
        """Whether the row stands for a name now."""
        return bool(self._lengths[row])

    def release(self, row: int) -> None:
        """The row is no longer used and may stand for another name from now on."""
        drop_row(row, self._key, self._slots, self._arena, self._starts, self._lengths)
        self._garbage += int(self._lengths[row])
        self._lengths[row] = 0
        self._free.append(row)

    def _new_row(self, name: bytes) -> int:
        size = len(name)
        if not 0 < size <= NAME_BYTES_MAX:
            return -1
        if self.names_nbytes + size > self._bytes_max:
            return -1
        if not self._free and self._rows >= self._names_max:
            return -1
        self._reserve_bytes(size)
        if self._free:
            row = self._free.pop()
        else:
            row = self._rows
            self._rows += 1
            if row >= len(self._starts):
                capacity = min(self._names_max, row + row // 4 + 64)
                self._starts = _grown(self._starts, capacity)
                self._lengths = _grown(self._lengths, capacity)
        self._arena[self._filled : self._filled + size] = np.frombuffer(name, np.uint8)
        self._starts[row] = self._filled
        self._lengths[row] = size
        self._filled += size
        return row

    def _reserve_bytes(self, size: int) -> None:
        if self._filled + size <= len(self._arena):
            return
        if self._garbage > len(self._arena) // 4:
            self._compact()
        if self._filled + size > len(self._arena):
            capacity = self._filled + self._filled // 4 + size
            self._arena = _grown(self._arena, min(self._bytes_max, capacity) + size)

    def _compact(self) -> None:
        """Move the names together. O(names)."""
        arena = np.zeros(len(self._arena), np.uint8)
        at = 0
        for row in np.flatnonzero(self._lengths[: self._rows]).tolist():
            size = int(self._lengths[row])
            start = int(self._starts[row])
            arena[at : at + size] = self._arena[start : start + size]
            self._starts[row] = at
            at += size
        self._arena, self._filled, self._garbage = arena, at, 0

    def _reserve_slots(self, more: int) -> None:
        if (self._used_slots + more) * 3 <= len(self._slots) * 2:
            return
        rows = np.sort(self._slots[self._slots >= 0])
        size = 128
        while size * 2 < (len(rows) + more) * 4:
            size *= 2
        self._slots = np.full(size, FREE, np.int32)
        place_rows(rows, self._key, self._slots, self._arena, self._starts, self._lengths)
        self._used_slots = len(rows)


def _joined(names: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    offsets = np.zeros(len(names) + 1, np.int64)
    np.cumsum([len(name) for name in names], out=offsets[1:])
    return np.frombuffer(b"".join(names) or b"\0", np.uint8), offsets


def _grown(array: NDArray[_T], capacity: int) -> NDArray[_T]:
    out = np.zeros(capacity, array.dtype)
    out[: len(array)] = array
    return out
