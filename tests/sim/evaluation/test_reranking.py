"""Clicks of earlier sessions reorder a page; the chance that a place is looked at is told from
results that stood at several."""

import numpy as np
import pytest

from ranking.search import SearchConfig
from sim.data.click_logs import SHOWN, Page
from sim.evaluation.reranking import as_a_node, looks, rerun

URLS = tuple(f"u{n}" for n in range(SHOWN))


def simulated(chance, n, seed=0):
    """Pages of a few queries in changing orders: a result is clicked if looked at and liked."""
    rng = np.random.default_rng(seed)
    pages = []
    for number in range(n):
        query = f"q{number % 5}"
        liked = np.random.default_rng(number % 5).random(SHOWN)
        order = rng.permutation(SHOWN)
        clicked = np.flatnonzero((rng.random(SHOWN) < chance) & (rng.random(SHOWN) < liked[order]))
        shown = tuple(URLS[k] for k in order)
        pages.append(Page(str(number), query, shown, tuple(clicked.tolist())))
    return pages


def test_the_chance_of_places_is_found_again():
    chance = 1 / np.arange(1, SHOWN + 1)
    assert looks(simulated(chance, 4_000)) == pytest.approx(chance, rel=0.2)


def test_a_page_is_reordered_by_earlier_sessions_and_not_by_its_own():
    once = Page("a", "q", URLS, (4,))
    with pytest.raises(ValueError, match="no page is clicked"):
        rerun([once, once], 0)  # the session's own clicks are not from before
    found = rerun([once, Page("b", "q", URLS, (4,)), Page("c", "other", URLS, (4,))], 1)
    assert (found.pages, found.clicked) == (1, 1)
    raw = {name: one.raw.mean for name, one in found.orders.items()}
    assert raw == {"engine": 1 / 5, "clicks": 1.0, "written": 1.0, "grapevine": 1.0}
    assert found.orders["engine"].moved == 0
    assert found.orders["clicks"].moved == 1


def test_a_click_below_weighs_more_than_one_on_top_which_the_engine_s_order_has_anyway():
    item, place = np.array([0, 0, 7]), np.array([0, 0, 7])
    order = as_a_node(SearchConfig())(item, place, SHOWN)
    assert order[:2].tolist() == [7, 0]
    plain = as_a_node(SearchConfig(position_max=1.0))(item, place, SHOWN)
    assert plain[0] == 0


def test_where_places_bias_clicks_the_correction_finds_more():
    pages = simulated(1 / np.arange(1, SHOWN + 1), 4_000, seed=1)
    found = rerun(pages, 2_000)
    better = found.orders["grapevine"].than["engine"]
    assert better.low is not None
    assert better.low > 0
