"""Compiled kernels of the walk item -> person -> item: one row at a time, never the whole product.

W(j, i) = (1 / listeners(j))^alpha * sum_v share(v, i)^alpha * factor(i), where share(v, i) is the
part of v's affinities that i has, W(j, j) = 0, rows scaled to sum 1 where asked for.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


@njit(nogil=True, cache=True)
def shares(ptr: I64, affinity: F32, alpha: float) -> F32:
    """(a(v, i) / sum_k a(v, k)) ** alpha beside each edge of the authors' side. O(edges)."""
    share = np.empty(affinity.shape[0], np.float32)
    for v in range(ptr.shape[0] - 1):
        total = 0.0
        for e in range(ptr[v], ptr[v + 1]):
            total += affinity[e]
        for e in range(ptr[v], ptr[v + 1]):
            share[e] = (affinity[e] / total) ** alpha
    return share


@njit(nogil=True, cache=True)
def _row(
    j: int,
    graph: tuple[I64, I32, F32, I64, I32],
    factor: F64,
    alpha: float,
    normalise: bool,
    scratch: tuple[F64, I32],
) -> int:
    """Write W(j, .) into scratch's dense array, its items into the other; returns how many.

    graph: (author_ptr, author_item, share, item_ptr, item_author). The caller clears the dense
    array at the items named.
    """
    author_ptr, author_item, share, item_ptr, item_author = graph
    mass, touched = scratch
    n = 0
    for f in range(item_ptr[j], item_ptr[j + 1]):
        v = item_author[f]
        for e in range(author_ptr[v], author_ptr[v + 1]):
            i = author_item[e]
            if i == j:
                continue
            if mass[i] == 0.0:
                touched[n] = i
                n += 1
            mass[i] += share[e]
    scale = float(max(item_ptr[j + 1] - item_ptr[j], 1)) ** -alpha
    total = 0.0
    for k in range(n):
        mass[touched[k]] *= scale * factor[touched[k]]
        total += mass[touched[k]]
    if normalise and total > 0.0:
        for k in range(n):
            mass[touched[k]] /= total
    return n


@njit(nogil=True, cache=True)
def walk_from(
    items: I32,
    weight: F32,
    graph: tuple[I64, I32, F32, I64, I32],
    factor: F64,
    alpha: float,
    normalise: bool,
) -> F64:
    """sum_j weight(j) W(j, i) for every item i. O(edges of the items' listeners)."""
    n_items = factor.shape[0]
    score = np.zeros(n_items, np.float64)
    scratch = (np.zeros(n_items, np.float64), np.empty(n_items, np.int32))
    for k in range(items.shape[0]):
        n = _row(items[k], graph, factor, alpha, normalise, scratch)
        for h in range(n):
            i = scratch[1][h]
            score[i] += weight[k] * scratch[0][i]
            scratch[0][i] = 0.0
    return score


@njit(nogil=True, cache=True)
def nearest_items(
    graph: tuple[I64, I32, F32, I64, I32],
    factor: F64,
    alpha: float,
    normalise: bool,
    neighbours: int,
) -> tuple[I64, I32, F32]:
    """W with the `neighbours` greatest entries of each row kept, those scaled to sum 1 if asked.

    CSR (ptr, item, value); 8 bytes an entry kept. Equal entries at the border are taken cyclically
    from j on, so that low rows are not favoured. O(sum over authors of degree^2).
    """
    n_items = factor.shape[0]
    scratch = (np.zeros(n_items, np.float64), np.empty(n_items, np.int32))
    ptr = np.zeros(n_items + 1, np.int64)
    item = np.empty(n_items * min(neighbours, n_items), np.int32)
    value = np.empty(item.shape[0], np.float32)
    out = 0
    for j in range(n_items):
        n = _row(j, graph, factor, alpha, False, scratch)
        mass, touched = scratch[0], scratch[1]
        border, ties = 0.0, 0
        if n > neighbours:
            found = mass[touched[:n]]
            border = np.partition(found, n - neighbours)[n - neighbours]
            ties = neighbours - int((found > border).sum())
        start = out
        total = 0.0
        kept = np.sort(touched[:n])
        first = np.searchsorted(kept, j)
        for h in range(n):
            i = kept[(first + h) % n]
            entry = mass[i]
            mass[i] = 0.0
            if entry < border or (entry == border and ties == 0):
                continue
            if entry == border:
                ties -= 1
            item[out] = i
            value[out] = entry
            total += entry
            out += 1
        if normalise and total > 0.0:
            for e in range(start, out):
                value[e] /= total
        ptr[j + 1] = out
    return ptr, item[:out].copy(), value[:out].copy()


@njit(nogil=True, cache=True)
def cut_columns(ptr: I64, item: I32, value: F32, neighbours: int) -> tuple[I64, I32, F32]:
    """Keep the `neighbours` greatest entries of each column; of equal ones the first rows'.

    O(entries).
    """
    n_items = ptr.shape[0] - 1
    start = np.zeros(n_items + 1, np.int64)
    for e in range(item.shape[0]):
        start[item[e] + 1] += 1
    for i in range(n_items):
        start[i + 1] += start[i]
    column = np.empty(item.shape[0], np.float32)
    fill = start[:-1].copy()
    for e in range(item.shape[0]):
        column[fill[item[e]]] = value[e]
        fill[item[e]] += 1
    border = np.zeros(n_items, np.float32)
    ties = np.zeros(n_items, np.int64)
    for i in range(n_items):
        found = column[start[i] : start[i + 1]]
        if found.shape[0] > neighbours:
            border[i] = np.partition(found, found.shape[0] - neighbours)[-neighbours]
            ties[i] = neighbours - int((found > border[i]).sum())
    kept_ptr = np.zeros(n_items + 1, np.int64)
    kept_item = np.empty(item.shape[0], np.int32)
    kept_value = np.empty(item.shape[0], np.float32)
    out = 0
    for j in range(n_items):
        for e in range(ptr[j], ptr[j + 1]):
            i = item[e]
            if value[e] < border[i] or (value[e] == border[i] and ties[i] == 0):
                continue
            if value[e] == border[i]:
                ties[i] -= 1
            kept_item[out] = i
            kept_value[out] = value[e]
            out += 1
        kept_ptr[j + 1] = out
    return kept_ptr, kept_item[:out].copy(), kept_value[:out].copy()


@njit(nogil=True, cache=True)
def sum_rows(items: I32, weight: F32, ptr: I64, item: I32, value: F32) -> F64:
    """sum_j weight(j) W(j, i) for every item i, of a W kept in CSR. O(entries of the rows)."""
    score = np.zeros(ptr.shape[0] - 1, np.float64)
    for k in range(items.shape[0]):
        for e in range(ptr[items[k]], ptr[items[k] + 1]):
            score[item[e]] += weight[k] * value[e]
    return score
