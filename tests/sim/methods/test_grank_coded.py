"""The notebook's behaviour, its faults included."""

import numpy as np
import pytest

from sim.methods.grank_coded import coded_scores, coded_similarity


def columns(*clicks):
    return np.array(clicks, np.int32).T


def test_the_square_is_on_the_terms_and_who_shares_none_is_nothing():
    #                    author, term, item
    clicks = columns((0, 1, 5), (0, 2, 6), (1, 1, 5), (1, 2, 7), (2, 3, 5), (3, 1, 9))
    found = coded_similarity(*clicks, me=0, n_authors=4)
    # 1: one result and two terms in common of three results; 3: one term, of three results.
    expected = np.array([0, (1 + 4) / 3, 0, (0 + 1) / 3])
    assert found == pytest.approx(expected / expected.max())


def test_the_nth_item_is_weighed_with_node_n():
    author, item = np.array([2, 1, 1]), np.array([8, 8, 4])
    similarity = np.array([0.9, 0.5, 0.25])
    scores = coded_scores(author, item, np.array([10, 1, 1]), similarity, 10)
    # Rows are 4 and 8: node 0 has not clicked, node 1 has, though ten of the rows are node 2's.
    assert scores[[4, 8]].tolist() == [0.0, 11 * 0.5]
    assert scores.sum() == scores[8]
