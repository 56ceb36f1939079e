"""What each defence of graph and ranking is worth at the node's own settings; red without it."""

import numpy as np

from ranking.config import RankConfig
from ranking.graph import BoundedGraph, GraphConfig
from ranking.salsa import score_items
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
