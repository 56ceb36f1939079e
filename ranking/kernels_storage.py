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
_0 = np.uint64(0)
_255 = np.uint64(255)
_INIT = tuple(
    np.uint64(n)
    for n in (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
)
_I0, _I1, _I2, _I3 = _INIT


class NameTable(NamedTuple):
    """An interner's arrays: open-addressed slots of rows, and each row's name in the arena.

    A row in use has `lengths[row] > 0`; in a free one `starts[row]` is the next free row.
    """

    slots: I32
    arena: U8
    starts: I32
    lengths: U8


class EdgeColumns(NamedTuple):
    """Edges, column by column. 13 bytes each."""

    item: I32
    seq: NDArray[np.uint32]
    day: NDArray[np.uint16]
    device: NDArray[np.uint16]
    weight: NDArray[np.int8]


def _wrapping(kernel: _Kernel) -> _Kernel:
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


@_wrapping
@njit(nogil=True, cache=True)
def siphash(data: U8, start: int, size: int, key: U64) -> np.uint64:
    """SipHash-1-3 of data[start:start+size] under key[0:2], about 20 ns + 1 ns a byte."""
    v0, v1, v2, v3 = key[0] ^ _I0, key[1] ^ _I1, key[0] ^ _I2, key[1] ^ _I3
    whole = start + size - size % 8
    for at in range(start, whole, 8):
        word = _0
        for i in range(at + 7, at - 1, -1):
            word = (word << _8) | np.uint64(data[i])
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


@_wrapping
@njit(nogil=True, cache=True)
def _home(data: U8, start: int, size: int, key: U64, n_slots: int) -> int:
    """Slot where the search for a name begins: the hash's upper half scaled to the table."""
    return int(np.int64(((siphash(data, start, size, key) >> _32) * np.uint64(n_slots)) >> _32))


@njit(nogil=True, cache=True)
def _slot_of(data: U8, start: int, size: int, key: U64, table: NameTable) -> int:
    """Slot that holds the name, or the free one where it would go."""
    n_slots = len(table.slots)
    slot: int = _home(data, start, size, key, n_slots)
    while True:
        row = table.slots[slot]
        if row == FREE:
            return slot
        if table.lengths[row] == size:
            at = table.starts[row]
            j = 0
            while j < size and table.arena[at + j] == data[start + j]:
                j += 1
            if j == size:
                return slot
        slot += 1
        if slot == n_slots:
            slot = 0


@njit(nogil=True, cache=True)
def find_rows(data: U8, sizes: I32, key: U64, table: NameTable) -> I32:
    """Row of each of the names that stand end to end in `data`, FREE where it has none."""
    rows = np.empty(len(sizes), np.int32)
    start = 0
    for i in range(len(sizes)):
        rows[i] = table.slots[_slot_of(data, start, sizes[i], key, table)]
        start += sizes[i]
    return rows


@njit(nogil=True, cache=True)
def insert_rows(data: U8, sizes: I32, key: U64, table: NameTable, state: I64, rows: I32) -> None:
    """Give a row to each name whose `rows[i]` is FREE, as far as the arrays have room.

    Names that are empty or longer than a uint8 can say stay FREE. The slots must have room.
    """
    start = 0
    for i in range(len(sizes)):
        size = sizes[i]
        if rows[i] == FREE and 0 < size <= 255:
            slot = _slot_of(data, start, size, key, table)
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
                state[FILLED] += size
                state[IN_USE] += 1
            rows[i] = row
        start += size


@njit(nogil=True, cache=True)
def fill_slots(key: U64, table: NameTable, n_rows: int) -> None:
    """Enter every row in use into empty slots."""
    for row in range(n_rows):
        if table.lengths[row] > 0:
            slot = _slot_of(table.arena, table.starts[row], table.lengths[row], key, table)
            table.slots[slot] = row


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
        hole = _slot_of(table.arena, table.starts[row], size, key, table)
        slot = hole
        while True:
            slot = (slot + 1) % n_slots
            other = table.slots[slot]
            if other == FREE:
                break
            home = _home(table.arena, table.starts[other], table.lengths[other], key, n_slots)
            if (slot - home) % n_slots >= (slot - hole) % n_slots:
                table.slots[hole] = other
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
def _put_edge(edges: EdgeColumns, at: int, new: EdgeColumns, k: int) -> None:
    edges.item[at] = new.item[k]
    edges.seq[at] = new.seq[k]
    edges.day[at] = new.day[k]
    edges.device[at] = new.device[k]
    edges.weight[at] = new.weight[k]


@njit(nogil=True, cache=True)
def _outranks(a: EdgeColumns, i: int, b: EdgeColumns, k: int) -> bool:
    """Whether statement a[i] is later than b[k], by (seq, device)."""
    if a.seq[i] != b.seq[k]:
        return bool(a.seq[i] > b.seq[k])
    return bool(a.device[i] > b.device[k])


@njit(nogil=True, cache=True)
def merge_edges(
    edges: EdgeColumns, base: int, count: int, new: EdgeColumns, order: I64, references: I32
) -> int:
    """Merge statements into the block edges[base:base+count], which has room; the new count.

    The block is strictly ascending by item, and so it stays; `order` sorts `new` by item, stably.
    The highest (seq, device) stands; of equal ones the later in `new`. Statements about row FREE
    are skipped. References of items with a new edge go up by one. O(count + new).
    """
    inserted = np.empty(len(order), np.int64)
    places = np.empty(len(order), np.int64)
    n = 0
    lo = base
    for k in order:
        row = new.item[k]
        if row == FREE:
            continue
        if n > 0 and new.item[inserted[n - 1]] == row:
            if not _outranks(new, inserted[n - 1], new, k):
                inserted[n - 1] = k
            continue
        hi = base + count
        while lo < hi:
            middle = (lo + hi) // 2
            if edges.item[middle] < row:
                lo = middle + 1
            else:
                hi = middle
        if lo < base + count and edges.item[lo] == row:
            if not _outranks(edges, lo, new, k):
                _put_edge(edges, lo, new, k)
        else:
            inserted[n] = k
            places[n] = lo
            n += 1
    end = base + count
    for j in range(n - 1, -1, -1):
        for e in range(end - 1, places[j] - 1, -1):
            _put_edge(edges, e + j + 1, edges, e)
        _put_edge(edges, places[j] + j, new, inserted[j])
        references[new.item[inserted[j]]] += 1
        end = places[j]
    return count + n


@njit(nogil=True, cache=True)
def keep_edges(edges: EdgeColumns, base: int, keep: NDArray[np.bool_], references: I32) -> int:
    """Drop the edges of the block from `base` on where `keep` is false; how many are left."""
    at = base
    for k in range(len(keep)):
        if keep[k]:
            _put_edge(edges, at, edges, base + k)
            at += 1
        else:
            references[edges.item[base + k]] -= 1
    return at - base


@njit(nogil=True, cache=True)
def drop_references(
    authors: I64, offset: I32, count: I32, edges: EdgeColumns, references: I32
) -> None:
    """Lower the references of every item to which the authors of one segment have edges."""
    for a in authors:
        for e in range(offset[a], offset[a] + count[a]):
            references[edges.item[e]] -= 1


@njit(nogil=True, cache=True)
def pack_blocks(
    authors: I64, tables: tuple[I32, I32, I32], source: EdgeColumns, target: EdgeColumns, end: int
) -> tuple[int, int]:
    """Move blocks of one segment to `target`, from slot `end` on, as many as have room there.

    `tables` are offset, count and capacity; a block's slack is cut to an eighth. Returns how many
    blocks were moved, and the slot after the last.
    """
    offset, count, capacity = tables
    for k in range(len(authors)):
        a = authors[k]
        size = min(capacity[a], count[a] + count[a] // 8 + 2)
        if end + size > len(target.item):
            return k, end
        for j in range(count[a]):
            _put_edge(target, end + j, source, offset[a] + j)
        offset[a] = end
        capacity[a] = size
        end += size
    return len(authors), end


@njit(nogil=True, cache=True)
def count_signs(
    authors: I64, offset: I32, count: I32, edges: EdgeColumns, liked: I64, disliked: I64
) -> None:
    """Number of edges with positive and negative weight, for the authors of one segment."""
    for a in authors:
        for e in range(offset[a], offset[a] + count[a]):
            liked[a] += edges.weight[e] > 0
            disliked[a] += edges.weight[e] < 0


@njit(nogil=True, cache=True)
def _bounded(x: int, low: int, high: int) -> int:
    return min(max(x, low), high)


@njit(nogil=True, cache=True)
def copy_edges(
    authors: I64,
    offset: I32,
    count: I32,
    edges: EdgeColumns,
    liked: tuple[I64, I32, U8],
    disliked: tuple[I64, I32],
    levels: tuple[F32, F32],
    today: int,
) -> tuple[int, int]:
    """Copy one segment's edges to compressed rows (ptr, item, affinity code) and (ptr, item).

    `levels` are where a weight in percent is on the scale of codes (`ranking.affinity`), and what
    an age in days adds to that; its last entry is that of anything older, days to come count as
    today. Returns the least and the greatest age among what is liked, bounded by neither.
    """
    of_weight, of_age = levels
    oldest = len(of_age) - 1
    least, greatest = 1 << 30, -(1 << 30)
    for a in authors:
        at, bad_at = liked[0][a], disliked[0][a]
        for e in range(offset[a], offset[a] + count[a]):
            if edges.weight[e] > 0:
                age: int = today - np.int64(edges.day[e])  # type: ignore[assignment]
                least, greatest = min(least, age), max(greatest, age)
                level = of_weight[edges.weight[e]] + of_age[_bounded(age, 0, oldest)]
                liked[1][at] = edges.item[e]
                liked[2][at] = _bounded(int(level + 0.5), 1, 255)
                at += 1
            elif edges.weight[e] < 0:
                disliked[1][bad_at] = edges.item[e]
                bad_at += 1
    return least, greatest


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
