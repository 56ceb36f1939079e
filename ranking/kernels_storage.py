"""Compiled inner loops of the interner and the graph. Arrays in, arrays out; no validation.

`ranking/kernels*.py` are the only modules that import numba. `tests/ranking/naive_storage.py`
holds a slow, obvious twin of each kernel. Tuples of arrays (`NameTable`, `EdgeColumns`) are handed
in whole: numba takes named tuples as arguments.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numba import config, njit
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
U64 = NDArray[np.uint64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]

_Kernel = TypeVar("_Kernel", bound=Callable[..., Any])

FREE = -1
"""No row: an empty slot, the end of the list of free rows, a name that is not there."""

ROWS, FIRST_FREE, FILLED, IN_USE = 0, 1, 2, 3
"""Places in the interner's `state`: rows ever used, head of the free list, bytes of the arena
written, rows in use now."""

_8, _13, _16, _17, _21, _32, _56 = (np.uint64(n) for n in (8, 13, 16, 17, 21, 32, 56))
_255 = np.uint64(255)
_INIT = tuple(
    np.uint64(n)
    for n in (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
)
_I0, _I1, _I2, _I3 = _INIT


class NameTable(NamedTuple):
    """An interner's arrays: open-addressed slots of rows, and each row's name in the arena.

    A row in use has `lengths[row] > 0`; in a free one `starts[row]` is the next free row. A slot's
    tag is the hash's lowest byte, so that few names are compared in vain.
    """

    slots: I32
    tags: U8
    arena: U8
    starts: I32
    lengths: U8


class EdgeColumns(NamedTuple):
    """Edges or statements, column by column."""

    item: I32
    seq: NDArray[np.uint32]
    day: NDArray[np.uint16]
    device: NDArray[np.uint16]
    weight: NDArray[np.int8]


def wrapping(kernel: _Kernel) -> _Kernel:
    """Without the compiler, numpy's scalars warn where machine words wrap, as hashes mean to."""
    quiet: _Kernel = np.errstate(over="ignore")(kernel) if config.DISABLE_JIT else kernel
    return quiet


# ------------------------------------------------------------------------------------- names


@njit(nogil=True, cache=True)
def _rotated(x: np.uint64, by: np.uint64, rest: np.uint64) -> np.uint64:
    return (x << by) | (x >> rest)


@njit(nogil=True, cache=True)
def _sip_round(
    v0: np.uint64, v1: np.uint64, v2: np.uint64, v3: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    v0 += v1
    v1 = _rotated(v1, _13, np.uint64(51)) ^ v0
    v0 = _rotated(v0, _32, _32)
    v2 += v3
    v3 = _rotated(v3, _16, np.uint64(48)) ^ v2
    v0 += v3
    v3 = _rotated(v3, _21, np.uint64(43)) ^ v0
    v2 += v1
    v1 = _rotated(v1, _17, np.uint64(47)) ^ v2
    v2 = _rotated(v2, _32, _32)
    return v0, v1, v2, v3


@wrapping
@njit(nogil=True, cache=True)
def siphash(data: U8, start: int, size: int, key: U64) -> np.uint64:
    """SipHash-1-3 of data[start:start+size] under key[0:2], about 20 ns + 1 ns a byte."""
    v0, v1, v2, v3 = key[0] ^ _I0, key[1] ^ _I1, key[0] ^ _I2, key[1] ^ _I3
    whole = start + size - size % 8
    for at in range(start, whole, 8):
        word = data[at : at + 8].view(np.uint64)[0]
        v3 ^= word
        v0, v1, v2, v3 = _sip_round(v0, v1, v2, v3)
        v0 ^= word
    word = np.uint64(size & 255)
    for _ in range(7 - size % 8):
        word <<= _8
    for i in range(start + size - 1, whole - 1, -1):
        word = (word << _8) | np.uint64(data[i])
    v3 ^= word
    v0, v1, v2, v3 = _sip_round(v0, v1, v2, v3)
    v0 ^= word
    v2 ^= _255
    for _ in range(3):
        v0, v1, v2, v3 = _sip_round(v0, v1, v2, v3)
    hashed: np.uint64 = v0 ^ v1 ^ v2 ^ v3
    return hashed


@njit(nogil=True, cache=True)
def hash_names(data: U8, sizes: I32, key: U64) -> U64:
    """Hash of each of the names that stand end to end in `data`."""
    hashes = np.empty(len(sizes), np.uint64)
    start = 0
    for i in range(len(sizes)):
        hashes[i] = siphash(data, start, sizes[i], key)
        start += sizes[i]
    return hashes


@wrapping
@njit(nogil=True, cache=True)
def _home(hashed: np.uint64, n_slots: int) -> int:
    """Slot where the search for a name begins: the hash's upper half scaled to the table."""
    return int(np.int64(((hashed >> _32) * np.uint64(n_slots)) >> _32))


@njit(nogil=True, cache=True)
def _tagged(slot: int, tag: np.uint8, table: NameTable) -> int:
    """The first slot from `slot` on that has this tag, or is free."""
    while table.slots[slot] != FREE and table.tags[slot] != tag:
        slot = slot + 1 if slot + 1 < len(table.slots) else 0
    return slot


@njit(nogil=True, cache=True)
def _is_name(row: int, at: int, data: U8, start: int, size: int, table: NameTable) -> bool:
    """Whether the row, whose name starts at `at` in the arena, has this name."""
    if table.lengths[row] != size:
        return False
    j = 0
    while j < size and table.arena[at + j] == data[start + j]:
        j += 1
    return j == size


@njit(nogil=True, cache=True)
def _slot_of(data: U8, start: int, size: int, hashed: np.uint64, table: NameTable) -> int:
    """Slot that holds the name, or the free one where it would go."""
    tag = np.uint8(hashed & _255)
    slot: int = _tagged(_home(hashed, len(table.slots)), tag, table)
    while True:
        row = table.slots[slot]
        if row == FREE or _is_name(row, table.starts[row], data, start, size, table):
            return slot
        slot = _tagged(slot + 1 if slot + 1 < len(table.slots) else 0, tag, table)


@njit(nogil=True, cache=True)
def find_rows(data: U8, sizes: I32, hashes: U64, table: NameTable) -> I32:
    """Row of each of the names that stand end to end in `data`, FREE where it has none.

    Slots, rows and names are in memory all over; with one pass for each of them the processor
    waits for many at a time.
    """
    n = len(sizes)
    rows, at = np.empty(n, np.int32), np.zeros(n, np.int32)
    for i in range(n):
        home = _home(hashes[i], len(table.slots))
        rows[i] = table.slots[_tagged(home, np.uint8(hashes[i] & _255), table)]
    for i in range(n):
        if rows[i] != FREE:
            at[i] = table.starts[rows[i]]
    start = 0
    for i in range(n):
        row = rows[i]
        if row != FREE and not _is_name(row, at[i], data, start, sizes[i], table):
            rows[i] = table.slots[_slot_of(data, start, sizes[i], hashes[i], table)]
        start += sizes[i]
    return rows


@njit(nogil=True, cache=True)
def insert_rows(data: U8, sizes: I32, hashes: U64, table: NameTable, state: I64, rows: I32) -> None:
    """Give a row to each name whose `rows[i]` is FREE, as far as the arrays have room.

    Names that are empty or longer than a uint8 can say stay FREE. The slots must have room.
    """
    start = 0
    for i in range(len(sizes)):
        size = sizes[i]
        if rows[i] == FREE and 0 < size <= 255:
            slot = _slot_of(data, start, size, hashes[i], table)
            row = table.slots[slot]
            fits = state[FILLED] + size <= len(table.arena)
            if row == FREE and fits and state[FIRST_FREE] != FREE:
                row = state[FIRST_FREE]
                state[FIRST_FREE] = table.starts[row]
            elif row == FREE and fits and state[ROWS] < len(table.starts):
                row = state[ROWS]
                state[ROWS] += 1
            if row != FREE and table.slots[slot] == FREE:
                at = state[FILLED]
                table.arena[at : at + size] = data[start : start + size]
                table.starts[row] = at
                table.lengths[row] = size
                table.slots[slot] = row
                table.tags[slot] = hashes[i] & _255
                state[FILLED] += size
                state[IN_USE] += 1
            rows[i] = row
        start += size


@njit(nogil=True, cache=True)
def _hash_of(row: int, key: U64, table: NameTable) -> np.uint64:
    hashed: np.uint64 = siphash(table.arena, table.starts[row], table.lengths[row], key)
    return hashed


@njit(nogil=True, cache=True)
def fill_slots(key: U64, table: NameTable, n_rows: int) -> None:
    """Enter every row in use into empty slots."""
    for row in range(n_rows):
        if table.lengths[row] > 0:
            hashed = _hash_of(row, key, table)
            slot = _slot_of(table.arena, table.starts[row], table.lengths[row], hashed, table)
            table.slots[slot] = row
            table.tags[slot] = hashed & _255


@njit(nogil=True, cache=True)
def erase_rows(rows: I32, key: U64, table: NameTable, state: I64) -> int:
    """Take rows out of the table and put them on the free list; rows already free are skipped.

    What follows in a run of slots moves up, so no tombstones pile up. Returns the bytes of names
    that became garbage.
    """
    garbage = 0
    n_slots = len(table.slots)
    for row in rows:
        size: int = np.int64(table.lengths[row])  # type: ignore[assignment]
        if size == 0:
            continue
        hole = _slot_of(table.arena, table.starts[row], size, _hash_of(row, key, table), table)
        slot = hole
        while True:
            slot = (slot + 1) % n_slots
            other = table.slots[slot]
            if other == FREE:
                break
            home = _home(_hash_of(other, key, table), n_slots)
            if (slot - home) % n_slots >= (slot - hole) % n_slots:
                table.slots[hole] = other
                table.tags[hole] = table.tags[slot]
                hole = slot
        table.slots[hole] = FREE
        table.lengths[row] = 0
        table.starts[row] = state[FIRST_FREE]
        state[FIRST_FREE] = row
        state[IN_USE] -= 1
        garbage += size
    return garbage


@njit(nogil=True, cache=True)
def slide_names(order: I64, table: NameTable) -> int:
    """Move names together in place; `order` is the rows in use by start. The end of the last."""
    end = 0
    for row in order:
        start = table.starts[row]
        size: int = np.int64(table.lengths[row])  # type: ignore[assignment]
        for j in range(size):
            table.arena[end + j] = table.arena[start + j]
        table.starts[row] = end
        end += size
    return end


# ------------------------------------------------------------------------------------- edges


@njit(nogil=True, cache=True)
def transpose(ptr: I64, columns: I32, codes: U8, n_columns: int) -> tuple[I64, I32, U8]:
    """Compressed rows to compressed columns; rows ascend within a column. O(edges)."""
    out_ptr = np.zeros(n_columns + 1, np.int64)
    for e in range(len(columns)):
        out_ptr[columns[e] + 1] += 1
    for c in range(n_columns):
        out_ptr[c + 1] += out_ptr[c]
    fill = out_ptr[:-1].copy()
    out_row = np.empty(len(columns), np.int32)
    out_code = np.empty(len(columns), np.uint8)
    for row in range(len(ptr) - 1):
        for e in range(ptr[row], ptr[row + 1]):
            c = columns[e]
            out_row[fill[c]] = row
            out_code[fill[c]] = codes[e]
            fill[c] += 1
    return out_ptr, out_row, out_code
