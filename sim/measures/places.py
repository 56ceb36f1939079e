"""How well a ranked list answers a query: reciprocal rank, recall and nDCG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def reciprocal_rank(ranked: NDArray[np.integer], wanted: NDArray[np.integer]) -> float:
    """1 / place of the first that is wanted, 0 where none is."""
    hits = np.flatnonzero(np.isin(ranked, wanted))
    return 1.0 / (1 + int(hits[0])) if hits.size else 0.0


def recall(ranked: NDArray[np.integer], wanted: NDArray[np.integer]) -> float:
    """Part of what is wanted that is ranked. Something must be wanted."""
    return float(np.isin(wanted, ranked).mean())


def ndcg(ranked: Sequence[str], gain: Mapping[str, float], k: int) -> float:
    """sum of gain / log2(1 + place) over the first k, against the best order; some gain > 0."""

    def discounted(gains: Sequence[float]) -> float:
        return sum(one / math.log2(2 + place) for place, one in enumerate(gains[:k]))

    best = discounted(sorted(gain.values(), reverse=True))
    return discounted([gain.get(item, 0.0) for item in ranked]) / best
