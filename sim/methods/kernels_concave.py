"""The compiled kernel of the concave sum whose degrees come from elsewhere than the trusted."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


@njit(nogil=True, cache=True)
def concave_sum(
    items: I32,
    gain: F64,
    trust: F32,
    likes: tuple[I64, I32, F32],
    listeners: tuple[I64, I32, F32],
    exponent: float,
) -> F64:
    """sum_j gain[j] (sum_v P(j -> v) share(v, i)) ** exponent over the items j given, for every i.

    P(j -> v) ~ t(v) a(v, j). likes: (ptr, item, share) by author; listeners: (ptr, author,
    affinity) by item. O(edges of the trusted listeners of the items).
    """
    like_ptr, like_item, share = likes
    heard_ptr, heard_author, affinity = listeners
    n_items = heard_ptr.shape[0] - 1
    score = np.zeros(n_items, np.float64)
    mass = np.zeros(n_items, np.float64)
    touched = np.empty(n_items, np.int32)
    for j in range(items.shape[0]):
        low, high = heard_ptr[items[j]], heard_ptr[items[j] + 1]
        total = 0.0
        for h in range(low, high):
            total += trust[heard_author[h]] * affinity[h]
        n = 0
        for h in range(low, high):
            v = heard_author[h]
            if trust[v] <= 0.0:
                continue
            p = trust[v] * affinity[h] / total
            for e in range(like_ptr[v], like_ptr[v + 1]):
                i = like_item[e]
                if mass[i] == 0.0:
                    touched[n] = i
                    n += 1
                mass[i] += p * share[e]
        for k in range(n):
            i = touched[k]
            score[i] += gain[j] * mass[i] ** exponent
            mass[i] = 0.0
    return score
