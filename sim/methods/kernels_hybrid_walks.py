"""Compiled kernels of Web3Recommend's walk: songs by affinity, back to people by trust.

Songs are items. People are vertices 0..n-1, item i is vertex n + i. Random numbers are drawn in the
order of the published loop.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.methods.kernels_published_walks import Walks, grown, pick

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


class Content(NamedTuple):
    """Who has which item: CSR both ways, rows ascending, with shares a(v, i) / sum_k a(v, k)."""

    author_ptr: I64
    author_item: I32
    share: F32
    total: F64
    """Running sums of `share` within each author's row."""
    item_ptr: I64
    item_author: I32
    item_total: F64
    """Running sums of the listeners' shares within each item's row."""


class Trust(NamedTuple):
    """Whom each trusts: CSR with weights and their running sums. everyone: all trust all alike."""

    ptr: I64
    target: I32
    weight: F32
    total: F64
    everyone: bool


class Rules(NamedTuple):
    """alpha: stop probability at each half step. balance: probability of starting at somebody
    trusted. eta >= 0: the smooth rule; below 0 the published filter. stale: published bug B2."""

    alpha: float
    hops_max: int
    balance: float
    eta: float
    stale: bool


@njit(nogil=True, cache=True)
def find(row: I32, low: int, high: int, wanted: int) -> int:
    """Where an ascending row has the wanted entry; -1 when it does not."""
    end = high
    while low < high:
        middle = (low + high) // 2
        if row[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < end and row[low] == wanted else -1


@njit(nogil=True, cache=True)
def pick_other(total: F64, low: int, high: int, left_out: int, draw: float) -> int:
    """An edge of [low, high) in proportion to weight, but for the one left out (or -1).

    -1 when there is no other.
    """
    if left_out < 0:
        return pick(total, low, high, draw * total[high - 1]) if high > low else -1
    if high - low == 1:
        return -1
    before = total[left_out - 1] if left_out > low else 0.0
    gap = total[left_out] - before
    x = draw * (total[high - 1] - gap)
    e = pick(total, low, left_out, x) if x < before else left_out
    if e == left_out:
        e = pick(total, left_out, high, x + gap)
    if e == left_out:
        e = left_out + 1 if left_out + 1 < high else left_out - 1
    return e


@njit(nogil=True, cache=True)
def step_back(
    at: int, item: int, content: Content, trust: Trust, eta: float, rng: np.random.Generator
) -> int:
    """From an item that `at` came to, the person to go on to; -1 when `at` trusts nobody.

    Published: among those `at` trusts who have the item in proportion to their share of it; when
    none has, among all she trusts in proportion to trust. Smooth: P(x) ~ trust(x) (share(x) + eta).
    """
    if trust.everyone:
        low, high = content.item_ptr[item], content.item_ptr[item + 1]
        left_out = find(content.item_author, low, high, at)
        e = pick_other(content.item_total, low, high, left_out, rng.random())
        return int(content.item_author[e]) if e >= 0 else -1
    low, high = trust.ptr[at], trust.ptr[at + 1]
    if low == high:
        return -1
    sums = np.empty(high - low, np.float64)
    total = 0.0
    for k in range(high - low):
        x = trust.target[low + k]
        e = find(content.author_item, content.author_ptr[x], content.author_ptr[x + 1], item)
        share = content.share[e] if e >= 0 else 0.0
        total += share if eta < 0 else trust.weight[low + k] * (share + eta)
        sums[k] = total
    if total > 0.0:
        return int(trust.target[low + pick(sums, 0, high - low, rng.random() * total)])
    return int(trust.target[pick(trust.total, low, high, rng.random() * trust.total[high - 1])])


@njit(nogil=True, cache=True)
def first_person(
    root: int, people: int, trust: Trust, jump: F64, balance: float, rng: np.random.Generator
) -> int:
    """The root; with probability `balance` somebody she trusts, jump being the running sums of
    that person's probability beside the root's edges."""
    if rng.random() >= balance:
        return root
    if trust.everyone:
        other = int(rng.random() * (people - 1))
        return other if other < root else min(other + 1, people - 1)
    low, high = trust.ptr[root], trust.ptr[root + 1]
    if low == high:
        return root
    return int(trust.target[low + pick(jump, 0, high - low, rng.random() * jump[-1])])


@njit(nogil=True, cache=True)
def hybrid_walks(
    root: int,
    content: Content,
    trust: Trust,
    jump: F64,
    rules: Rules,
    walks: int,
    rng: np.random.Generator,
) -> Walks:
    """The walks, see `kernels_published_walks` for their form. O(steps * (trusted * log items)).

    Bug B2 (`rules.stale`): a walk that ends because somebody trusts nobody leaves its hops and its
    last item to the next walk, which then skips the cold-start jump, may not take that item first,
    and is the sooner too long.
    """
    people = content.author_ptr.shape[0] - 1
    walk_ptr = np.zeros(walks + 1, np.int64)
    vertex = np.empty(max(16, 8 * walks), np.int32)
    size, hops, last = 0, 0, -1
    for r in range(walks):
        at = root
        if hops == 0:
            at = first_person(root, people, trust, jump, rules.balance, rng)
        lost = False
        while True:
            vertex = grown(vertex, size)
            vertex[size] = at
            size += 1
            if hops >= rules.hops_max or rng.random() < rules.alpha:
                break
            hops += 1
            low, high = content.author_ptr[at], content.author_ptr[at + 1]
            back = find(content.author_item, low, high, last)
            if high - low <= (1 if back >= 0 else 0):
                break
            e = pick_other(content.total, low, high, back, rng.random())
            last = content.author_item[e]
            vertex = grown(vertex, size)
            vertex[size] = people + last
            size += 1
            if hops >= rules.hops_max or rng.random() < rules.alpha:
                break
            if content.item_ptr[last + 1] - content.item_ptr[last] < 2:
                break
            hops += 1
            at = step_back(at, last, content, trust, rules.eta, rng)
            if at < 0:
                lost = True
                break
        if not (lost and rules.stale):
            hops, last = 0, -1
        walk_ptr[r + 1] = size
    return walk_ptr, vertex[:size].copy()
