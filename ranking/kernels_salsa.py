"""Compiled kernels of trust-weighted SALSA: arrays in, arrays out.

Names: `hop_ptr, hop_author, hop_p` is the sparse P(j -> v) over the owner's items j, one row of
it for each of them; `reach_ptr, reach_hop, reach_p` is its transpose, over authors.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ranking.affinity import Side

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


@njit(nogil=True, cache=True)
def trusted_mass(likes: Side, trust: F32, n_items: int) -> tuple[F32, F32]:
    """(sum over v of t(v) a(v, i) for each item i, sum over i of a(v, i) for each trusted v).

    Strangers (t = 0) are skipped, so their number costs nothing. O(edges of trusted authors).
    """
    mass = np.zeros(n_items, np.float32)
    taste = np.zeros(trust.shape[0], np.float32)
    for v in range(min(trust.shape[0], likes.ptr.shape[0] - 1)):
        if trust[v] <= 0.0:
            continue
        total = 0.0
        for e in range(likes.ptr[v], likes.ptr[v + 1]):
            affinity = likes.affinity[likes.code[e]]
            mass[likes.row[e]] += trust[v] * affinity
            total += affinity
        taste[v] = total
    return mass, taste


@njit(nogil=True, cache=True)
def trusted_listeners(items: I32, listeners: Side, trust: F32) -> tuple[I64, I32, F32]:
    """CSR over the given items: their listeners with t > 0 and t(v) a(v, j). O(listeners)."""
    ptr = np.zeros(items.shape[0] + 1, np.int64)
    for k in range(items.shape[0]):
        n = 0
        for e in range(listeners.ptr[items[k]], listeners.ptr[items[k] + 1]):
            if trust[listeners.row[e]] > 0.0:
                n += 1
        ptr[k + 1] = ptr[k] + n
    author = np.empty(ptr[-1], np.int32)
    weight = np.empty(ptr[-1], np.float32)
    out = 0
    for k in range(items.shape[0]):
        for e in range(listeners.ptr[items[k]], listeners.ptr[items[k] + 1]):
            t = trust[listeners.row[e]]
            if t > 0.0:
                author[out] = listeners.row[e]
                weight[out] = t * listeners.affinity[listeners.code[e]]
                out += 1
    return ptr, author, weight


@njit(nogil=True, cache=True)
def exact_hops(ptr: I64, weight: F32, kappa: float) -> F32:
    """P(j -> v) = w / (sum of w over j's listeners + kappa). O(listeners)."""
    p = np.zeros(weight.shape[0], np.float32)
    for j in range(ptr.shape[0] - 1):
        total = 0.0
        for e in range(ptr[j], ptr[j + 1]):
            total += weight[e]
        for e in range(ptr[j], ptr[j + 1]):
            p[e] = weight[e] / (total + kappa)
    return p


@njit(nogil=True, cache=True)
def sampled_hops(
    ptr: I64, weight: F32, kappa: float, walks_per_item: int, draw: F64
) -> tuple[F32, NDArray[np.bool_]]:
    """Estimate P(j -> v) by `walks_per_item` walkers on each item; (p, sampled[j]).

    Items with no more listeners than walkers are done exactly, that is cheaper. Walker k draws in
    the k-th of equal strata of [0, 1): unbiased, and never more scattered than free draws. All
    walkers of an item advance in lock-step through the binary search of its listeners. A walker
    that falls beyond them (the kappa part) has returned to the owner.
    """
    p = np.zeros(weight.shape[0], np.float32)
    sampled = np.zeros(ptr.shape[0] - 1, np.bool_)
    low = np.empty(walks_per_item, np.int64)
    high = np.empty(walks_per_item, np.int64)
    goal = np.empty(walks_per_item, np.float64)
    upto = np.empty(weight.shape[0], np.float64)
    for j in range(ptr.shape[0] - 1):
        total = 0.0
        for e in range(ptr[j], ptr[j + 1]):
            total += weight[e]
            upto[e] = total
        n = ptr[j + 1] - ptr[j]
        if n <= walks_per_item:
            for e in range(ptr[j], ptr[j + 1]):
                p[e] = weight[e] / (total + kappa)
            continue
        sampled[j] = True
        for k in range(walks_per_item):
            stratum = (k + draw[j * walks_per_item + k]) / walks_per_item
            goal[k] = stratum * (total + kappa)
            low[k] = ptr[j]
            high[k] = ptr[j + 1]
        while n > 0:
            for k in range(walks_per_item):
                if low[k] < high[k]:
                    middle = (low[k] + high[k]) // 2
                    if upto[middle] <= goal[k]:
                        low[k] = middle + 1
                    else:
                        high[k] = middle
            n //= 2
        for k in range(walks_per_item):
            if low[k] < ptr[j + 1]:
                p[low[k]] += 1.0 / walks_per_item
    return p, sampled


@njit(nogil=True, cache=True)
def spread_cost(hop_author: I32, hop_p: F32, author_ptr: I64) -> int:
    """Edges that `spread` would visit for these hops. O(hops)."""
    cost = 0
    for e in range(hop_author.shape[0]):
        if hop_p[e] > 0.0:
            cost += author_ptr[hop_author[e] + 1] - author_ptr[hop_author[e]]
    return cost


@njit(nogil=True, cache=True)
def power(x: float, exponent: float) -> float:
    """x ** exponent with the two common exponents spelt out, which is several times faster."""
    if exponent == 0.5:
        return float(np.sqrt(x))
    if exponent == 1.0:
        return x
    return float(x**exponent)


@njit(nogil=True, cache=True)
def spread(
    hops: tuple[I64, I32, F32],
    gain: F32,
    exponent: float,
    likes: Side,
    taste: F32,
    n_items: int,
) -> F32:
    """sum_j gain[j] (sum_v P(j -> v) P(v -> i)) ** exponent for every item i.

    The last step is never sampled: each author's mass goes over all her items. O(spread_cost).
    """
    hop_ptr, hop_author, hop_p = hops
    score = np.zeros(n_items, np.float32)
    mass = np.zeros(n_items, np.float32)
    touched = np.empty(n_items, np.int32)
    for j in range(hop_ptr.shape[0] - 1):
        n = 0
        for h in range(hop_ptr[j], hop_ptr[j + 1]):
            v = hop_author[h]
            if hop_p[h] <= 0.0 or taste[v] <= 0.0:
                continue
            scale = hop_p[h] / taste[v]
            for e in range(likes.ptr[v], likes.ptr[v + 1]):
                i = likes.row[e]
                if mass[i] == 0.0:
                    touched[n] = i
                    n += 1
                mass[i] += scale * likes.affinity[likes.code[e]]
        for k in range(n):
            i = touched[k]
            score[i] += gain[j] * power(mass[i], exponent)
            mass[i] = 0.0
    return score


@njit(nogil=True, cache=True)
def transpose_hops(
    hop_ptr: I64, hop_author: I32, hop_p: F32, n_authors: int
) -> tuple[I64, I32, F32]:
    """The same sparse matrix by author: (ptr[n_authors + 1], j, p), zeros dropped. O(hops)."""
    ptr = np.zeros(n_authors + 1, np.int64)
    for h in range(hop_author.shape[0]):
        if hop_p[h] > 0.0:
            ptr[hop_author[h] + 1] += 1
    for v in range(n_authors):
        ptr[v + 1] += ptr[v]
    hop = np.empty(ptr[n_authors], np.int32)
    p = np.empty(ptr[n_authors], np.float32)
    fill = ptr[:-1].copy()
    for j in range(hop_ptr.shape[0] - 1):
        for h in range(hop_ptr[j], hop_ptr[j + 1]):
            if hop_p[h] > 0.0:
                v = hop_author[h]
                hop[fill[v]] = j
                p[fill[v]] = hop_p[h]
                fill[v] += 1
    return ptr, hop, p


@njit(nogil=True, cache=True)
def item_paths(
    item: int,
    listeners: Side,
    reach: tuple[I64, I32, F32],
    taste: F32,
    gain: F32,
    exponent: float,
) -> tuple[I32, I32, F64]:
    """Every path j -> v -> item with its part of the item's concave sum: (j, v, part).

    A term gain[j] Q_j ** exponent is divided among its authors in proportion to their mass, so
    the parts add up to `spread`'s value. O(paths).
    """
    reach_ptr, reach_hop, reach_p = reach
    n = 0
    for e in range(listeners.ptr[item], listeners.ptr[item + 1]):
        v = listeners.row[e]
        n += reach_ptr[v + 1] - reach_ptr[v]
    hop = np.empty(n, np.int32)
    author = np.empty(n, np.int32)
    part = np.empty(n, np.float64)
    mass = np.zeros(gain.shape[0], np.float64)
    out = 0
    for e in range(listeners.ptr[item], listeners.ptr[item + 1]):
        v = listeners.row[e]
        for h in range(reach_ptr[v], reach_ptr[v + 1]):
            hop[out] = reach_hop[h]
            author[out] = v
            part[out] = reach_p[h] * listeners.affinity[listeners.code[e]] / taste[v]
            mass[reach_hop[h]] += part[out]
            out += 1
    for k in range(n):
        j = hop[k]
        part[k] *= gain[j] * power(mass[j], exponent) / mass[j]
    return hop, author, part
