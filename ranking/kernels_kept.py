"""Compiled kernels of kept walks: drawn once, then mended where the graph has changed.

A walk is a row of `walks`: walks[r, k] is the node at step k, -1 after the walk has stopped. A cell
is r * steps + k. All cells that hold a node are on a list of hers, linked both ways: `head[node]`,
`after[cell]`, `before[cell]`, -1 at the ends. The graph is a list of edges a node, at
`start[node]`, `degree[node]` long; out of `total[node]` (its weights' sum, `inside`, and a leak) a
walk takes an edge in proportion to its weight, and ends with the leak. The generator is handed in;
`tests/ranking/naive_kept.py` draws the same numbers in the same order.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

ROUNDING = 1e-12
"""Differences of probabilities below this are none."""


class Edges(NamedTuple):
    """Weighted edges out of nodes, see the module. The k-th row may have gaps before and after."""

    start: I64
    degree: I64
    inside: F64
    total: F64
    target: I32
    weight: F32


class Walks(NamedTuple):
    """Walks and the lists of their visits, see the module."""

    walks: I32
    head: I32
    after: I32
    before: I32


@njit(nogil=True, cache=True)
def _visit(held: Walks, r: int, k: int, node: int) -> None:
    """Put the node at this step and the cell on her list."""
    cell = r * held.walks.shape[1] + k
    first = held.head[node]
    held.walks[r, k] = node
    held.before[cell] = -1
    held.after[cell] = first
    if first >= 0:
        held.before[first] = cell
    held.head[node] = cell


@njit(nogil=True, cache=True)
def _cut(held: Walks, r: int, k: int) -> None:
    """End the walk before this step."""
    steps = held.walks.shape[1]
    while k < steps and held.walks[r, k] >= 0:
        cell = r * steps + k
        before, after = held.before[cell], held.after[cell]
        if before >= 0:
            held.after[before] = after
        else:
            held.head[held.walks[r, k]] = after
        if after >= 0:
            held.before[after] = before
        held.walks[r, k] = -1
        k += 1


@njit(nogil=True, cache=True)
def _grow(
    held: Walks, r: int, k: int, edges: Edges, alpha: float, rng: np.random.Generator
) -> None:
    """Walk on from what stands at step k, by the graph as it is. One draw a step."""
    steps = held.walks.shape[1]
    while k + 1 < steps:
        node = held.walks[r, k]
        degree = edges.degree[node]
        draw = rng.random()
        if degree == 0 or draw < alpha:
            return
        x = (draw - alpha) / (1.0 - alpha) * edges.total[node]
        if x >= edges.inside[node] and edges.total[node] > edges.inside[node]:
            return
        e = edges.start[node]
        last = e + degree - 1
        x -= edges.weight[e]
        while x >= 0.0 and e < last:
            e += 1
            x -= edges.weight[e]
        k += 1
        _visit(held, r, k, edges.target[e])


@njit(nogil=True, cache=True)
def draw_kept(
    held: Walks, first: int, edges: Edges, alpha: float, rng: np.random.Generator
) -> None:
    """Fill empty `held` with walks from `first`. O(walks / alpha * mean degree)."""
    for r in range(held.walks.shape[0]):
        _visit(held, r, 0, first)
        _grow(held, r, 0, edges, alpha, rng)


@njit(nogil=True, cache=True)
def list_visits(held: Walks) -> None:
    """Fill the empty lists of `held` from its walks. O(steps of all walks)."""
    for r in range(held.walks.shape[0]):
        for k in range(held.walks.shape[1]):
            if held.walks[r, k] < 0:
                break
            _visit(held, r, k, held.walks[r, k])


@njit(nogil=True, cache=True)
def _coupling(
    was: Edges, i: int, edges: Edges, node: int, alpha: float, old: F64, new: F64
) -> tuple[float, I32, F64]:
    """How to turn a choice by the i-th row of `was` into one by the node's row of `edges`.

    On return old[x] is the probability with which a step to x stays, and the first result that
    with which an end does. What does not stay goes to gained[j] with probability proportional to
    the j-th difference of the running sum `sums`; -1 is the end. `old` and `new` come zeroed.
    """
    go = 1.0 - alpha
    low, high = was.start[i], was.start[i] + was.degree[i]
    for e in range(low, high):
        old[was.target[e]] = go * np.float64(was.weight[e]) / was.total[i]
    end_old = 1.0 - go * was.inside[i] / was.total[i] if high > low else 1.0
    first, last = edges.start[node], edges.start[node] + edges.degree[node]
    end_new = 1.0 - go * edges.inside[node] / edges.total[node] if last > first else 1.0
    gained = np.empty(last - first + 1, np.int32)
    sums = np.empty(last - first + 1, np.float64)
    n = 0
    gain = 0.0
    for e in range(first, last):
        x = edges.target[e]
        new[x] = go * np.float64(edges.weight[e]) / edges.total[node]
        if new[x] > old[x] + ROUNDING:
            gain += new[x] - old[x]
            gained[n] = x
            sums[n] = gain
            n += 1
    if end_new > end_old + ROUNDING:
        gain += end_new - end_old
        gained[n] = -1
        sums[n] = gain
        n += 1
    for e in range(low, high):
        x = was.target[e]
        old[x] = new[x] / old[x]
    return end_new / end_old, gained[:n], sums[:n]


@njit(nogil=True, cache=True)
def mend(
    held: Walks,
    changed: I64,
    was: Edges,
    edges: Edges,
    alpha: float,
    scratch: F64,
    rng: np.random.Generator,
) -> int:
    """Make walks drawn by the old graph walks by `edges`; returns how many were cut.

    changed: the nodes whose edges differ, changed[i] had the i-th row of `was`. Every choice made
    at such a node (an edge, or to end) is coupled as closely as can be with one by the new
    weights: it stays with probability min(1, new / old), else goes to what has gained, in
    proportion to the gain. That gives it exactly the new distribution, whatever has changed and
    how. A walk is as new behind its first changed choice: that part is drawn by `edges` and never
    looked at again. scratch: float64[2, nodes] of zeros, zeros again on return.
    O(visits of the changed nodes * (log + steps of those that move)).
    """
    n_walks, steps = held.walks.shape
    mended = np.full(n_walks, steps, np.int32)
    stays, new = scratch[0], scratch[1]
    for i in range(changed.shape[0]):
        node = changed[i]
        end_stays, gained, sums = _coupling(was, i, edges, node, alpha, stays, new)
        if gained.shape[0] > 0:
            for cell in _cells(held, node):
                r, k = cell // steps, cell % steps
                if k >= mended[r] or k + 1 == steps:
                    continue
                to = held.walks[r, k + 1]
                stay = stays[to] if to >= 0 else end_stays
                if stay >= 1.0 - ROUNDING or rng.random() < stay:
                    continue
                _cut(held, r, k + 1)
                mended[r] = k + 1
                x = rng.random() * sums[-1]
                j = min(np.searchsorted(sums, x, side="right"), gained.shape[0] - 1)
                if gained[j] >= 0:
                    _visit(held, r, k + 1, gained[j])
                    _grow(held, r, k + 1, edges, alpha, rng)
        for e in range(was.start[i], was.start[i] + was.degree[i]):
            stays[was.target[e]] = 0.0
        for e in range(edges.start[node], edges.start[node] + edges.degree[node]):
            new[edges.target[e]] = 0.0
    return int((mended < steps).sum())


@njit(nogil=True, cache=True)
def _cells(held: Walks, node: int) -> I32:
    """The node's visits, walk by walk and in the order of steps, however the list stands."""
    n = 0
    cell = held.head[node]
    while cell >= 0:
        n += 1
        cell = held.after[cell]
    cells = np.empty(n, np.int32)
    cell = held.head[node]
    for j in range(n):
        cells[j] = cell
        cell = held.after[cell]
    cells.sort()
    return cells


@njit(nogil=True, cache=True)
def slots_of(walks: I32, edges: Edges) -> I32:
    """slots[r, k] = the edge by which walk r came to step k, -1 where there is none.

    O(walks * steps * mean degree).
    """
    slots = np.full(walks.shape, -1, np.int32)
    for r in range(walks.shape[0]):
        for k in range(1, walks.shape[1]):
            to = walks[r, k]
            if to < 0:
                break
            node = walks[r, k - 1]
            for e in range(edges.start[node], edges.start[node] + edges.degree[node]):
                if edges.target[e] == to:
                    slots[r, k] = e
                    break
    return slots
