"""Compiled loops over blocks: all edges of one author, packed into bytes. No validation.

An author has few bundles and many edges, so (seq, device) stands once for each of her *stamps* and
an edge refers to it. A block of n edges under s stamps is, end to end, without gaps:

    item int32[n] | seq uint32[s] | day uint16[n] | device uint16[s] | weight int8[n] | ref[n]

Items ascend strictly. `ref` has one byte an edge while s <= 256, else two, and stamps ascend by
(seq, device), each in use. Where that would cost more than 13 bytes an edge, as for one-claim
bundles, s = n: there is no `ref`, and stamp k is edge k's. So (n, s) tells the form, an edge takes
8 to 13 bytes, and no author has too many bundles. `tests/ranking/naive_blocks.py` has the twins.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ranking.kernels_storage import I32, I64, U8, U64, EdgeColumns

U16 = NDArray[np.uint16]

STAMPS_MAX = 65_536
"""Stamps that two bytes can tell apart."""

EDGE_BYTES_MAX = 13
"""item 4, seq 4, day 2, device 2, weight 1."""

_16, _MASK = np.uint64(16), np.uint64(0xFFFF)


class Blocks(NamedTuple):
    """Of each author row: bytes from where her block starts and that it may take, in its segment;
    edges and stamps in it. Capacity 0 is no block."""

    offset: I32
    capacity: I32
    edges: I32
    stamps: I32


class Draft(NamedTuple):
    """A block unpacked: edges by item, `ref` into `stamp`, which is seq << 16 | device."""

    item: I32
    day: U16
    weight: NDArray[np.int8]
    ref: I32
    stamp: U64


@njit(nogil=True, cache=True)
def new_draft(edges: int, stamps: int) -> Draft:
    return Draft(
        np.empty(edges, np.int32),
        np.empty(edges, np.uint16),
        np.empty(edges, np.int8),
        np.empty(edges, np.int32),
        np.empty(stamps, np.uint64),
    )


@njit(nogil=True, cache=True)
def _ref_bytes(count: int, stamps: int) -> int:
    if count == stamps:
        return 0
    return 1 if stamps <= 256 else 2


@njit(nogil=True, cache=True)
def block_bytes(count: int, stamps: int) -> int:
    """Bytes of a block, a multiple of four."""
    size: int = ((7 + _ref_bytes(count, stamps)) * count + 6 * stamps + 3) // 4 * 4
    return size


@njit(nogil=True, cache=True)
def stamps_kept(count: int, stamps: int) -> int:
    """How many stamps a block of so many edges and distinct stamps has: `count` if that is less."""
    narrow = (7 + _ref_bytes(count, stamps)) * count + 6 * stamps
    return stamps if stamps <= STAMPS_MAX and narrow < EDGE_BYTES_MAX * count else count


@njit(nogil=True, cache=True)
def block_parts(
    data: U8, start: int, n: int, s: int
) -> tuple[I32, NDArray[np.uint32], U16, U16, NDArray[np.int8], U8]:
    """The parts of a block, in their order."""
    seq = start + 4 * n
    day = seq + 4 * s
    device = day + 2 * n
    weight = device + 2 * s
    ref = weight + n
    return (
        data[start:seq].view(np.int32),
        data[seq:day].view(np.uint32),
        data[day:device].view(np.uint16),
        data[device:weight].view(np.uint16),
        data[weight:ref].view(np.int8),
        data[ref : ref + n * _ref_bytes(n, s)],
    )


@njit(nogil=True, cache=True)
def load_block(data: U8, start: int, n: int, s: int, draft: Draft) -> None:
    """Unpack a block into the draft's first places."""
    item, seq, day, device, weight, ref = block_parts(data, start, n, s)
    draft.item[:n] = item
    draft.day[:n] = day
    draft.weight[:n] = weight
    for k in range(s):
        draft.stamp[k] = np.uint64(seq[k]) << _16 | np.uint64(device[k])
    width = _ref_bytes(n, s)
    for k in range(n):
        if width == 0:
            draft.ref[k] = k
        elif width == 1:
            draft.ref[k] = ref[k]
        else:
            draft.ref[k] = np.int32(ref[2 * k]) | np.int32(ref[2 * k + 1]) << 8


@njit(nogil=True, cache=True)
def _store(draft: Draft, n: int, s: int, data: U8, start: int) -> int:
    """Pack the draft's first n edges; how many bytes that took. s = n: each gets its own stamp."""
    item, seq, day, device, weight, ref = block_parts(data, start, n, s)
    item[:] = draft.item[:n]
    day[:] = draft.day[:n]
    weight[:] = draft.weight[:n]
    width = _ref_bytes(n, s)
    for k in range(s):
        stamp = draft.stamp[draft.ref[k] if width == 0 else k]
        seq[k] = stamp >> _16
        device[k] = stamp & _MASK
    for k in range(n):
        if width == 1:
            ref[k] = draft.ref[k]
        elif width == 2:
            ref[2 * k] = draft.ref[k] & 255
            ref[2 * k + 1] = draft.ref[k] >> 8
    size: int = block_bytes(n, s)
    data[start + (7 + width) * n + 6 * s : start + size] = 0
    return size


@njit(nogil=True, cache=True)
def _tidy(draft: Draft, n: int, stamps: int) -> int:
    """Leave out stamps that no edge refers to; how many stamps the block should have."""
    number = np.zeros(stamps, np.int32)
    for k in range(n):
        number[draft.ref[k]] = 1
    used = 0
    for j in range(stamps):
        used += number[j]
    kept: int = stamps_kept(n, used)
    if kept == n or used == stamps:
        return kept
    at = 0
    for j in range(stamps):
        if number[j]:
            number[j] = at
            draft.stamp[at] = draft.stamp[j]
            at += 1
    for k in range(n):
        draft.ref[k] = number[draft.ref[k]]
    return kept


@njit(nogil=True, cache=True)
def _distinct(stamps: U64, n: int) -> int:
    """Sort the first n and leave each once; how many there are."""
    stamps[:n].sort()
    at = 0
    for k in range(n):
        if at == 0 or stamps[at - 1] != stamps[k]:
            stamps[at] = stamps[k]
            at += 1
    return at


@njit(nogil=True, cache=True)
def _sort_stamps(draft: Draft, n: int, stamps: int) -> int:
    """Sort the draft's stamps and leave each once; how many there are. O(n log n)."""
    ordered = draft.stamp[:stamps].copy()
    distinct: int = _distinct(ordered, stamps)
    for k in range(n):
        draft.ref[k] = np.searchsorted(ordered[:distinct], draft.stamp[draft.ref[k]])
    draft.stamp[:distinct] = ordered[:distinct]
    return distinct


@njit(nogil=True, cache=True)
def _load_new(new: EdgeColumns, first: int, m: int, order: I64, draft: Draft) -> int:
    """Unpack one author's statements in their order, and `order` by (item, place); stamps."""
    ascending, stamps = True, 0
    for k in range(m):
        row = new.item[first + k]
        stamp = np.uint64(new.seq[first + k]) << _16 | np.uint64(new.device[first + k])
        draft.item[k] = row
        draft.day[k] = new.day[first + k]
        draft.weight[k] = new.weight[first + k]
        order[k] = np.int64(row) << 32 | k
        ascending = ascending and (k == 0 or order[k - 1] < order[k])
        if stamps == 0 or draft.stamp[stamps - 1] != stamp:
            draft.stamp[stamps] = stamp
            stamps += 1
        draft.ref[k] = stamps - 1
    if not ascending:
        order[:m].sort()
    sorted_already = True
    for j in range(1, stamps):
        sorted_already = sorted_already and draft.stamp[j - 1] < draft.stamp[j]
    return stamps if sorted_already else _sort_stamps(draft, m, stamps)


@njit(nogil=True, cache=True)
def _join_stamps(old: Draft, s: int, new: Draft, d: int, old_to: I32, new_to: I32, out: U64) -> int:
    """Merge two ascending lists of stamps, and where each went; how many there are together."""
    i = j = at = 0
    while i < s or j < d:
        take_old = i < s and (j == d or old.stamp[i] <= new.stamp[j])
        take_new = j < d and (i == s or new.stamp[j] <= old.stamp[i])
        out[at] = old.stamp[i] if take_old else new.stamp[j]
        if take_old:
            old_to[i] = at
            i += 1
        if take_new:
            new_to[j] = at
            j += 1
        at += 1
    return at


@njit(nogil=True, cache=True)
def _append_stamps(
    old: Draft, s: int, new: Draft, d: int, old_to: I32, new_to: I32, out: U64
) -> int:
    """Stamps in no order: the new ones behind the old."""
    for i in range(s):
        out[i] = old.stamp[i]
        old_to[i] = i
    for j in range(d):
        out[s + j] = new.stamp[j]
        new_to[j] = s + j
    return s + d


@njit(nogil=True, cache=True)
def _take(made: Draft, at: int, source: Draft, k: int, to: I32) -> None:
    made.item[at] = source.item[k]
    made.day[at] = source.day[k]
    made.weight[at] = source.weight[k]
    made.ref[at] = to[source.ref[k]]


@njit(nogil=True, cache=True)
def _merge(
    old: Draft, n: int, new: Draft, order: I64, to: tuple[I32, I32], made: Draft, added: I32
) -> tuple[int, int]:
    """Merge by item into `made`: the highest stamp stands, of equal ones the later statement.

    Returns the edges made, and how many of them are of items not there before: those in `added`.
    """
    old_to, new_to = to
    at = i = j = n_added = 0
    while j < len(order):
        row = order[j] >> 32
        best = order[j] & 0xFFFFFFFF
        j += 1
        while j < len(order) and order[j] >> 32 == row:
            k = order[j] & 0xFFFFFFFF
            if new.stamp[new.ref[k]] >= new.stamp[new.ref[best]]:
                best = k
            j += 1
        while i < n and old.item[i] < row:
            _take(made, at, old, i, old_to)
            at += 1
            i += 1
        if i < n and old.item[i] == row:
            if new.stamp[new.ref[best]] >= old.stamp[old.ref[i]]:
                _take(made, at, new, best, new_to)
            else:
                _take(made, at, old, i, old_to)
            i += 1
        else:
            _take(made, at, new, best, new_to)
            added[n_added] = row
            n_added += 1
        at += 1
    for k in range(i, n):
        _take(made, at, old, k, old_to)
        at += 1
    return at, n_added


@njit(nogil=True, cache=True)
def merge_blocks(
    chosen: I64,
    authors: I64,
    first: I64,
    new: EdgeColumns,
    blocks: Blocks,
    data: U8,
    out: U8,
    made: tuple[I64, I64, I64, I64, I32, I64],
) -> None:
    """Merge statements into copies of the blocks of the authors of one segment, in `out`.

    `chosen` are places in `authors`; new[first[g]:first[g+1]] is what authors[g] says, about rows
    of items all of them. `made` gets, by g, where her new block is in `out`, its edges, stamps and
    bytes; one after the other, the items that edges were added of; and where `out` and those items
    end, from where the next call goes on. O(edges of these authors).
    """
    starts, counts, stamps_made, sizes, added, ends = made
    n_max = m_max = s_max = 0
    for g in chosen:
        n_max = max(n_max, blocks.edges[authors[g]])
        s_max = max(s_max, blocks.stamps[authors[g]])
        m_max = max(m_max, first[g + 1] - first[g])
    old, fresh = new_draft(n_max, s_max), new_draft(m_max, m_max)
    merged = new_draft(n_max + m_max, s_max + m_max)
    old_to, new_to = np.empty(s_max, np.int32), np.empty(m_max, np.int32)
    order = np.empty(m_max, np.int64)
    end, n_added = ends
    for g in chosen:
        a, m = authors[g], first[g + 1] - first[g]
        n, s = blocks.edges[a], blocks.stamps[a]
        loose = n > 0 and n == s
        load_block(data, blocks.offset[a], n, s, old)
        d = _load_new(new, first[g], m, order, fresh)
        if loose:
            stamps = _append_stamps(old, s, fresh, d, old_to, new_to, merged.stamp)
        else:
            stamps = _join_stamps(old, s, fresh, d, old_to, new_to, merged.stamp)
        edges, more = _merge(
            old, n, fresh, order[:m], (old_to, new_to), merged, added[n_added:]
        )  # fmt: skip
        if loose and block_bytes(edges, edges) > blocks.capacity[a]:
            stamps = _sort_stamps(merged, edges, stamps)
            loose = False
        starts[g], counts[g] = end, edges
        stamps_made[g] = edges if loose else _tidy(merged, edges, stamps)
        sizes[g] = _store(merged, edges, stamps_made[g], out, end)
        end += sizes[g]
        n_added += more
    ends[0], ends[1] = end, n_added


@njit(nogil=True, cache=True)
def write_blocks(
    chosen: I64, authors: I64, source: U8, made: tuple[I64, I64, I64, I64], blocks: Blocks, data: U8
) -> None:
    """Copy new blocks, as `merge_blocks` made them, to their places in one segment."""
    starts, counts, stamps, sizes = made
    for g in chosen:
        a = authors[g]
        at = blocks.offset[a]
        data[at : at + sizes[g]] = source[starts[g] : starts[g] + sizes[g]]
        blocks.edges[a] = counts[g]
        blocks.stamps[a] = stamps[g]


@njit(nogil=True, cache=True)
def read_block(data: U8, start: int, count: int, stamps: int) -> EdgeColumns:
    """The edges of a block, column by column."""
    draft = new_draft(count, stamps)
    load_block(data, start, count, stamps, draft)
    seq, device = np.empty(count, np.uint32), np.empty(count, np.uint16)
    for k in range(count):
        stamp = draft.stamp[draft.ref[k]]
        seq[k] = stamp >> _16
        device[k] = stamp & _MASK
    return EdgeColumns(draft.item, seq, draft.day, device, draft.weight)


@njit(nogil=True, cache=True)
def keep_edges(
    data: U8, start: int, count: int, stamps: int, keep: NDArray[np.bool_]
) -> tuple[int, int]:
    """Drop the edges of a block where `keep` is false, in place; edges and stamps that are left."""
    draft = new_draft(count, stamps)
    load_block(data, start, count, stamps, draft)
    left = 0
    for k in range(count):
        if keep[k]:
            draft.item[left] = draft.item[k]
            draft.day[left] = draft.day[k]
            draft.weight[left] = draft.weight[k]
            draft.ref[left] = draft.ref[k]
            left += 1
    kept = left if count == stamps else _tidy(draft, left, stamps)
    _store(draft, left, kept, data, start)
    return left, kept


@njit(nogil=True, cache=True)
def count_items(authors: I64, blocks: Blocks, data: U8, by: int, counts: I32) -> None:
    """Add `by` to the count of every item to which the authors of one segment have edges."""
    for a in authors:
        item = block_parts(data, blocks.offset[a], blocks.edges[a], blocks.stamps[a])[0]
        for row in item:
            counts[row] += by


@njit(nogil=True, cache=True)
def add_at(rows: I32, by: int, counts: I32) -> None:
    """counts[row] += by for each of the rows, some of which may stand twice; -1 is left out."""
    for row in rows:
        if row >= 0:
            counts[row] += by


@njit(nogil=True, cache=True)
def pack_blocks(authors: I64, blocks: Blocks, source: U8, target: U8, end: int) -> tuple[int, int]:
    """Move blocks of one segment to `target`, from byte `end` on, as many as have room there.

    A block's slack is cut to an eighth. Returns how many were moved, and the byte after the last.
    """
    for k in range(len(authors)):
        a = authors[k]
        size = block_bytes(blocks.edges[a], blocks.stamps[a])
        room = min(blocks.capacity[a], size + size // 32 * 4)
        if end + room > len(target):
            return k, end
        at = blocks.offset[a]
        target[end : end + size] = source[at : at + size]
        blocks.offset[a] = end
        blocks.capacity[a] = room
        end += room
    return len(authors), end
