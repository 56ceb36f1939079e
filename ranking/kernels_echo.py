"""Compiled kernels of the echo: two more steps of the walk, item -> author -> item."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ranking.affinity import Side

I32 = NDArray[np.int32]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


@njit(nogil=True, cache=True)
def two_steps(likes: Side, mass: F32, taste: F32, first: F32, author: I32, t: F32) -> F32:
    """sum_v t(v) (sum_k first(k) a(v, k) / mass[k]) a(v, i) / taste[v] for every item i.

    float32[n_items]. `author` are the distinct rows v that count. Items that `first` reaches have
    mass > 0; authors without taste are passed over. O(edges of the authors, twice, + n_items).
    """
    part = np.zeros(first.shape[0], np.float32)
    for i in range(first.shape[0]):
        if first[i] > 0.0:
            part[i] = first[i] / mass[i]
    out = np.zeros(first.shape[0], np.float32)
    for k in range(author.shape[0]):
        v = author[k]
        arrived = 0.0
        for e in range(likes.ptr[v], likes.ptr[v + 1]):
            arrived += part[likes.row[e]] * likes.affinity[likes.code[e]]
        if arrived > 0.0 and taste[v] > 0.0:
            scale = t[v] * arrived / taste[v]
            for e in range(likes.ptr[v], likes.ptr[v + 1]):
                out[likes.row[e]] += scale * likes.affinity[likes.code[e]]
    return out


@njit(nogil=True, cache=True)
def end_of_step(listeners: Side, mass: F32, t: F32, first: F32, shift: float, draws: F64) -> I32:
    """Authors at which walkers stand that start at items in proportion to `first`: int32[walkers].

    Items are drawn in equal strata: of c expected walkers an item gets c, rounded up or down by
    shift in [0, 1). From there each goes to a listener v in proportion to t(v) a(v, i), again in
    equal strata, by its own draw in [0, 1). -1 for walkers that stand nowhere: `first` is 0
    everywhere, or rounding leaves them past the last listener. Listeners with t(v) = 0 change
    nothing. O(listeners of the items drawn + n_items).
    """
    walkers = draws.shape[0]
    author = np.full(walkers, -1, np.int32)
    whole = 0.0
    for i in range(first.shape[0]):
        whole += first[i]
    upto, k = 0.0, 0
    for i in range(first.shape[0]):
        upto += first[i]
        begin = k
        while k < walkers and (k + shift) * whole < upto * walkers:
            k += 1
        if k > begin:
            apart = np.float64(mass[i]) / (k - begin)
            j, passed = begin, 0.0
            for e in range(listeners.ptr[i], listeners.ptr[i + 1]):
                v = listeners.row[e]
                passed += t[v] * listeners.affinity[listeners.code[e]]
                while j < k and passed > (j - begin + draws[begin]) * apart:
                    author[j] = v
                    j += 1
                if j == k:
                    break
    return author


@njit(nogil=True, cache=True)
def hand_on(likes: Side, taste: F32, author: I32, n_items: int) -> tuple[F32, F32]:
    """The last step, exactly: what each walker brings to i is a(v, i) / taste[v], v its author.

    (sum, sum of squares) over walkers, float32[n_items] each; walkers that stand nowhere (-1) bring
    nothing. O(edges of the authors, once for each walker, + n_items).
    """
    out = np.zeros(n_items, np.float32)
    squares = np.zeros(n_items, np.float32)
    for v in author:
        if v >= 0 and taste[v] > 0.0:
            each = np.float32(1) / taste[v]
            for e in range(likes.ptr[v], likes.ptr[v + 1]):
                brought = each * likes.affinity[likes.code[e]]
                out[likes.row[e]] += brought
                squares[likes.row[e]] += brought * brought
    return out, squares
