"""Compiled kernels of trust-weighted SALSA: arrays in, arrays out.

Names: `hop_ptr, hop_author, hop_p` is the sparse P(j -> v) over the owner's items j, one row of
it for each of them; `Reach` is its transpose, over the authors reached.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ranking.affinity import Side

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]


EIGHTHS = 8
"""Walkers come in so many parts, see `sampled_hops`."""

_REVERSED = np.array([0, 4, 2, 6, 1, 5, 3, 7])


class Reach(NamedTuple):
    """P(j -> v) by author: place[v] is v's among the authors reached, -1 for others; place k is
    author[k], whose own items j and P(j -> v) are `hop[ptr[k]:ptr[k+1]]` and `p` beside it."""

    place: I32
    author: I32
    ptr: I64
    hop: I32
    p: F32


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
def trusted_side(likes: Side, trust: F32, n_items: int) -> tuple[I64, I32, U8]:
    """The item side of trusted authors alone: (ptr, author, code). O(their edges + n_items)."""
    ptr = np.zeros(n_items + 1, np.int64)
    for v in range(min(trust.shape[0], likes.ptr.shape[0] - 1)):
        if trust[v] > 0.0:
            for e in range(likes.ptr[v], likes.ptr[v + 1]):
                ptr[likes.row[e] + 1] += 1
    ptr = np.cumsum(ptr)
    author = np.empty(ptr[-1], np.int32)
    code = np.empty(ptr[-1], np.uint8)
    fill = ptr[:-1].copy()
    for v in range(min(trust.shape[0], likes.ptr.shape[0] - 1)):
        if trust[v] > 0.0:
            for e in range(likes.ptr[v], likes.ptr[v + 1]):
                at = fill[likes.row[e]]
                author[at] = v
                code[at] = likes.code[e]
                fill[likes.row[e]] += 1
    return ptr, author, code


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
    ptr: I64,
    weight: F32,
    kappa: float,
    per_item: int,
    draw: F64,
    shift: NDArray[np.int8],
    part: int,
) -> tuple[F32, NDArray[np.bool_]]:
    """Estimate P(j -> v) by walkers on each item; (p, sampled[j]).

    Walker k of an item draws in the k-th of `per_item` equal strata of [0, 1): unbiased, and never
    more scattered than free draws. Only `part` eighths of them walk, 1, 2, 4 or 8: of the eight
    strata of every group those whose number, shifted by the group's `shift` in 0..7, comes first
    in bit-reversed order. Each stratum is as likely as any, so every part is unbiased, and a larger
    part contains the smaller ones. `per_item` is a multiple of 8, or `part` is 8.

    Items with no more listeners than walkers are done exactly, that is cheaper. All walkers of an
    item advance in lock-step through the binary search of its listeners. One that falls beyond
    them (the kappa part) has returned to the owner.
    """
    p = np.zeros(weight.shape[0], np.float32)
    sampled = np.zeros(ptr.shape[0] - 1, np.bool_)
    low = np.empty(per_item, np.int64)
    high = np.empty(per_item, np.int64)
    goal = np.empty(per_item, np.float64)
    upto = np.empty(weight.shape[0], np.float64)
    walkers = per_item * part // EIGHTHS
    groups = -(-per_item // EIGHTHS)
    for j in range(ptr.shape[0] - 1):
        total = 0.0
        for e in range(ptr[j], ptr[j + 1]):
            total += weight[e]
            upto[e] = total
        n = ptr[j + 1] - ptr[j]
        if n <= walkers:
            for e in range(ptr[j], ptr[j + 1]):
                p[e] = weight[e] / (total + kappa)
            continue
        sampled[j] = True
        on = 0
        for k in range(per_item):
            if _REVERSED[(k ^ int(shift[j * groups + k // EIGHTHS])) % EIGHTHS] < part:
                goal[on] = (k + draw[j * per_item + k]) / per_item * (total + kappa)
                low[on] = ptr[j]
                high[on] = ptr[j + 1]
                on += 1
        while n > 0:
            for k in range(on):
                if low[k] < high[k]:
                    middle = (low[k] + high[k]) // 2
                    if upto[middle] <= goal[k]:
                        low[k] = middle + 1
                    else:
                        high[k] = middle
            n //= 2
        for k in range(on):
            if low[k] < ptr[j + 1]:
                p[low[k]] += 1.0 / on
    return p, sampled


@njit(nogil=True, cache=True)
def spread_cost(hop_author: I32, hop_p: F32, author_ptr: I64, enough: int) -> int:
    """Edges that `spread` would visit for these hops; counted no further once above `enough`.
    O(hops)."""
    cost = 0
    for e in range(hop_author.shape[0]):
        if hop_p[e] > 0.0:
            cost += author_ptr[hop_author[e] + 1] - author_ptr[hop_author[e]]
            if cost > enough:
                break
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
    ptr, row, code, affinity = likes.ptr, likes.row, likes.code, likes.affinity
    score = np.zeros(n_items, np.float32)
    mass = np.zeros(n_items, np.float32)
    touched = np.empty(n_items + 1, np.int32)
    for j in range(hop_ptr.shape[0] - 1):
        n = 0
        for h in range(hop_ptr[j], hop_ptr[j + 1]):
            v = hop_author[h]
            if hop_p[h] <= 0.0 or taste[v] <= 0.0:
                continue
            scale = np.float32(hop_p[h] / taste[v])
            for e in range(ptr[v], ptr[v + 1]):
                i = row[e]
                before = mass[i]
                touched[n] = i  # always, counted only if new: a branch would be mispredicted
                n += before == 0.0
                mass[i] = before + scale * affinity[code[e]]
        for k in range(n):
            i = touched[k]
            score[i] += gain[j] * power(mass[i], exponent)
            mass[i] = 0.0
    return score


@njit(nogil=True, cache=True)
def transpose_hops(
    hop_ptr: I64, hop_author: I32, hop_p: F32, n_authors: int
) -> tuple[I32, I32, I64, I32, F32]:
    """The fields of `Reach`; hops that carry nothing are dropped. O(hops + n_authors / 16)."""
    place = np.full(n_authors, -1, np.int32)
    author = np.empty(hop_author.shape[0], np.int32)
    count = np.zeros(hop_author.shape[0] + 1, np.int64)
    n = 0
    for h in range(hop_author.shape[0]):
        if hop_p[h] > 0.0:
            k = place[hop_author[h]]
            if k < 0:
                k = n
                place[hop_author[h]] = k
                author[k] = hop_author[h]
                n += 1
            count[k + 1] += 1
    ptr = np.cumsum(count[: n + 1])
    hop = np.empty(ptr[n], np.int32)
    p = np.empty(ptr[n], np.float32)
    fill = ptr[:-1].copy()
    for j in range(hop_ptr.shape[0] - 1):
        for h in range(hop_ptr[j], hop_ptr[j + 1]):
            if hop_p[h] > 0.0:
                k = place[hop_author[h]]
                hop[fill[k]] = j
                p[fill[k]] = hop_p[h]
                fill[k] += 1
    return place, author[:n].copy(), ptr, hop, p


@njit(nogil=True, cache=True)
def reached_listeners(items: I32, listeners: Side, reach: Reach) -> tuple[I64, I32, F32]:
    """CSR over the given items: their listeners' places in `reach`, and a(v, i). O(listeners)."""
    ptr = np.zeros(items.shape[0] + 1, np.int64)
    for k in range(items.shape[0]):
        n = 0
        for e in range(listeners.ptr[items[k]], listeners.ptr[items[k] + 1]):
            if reach.place[listeners.row[e]] >= 0:
                n += 1
        ptr[k + 1] = ptr[k] + n
    who = np.empty(ptr[-1], np.int32)
    affinity = np.empty(ptr[-1], np.float32)
    out = 0
    for k in range(items.shape[0]):
        for e in range(listeners.ptr[items[k]], listeners.ptr[items[k] + 1]):
            at = reach.place[listeners.row[e]]
            if at >= 0:
                who[out] = at
                affinity[out] = listeners.affinity[listeners.code[e]]
                out += 1
    return ptr, who, affinity


@njit(nogil=True, cache=True)
def reached_by_author(items: I32, likes: Side, reach: Reach, n_items: int) -> tuple[I64, I32, F32]:
    """What `reached_listeners` gives, gathered from the authors reached instead, which is cheaper
    for items with very many listeners; within an item in the order of places.
    O(edges of authors reached + n_items / 16). Items must be distinct.
    """
    column = np.full(n_items, -1, np.int32)
    for k in range(items.shape[0]):
        column[items[k]] = k
    ptr = np.zeros(items.shape[0] + 1, np.int64)
    for at in range(reach.author.shape[0]):
        v = reach.author[at]
        for e in range(likes.ptr[v], likes.ptr[v + 1]):
            k = column[likes.row[e]]
            if k >= 0:
                ptr[k + 1] += 1
    ptr = np.cumsum(ptr)
    who = np.empty(ptr[-1], np.int32)
    affinity = np.empty(ptr[-1], np.float32)
    fill = ptr[:-1].copy()
    for at in range(reach.author.shape[0]):
        v = reach.author[at]
        for e in range(likes.ptr[v], likes.ptr[v + 1]):
            k = column[likes.row[e]]
            if k >= 0:
                who[fill[k]] = at
                affinity[fill[k]] = likes.affinity[likes.code[e]]
                fill[k] += 1
    return ptr, who, affinity


@njit(nogil=True, cache=True)
def item_paths(
    found: tuple[I64, I32, F32], reach: Reach, taste: F32, gain: F32, exponent: float
) -> tuple[I32, I32, F64]:
    """Every path j -> v -> item with its part of the item's concave sum: (j, v, part).

    `found` is `reached_listeners` of that one item. A term gain[j] Q_j ** exponent is divided
    among its authors in proportion to their mass, so the parts add up to `spread`'s value. The
    paths of one author stand together. O(paths).
    """
    _, who, affinity = found
    n = 0
    for e in range(who.shape[0]):
        n += reach.ptr[who[e] + 1] - reach.ptr[who[e]]
    hop = np.empty(n, np.int32)
    author = np.empty(n, np.int32)
    part = np.empty(n, np.float64)
    mass = np.zeros(gain.shape[0], np.float64)
    out = 0
    for e in range(who.shape[0]):
        v = reach.author[who[e]]
        for h in range(reach.ptr[who[e]], reach.ptr[who[e] + 1]):
            hop[out] = reach.hop[h]
            author[out] = v
            part[out] = reach.p[h] * affinity[e] / taste[v]
            mass[reach.hop[h]] += part[out]
            out += 1
    for k in range(n):
        j = hop[k]
        part[k] *= gain[j] * power(mass[j], exponent) / mass[j]
    return hop, author, part
