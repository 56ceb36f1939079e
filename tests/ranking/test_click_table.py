"""Clicks as sorted columns, each once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ranking.click_table import ClickTable

CLICKS = st.lists(st.tuples(*[st.integers(0, 4)] * 3, st.integers(0, 1000)), max_size=40)


@given(CLICKS)
def test_a_click_stands_once_in_order_at_the_place_that_weighs_least(clicks):
    columns = np.array(clicks, np.int32).reshape(-1, 4).T
    table = ClickTable.of(*columns[:3], columns[3].astype(np.uint16))
    expected = {}
    for author, term, item, position in clicks:
        key = term, item, author
        expected[key] = min(position, expected.get(key, 1000))
    rows = list(zip(table.term, table.item, table.author, table.position, strict=True))
    assert rows == [(*key, place) for key, place in sorted(expected.items())]


def test_a_term_s_clicks_stand_together():
    table = ClickTable.of(*np.array([[1, 5, 7], [2, 3, 7], [1, 3, 8]], np.int32).T)
    assert table.item[table.of_term(3)].tolist() == [7, 8]
    assert table.item[table.of_term(5)].tolist() == [7]
    assert table.item[table.of_term(4)].size == 0
    assert table.position.tolist() == [0, 0, 0]
