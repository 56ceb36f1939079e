"""Compile, or load from the cache, every kernel of a recommendation before the first is asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ranking import kernels_kept as kept
from ranking import kernels_salsa as salsa
from ranking import kernels_walks as walks
from ranking.checkpoint import dump, load
from ranking.click_log import SortedClicks, no_clicks
from ranking.config import Method, RankConfig
from ranking.embedding import Embedding
from ranking.graph import BYTES_MIN, KEY_BYTES, BoundedGraph, GraphConfig
from ranking.interner import Interner
from ranking.kernels_embedding import hash_rows
from ranking.recommend import RecommendRequest, recommend
from ranking.salsa import score_items
from ranking.similar import SimilarConfig, near_exact, people_around
from ranking.similar_index import Picture
from ranking.snapshot import GraphSnapshot
from ranking.tag_contexts import Tags, with_tags
from ranking.trust_vector import Passing, TrustVector
from ranking.view import TrustView

_BUNDLE = 32
"""Likes at once: few enough for one eviction to take a whole author, and for authors to share
segments, which are swept then."""


def warm_up() -> None:
    """Run everything once on three people and three items, through the arrays' real types.

    Takes about ten seconds when nothing is compiled yet and a fraction of one afterwards; call it
    from a worker thread.
    """
    rng = np.random.default_rng(0)
    ptr = np.array([0, 2, 3, 3], np.int64)
    target = np.array([1, 2, 2], np.int32)
    threshold, other = walks.alias_tables(ptr, np.ones(3, np.float32))
    at, admit = np.zeros(2, np.int32), np.ones(3, np.float32)
    walks.step_walkers(at, rng.random(2), ptr, target, threshold, other, admit, 0.15)
    drawn = np.array([[0, 1, 2], [0, 2, -1]], np.int32)
    walks.bound_edge_flow(walks.cut_before(drawn, 9), drawn, 3, 1, 0)
    hits = walks.count_hits(drawn, 3)
    walks.count_visits(drawn, 3)
    walks.penalties(drawn, np.zeros(3))
    _keep_walks(rng)
    t = np.array([0.0, 0.5, 0.5], np.float32)
    passing = Passing(*walks.passing_shares(drawn, hits, t > 0, 0, 0.05))
    trust = TrustVector(0, t, hits, drawn, passing, passing.prior(t))
    authors = np.array([0, 1, 1, 2, 2], np.int32)
    items = np.array([0, 0, 1, 0, 2], np.int32)
    snapshot = GraphSnapshot.from_triples(authors, items, np.ones(5, np.float32), 3, 3)
    for method in (Method.EXACT, Method.SAMPLED):
        config = RankConfig(method=method, walks=1, echo=0.5)
        recommend(snapshot, trust, RecommendRequest(config=config), rng)
    _rank_as_seldom(snapshot, trust, rng)
    _embed(snapshot, trust)
    _keep_a_graph()
    _keep_clicks()


def _rank_as_seldom(snapshot: GraphSnapshot, trust: TrustVector, rng: np.random.Generator) -> None:
    """What only few trusted authors, or items that very many like, would else compile."""
    one = replace(trust, t=np.array([0.0, 1.0, 0.0], np.float32))
    scores = score_items(snapshot, one, RankConfig(method=Method.EXACT), rng)
    items = np.arange(3, dtype=np.int32)
    salsa.reached_by_author(items, snapshot.author_side, scores.reach, snapshot.n_items)


def _embed(snapshot: GraphSnapshot, trust: TrustVector) -> None:
    """What the first question for similar items would else compile."""
    view, config = TrustView.of(snapshot, trust), SimilarConfig()
    names = Interner(key=1, names_max=3, names_bytes_max=9)
    names.intern_many([b"1", b"2", b"3"])
    _, arena, starts, lengths = names.arrays()
    identity = hash_rows(arena, starts, lengths, np.ones(2, np.uint64))
    people = people_around(view, identity, identity, config)
    said = Tags(np.array([[1, 0, 0], [2, 2, 1]], np.int32), identity, identity)
    around = with_tags(people, said, view.trust.t, config.tag_weight).around
    made = Embedding.of(around, config.embedding)
    near_exact(made, around, 0, 1, np.empty(0, np.int32))
    Picture(around, np.empty(0, np.int32)).described()


def _keep_walks(rng: np.random.Generator) -> None:
    """What the first question after a vouch would else compile."""
    one, places = np.ones(1, np.float64), np.zeros(4, np.int32)
    row = np.zeros(1, np.int64), np.ones(1, np.int64), one, one
    edges = kept.Edges(*row, places[:1], np.ones(1, np.float32))
    lists = np.full(1, -1, np.int32), places, places.copy()
    held = kept.Walks(np.array([[0, -1], [0, 0]], np.int32), *lists)
    kept.list_visits(held)
    kept.mend(held, row[0], edges, edges, 0.15, np.zeros((2, 1)), rng)
    kept.slots_of(held.walks, edges)


def _keep_a_graph() -> None:
    """What the first like, or the first eviction, would else compile in the daemon's event loop."""
    graph = BoundedGraph(GraphConfig(bytes_max=BYTES_MIN), hash_key=1)
    likes, days = np.full(_BUNDLE, 100, np.int8), np.ones(_BUNDLE, np.uint16)
    author = number = 0
    while graph.statistics().evicted < 9 * _BUNDLE:
        author = graph.author_row(number.to_bytes(KEY_BYTES, "big"))
        items = range(_BUNDLE * number, _BUNDLE * (number + 1))
        names = [f"a:{item:010}".encode() for item in items]
        graph.put(author, names, likes, days, seq=1)
        number += 1
    graph.remove(author, names[:1])
    graph.snapshot(today=1)
    load(b"".join(dump(graph)), graph.config, hash_key=1)
    graph.release_author(author)


def _keep_clicks() -> None:
    """What the first click, and the first search, would else compile there."""
    clicks, new = SortedClicks(per_term_max=1), no_clicks(2)
    new.item[1] = 1
    clicks.add_many(new)
    clicks.for_terms(new.term)
