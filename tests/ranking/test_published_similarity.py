"""The published similarity against sums over sets."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from ranking.click_table import ClickTable
from ranking.published_similarity import published_similarity


def table(*clicks):
    return ClickTable.of(*np.array(clicks, np.int32).T)


def naive_similarity(clicks, me, n, k):
    results, uses = defaultdict(set), defaultdict(Counter)
    for author, term, item in set(clicks):
        results[author].add((term, item))
        uses[author][term] += 1
    top = {a: {t for t, _ in sorted(c.items(), key=lambda e: (-e[1], e[0]))[:k]}
           for a, c in uses.items()}  # fmt: skip
    scores = [
        (len(top.get(a, set()) & top[me]) + len(results[a] & results[me]) ** 2)
        / max(1, len(results[a] | results[me]))
        if a != me
        else 0.0
        for a in range(n)
    ]
    return [s / (max(scores) or 1) for s in scores]


@pytest.mark.parametrize("seed", range(8))
def test_similarity_is_the_published_one(seed):
    rng = np.random.default_rng(seed)
    clicks = [tuple(map(int, rng.integers(0, (6, 5, 8)))) for _ in range(80)] + [(0, 0, 0)]
    found = published_similarity(table(*clicks), 0, 7, k=3)
    assert found == pytest.approx(naive_similarity(clicks, 0, 7, 3))
