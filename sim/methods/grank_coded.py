"""G-Rank as its published notebook computes it, for comparison only.

What the code does and the thesis does not say: F is computed and then overwritten; the square is on
the overlap of terms, not of results; and similarities are put beside items by row number, so that
the r-th item of a term is weighed with the similarity of node r, whoever that is, and falls behind
if node r has not clicked for the term. Rows count as often as they are said.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.methods.method import F64, I32

I64 = NDArray[np.int64]

TOP_TERMS = 10


def coded_similarity(author: I32, term: I32, item: I32, me: int, n_authors: int) -> F64:
    """(results in common + common top terms squared) / all results; 0 without a common term; by the
    largest. Columns: distinct clicks. O(clicks log clicks)."""
    pair = author.astype(np.int64) << 32 | term
    pairs, uses = np.unique(pair, return_counts=True)
    order = np.lexsort((pairs, -uses, pairs >> 32))
    who, what = pairs[order] >> 32, pairs[order] & 0xFFFFFFFF
    top = np.arange(who.size) - np.searchsorted(who, who) < TOP_TERMS
    who, what = who[top], what[top]
    terms = np.bincount(who[np.isin(what, what[who == me])], minlength=n_authors)
    result = term.astype(np.int64) << 32 | item
    mine = result[author == me]
    common = np.bincount(author[np.isin(result, mine)], minlength=n_authors)
    union = np.bincount(author, minlength=n_authors) + mine.size - common
    similarity: F64 = np.where(terms > 0, (common + terms**2) / np.maximum(union, 1), 0.0)
    similarity[me] = 0.0
    return similarity / (similarity.max() or 1.0)


def coded_scores(author: I32, item: I32, times: I64, similarity: F64, n_items: int) -> F64:
    """float64[n_items] for one term: its clicks, and how often each row was said."""
    count = np.bincount(item, weights=times, minlength=n_items)
    clicked = np.flatnonzero(count)
    by_row = np.where(np.isin(np.arange(clicked.size), author), 1.0, 0.0)
    known = min(clicked.size, similarity.size)
    by_row[:known] *= similarity[:known]
    by_row[known:] = 0.0
    score = np.zeros(n_items)
    score[clicked] = count[clicked] * by_row
    return score
