"""How good lists are, person by person: all items ranked, training items excluded.

A list is a row of item rows, best first, -1 where it has ended. What is wanted is one person's
test items; every measure but coverage is one number a person.

    recall@k    found / wanted                                     (LightGCN's protocol)
    nDCG@k      sum over hits of 1 / log2(1 + place), against the best that min(k, wanted) allow
    MRR@k       1 / place of the first hit, 0 without one
    hit rate@k  1 if there is a hit
    novelty     mean over the list of -log2(share of people who have the item in training)
    coverage    share of all items that are in anybody's list
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.data.interactions import I32, I64, Wanted
from sim.methods.method import F64

BY_PERSON = ("recall", "ndcg", "mrr", "hit_rate", "novelty")
METRICS = ("recall", "ndcg", "mrr", "hit_rate", "coverage", "novelty")

Measured = dict[str, F64]
"""Metric of `BY_PERSON` -> one number for each list."""


def measure(people: I32, lists: I32, wanted: Wanted, listeners: I64) -> Measured:
    """Each metric of `BY_PERSON` for each list; all people must want something.

    people: int32[n]; lists: int32[n, k]; listeners: int64[items], people who have each item in
    training. Novelty of an empty list is NaN, and so is nothing else.
    """
    k = lists.shape[1]
    hit = wanted.hits(people, lists)
    n_wanted = wanted.sizes[people]
    gain = 1.0 / np.log2(np.arange(2, k + 2))
    best = np.concatenate(([0.0], np.cumsum(gain)))[np.minimum(n_wanted, k)]
    any_hit = hit.any(axis=1)
    first = 1.0 / (1 + hit.argmax(axis=1))
    return {
        "recall": hit.sum(axis=1) / n_wanted,
        "ndcg": hit @ gain / best,
        "mrr": np.where(any_hit, first, 0.0),
        "hit_rate": any_hit.astype(np.float64),
        "novelty": _novelty(lists, listeners, len(wanted.ptr) - 1),
    }


def _novelty(lists: I32, listeners: I64, n_people: int) -> F64:
    """An item that nobody has counts as if one person had it."""
    surprise: NDArray[np.float64] = -np.log2(np.maximum(listeners, 1) / n_people)
    filled = lists >= 0
    total = np.where(filled, surprise[np.maximum(lists, 0)], 0.0).sum(axis=1)
    size = filled.sum(axis=1)
    return np.where(size > 0, total / np.maximum(size, 1), np.nan)


def coverage(lists: I32, n_items: int) -> float:
    """Share of all items that are in one of the lists."""
    return np.unique(lists[lists >= 0]).size / n_items
