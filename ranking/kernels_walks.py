"""Compiled kernels of the trust walk: arrays in, arrays out.

Randomness comes in as arrays of uniform draws in [0, 1), so every kernel is a pure function and is
compared, draw for draw, with its naive twin in `tests/ranking/naive.py`. A walk is a row of a
matrix: walks[r, k] is the author at step k, -1 after the walk has stopped.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


@njit(nogil=True, cache=True)
def alias_tables(ptr: I64, weight: F32) -> tuple[F32, I32]:
    """Vose's alias tables, one for each row of a CSR graph with weights > 0. O(edges).

    Returns (threshold[edges], other[edges]): a walker that drew slot e with fraction f keeps e
    when f < threshold[e] and takes slot other[e] otherwise.
    """
    threshold = np.ones(weight.shape[0], np.float32)
    other = np.zeros(weight.shape[0], np.int32)
    small = np.empty(weight.shape[0], np.int32)
    large = np.empty(weight.shape[0], np.int32)
    scaled = np.empty(weight.shape[0], np.float64)
    for row in range(ptr.shape[0] - 1):
        low, high = ptr[row], ptr[row + 1]
        total = 0.0
        for e in range(low, high):
            total += weight[e]
        n_small = 0
        n_large = 0
        for e in range(low, high):
            scaled[e] = weight[e] * (high - low) / total
            other[e] = e
            if scaled[e] < 1.0:
                small[n_small] = e
                n_small += 1
            else:
                large[n_large] = e
                n_large += 1
        while n_small > 0 and n_large > 0:
            n_small -= 1
            e = small[n_small]
            giver = large[n_large - 1]
            threshold[e] = scaled[e]
            other[e] = giver
            scaled[giver] -= 1.0 - scaled[e]
            if scaled[giver] < 1.0:
                n_large -= 1
                small[n_small] = giver
                n_small += 1
    return threshold, other


@njit(nogil=True, cache=True)
def step_walkers(
    at: I32,
    draw: F64,
    ptr: I64,
    target: I32,
    threshold: F32,
    other: I32,
    admit: F32,
    alpha: float,
) -> tuple[I32, I32]:
    """One step of all walkers, in lock-step: fetch rows, then draw slots, then fetch targets.

    Each phase is a loop of independent loads, so that the processor has many cache misses under
    way at once; one walker at a time waits for each of them. One draw serves the stop test
    (probability `alpha`), the slot, the alias test and the admission test (`admit[x]` =
    probability that a walk may enter x). Returns (row, edge slot) per walker; -1 where the walk
    stopped. O(walkers).
    """
    n = at.shape[0]
    low = np.empty(n, np.int64)
    degree = np.empty(n, np.int64)
    slot = np.empty(n, np.int32)
    rest = np.empty(n, np.float64)
    row = np.empty(n, np.int32)
    for k in range(n):
        low[k] = ptr[at[k]]
        degree[k] = ptr[at[k] + 1] - low[k]
    for k in range(n):
        if draw[k] < alpha or degree[k] == 0:
            slot[k] = -1
            continue
        x = (draw[k] - alpha) / (1.0 - alpha) * degree[k]
        offset = min(np.int64(x), degree[k] - 1)
        slot[k] = low[k] + offset
        rest[k] = x - offset
    for k in range(n):
        row[k] = -1
        e = slot[k]
        if e < 0:
            continue
        keep = threshold[e]
        if rest[k] < keep:
            left = rest[k] / keep
        else:
            left = (rest[k] - keep) / (1.0 - keep) if keep < 1.0 else 0.0
            e = other[e]
        to = target[e]
        if left < admit[to]:
            row[k] = to
            slot[k] = e
        else:
            slot[k] = -1
    return row, slot


@njit(nogil=True, cache=True)
def bound_edge_flow(walks: I32, slots: I32, n_edges: int, flow_max: int, owner: int) -> int:
    """Cut walks so that no edge carries more than `flow_max` traversals; returns the cuts made.

    Walks are drawn independently, so letting the first ones pass thins the rest at random. Edges
    that leave the owner are her own word and stay free. Changes `walks` in place. O(walks * steps).
    """
    flow = np.zeros(n_edges, np.int32)
    cuts = 0
    for r in range(walks.shape[0]):
        for k in range(1, walks.shape[1]):
            if walks[r, k] < 0:
                break
            if walks[r, k - 1] == owner:
                continue
            e = slots[r, k]
            if flow[e] >= flow_max:
                walks[r, k:] = -1
                cuts += 1
                break
            flow[e] += 1
    return cuts


@njit(nogil=True, cache=True)
def count_hits(walks: I32, n_authors: int) -> I32:
    """hits[v] = number of walks that visit v at all (a loop earns nothing). O(walks * steps)."""
    hits = np.zeros(n_authors, np.int32)
    last = np.full(n_authors, -1, np.int32)
    for r in range(walks.shape[0]):
        for k in range(walks.shape[1]):
            v = walks[r, k]
            if v < 0:
                break
            if last[v] != r:
                last[v] = r
                hits[v] += 1
    return hits


@njit(nogil=True, cache=True)
def count_visits(walks: I32, n_authors: int) -> I32:
    """visits[v] = how often all walks together come by v. O(walks * steps)."""
    visits = np.zeros(n_authors, np.int32)
    for r in range(walks.shape[0]):
        for k in range(walks.shape[1]):
            if walks[r, k] < 0:
                break
            visits[walks[r, k]] += 1
    return visits


@njit(nogil=True, cache=True)
def penalties(walks: I32, against: F64) -> F64:
    """What authors lose as MeritRank has it: over all walks, the sum of against[x] of the distinct
    x at or behind an author's first visit. O(walks * steps)."""
    lost = np.zeros(against.shape[0], np.float64)
    counted = np.full(against.shape[0], -1, np.int32)
    charged = np.full(against.shape[0], -1, np.int32)
    behind = np.zeros(walks.shape[1], np.float64)
    for r in range(walks.shape[0]):
        length = 0
        while length < walks.shape[1] and walks[r, length] >= 0:
            length += 1
        total = 0.0
        for k in range(length - 1, -1, -1):
            x = walks[r, k]
            if against[x] > 0 and counted[x] != r:
                counted[x] = r
                total += against[x]
            behind[k] = total
        if total > 0:
            for k in range(length):
                if charged[walks[r, k]] != r:
                    charged[walks[r, k]] = r
                    lost[walks[r, k]] += behind[k]
    return lost


@njit(nogil=True, cache=True)
def cut_before(walks: I32, author: int) -> I32:
    """A copy of the walks in which each ends before its first visit of `author`."""
    kept = walks.copy()
    for r in range(kept.shape[0]):
        for k in range(kept.shape[1]):
            if kept[r, k] < 0:
                break
            if kept[r, k] == author:
                kept[r, k:] = -1
                break
    return kept


@njit(nogil=True, cache=True)
def _distinct(walk: I32, last: I32, stamp: int, seen: I32) -> int:
    """Write the distinct authors of one walk, in order of first visit; returns how many."""
    n = 0
    for k in range(walk.shape[0]):
        v = walk[k]
        if v < 0:
            break
        if last[v] != stamp:
            last[v] = stamp
            seen[n] = v
            n += 1
    return n


@njit(nogil=True, cache=True)
def passing_shares(
    walks: I32, hits: I32, wanted: NDArray[np.bool_], owner: int, share_min: float
) -> tuple[I64, I32, F32]:
    """For each wanted author v: which x her walks pass, and in what share of them.

    A walk passes x when x is visited before the first visit of v; v passes herself with share 1
    and comes first. The owner is on every walk and is left out. CSR over all authors:
    (ptr[n + 1], x, share), shares below `share_min` dropped, so that an author keeps at most
    steps / share_min entries. O(walks * steps^2).
    """
    n_authors = hits.shape[0]
    last = np.full(n_authors, -1, np.int32)
    seen = np.empty(walks.shape[1], np.int32)
    pair_ptr = np.zeros(n_authors + 1, np.int64)
    for r in range(walks.shape[0]):
        n = _distinct(walks[r], last, r, seen)
        for k in range(1, n):
            if wanted[seen[k]]:
                pair_ptr[seen[k] + 1] += k - 1
    for v in range(n_authors):
        pair_ptr[v + 1] += pair_ptr[v]
    pairs = np.empty(pair_ptr[n_authors], np.int32)
    fill = pair_ptr[:-1].copy()
    for r in range(walks.shape[0]):
        n = _distinct(walks[r], last, r + walks.shape[0], seen)
        for k in range(1, n):
            v = seen[k]
            if wanted[v]:
                for d in range(1, k):
                    pairs[fill[v]] = seen[d]
                    fill[v] += 1
    ptr, author, share = _shares_of_pairs(pair_ptr, pairs, hits, wanted, owner, share_min)
    return ptr, author, share


@njit(nogil=True, cache=True)
def _shares_of_pairs(
    pair_ptr: I64, pairs: I32, hits: I32, wanted: NDArray[np.bool_], owner: int, share_min: float
) -> tuple[I64, I32, F32]:
    """Count equal pairs of each author and keep the shares that matter."""
    n_authors = hits.shape[0]
    count = np.zeros(n_authors, np.int32)
    ptr = np.zeros(n_authors + 1, np.int64)
    author = np.empty(pairs.shape[0] + n_authors, np.int32)
    share = np.empty(pairs.shape[0] + n_authors, np.float32)
    out = 0
    for v in range(n_authors):
        if wanted[v] and v != owner:
            author[out] = v
            share[out] = 1.0
            out += 1
            for e in range(pair_ptr[v], pair_ptr[v + 1]):
                count[pairs[e]] += 1
            for e in range(pair_ptr[v], pair_ptr[v + 1]):
                x = pairs[e]
                if count[x] >= share_min * hits[v] and count[x] > 0:
                    author[out] = x
                    share[out] = count[x] / hits[v]
                    out += 1
                count[x] = 0
        ptr[v + 1] = out
    return ptr, author[:out].copy(), share[:out].copy()


@njit(nogil=True, cache=True)
def shortest_paths(walks: I32, wanted: I32, n_authors: int) -> I32:
    """The shortest walk prefix to each wanted author: paths[w, :], -1 after its end.

    Among equally short ones the first drawn. One pass over the walks: O(walks * steps).
    """
    index = np.full(n_authors, -1, np.int32)
    for w in range(wanted.shape[0]):
        index[wanted[w]] = w
    length = np.full(wanted.shape[0], walks.shape[1] + 1, np.int32)
    paths = np.full((wanted.shape[0], walks.shape[1]), -1, np.int32)
    for r in range(walks.shape[0]):
        for k in range(walks.shape[1]):
            v = walks[r, k]
            if v < 0:
                break
            w = index[v]
            if w >= 0 and k + 1 < length[w]:
                length[w] = k + 1
                paths[w, : k + 1] = walks[r, : k + 1]
                paths[w, k + 1 :] = -1
    return paths
