"""Names to rows: bytes outside, ints inside, with no Python object a name.

The names stand end to end in one byte arena; rows are found by open addressing with linear
probing. Beside its name a row costs 5 bytes and 5 to 10 of slots.

Names come from strangers. Names are compared in full, so two that collide cost time and nothing
else; and since slots are chosen by SipHash-1-3 under a secret key, as CPython's and Rust's own
tables do it, nobody can choose names that collide.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranking.kernels_checkpoint import is_free_list
from ranking.kernels_storage import (
    FILLED,
    FREE,
    IN_USE,
    ROWS,
    NameTable,
    erase_rows,
    fill_slots,
    find_rows,
    hash_names,
    insert_rows,
    slide_names,
)

NAME_BYTES_MAX = 255
"""A longer name gets no row (-1)."""

ROW_BYTES_MAX = 12
"""Memory of a row beside its name, when `names_max` of them are in use."""

_SLOTS_MIN = 32


CHUNK = 1 << 14
"""Names entered at once: room is made for as many new ones, though some may be the same."""


def nameable(sizes: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which names a row could stand for, by their sizes, caps aside."""
    return (sizes > 0) & (sizes <= NAME_BYTES_MAX)


def joined(names: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """The names end to end (writable, so that kernels see one type of array), and their sizes."""
    sizes = np.fromiter(map(len, names), np.int32, len(names))
    return np.frombuffer(bytearray().join(names) or bytearray(1), np.uint8), sizes


class Interner:
    """Bytes <-> int32 rows. Rows are recycled; at either cap new names get row -1.

    `key`: secret, 128 bits count. `names_max`: most rows, at least 1. `names_bytes_max`: most bytes
    of names, below 2 GiB; up to a sixteenth of them may be of names released and not collected yet.
    `nbytes` never exceeds names_max * ROW_BYTES_MAX + names_bytes_max (and a small constant).
    """

    def __init__(self, *, key: int, names_max: int, names_bytes_max: int) -> None:
        if names_max < 1 or not 0 < names_bytes_max < 2**31:
            raise ValueError("need names_max >= 1 and names_bytes_max in 1..2**31-1")
        words = [key & (2**64 - 1), key >> 64 & (2**64 - 1)]
        self._key = np.array(words, np.uint64)
        self._names_max = names_max
        self._names_bytes_max = names_bytes_max
        self._table = NameTable(
            slots=np.full(_SLOTS_MIN, FREE, np.int32),
            tags=np.zeros(_SLOTS_MIN, np.uint8),
            arena=np.zeros(0, np.uint8),
            starts=np.zeros(0, np.int32),
            lengths=np.zeros(0, np.uint8),
        )
        self._state = np.array([0, FREE, 0, 0], np.int64)
        self._garbage = 0

    def __len__(self) -> int:
        return int(self._state[IN_USE])

    @property
    def rows(self) -> int:
        """One more than the largest row ever in use."""
        return int(self._state[ROWS])

    @property
    def names_nbytes(self) -> int:
        """Bytes of the names in use themselves."""
        return int(self._state[FILLED]) - self._garbage

    @property
    def nbytes(self) -> int:
        """Memory of every array, names included."""
        return sum(array.nbytes for array in self._table) + self._state.nbytes + self._key.nbytes

    def lookup_many(self, names: Sequence[bytes]) -> NDArray[np.int32]:
        """Rows of the names, -1 for unknown ones. About 3 µs + .15 µs a name."""
        return self.lookup_packed(*joined(names))

    def lookup_packed(self, data: NDArray[np.uint8], sizes: NDArray[np.int32]) -> NDArray[np.int32]:
        """`lookup_many` of names end to end."""
        return self._find(data, sizes)[0]

    def lookup(self, name: bytes) -> int:
        """Row of the name, or -1."""
        return int(self.lookup_many((name,))[0])

    def intern_many(self, names: Sequence[bytes]) -> NDArray[np.int32]:
        """Rows of the names; unknown ones get new rows, -1 at a cap or when empty or too long.

        About 5 µs + .15 µs a known name, .3 µs a new one.
        """
        return self.intern_packed(*joined(names))

    def intern_packed(self, data: NDArray[np.uint8], sizes: NDArray[np.int32]) -> NDArray[np.int32]:
        """`intern_many` of names end to end. About .05 µs a known name."""
        rows = np.empty(len(sizes), np.int32)
        start = 0
        for at in range(0, len(sizes), CHUNK):
            part = sizes[at : at + CHUNK]
            end = start + int(part.sum(dtype=np.int64))
            rows[at : at + CHUNK] = self._intern(data[start:end], part)
            start = end
        return rows

    def intern(self, name: bytes) -> int:
        """Row of the name, a new one if need be; -1 at a cap or when empty or too long."""
        return int(self.intern_many((name,))[0])

    def name(self, row: int) -> bytes:
        """The name of a row in use, b"" for a free one."""
        size = int(self._table.lengths[row])
        start = int(self._table.starts[row])
        return self._table.arena[start : start + size].tobytes() if size else b""

    def in_use(self, row: int) -> bool:
        """Whether the row stands for a name now."""
        return 0 <= row < self.rows and bool(self._table.lengths[row])

    def lengths(self) -> NDArray[np.int64]:
        """Size of each row's name, bytes; 0 for free rows. O(rows)."""
        return self._table.lengths[: self.rows].astype(np.int64)

    def lengths_of(self, rows: NDArray[np.int32]) -> NDArray[np.uint8]:
        """`lengths` of some rows alone."""
        lengths: NDArray[np.uint8] = self._table.lengths[rows]
        return lengths

    def used_rows(self) -> NDArray[np.int64]:
        """Rows in use, ascending. O(rows)."""
        return np.flatnonzero(self._table.lengths[: self.rows])

    def starting_with(self, prefix: bytes) -> NDArray[np.int64]:
        """Rows whose names begin so, ascending. O(rows)."""
        rows = self.used_rows()
        rows = rows[self._table.lengths[rows] >= len(prefix)]
        for at, byte in enumerate(prefix):
            rows = rows[self._table.arena[self._table.starts[rows] + at] == byte]
        return rows

    def release(self, row: int) -> None:
        """The row is no longer used and may stand for another name from now on."""
        self.release_many(np.array([row], np.int32))

    def release_many(self, rows: NDArray[np.int32]) -> None:
        """Free these rows; those free already are left alone. About .2 µs each."""
        self._garbage += int(erase_rows(rows, self._key, self._table, self._state))

    # ------------------------------------------------------------------------------ checkpoint
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """All there is but the key and the slots, for `restore`: views, void after any change."""
        table, n = self._table, self.rows
        room = [self._garbage, len(table.slots), len(table.starts), len(table.arena)]
        numbers = np.array([*self._state.tolist(), *room], np.int64)
        filled = int(self._state[FILLED])
        return numbers, table.arena[:filled], table.starts[:n], table.lengths[:n]

    def restore(
        self,
        numbers: NDArray[np.int64],
        arena: NDArray[np.uint8],
        starts: NDArray[np.int32],
        lengths: NDArray[np.uint8],
    ) -> None:
        """Become what gave these `arrays`. ValueError if they cannot be, or are over the caps.

        Nothing about them is taken on trust; the names are hashed anew. About .1 µs a name.
        """
        if len(numbers) != len(self._state) + 4:
            raise ValueError("an interner has eight numbers")
        rows, head, filled, in_use, garbage, slots, capacity, room = numbers.tolist()
        used = np.flatnonzero(lengths)
        if not (
            rows == len(starts) == len(lengths) <= capacity <= self._names_max
            and filled == len(arena) <= room <= self._names_bytes_max
            and in_use == len(used) <= slots * 3 // 4
            and slots <= max(_SLOTS_MIN, self._names_max * 4 // 3 + 1)
            and garbage == filled - int(lengths.sum(dtype=np.int64))
        ):
            raise ValueError("the interner's sizes contradict each other or exceed its caps")
        order = used[np.argsort(starts[used], kind="stable")]
        ends = starts[order].astype(np.int64) + lengths[order]
        begins = np.append(starts[order], filled)
        if (begins[0] if used.size else 0) < 0 or (ends > begins[1:]).any():
            raise ValueError("names overlap")
        if not is_free_list(head, starts, lengths):
            raise ValueError("the list of free rows is broken")
        self._table = NameTable(
            slots=np.full(slots, FREE, np.int32),
            tags=np.zeros(slots, np.uint8),
            arena=np.zeros(room, np.uint8),
            starts=np.zeros(capacity, np.int32),
            lengths=np.zeros(capacity, np.uint8),
        )
        self._table.arena[:filled] = arena
        self._table.starts[:rows] = starts
        self._table.lengths[:rows] = lengths
        self._state[:] = numbers[: len(self._state)]
        self._garbage = garbage
        fill_slots(self._key, self._table, rows)
        if np.count_nonzero(self._table.slots != FREE) != in_use:
            raise ValueError("two rows have the same name")

    # ------------------------------------------------------------------------------------ room
    def _find(
        self, data: NDArray[np.uint8], sizes: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], NDArray[np.uint64]]:
        """Rows, FREE for unknown ones, and hashes."""
        hashes = hash_names(data, sizes, self._key)
        return find_rows(data, sizes, hashes, self._table), hashes

    def _intern(self, data: NDArray[np.uint8], sizes: NDArray[np.int32]) -> NDArray[np.int32]:
        rows, hashes = self._find(data, sizes)
        unknown = rows == FREE
        if unknown.any():
            self._reserve(int(unknown.sum()), int(sizes[unknown].sum()))
            insert_rows(data, sizes, hashes, self._table, self._state, rows)
        return rows

    def _reserve(self, names: int, size: int) -> None:
        """Room for so many new names of so many bytes together, as far as the caps allow."""
        names = min(names, self._names_max - len(self))
        if (len(self) + names) * 4 > len(self._table.slots) * 3:
            self._grow_slots(len(self) + names)
        free = self.rows - len(self)
        capacity = len(self._table.starts)
        if self.rows + names - free > capacity:
            capacity = max(self.rows + names - free, capacity + capacity // 8)
            capacity = min(capacity, self._names_max)
            _resize((self._table.starts, self._table.lengths), capacity)
        filled, room = int(self._state[FILLED]), len(self._table.arena)
        if filled + size > room and self._garbage * 16 > room:
            self._compact()
            filled = int(self._state[FILLED])
        if filled + size > room:
            room = min(max(filled + size, room + room // 8), self._names_bytes_max)
            _resize((self._table.arena,), room)

    def _grow_slots(self, names: int) -> None:
        """New slots for so many names: half full, at the cap three quarters. O(rows)."""
        size = max(_SLOTS_MIN, min(names * 2, self._names_max * 4 // 3 + 1))
        slots, tags = np.full(size, FREE, np.int32), np.zeros(size, np.uint8)
        self._table = self._table._replace(slots=slots, tags=tags)
        fill_slots(self._key, self._table, self.rows)

    def _compact(self) -> None:
        """Move the names together. O(rows log rows), 60 ms a million."""
        used = self.used_rows()
        order = used[np.argsort(self._table.starts[used], kind="stable")]
        self._state[FILLED] = slide_names(order, self._table)
        self._garbage = 0


def _resize(arrays: Iterable[NDArray[Any]], size: int) -> None:
    """In place, so that there are never two copies: no view of these arrays ever leaves."""
    for array in arrays:
        array.resize(size, refcheck=False)
