"""Compiled kernel of the echo: two more steps of the walk, item -> author -> item."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ranking.affinity import Side

I32 = NDArray[np.int32]
F32 = NDArray[np.float32]


@njit(nogil=True, cache=True)
def two_steps(likes: Side, mass: F32, taste: F32, first: F32, author: I32, weight: F32) -> F32:
    """sum_v weight[v] (sum_k first(k) a(v, k) / mass[k]) a(v, i) / taste[v] for every item i.

    float32[n_items]. `author` are distinct rows with their weights: t(v), or t(v) over the chance
    with which v was drawn. Items that `first` reaches have mass > 0; authors without taste are
    passed over. O(edges of the authors, twice, + n_items).
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
            scale = weight[k] * arrived / taste[v]
            for e in range(likes.ptr[v], likes.ptr[v + 1]):
                out[likes.row[e]] += scale * likes.affinity[likes.code[e]]
    return out
