"""Compiled kernels of random walks author -> item -> author ... over a snapshot: arrays in and out.

A walker starts at an author and follows one edge a step. In lock-step all walkers of a block fetch
their rows, then draw, then fetch what they drew: the loads of one phase do not wait for each other,
so many cache misses are under way at once, while one walker at a time waits for each.

Randomness is a counter: the draw of walker w at step s is a hash of (seed, s, w), so a walk depends
neither on the block size nor on who walks first, and both orders of walking give the same visits.
Of its 64 bits the upper 32 choose the slot, the next 10 decide against an alias table, the lower 22
decide about the return to the start.

Weighted draws need an alias table of 4 bytes an edge for each direction: 10 bits of threshold above
22 of the other slot's place within the row. Rounding the threshold moves at most 1/2048 of an
average edge's probability from each slot to another, so an edge 2,000 times lighter than its
row's average may never be drawn. A row has at most 2^22 - 1 edges.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ranking.affinity import Side

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]

OFFSET_BITS = 22
DEGREE_MAX = (1 << OFFSET_BITS) - 1
DEAD = np.uint32(DEGREE_MAX)
"""Of every edge of a row whose weights are all 0: a walker there returns to its start."""

THRESHOLDS = 1 << 10

BLOCK = 1024
"""Walkers in lock-step: their state fits the nearest caches."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_22, _27, _30, _31, _32 = (np.uint64(n) for n in (22, 27, 30, 31, 32))
_LOW_10, _LOW_22 = np.uint64(THRESHOLDS - 1), np.uint64(DEGREE_MAX)
_OFFSET = np.uint32(DEGREE_MAX)
_SHIFT = np.uint32(OFFSET_BITS)


@njit(nogil=True, cache=True)
def alias_side(side: Side, factor: F32) -> U32:
    """Alias tables of every row of a side, for weights `affinity * factor[neighbour]`, packed.

    factor: float32 >= 0 by neighbour, such as trust; empty for 1. Vose's method, O(edges).
    """
    packed = np.empty(side.row.shape[0], np.uint32)
    widest = 0
    for r in range(side.ptr.shape[0] - 1):
        widest = max(widest, side.ptr[r + 1] - side.ptr[r])
    scaled = np.empty(widest, np.float64)
    small = np.empty(widest, np.int32)
    large = np.empty(widest, np.int32)
    for r in range(side.ptr.shape[0] - 1):
        low, degree = side.ptr[r], side.ptr[r + 1] - side.ptr[r]
        total = 0.0
        for k in range(degree):
            weight = side.affinity[side.code[low + k]]
            if factor.shape[0] > 0:
                weight *= factor[side.row[low + k]]
            scaled[k] = weight
            total += weight
        n_small = 0
        n_large = 0
        for k in range(degree):
            packed[low + k] = DEAD
            if total > 0.0:
                scaled[k] *= degree / total
                packed[low + k] = (THRESHOLDS - 1) << OFFSET_BITS | k
                if scaled[k] < 1.0:
                    small[n_small] = k
                    n_small += 1
                else:
                    large[n_large] = k
                    n_large += 1
        while n_small > 0 and n_large > 0:
            n_small -= 1
            k = small[n_small]
            giver = large[n_large - 1]
            threshold = min(int(scaled[k] * THRESHOLDS + 0.5), THRESHOLDS - 1)
            packed[low + k] = threshold << OFFSET_BITS | int(giver)
            scaled[giver] -= 1.0 - scaled[k]
            if scaled[giver] < 1.0:
                n_large -= 1
                small[n_small] = giver
                n_small += 1
    return packed


@njit(nogil=True, cache=True)
def draw_bits(seed: np.uint64, step: int, first: int, bits: U64) -> None:
    """Fill `bits` with the draws of walkers first, first + 1, ... at a step: SplitMix64's hash of
    the counter (step, walker), for up to 2^32 walkers."""
    base = (np.uint64(step) << _32) + np.uint64(first)
    for k in range(bits.shape[0]):
        x = seed + (base + np.uint64(k)) * _GOLDEN
        x = (x ^ (x >> _30)) * _MIX_1
        x = (x ^ (x >> _27)) * _MIX_2
        bits[k] = x ^ (x >> _31)


@njit(nogil=True, cache=True)
def _hop_uniform(at: I32, bits: U64, ptr: I64, row: I32, slot: I64) -> None:
    """One step of a block, each edge of a row as likely; -1 where the row has none, or is -1."""
    for k in range(at.shape[0]):
        v = max(at[k], 0)
        low = ptr[v]
        degree = ptr[v + 1] - low
        offset = ((bits[k] >> _32) * np.uint64(degree)) >> _32
        slot[k] = low + np.int64(offset) if degree > 0 and at[k] >= 0 else -1
    for k in range(at.shape[0]):
        at[k] = row[slot[k]] if slot[k] >= 0 else -1


@njit(nogil=True, cache=True)
def _hop_weighted(at: I32, bits: U64, ptr: I64, row: I32, slot: I64, alias: U32, low: I64) -> None:
    """One step of a block by alias tables; -1 where the row has no edge with weight, or is -1."""
    for k in range(at.shape[0]):
        v = max(at[k], 0)
        low[k] = ptr[v]
        degree = ptr[v + 1] - low[k]
        offset = ((bits[k] >> _32) * np.uint64(degree)) >> _32
        slot[k] = low[k] + np.int64(offset) if degree > 0 and at[k] >= 0 else -1
    for k in range(at.shape[0]):
        if slot[k] >= 0:
            entry = alias[slot[k]]
            if entry == DEAD:
                slot[k] = -1
            elif (bits[k] >> _22) & _LOW_10 >= np.uint64(entry >> _SHIFT):
                slot[k] = low[k] + np.int64(entry & _OFFSET)
    for k in range(at.shape[0]):
        at[k] = row[slot[k]] if slot[k] >= 0 else -1


@njit(nogil=True, cache=True)
def walk_in_step(
    start: I32,
    sides: tuple[Side, Side],
    aliases: tuple[U32, U32],
    steps: int,
    reset: float,
    seed: np.uint64,
    visits: tuple[I32, I32],
) -> None:
    """Walk `steps` edges with every walker, in lock-step, and count the visits.

    start: author rows. sides: author -> item and item -> author. aliases: their tables, or two
    empty arrays for uniform draws. reset: probability, in steps of 2^-22, of returning to the start
    before each edge that leaves an author. A walker that can go no further returns as well, and a
    return from an item counts as the step. visits: int32 by author and by item, added to; starts
    and returns are not visits.
    """
    weighted = aliases[0].shape[0] > 0
    limit = np.uint64(reset * (DEGREE_MAX + 1))
    bits = np.empty(BLOCK, np.uint64)
    slot = np.empty(BLOCK, np.int64)
    low = np.empty(BLOCK, np.int64)
    for first in range(0, start.shape[0], BLOCK):
        n = min(BLOCK, start.shape[0] - first)
        origin = start[first : first + n]
        at = origin.copy()
        for step in range(steps):
            draw_bits(seed, step, first, bits[:n])
            side = sides[step % 2]
            if step % 2 == 0 and limit > 0:
                for k in range(n):
                    if bits[k] & _LOW_22 < limit:
                        at[k] = origin[k]
            if weighted:
                alias = aliases[step % 2]
                _hop_weighted(at, bits, side.ptr, side.row, slot, alias, low)
            else:
                _hop_uniform(at, bits, side.ptr, side.row, slot)
            count = visits[1 - step % 2]
            for k in range(n):
                if at[k] >= 0:
                    count[at[k]] += 1
            if step % 2 == 1:
                for k in range(n):
                    if at[k] < 0:
                        at[k] = origin[k]
