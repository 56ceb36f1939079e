"""G-Rank's similarity of click logs, as the thesis writes it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ranking.click_table import ClickTable

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]


def _top_terms(table: ClickTable, k: int) -> tuple[I32, I32]:
    """(author, term): each author's k terms with most clicks, equal ones by row."""
    pair = table.author.astype(np.int64) << 32 | table.term
    pairs, clicks = np.unique(pair, return_counts=True)
    order = np.lexsort((pairs, -clicks, pairs >> 32))
    author = (pairs[order] >> 32).astype(np.int32)
    term = (pairs[order] & 0xFFFFFFFF).astype(np.int32)
    starts = np.searchsorted(author, author, "left")
    top = np.arange(author.size) - starts < k
    return author[top], term[top]


def published_similarity(table: ClickTable, me: int, n_authors: int, k: int) -> F64:
    """S_me(j) = (common terms + common results^2) / all results, divided by the largest.

    Common terms are those among the k most used of both; results are the (term, item) pairs
    clicked. My own S is left out: 0. Cloning a click log earns the most, which is why it is not
    what a node uses. O(clicks log clicks).
    """
    author, term = _top_terms(table, k)
    shared = np.isin(term, term[author == me])
    terms = np.bincount(author[shared], minlength=n_authors).astype(np.float64)
    stride = int(table.item.max(initial=0)) + 1
    result: I64 = table.term.astype(np.int64) * stride + table.item
    mine = result[table.author == me]
    common = np.bincount(table.author[np.isin(result, mine)], minlength=n_authors)
    union = np.bincount(table.author, minlength=n_authors) + mine.size - common
    similarity: F64 = (terms + common.astype(np.float64) ** 2) / np.maximum(union, 1)
    similarity[me] = 0.0
    largest = similarity.max(initial=0.0)
    return similarity / largest if largest > 0 else similarity
