"""The trust graph rewired at equal degrees: the control that tells friends from their number."""

from __future__ import annotations

import numpy as np

from sim.data.interactions import F32, I64, Vouches

SWAPS_PER_EDGE = 10
"""Swaps tried for each edge: after that many, random graphs are mixed in practice (Milo et al.,
arXiv cond-mat/0312028)."""


def rewired(trust: Vouches, n_people: int, rng: np.random.Generator) -> Vouches:
    """Random partners at everybody's own number of vouches given and received.

    Two edges a→b, c→d become a→d, c→b, unless that makes a vouch for oneself or one that exists. A
    graph in which every edge has its counterpart stays like that; there edges are swapped in
    pairs. A weight stays with its source. O(edges) with `SWAPS_PER_EDGE` tries for each.
    """
    source, target = trust.source.astype(np.int64), trust.target.astype(np.int64)
    there, back = source * n_people + target, target * n_people + source
    if len(trust) and np.isin(there, back).all():
        source, target, weight = _symmetric(source, target, trust.weight, n_people, rng)
        columns = source.astype(np.int32), target.astype(np.int32), weight
        return Vouches(*columns, None)
    swapped = _swapped(source, target, n_people, rng, both_ways=False)
    return Vouches(trust.source, swapped[1].astype(np.int32), trust.weight, trust.day)


def _symmetric(
    source: I64, target: I64, weight: F32, n_people: int, rng: np.random.Generator
) -> tuple[I64, I64, F32]:
    """Swap undirected edges; both directions carry the weights that their edge had."""
    ahead = source < target
    order = np.lexsort((target[ahead], source[ahead]))
    a, b, w = source[ahead][order], target[ahead][order], weight[ahead][order]
    behind = ~ahead
    order = np.lexsort((source[behind], target[behind]))
    w_back = weight[behind][order]
    a, b = _swapped(a, b, n_people, rng, both_ways=True)
    return np.concatenate([a, b]), np.concatenate([b, a]), np.concatenate([w, w_back])


def _swapped(
    source: I64, target: I64, n_people: int, rng: np.random.Generator, *, both_ways: bool
) -> tuple[I64, I64]:
    """Edges after random swaps. both_ways: an edge and its reverse are the same edge."""
    a, b = source.tolist(), target.tolist()
    n = len(a)

    def key(x: int, y: int) -> int:
        return min(x, y) * n_people + max(x, y) if both_ways else x * n_people + y

    edges = {key(x, y) for x, y in zip(a, b, strict=True)}
    for _ in range(SWAPS_PER_EDGE if n > 1 else 0):
        first, second = rng.integers(0, n, (2, n)).tolist()
        flips = rng.integers(0, 2, n).tolist()
        for i, j, flip in zip(first, second, flips, strict=True):
            p, q, r, s = a[i], b[i], a[j], b[j]
            if both_ways and flip:
                r, s = s, r
            if p == s or r == q or i == j:
                continue
            new, other = key(p, s), key(r, q)
            if new in edges or other in edges or new == other:
                continue
            edges -= {key(p, q), key(r, s)}
            edges |= {new, other}
            a[i], b[i], a[j], b[j] = p, s, r, q
    return np.array(a, np.int64), np.array(b, np.int64)
