"""Compiled inner loops of the interner and the graph. Arrays in, arrays out; no validation.

`ranking/kernels*.py` are the only modules that import numba.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]

FREE = -1
TOMB = -2

_MIX = np.uint64(0x9E3779B97F4A7C15)
_MUL = np.uint64(0xBF58476D1CE4E5B9)
_R = np.uint64(29)
_L = np.uint64(31)
_L33 = np.uint64(33)


@njit(nogil=True, cache=True)
def hash_name(data: U8, start: int, end: int, key: np.uint64) -> np.uint64:
    """Keyed 64-bit hash of data[start:end], eight bytes at a time.

    Not cryptographic: the key is drawn at random for each process, so that names chosen by a
    stranger cannot be made to collide.
    """
    h = key ^ (np.uint64(end - start) * _MIX)
    position = start
    while position < end:
        word = np.uint64(0)
        stop = min(position + 8, end)
        for i in range(position, stop):
            word = (word << np.uint64(8)) | np.uint64(data[i])
        h = (h ^ word) * _MUL
        h = (h ^ (h >> _R)) * _MIX + key
        h = (h << _L) | (h >> _L33)
        position = stop
    h = (h ^ (h >> _L33)) * _MUL
    return h ^ (h >> _R)


@njit(nogil=True, cache=True)
def find_rows(
    data: U8, offsets: I64, key: np.uint64, slots: I32, arena: U8, starts: I64, lengths: U8
) -> I32:
    """Row of each name data[offsets[i]:offsets[i+1]], -1 where it is not in the table."""
    count = len(offsets) - 1
    rows = np.empty(count, np.int32)
    mask = np.uint64(len(slots) - 1)
    for i in range(count):
        start, end = offsets[i], offsets[i + 1]
        slot = hash_name(data, start, end, key) & mask
        rows[i] = -1
        while slots[slot] != FREE:
            row = slots[slot]
            if row >= 0 and lengths[row] == end - start:
                at = starts[row]
                same = True
                for j in range(end - start):
                    if arena[at + j] != data[start + j]:
                        same = False
                        break
                if same:
                    rows[i] = row
                    break
            slot = (slot + np.uint64(1)) & mask
    return rows


@njit(nogil=True, cache=True)
def place_rows(rows: I32, key: np.uint64, slots: I32, arena: U8, starts: I64, lengths: U8) -> None:
    """Enter rows (whose names stand in the arena, and are not in the table yet) into slots."""
    mask = np.uint64(len(slots) - 1)
    for i in range(len(rows)):
        row = rows[i]
        start = starts[row]
        slot = hash_name(arena, start, start + lengths[row], key) & mask
        while slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = row


@njit(nogil=True, cache=True)
def drop_row(row: int, key: np.uint64, slots: I32, arena: U8, starts: I64, lengths: U8) -> None:
    """Turn the row's slot into a tombstone."""
    mask = np.uint64(len(slots) - 1)
    start = starts[row]
    slot = hash_name(arena, start, start + lengths[row], key) & mask
    while slots[slot] != row:
        slot = (slot + np.uint64(1)) & mask
    slots[slot] = TOMB


@njit(nogil=True, cache=True)
def transpose(ptr: I64, columns: I32, values: F32, n_columns: int) -> tuple[I64, I32, F32]:
    """Compressed rows to compressed columns; rows ascend within a column. O(edges)."""
    out_ptr = np.zeros(n_columns + 1, np.int64)
    for e in range(len(columns)):
        out_ptr[columns[e] + 1] += 1
    for c in range(n_columns):
        out_ptr[c + 1] += out_ptr[c]
    fill = out_ptr[:-1].copy()
    out_row = np.empty(len(columns), np.int32)
    out_value = np.empty(len(columns), np.float32)
    for row in range(len(ptr) - 1):
        for e in range(ptr[row], ptr[row + 1]):
            c = columns[e]
            out_row[fill[c]] = row
            out_value[fill[c]] = values[e]
            fill[c] += 1
    return out_ptr, out_row, out_value


@njit(nogil=True, cache=True)
def gather_edges(
    first: I64,
    count: I32,
    item: I32,
    weight: NDArray[np.int8],
    day: NDArray[np.uint16],
    decay: F32,
    today: int,
) -> tuple[I64, I32, F32, I64, I32]:
    """Author blocks to compressed rows: liked edges with decayed affinity, disliked beside them.

    `decay[age]` is the factor at an age in days, its last entry that of anything older.
    """
    n = len(first)
    ptr = np.zeros(n + 1, np.int64)
    bad_ptr = np.zeros(n + 1, np.int64)
    for a in range(n):
        good = bad = 0
        for e in range(first[a], first[a] + count[a]):
            if weight[e] > 0:
                good += 1
            elif weight[e] < 0:
                bad += 1
        ptr[a + 1] = ptr[a] + good
        bad_ptr[a + 1] = bad_ptr[a] + bad
    columns = np.empty(ptr[n], np.int32)
    values = np.empty(ptr[n], np.float32)
    bad_columns = np.empty(bad_ptr[n], np.int32)
    oldest = len(decay) - 1
    for a in range(n):
        at, bad_at = ptr[a], bad_ptr[a]
        for e in range(first[a], first[a] + count[a]):
            if weight[e] > 0:
                age = min(max(today - day[e], 0), oldest)
                columns[at] = item[e]
                values[at] = weight[e] * np.float32(0.01) * decay[age]
                at += 1
            elif weight[e] < 0:
                bad_columns[bad_at] = item[e]
                bad_at += 1
    return ptr, columns, values, bad_ptr, bad_columns


@njit(nogil=True, cache=True)
def upsert(  # noqa: PLR0913 - kernels take their arrays as arguments
    base: int,
    count: int,
    item: I32,
    seq: NDArray[np.uint32],
    device: U8,
    weight: NDArray[np.int8],
    day: NDArray[np.uint16],
    new_item: I32,
    new_weight: NDArray[np.int8],
    new_day: NDArray[np.uint16],
    new_seq: int,
    new_device: int,
    references: I32,
) -> int:
    """Merge statements into one author's block, which has room; the new count.

    The block is ascending by item. A statement replaces an older one of the same item, by
    (seq, device); within the batch the later one wins.
    """
    for k in range(len(new_item)):
        row = new_item[k]
        if row < 0:
            continue
        lo, hi = base, base + count
        while lo < hi:
            middle = (lo + hi) // 2
            if item[middle] < row:
                lo = middle + 1
            else:
                hi = middle
        if lo < base + count and item[lo] == row:
            if (seq[lo], device[lo]) > (new_seq, new_device):
                continue
        else:
            for e in range(base + count, lo, -1):
                item[e] = item[e - 1]
                seq[e] = seq[e - 1]
                device[e] = device[e - 1]
                weight[e] = weight[e - 1]
                day[e] = day[e - 1]
            count += 1
            references[row] += 1
        item[lo] = row
        seq[lo] = new_seq
        device[lo] = new_device
        weight[lo] = new_weight[k]
        day[lo] = new_day[k]
    return count


@njit(nogil=True, cache=True)
def keep_edges(  # noqa: PLR0913 - kernels take their arrays as arguments
    base: int,
    count: int,
    keep: NDArray[np.bool_],
    item: I32,
    seq: NDArray[np.uint32],
    device: U8,
    weight: NDArray[np.int8],
    day: NDArray[np.uint16],
    references: I32,
) -> int:
    """Drop the edges of one block where `keep` is false; the new count."""
    at = base
    for e in range(base, base + count):
        if not keep[e - base]:
            references[item[e]] -= 1
            continue
        item[at] = item[e]
        seq[at] = seq[e]
        device[at] = device[e]
        weight[at] = weight[e]
        day[at] = day[e]
        at += 1
    return at - base


@njit(nogil=True, cache=True)
def move_blocks(
    first: I64,
    count: I32,
    capacity: I32,
    new_capacity: I32,
    old: tuple[I32, NDArray[np.uint32], U8, NDArray[np.int8], NDArray[np.uint16]],
    new: tuple[I32, NDArray[np.uint32], U8, NDArray[np.int8], NDArray[np.uint16]],
) -> int:
    """Copy every author's block into new arrays, one after the other; the end of the last."""
    end = 0
    for a in range(len(first)):
        start = first[a]
        for e in range(count[a]):
            new[0][end + e] = old[0][start + e]
            new[1][end + e] = old[1][start + e]
            new[2][end + e] = old[2][start + e]
            new[3][end + e] = old[3][start + e]
            new[4][end + e] = old[4][start + e]
        first[a] = end
        capacity[a] = new_capacity[a]
        end += new_capacity[a]
    return end
