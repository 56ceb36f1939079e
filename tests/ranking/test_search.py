"""G-Rank as written: R, S and F against sums over sets."""

from dataclasses import replace

import numpy as np
import pytest

from ranking.click_table import ClickTable
from ranking.search import (
    Found,
    SearchConfig,
    Similarity,
    Source,
    click_scores,
    clicked_by,
    interest,
    search,
    swapped,
)
from tests.ranking.worlds import trust_vector

TRUSTED = replace(SearchConfig.published(similarity=Similarity.TRUST), swaps=0.0)
NONE = np.empty(0, np.int32), np.empty(0)


def table(*clicks):
    author, term, item = (np.array(column, np.int32) for column in zip(*clicks, strict=True))
    return ClickTable.of(author, term, item)


def test_repeating_a_click_is_worthless():
    once = table((1, 0, 5), (2, 0, 6), (2, 0, 5))
    often = table(*[(1, 0, 5)] * 50, (2, 0, 6), (2, 0, 5))
    trust = trust_vector({1: 0.4, 2: 0.6}, 0)
    for config in (TRUSTED, SearchConfig.published()):
        scores = [click_scores(t, np.array([0]), trust, config) for t in (once, often)]
        assert scores[0][0].tolist() == scores[1][0].tolist()
        assert scores[0][1].tolist() == scores[1][1].tolist()


def test_r_sums_the_weights_of_those_who_clicked():
    clicks = table((1, 0, 5), (2, 0, 5), (1, 0, 6), (3, 0, 7), (0, 1, 8), (1, 1, 5))
    trust = trust_vector({1: 0.4, 2: 0.1, 3: 0.0}, 0)
    items, scores = click_scores(clicks, np.array([0]), trust, TRUSTED)
    assert items.tolist() == [5, 6]
    assert scores == pytest.approx([1.25, 1.0])
    items, scores = click_scores(clicks, np.array([0, 1]), trust, replace(TRUSTED, isolation=0.5))
    assert dict(zip(items.tolist(), scores, strict=True)) == pytest.approx(
        {5: 1.5 + 0.75 + 1.5, 6: 1.5, 7: 0.5, 8: 1.5}
    )


def test_a_crowd_of_strangers_cannot_bomb_a_query():
    crowd = [(v, 0, 9) for v in range(10, 500)]
    trust = trust_vector({1: 1.0}, 0)
    items, _ = click_scores(table((1, 0, 5), *crowd), np.array([0]), trust, TRUSTED)
    assert items.tolist() == [5]


def test_ties_go_to_the_lower_row():
    trust = trust_vector({1: 1.0}, 0)
    clicks = table((1, 0, 7), (1, 0, 3))
    assert click_scores(clicks, np.array([0]), trust, TRUSTED)[0].tolist() == [3, 7]


def test_an_unknown_term_has_no_clicks():
    trust = trust_vector({1: 1.0}, 0)
    assert click_scores(table((1, 0, 7)), np.array([4]), trust, TRUSTED)[0].size == 0
    assert click_scores(table((1, 0, 7)), np.empty(0, int), trust, TRUSTED)[0].size == 0


def test_text_stands_above_any_number_of_clicks():
    text = np.array([1, 2, 3], np.int32), np.array([0.5, 0.5, 1.0], np.float32)
    clicked = np.array([9, 2], np.int32), np.array([1000.0, 3.0])
    results = search(text, clicked, np.array([7]), 10, SearchConfig())
    assert [r.item for r in results] == [3, 2, 1, 9]
    assert [r.source for r in results] == [Source.TEXT] * 3 + [Source.CLICKS]


def test_clicks_then_popular_when_nothing_matches():
    clicked = np.array([9], np.int32), np.array([2.0])
    found = search(NONE, clicked, np.array([7, 9]), 10, SearchConfig())
    assert [(r.item, r.source) for r in found] == [(9, Source.CLICKS), (7, Source.POPULAR)]
    results = search(NONE, NONE, np.array([7, 8, 6], np.int32), 2, SearchConfig())
    assert [(r.item, r.source) for r in results] == [(7, Source.POPULAR), (8, Source.POPULAR)]


@pytest.mark.parametrize("n", [0, 1001])
def test_a_list_of_impossible_length_is_refused(n):
    with pytest.raises(ValueError, match="n must be"):
        search(NONE, NONE, np.array([7]), n, SearchConfig())


def test_a_click_further_down_weighs_more_up_to_a_limit():
    columns = np.array([[1, 0, 5], [1, 0, 6], [1, 0, 7], [2, 0, 8], [2, 0, 7]], np.int32).T
    clicks = ClickTable.of(*columns, np.array([0, 3, 8, 1000, 0], np.uint16))
    trust = trust_vector({1: 1.0, 2: 0.5}, 0)
    config = replace(TRUSTED, position_power=0.5, position_max=2.5)
    items, scores = click_scores(clicks, np.array([0]), trust, config)
    assert dict(zip(items.tolist(), scores, strict=True)) == pytest.approx(
        {5: 1.0, 6: 2.0, 7: 2.5 + 0.5, 8: 0.5 * 2.5}
    )


def votes(*friends, walks=40):
    """An owner 0 with so many walks to each of her friends, who are all she trusts."""
    rows = np.array([[0, friend] for friend in friends for _ in range(walks)], np.int32)
    return replace(trust_vector(dict.fromkeys(friends, 1 / len(friends)), 0), walks=rows)


def test_among_items_that_few_have_clicked_the_order_is_the_owner_s_interest():
    trust = votes(*range(1, 13))
    crowd = [(v, 0, 9) for v in range(1, 9)]
    clicks = table(*crowd, (1, 0, 5), (2, 0, 6), (3, 0, 6), (4, 0, 7), (5, 0, 3))
    told = np.zeros(10)
    told[[5, 7]] = 0.5, 0.1
    config = SearchConfig()
    items, scores = click_scores(clicks, np.array([0]), trust, config, told)
    assert items.tolist() == [9, 5, 7, 6, 3]
    assert scores == pytest.approx([5 + 0.15, 3 + 0.05, 0.6 + 0.05, 0.1, 0.05])
    plain = replace(config, corroboration=0.0)
    assert click_scores(clicks, np.array([0]), trust, plain, told)[0].tolist() == [9, 5, 6, 7, 3]


def test_where_few_have_clicked_at_all_a_click_still_counts():
    trust = votes(1, 2, 3)
    items, scores = click_scores(table((1, 0, 5)), np.array([0]), trust, SearchConfig())
    assert items.tolist() == [5]
    assert scores == pytest.approx([0.75 + 0.05 * 0.25])


def test_interest_is_popularity_on_a_log_scale_and_what_she_knows():
    config = SearchConfig()
    told = interest(np.array([0.0, 0.2, 0.02, 0.2]), np.array([1], np.int32), config)
    assert told == pytest.approx([0.0, 1.6, np.log(4) / np.log(31), 1.0])
    assert interest(np.zeros(2), np.array([], np.int32), config).tolist() == [0, 0]


def test_more_clicks_lift_a_text_match_over_a_more_relevant_one():
    text = np.arange(12, dtype=np.int32), np.ones(12, np.float32)
    order = [r.item for r in search(text, (np.array([11, 3]), np.array([0.9, 0.7])), np.array([]),
                                    12, SearchConfig())]  # fmt: skip
    assert order[:4] == [3, 0, 11, 1]


def test_who_carries_an_item_is_told_most_first():
    clicks = table((1, 0, 5), (2, 0, 5), (1, 1, 5), (2, 0, 6), (0, 0, 6))
    trust = trust_vector({1: 0.1, 2: 0.4}, 0)
    terms = np.array([0, 1])
    told = clicked_by(clicks, terms, 5, trust, TRUSTED)
    assert [who for who, _ in told] == [2, 1]
    items, scores = click_scores(clicks, terms, trust, TRUSTED)
    assert sum(part for _, part in told) == pytest.approx(scores[items.tolist().index(5)])
    assert clicked_by(clicks, terms, 6, trust, TRUSTED)[0] == (0, 1.0)


def test_a_swap_leaves_what_matches_above_what_is_clicked():
    found = tuple(Found(n, 1.0, Source.TEXT if n < 3 else Source.CLICKS) for n in range(6))
    always = replace(TRUSTED, swaps=1.0)
    seen = {tuple(f.item for f in swapped(found, always, np.random.default_rng(n)))
            for n in range(200)}  # fmt: skip
    assert tuple(range(6)) not in seen
    assert all(set(order[:3]) == {0, 1, 2} and set(order) == set(range(6)) for order in seen)
    assert len(seen) == 6
    same = [swapped(found, always, np.random.default_rng(7)) for _ in range(2)]
    assert same[0] == same[1]
    assert swapped(found, TRUSTED, np.random.default_rng(7)) == found
    half = replace(TRUSTED, swaps=0.5)
    moved = sum(swapped(found, half, np.random.default_rng(n)) != found for n in range(400))
    assert 150 < moved < 250
