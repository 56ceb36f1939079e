"""Compiled kernels of the published trust walks, walker by walker as their authors wrote them.

Walks are kept end to end: walk r visits `vertex[ptr[r]:ptr[r + 1]]`. Random numbers are drawn from
the generator handed in, in the order of the published loops, so that a plain Python twin with the
same generator makes the same walks.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Walks = tuple[I64, I32]
Table = tuple[I64, I64, int]


@njit(nogil=True, cache=True)
def cumulative(ptr: I64, weight: F32) -> F64:
    """Running sums of the weights within each row, for `pick`. O(edges)."""
    total = np.empty(weight.shape[0], np.float64)
    for v in range(ptr.shape[0] - 1):
        sum_so_far = 0.0
        for e in range(ptr[v], ptr[v + 1]):
            sum_so_far += weight[e]
            total[e] = sum_so_far
    return total


@njit(nogil=True, cache=True)
def pick(total: F64, low: int, high: int, x: float) -> int:
    """The edge in [low, high) whose part of the running sums x in [0, total) falls into."""
    last = high - 1
    while low < last:
        middle = (low + last) // 2
        if total[middle] > x:
            last = middle
        else:
            low = middle + 1
    return low


@njit(nogil=True, cache=True)
def grown(array: I32, size: int) -> I32:
    """The array, or a longer copy of it, with room for one more at `size`."""
    if size < array.shape[0]:
        return array
    longer = np.empty(2 * array.shape[0], np.int32)
    longer[:size] = array[:size]
    return longer


@njit(nogil=True, cache=True)
def trust_walks(
    root: int,
    graph: tuple[I64, I32, F64, NDArray[np.bool_]],
    stop: float,
    hops_max: int,
    walks: int,
    rng: np.random.Generator,
) -> Walks:
    """Walks over vouches from the root; each stops before every step with probability `stop`.

    graph: (ptr, target, running sums of |weight|, whether positive). A walk that takes a negative
    edge ends without the author distrusted. O(walks / stop * log degree).
    """
    ptr, target, total, positive = graph
    walk_ptr = np.zeros(walks + 1, np.int64)
    vertex = np.empty(max(16, 8 * walks), np.int32)
    size = 0
    for r in range(walks):
        at, hops = root, 0
        while True:
            vertex = grown(vertex, size)
            vertex[size] = at
            size += 1
            if hops >= hops_max or rng.random() < stop or ptr[at] == ptr[at + 1]:
                break
            hops += 1
            x = rng.random() * total[ptr[at + 1] - 1]
            e = pick(total, ptr[at], ptr[at + 1], x)
            if not positive[e]:
                break
            at = target[e]
        walk_ptr[r + 1] = size
    return walk_ptr, vertex[:size].copy()


@njit(nogil=True, cache=True)
def count_occurrences(walks: Walks, n: int) -> tuple[I64, I64]:
    """(occurrences, walks that visit at all) of each vertex. O(visits)."""
    ptr, vertex = walks
    occurrences = np.zeros(n, np.int64)
    hits = np.zeros(n, np.int64)
    last = np.full(n, -1, np.int64)
    for r in range(ptr.shape[0] - 1):
        for k in range(ptr[r], ptr[r + 1]):
            v = vertex[k]
            occurrences[v] += 1
            if last[v] != r:
                last[v] = r
                hits[v] += 1
    return occurrences, hits


# --- how often each vertex precedes each other: a hash table of counts ----------------------------


@njit(nogil=True, cache=True)
def empty_table(room: int) -> Table:
    """(keys, counts, used) with a power of two of slots."""
    slots = 64
    while slots < room:
        slots *= 2
    return np.full(slots, -1, np.int64), np.zeros(slots, np.int64), 0


@njit(nogil=True, cache=True)
def _slot(keys: I64, key: int) -> int:
    """Where the key is or belongs. Open addressing; the product stays below 2^63."""
    mask = keys.shape[0] - 1
    slot: int = (((key ^ (key >> 31)) & 0x7FFFFFFF) * 0x9E3779B1 >> 16) & mask
    while keys[slot] != -1 and keys[slot] != key:
        slot = (slot + 1) & mask
    return slot


@njit(nogil=True, cache=True)
def count_key(table: Table, key: int) -> Table:
    """The table with one more of the key; a longer one when it was half full."""
    keys, counts, used = table
    slot = _slot(keys, key)
    if keys[slot] == -1:
        keys[slot] = key
        used += 1
    counts[slot] += 1
    if 2 * used <= keys.shape[0]:
        return keys, counts, used
    longer, more, _ = empty_table(2 * keys.shape[0])
    for k in range(keys.shape[0]):
        if keys[k] != -1:
            slot = _slot(longer, keys[k])
            longer[slot] = keys[k]
            more[slot] = counts[k]
    return longer, more, used


@njit(nogil=True, cache=True)
def greatest_counts(table: Table, n: int) -> I64:
    """For each v the greatest count of any key v * n + x. O(slots)."""
    keys, counts, _ = table
    greatest = np.zeros(n, np.int64)
    for k in range(keys.shape[0]):
        if keys[k] != -1:
            v = keys[k] // n
            greatest[v] = max(greatest[v], counts[k])
    return greatest


@njit(nogil=True, cache=True)
def greatest_excess(table: Table, hits: I64, walks: int) -> F64:
    """For each v how far she depends on any one x of the table, in [0, 1].

    max_x (share - prior) / (1 - prior), share being the part of v's walks that pass x first and
    prior the part of all walks that visit x at all. O(slots).
    """
    keys, counts, _ = table
    n = hits.shape[0]
    excess = np.zeros(n, np.float64)
    for k in range(keys.shape[0]):
        if keys[k] == -1:
            continue
        v, x = keys[k] // n, keys[k] % n
        prior = hits[x] / walks
        if prior < 1.0:
            share = counts[k] / hits[v]
            excess[v] = max(excess[v], (share - prior) / (1.0 - prior))
    return excess


@njit(nogil=True, cache=True)
def leading(walks: Walks, root: int, n: int) -> I64:
    """MeritRank's bottleneck of each v: the most walks in which one x leads to her.

    A walk counts once for (v, x), if x stands before a visit of v and the root does not stand
    between them. O(walks * steps^2).
    """
    ptr, vertex = walks
    last = np.full(n, -1, np.int64)
    table: Table = empty_table(1024)
    for r in range(ptr.shape[0] - 1):
        for k in range(ptr[r] + 1, ptr[r + 1]):
            v = vertex[k]
            if v == root:
                continue
            earlier = False
            for h in range(ptr[r], k):
                earlier = earlier or vertex[h] == v
            for h in range(k - 1, ptr[r] - 1, -1):
                x = vertex[h]
                if x == root:
                    break
                stamp = r * (1 << 32) + k
                if last[x] == stamp or (earlier and _led(vertex, ptr[r], k, v, x, root)):
                    continue
                last[x] = stamp
                table = count_key(table, np.int64(v) * n + x)
    greatest: I64 = greatest_counts(table, n)
    return greatest


@njit(nogil=True, cache=True)
def _led(vertex: I32, low: int, k: int, v: int, x: int, root: int) -> bool:
    """Whether x has led to an earlier visit of v in this walk, before position k."""
    leads = False
    for h in range(low, k):
        if vertex[h] == root:
            leads = False
        elif vertex[h] == v and leads:
            return True
        if vertex[h] == x:
            leads = True
    return False


@njit(nogil=True, cache=True)
def through_trust(walks: Walks, root: int, n: int) -> I64:
    """Web3Recommend's bottleneck of each v: the most occurrences that one x precedes.

    At v's first occurrence in a walk every x before it counts; at a repeat every x since the first
    one, v herself included (published bug B6b). O(walks * steps^2).
    """
    ptr, vertex = walks
    last = np.full(n, -1, np.int64)
    stamp = 0
    table: Table = empty_table(1024)
    for r in range(ptr.shape[0] - 1):
        for k in range(ptr[r], ptr[r + 1]):
            v = vertex[k]
            if v == root:
                continue
            start = ptr[r]
            for h in range(ptr[r], k):
                if vertex[h] == v:
                    start = h
                    break
            stamp += 1
            for h in range(start, k):
                x = vertex[h]
                if x != root and last[x] != stamp:
                    last[x] = stamp
                    table = count_key(table, np.int64(v) * n + x)
    greatest: I64 = greatest_counts(table, n)
    return greatest


@njit(nogil=True, cache=True)
def before_first(walks: Walks, root: int, low: int, upto: int, n: int) -> Table:
    """For vertices v >= low and x < upto, in how many walks x stands before v's first occurrence.

    Keys are v * n + x. O(walks * steps^2).
    """
    ptr, vertex = walks
    last = np.full(n, -1, np.int64)
    stamp = 0
    table: Table = empty_table(1024)
    for r in range(ptr.shape[0] - 1):
        for k in range(ptr[r], ptr[r + 1]):
            v = vertex[k]
            first = v >= low
            for h in range(ptr[r], k):
                first = first and vertex[h] != v
            if not first:
                continue
            stamp += 1
            for h in range(ptr[r], k):
                x = vertex[h]
                if x < upto and x != root and last[x] != stamp:
                    last[x] = stamp
                    table = count_key(table, np.int64(v) * n + x)
    return table


@njit(nogil=True, cache=True)
def endorsed(reputation: F64, ptr: I64, item: I32, share: F32, n_items: int) -> F64:
    """sum_v reputation(v) share(v, i) for every item i. O(edges of those with reputation)."""
    score = np.zeros(n_items, np.float64)
    for v in range(reputation.shape[0]):
        if reputation[v] > 0.0:
            for e in range(ptr[v], ptr[v + 1]):
                score[item[e]] += reputation[v] * share[e]
    return score
