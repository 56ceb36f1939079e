"""What each defence of graph and ranking is worth at the node's own settings; red without it."""

from dataclasses import replace

import numpy as np

from ranking.click_table import ClickTable
from ranking.config import RankConfig
from ranking.graph import BoundedGraph, GraphConfig
from ranking.salsa import score_items
from ranking.search import SearchConfig, click_scores
from tests.ranking.graphs import author_key
from tests.ranking.worlds import snapshot, trust_vector

QUOTA = 20_000


def test_the_only_listener_of_a_rare_item_inherits_little_of_it():
    """The owner likes a popular item, and one that only somebody hardly trusted has as well."""
    popular, rare, fake = 0, 1, 2
    crowd = {v: {popular: 1.0, v + 1: 1.0} for v in range(2, 102)}
    likes = {0: {popular: 1.0, rare: 1.0}, 1: {rare: 1.0, fake: 1.0}} | crowd
    trust = trust_vector(dict.fromkeys(crowd, 0.0099) | {1: 0.0001}, 0)
    scores = score_items(snapshot(likes, 102, 110), trust, RankConfig(), np.random.default_rng(1))
    assert 0 < scores.score[fake] < scores.score[3:].max()


def test_a_prolific_author_keeps_her_quota_and_no_more():
    graph = BoundedGraph(GraphConfig(), hash_key=1)
    spammer = graph.author_row(author_key(0))
    for start in range(0, QUOTA + 5_000, 1_000):
        names = [b"t:%d" % k for k in range(start, start + 1_000)]
        days, weights = np.full(1_000, 100, np.uint16), np.full(1_000, 100, np.int8)
        graph.put(spammer, names, weights, days, seq=1 + start)
    assert graph.edges_of(spammer)[0].size == QUOTA


def _clicks(*rows):
    return ClickTable.of(*np.array(rows, np.int32).T)


def test_identities_behind_one_vouch_share_the_walks_that_cross_it_in_a_search():
    """Thirty identities vouch for each other behind one edge; walks go round among them and end
    there, so that they have half of all trust. They have clicked 9 for the word, two friends 5."""
    friends, ring = (1, 2, 3, 4), np.arange(10, 40)
    walks = np.full((400, 12), -1, np.int32)
    walks[:, 0] = 0
    walks[:, 1] = np.repeat(friends, 100)
    walks[300:340, 2:] = ring[(np.arange(40)[:, None] + np.arange(10)) % 30]
    trust = replace(
        trust_vector(dict.fromkeys(friends, 0.125) | dict.fromkeys(ring.tolist(), 0.5 / 30), 0),
        walks=walks,
    )
    clicks = _clicks((1, 0, 5), (2, 0, 5), *((v, 0, 9) for v in ring.tolist()))
    items, _ = click_scores(clicks, np.array([0]), trust, SearchConfig())
    assert items[0] == 5


def test_one_respected_person_does_not_reorder_what_few_have_clicked():
    """Twelve friends; six have clicked 9 for the word, one each 5 and 6, of which 5 interests the
    owner more. Another one clicks 6 as well."""
    friends = range(1, 13)
    rows = np.array([[0, friend] for friend in friends for _ in range(40)], np.int32)
    trust = replace(trust_vector(dict.fromkeys(friends, 1 / 12), 0), walks=rows)
    said = [(v, 0, 9) for v in range(1, 7)] + [(7, 0, 5), (8, 0, 6)]
    told = np.zeros(10)
    told[5] = 0.1
    more, words = _clicks(*said, (11, 0, 6)), np.array([0])
    for clicks in (_clicks(*said), more):
        assert click_scores(clicks, words, trust, SearchConfig(), told)[0].tolist() == [9, 5, 6]
    bare = SearchConfig(corroboration=0.0)
    assert click_scores(more, words, trust, bare, told)[0].tolist() == [9, 6, 5]
