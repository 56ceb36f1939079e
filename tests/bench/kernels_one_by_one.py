"""The walks of `ranking.kernels_bipartite`, one walker after the other: what lock-step is held
against. Compiled alike, the same draws, the same visits; all that differs is the order."""

import numpy as np
from numba import njit

from ranking.kernels_bipartite import DEAD, DEGREE_MAX

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_22, _27, _30, _31, _32 = (np.uint64(n) for n in (22, 27, 30, 31, 32))
_LOW_10, _LOW_22 = np.uint64(1023), np.uint64(DEGREE_MAX)
_OFFSET, _SHIFT = np.uint32(DEGREE_MAX), np.uint32(22)


@njit(nogil=True, cache=True, inline="always")
def _bits(seed, step, walker):
    x = seed + ((np.uint64(step) << _32) + np.uint64(walker)) * _GOLDEN
    x = (x ^ (x >> _30)) * _MIX_1
    x = (x ^ (x >> _27)) * _MIX_2
    return x ^ (x >> _31)


@njit(nogil=True, cache=True, inline="always")
def _slot(at, bits, ptr, alias, weighted):
    """The edge drawn at a row, -1 for none."""
    low = ptr[at]
    degree = ptr[at + 1] - low
    if degree <= 0:
        return np.int64(-1)
    slot = low + np.int64(((bits >> _32) * np.uint64(degree)) >> _32)
    if weighted:
        entry = alias[slot]
        if entry == DEAD:
            return np.int64(-1)
        if (bits >> _22) & _LOW_10 >= np.uint64(entry >> _SHIFT):
            slot = low + np.int64(entry & _OFFSET)
    return slot


@njit(nogil=True, cache=True)
def walk_one_by_one(start, sides, aliases, steps, reset, seed, visits) -> None:
    """As `walk_in_step`."""
    author_ptr, author_item = sides[0].ptr, sides[0].row
    item_ptr, item_author = sides[1].ptr, sides[1].row
    author_alias, item_alias = aliases
    by_author, by_item = visits
    weighted = author_alias.shape[0] > 0
    limit = np.uint64(reset * (DEGREE_MAX + 1))
    for w in range(start.shape[0]):
        author = start[w]
        for step in range(0, steps, 2):
            bits = _bits(seed, step, w)
            if bits & _LOW_22 < limit:
                author = start[w]
            slot = _slot(author, bits, author_ptr, author_alias, weighted)
            if slot < 0:
                author = start[w]
                continue
            item = author_item[slot]
            by_item[item] += 1
            if step + 1 == steps:
                break
            slot = _slot(item, _bits(seed, step + 1, w), item_ptr, item_alias, weighted)
            if slot < 0:
                author = start[w]
                continue
            author = item_author[slot]
            by_author[author] += 1
