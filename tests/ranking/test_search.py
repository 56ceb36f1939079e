"""G-Rank as written: R, S and F against sums over sets."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from ranking.search import (
    ClickTable,
    SearchConfig,
    Similarity,
    Source,
    click_scores,
    published_similarity,
    search,
)
from tests.ranking.worlds import trust_vector

NONE = np.empty(0, np.int32), np.empty(0)


def table(*clicks):
    author, term, item = (np.array(column, np.int32) for column in zip(*clicks, strict=True))
    return ClickTable.of(author, term, item)


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


def test_repeating_a_click_is_worthless():
    once = table((1, 0, 5), (2, 0, 6), (2, 0, 5))
    often = table(*[(1, 0, 5)] * 50, (2, 0, 6), (2, 0, 5))
    trust = trust_vector({1: 0.4, 2: 0.6}, 0)
    for config in (SearchConfig(), SearchConfig(similarity=Similarity.PUBLISHED)):
        scores = [click_scores(t, np.array([0]), trust, config) for t in (once, often)]
        assert scores[0][0].tolist() == scores[1][0].tolist()
        assert scores[0][1].tolist() == scores[1][1].tolist()


def test_r_sums_the_weights_of_those_who_clicked():
    clicks = table((1, 0, 5), (2, 0, 5), (1, 0, 6), (3, 0, 7), (0, 1, 8), (1, 1, 5))
    trust = trust_vector({1: 0.4, 2: 0.1, 3: 0.0}, 0)
    items, scores = click_scores(clicks, np.array([0]), trust, SearchConfig())
    assert items.tolist() == [5, 6]
    assert scores == pytest.approx([1.25, 1.0])
    items, scores = click_scores(clicks, np.array([0, 1]), trust, SearchConfig(isolation=0.5))
    assert dict(zip(items.tolist(), scores, strict=True)) == pytest.approx(
        {5: 1.5 + 0.75 + 1.5, 6: 1.5, 7: 0.5, 8: 1.5}
    )


def test_a_crowd_of_strangers_cannot_bomb_a_query():
    crowd = [(v, 0, 9) for v in range(10, 500)]
    trust = trust_vector({1: 1.0}, 0)
    items, _ = click_scores(table((1, 0, 5), *crowd), np.array([0]), trust, SearchConfig())
    assert items.tolist() == [5]


def test_ties_go_to_the_lower_row():
    trust = trust_vector({1: 1.0}, 0)
    clicks = table((1, 0, 7), (1, 0, 3))
    assert click_scores(clicks, np.array([0]), trust, SearchConfig())[0].tolist() == [3, 7]


def test_an_unknown_term_has_no_clicks():
    trust = trust_vector({1: 1.0}, 0)
    assert click_scores(table((1, 0, 7)), np.array([4]), trust, SearchConfig())[0].size == 0
    assert click_scores(table((1, 0, 7)), np.empty(0, int), trust, SearchConfig())[0].size == 0


def test_text_stands_above_any_number_of_clicks():
    text = np.array([1, 2, 3], np.int32), np.array([0.5, 0.5, 1.0], np.float32)
    clicked = np.array([9, 2], np.int32), np.array([1000.0, 3.0])
    results = search(text, clicked, np.array([7]), 10, SearchConfig())
    assert [r.item for r in results] == [3, 2, 1, 9]
    assert [r.source for r in results] == [Source.TEXT] * 3 + [Source.CLICKS]


def test_clicks_then_popular_when_nothing_matches():
    clicked = np.array([9], np.int32), np.array([2.0])
    assert [r.item for r in search(NONE, clicked, np.array([7]), 10, SearchConfig())] == [9]
    results = search(NONE, NONE, np.array([7, 8, 6], np.int32), 2, SearchConfig())
    assert [(r.item, r.source) for r in results] == [(7, Source.POPULAR), (8, Source.POPULAR)]


@pytest.mark.parametrize("n", [0, 1001])
def test_a_list_of_impossible_length_is_refused(n):
    with pytest.raises(ValueError, match="n must be"):
        search(NONE, NONE, np.array([7]), n, SearchConfig())
