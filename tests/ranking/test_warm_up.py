"""After the warm-up nothing is left to compile."""

from dataclasses import replace

import numpy as np
import pytest
from numba.core.registry import CPUDispatcher

from ranking import (
    kernels_blocks,
    kernels_checkpoint,
    kernels_clicks,
    kernels_echo,
    kernels_embedding,
    kernels_evidence,
    kernels_kept,
    kernels_salsa,
    kernels_storage,
    kernels_walks,
)
from ranking.click_log import SortedClicks, no_clicks
from ranking.config import Method, RankConfig
from ranking.embedding import Embedding
from ranking.graph import BYTES_MIN, BoundedGraph, GraphConfig
from ranking.recommend import RecommendRequest, recommend
from ranking.similar import SimilarConfig, near_exact, people_around
from ranking.similar_index import Picture, SimilarIndex
from ranking.tag_contexts import Tags, with_tags
from ranking.view import TrustView
from ranking.warm_up import warm_up
from tests.ranking.worlds import random_likes, snapshot
from trust.config import TrustConfig
from trust.meritrank import trust_kept, without_author
from trust.vouches import VouchGraph

MODULES = (
    kernels_blocks,
    kernels_checkpoint,
    kernels_clicks,
    kernels_echo,
    kernels_embedding,
    kernels_evidence,
    kernels_kept,
    kernels_salsa,
    kernels_storage,
    kernels_walks,
)


def specialisations():
    return {
        f"{module.__name__}.{name}": len(kernel.signatures)
        for module in MODULES
        for name, kernel in vars(module).items()
        if isinstance(kernel, CPUDispatcher)
    }


@pytest.mark.compiled
def test_a_real_request_finds_every_kernel_compiled():
    warm_up()
    before = specialisations()
    vouches = VouchGraph()
    for v in range(30):
        for w in (v + 1, v + 7):
            vouches.put(v, w % 30, 60)
    compiled = vouches.compiled(30)
    rng = np.random.default_rng(1)
    trust, kept = trust_kept(compiled, 0, TrustConfig(), rng)
    vouches.put(0, 1, 30)
    trust, kept = trust_kept(vouches.compiled(30), 0, TrustConfig(), rng, kept=kept)
    without_author(compiled, trust, 1, TrustConfig())
    snap = snapshot(random_likes(rng, 30, 50, 10), 30, 50)
    for method in Method:
        request = RecommendRequest(config=RankConfig(method=method, walks=40, echo=0.5))
        recommend(snap, trust, request, rng)
    for size in (20, 300):
        flood(BoundedGraph(GraphConfig(bytes_max=BYTES_MIN), hash_key=2), size)
    clicks = SortedClicks(per_term_max=2)
    for item in range(9):
        new = no_clicks(3)
        new.item[:], new.author[:] = item, rng.integers(0, 3, 3)
        clicks.add_many(new)
    clicks.restore(clicks.all())
    clicks.for_terms(new.term)
    for blocked in ([], [3]):
        embed(TrustView.of(snap, trust, np.array(blocked, np.int32)))
    assert specialisations() == before
    assert before["ranking.kernels_blocks.pack_blocks"] == 1, "no segment was swept"


def embed(view: TrustView) -> None:
    """Neighbours by looking at all and by an index that follows, with tags."""
    config = SimilarConfig(followed_max=9)
    identity = np.arange(1, 99, dtype=np.uint64)
    n_items, n_authors = view.snapshot.n_items, view.snapshot.n_authors
    people = people_around(view, identity[:n_items], identity[:n_authors], config)
    for stated in (np.empty((0, 3), np.int32), np.array([[1, 0, 0], [2, 60, 1]], np.int32)):
        around = with_tags(people, Tags(stated, identity, identity), view.trust.t, 0.3).around
        alone = replace(around, kinds=around.kinds[:1], identities=around.identities[:1])
        made = Embedding.of(alone, config.embedding).extended(around)
        near_exact(made, around, 0, 5, np.array([1], np.int32))
        picture, key = Picture(around, np.empty(0, np.int32)), np.ones(2, np.uint64)
        index = list(SimilarIndex.building(picture, made, config, key))[-1]
        index.near(index.follow(picture), 0, 5)


def flood(graph: BoundedGraph, size: int) -> None:
    """Everything that a graph can meet: likes, dislikes, changes of mind, eviction, withdrawal."""
    for number in range(600):
        author = graph.author_row(bytes(30) + number.to_bytes(2, "big"))
        names = [f"b:{item}".encode() for item in range(7 * number, 7 * number + size)]
        weights = np.where(np.arange(size) % 5, 80, -80).astype(np.int8)
        for seq in (1, 2):
            graph.put(author, names, weights, np.full(size, seq, np.uint16), seq=seq)
        graph.remove(author, names[:9])
        if number % 50 == 0:
            graph.snapshot(today=20_000)
            graph.release_author(author)
    assert graph.statistics().evicted > 0
