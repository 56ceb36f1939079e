"""Whom Web3Recommend lets a newcomer trust: those whose plays are most like hers.

`UserBasedTrustedCollaborativeFiltering` of the shipped code, its wrong Pearson formula included.
Whoever copies a profile comes first; that is a hole of the published system, kept as published.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.methods.kernels_hybrid_walks import Content
from sim.methods.method import F64, I32

F32 = NDArray[np.float32]


def similar_people(content: Content, item_share: F32, person: int) -> tuple[I32, F32]:
    """Everybody who has an item of hers, most alike first, with the trust granted, in (0, 1].

    K are the items in common, a(v, k) shares of v's plays, all means and sums over K but mean_v:

        sim   = 1/2 |K| / max |K| PCC + 1/2 (1 - mean |a(u, k) - a(x, k)| / span)
        PCC   = sum (a(u, k) - mean_u) (a(x, k) - mean_x) / (sum |a(u, k) - mean_u| sum |..._x|)
        trust = 1/2 (sim + 1)

    span: of all plays in K. item_share: shares beside `content.item_author`. The part of the trust
    PageRank in `trust` is left out: it is next to nothing for people not trusted yet.
    O(listeners of her items).
    """
    n = content.author_ptr.shape[0] - 1
    low, high = content.author_ptr[person : person + 2]
    hers, own = content.author_item[low:high], content.share[low:high].astype(np.float64)
    sizes = (content.item_ptr[hers + 1] - content.item_ptr[hers]).astype(np.int64)
    starts = np.repeat(content.item_ptr[hers] - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes)
    edges = starts + np.arange(sizes.sum())
    x, a_x = content.item_author[edges], item_share[edges].astype(np.float64)
    a_u = np.repeat(own, sizes)
    others = x != person
    x, a_x, a_u = x[others], a_x[others], a_u[others]
    if x.size == 0:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    degree = np.maximum(np.diff(content.author_ptr), 1)
    d_u, d_x = _off(a_u - 1 / degree[person]), _off(a_x - 1 / degree[x])
    common = np.bincount(x, minlength=n).astype(np.float64)
    spread = np.bincount(x, np.abs(d_u), n) * np.bincount(x, np.abs(d_x), n)
    product = np.bincount(x, d_u * d_x, n)
    correlation = np.divide(product, spread, where=spread > 0, out=np.zeros(n))
    most, least = np.zeros(n), np.full(n, np.inf)
    np.maximum.at(most, x, np.maximum(a_u, a_x))
    np.minimum.at(least, x, np.minimum(a_u, a_x))
    span = _off(np.where(common > 0, most - least, 0.0))
    apart = np.bincount(x, np.abs(a_u - a_x), n) / np.maximum(common, 1)
    nearness = np.where(span > 0, 1 - apart / np.where(span > 0, span, 1.0), 0.0)
    alike = 0.5 * common / common.max() * correlation + 0.5 * nearness
    found = np.flatnonzero(common)
    order = found[np.argsort(-alike[found], kind="stable")]
    return order.astype(np.int32), (0.5 * (alike[order] + 1)).astype(np.float32)


def _off(difference: F64) -> F64:
    """Differences of shares; what float32 cannot tell from 0 is 0, or a quotient of two such
    would be anything."""
    return np.where(np.abs(difference) < 1e-6, np.float64(0), difference)
