"""G-Rank: search results ranked by gossiped clicks, as the thesis writes it. Pure functions.

    R_i(k, Q) = sum over authors j who clicked k for a term of Q of (S_i(j) + F)

S_i(j) is either the published similarity of click logs or the owner's trust t(j), scaled to a
maximum of 1. A click counts once for each (author, term, item), so repeating it is worthless; F
lets everybody count a little. Items matched by text always stand above those known by clicks alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ranking.trust_vector import TrustVector

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]


class Similarity(StrEnum):
    """What S is."""

    TRUST = "trust"
    PUBLISHED = "published"


class Source(StrEnum):
    """Why an item is among the results."""

    TEXT = "text"
    CLICKS = "clicks"
    POPULAR = "popular"


@dataclass(frozen=True, slots=True)
class SearchConfig:
    """Parameters of G-Rank."""

    similarity: Similarity = Similarity.TRUST
    isolation: float = 0.0
    """F in [0, 1]: 0 counts only authors with S > 0, 1 gives everybody one more. It is Sybil-open:
    leave it 0 where strangers' clicks are heard."""
    top_terms: int = 10
    """K: terms of an author that are compared by the published similarity."""
    results_max: int = 1_000

    def __post_init__(self) -> None:
        if not 0 <= self.isolation <= 1 or self.top_terms < 1 or self.results_max < 1:
            raise ValueError("need isolation in [0, 1], top_terms >= 1 and results_max >= 1")


@dataclass(frozen=True, slots=True, eq=False)
class ClickTable:
    """Distinct clicks as three columns of rows, sorted by (term, item, author). Immutable."""

    author: I32
    term: I32
    item: I32

    @classmethod
    def of(cls, author: I32, term: I32, item: I32) -> ClickTable:
        """Sort and drop repetitions. O(clicks log clicks)."""
        order = np.lexsort((author, item, term))
        a, t, i = author[order], term[order], item[order]
        first = np.ones(order.size, np.bool_)
        first[1:] = (a[1:] != a[:-1]) | (t[1:] != t[:-1]) | (i[1:] != i[:-1])
        return cls(a[first], t[first], i[first])

    def for_terms(self, terms: I32) -> ClickTable:
        """The clicks for any of the terms. O(terms log clicks + result)."""
        low = np.searchsorted(self.term, np.unique(terms), "left")
        high = np.searchsorted(self.term, np.unique(terms), "right")
        rows = [np.arange(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True)]
        keep = np.concatenate(rows) if rows else np.empty(0, np.int64)
        return ClickTable(self.author[keep], self.term[keep], self.item[keep])


def _top_terms(table: ClickTable, k: int) -> tuple[I32, I32]:
    """(author, term): each author's k terms with most clicks, equal ones by row."""
    pairs, clicks = np.unique(np.stack([table.author, table.term]), axis=1, return_counts=True)
    order = np.lexsort((pairs[1], -clicks, pairs[0]))
    author, term = pairs[0][order], pairs[1][order]
    starts = np.searchsorted(author, author, "left")
    top = np.arange(author.size) - starts < k
    return author[top], term[top]


def published_similarity(table: ClickTable, me: int, n_authors: int, k: int) -> F64:
    """S_me(j) = (common terms + common results^2) / all results, divided by the largest.

    Common terms are those among the k most used of both; results are the (term, item) pairs
    clicked. My own S is left out: 0. Note that cloning a click log earns the most, which is why
    `Similarity.TRUST` is the default. O(clicks log clicks).
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


def author_weights(table: ClickTable, trust: TrustVector, config: SearchConfig) -> F64:
    """S + F for every author; the owner's own clicks weigh 1 + F."""
    n_authors = max(trust.n_authors, int(table.author.max(initial=-1)) + 1)
    if config.similarity is Similarity.PUBLISHED:
        weight = published_similarity(table, trust.owner, n_authors, config.top_terms)
    else:
        weight = np.zeros(n_authors)
        weight[: trust.n_authors] = trust.t
        weight /= weight.max(initial=0.0) or 1.0
    weight[trust.owner] = 1.0
    return weight + config.isolation


def click_scores(
    table: ClickTable, terms: I32, trust: TrustVector, config: SearchConfig
) -> tuple[I32, F64]:
    """R for the items clicked for any of the terms, best first; items of R = 0 are left out.

    Ties by item row, as published.
    """
    clicks = table.for_terms(terms)
    if clicks.item.size == 0:
        return np.empty(0, np.int32), np.empty(0)
    weight = author_weights(table, trust, config)
    items, at = np.unique(clicks.item, return_inverse=True)
    score = np.bincount(at, weights=weight[clicks.author], minlength=items.size)
    order = np.lexsort((items, -score))
    order = order[score[order] > 0]
    return items[order].astype(np.int32), score[order].astype(np.float64)


@dataclass(frozen=True, slots=True)
class Found:
    """One result. score is comparable within its source only."""

    item: int
    score: float
    source: Source


def search(
    text: tuple[I32, NDArray[np.float32]],
    clicked: tuple[I32, F64],
    popular: I32,
    n: int,
    config: SearchConfig,
) -> tuple[Found, ...]:
    """At most n results from what the text index, the clicks and popularity say.

    text: (items, match in (0, 1]). Items whose text matches come first, among equal matches those
    with more clicks; then items known by clicks; only when there is neither, what is popular or
    recent (`popular`, best first). So no number of clicks lifts an item over one that matches.
    """
    if not 1 <= n <= config.results_max:
        raise ValueError(f"n must be in 1..{config.results_max}, not {n}")
    clicks = dict(zip(clicked[0].tolist(), clicked[1].tolist(), strict=True))
    matches = dict(zip(text[0].tolist(), text[1].tolist(), strict=True))
    by_text = sorted(matches, key=lambda item: (-matches[item], -clicks.get(item, 0.0), item))
    found = [Found(item, matches[item], Source.TEXT) for item in by_text]
    found += [Found(i, r, Source.CLICKS) for i, r in clicks.items() if i not in matches]
    if not found:
        found = [Found(item, 0.0, Source.POPULAR) for item in popular.tolist()]
    return tuple(found[:n])
