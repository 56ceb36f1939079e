"""Similar items: the embedding's pass, the index against looking at all, and `similar` in a daemon.

In one process a graph with communities, of as many edges, items and people as the world that the
daemon has heard of, everybody trusted unequally. In the daemon the first question is answered by
looking at all; the index is made while it is asked on, ten times a second, and a task that ticks
every millisecond in its event loop tells for how long that stood still meanwhile.
"""

import sys
import time
from dataclasses import dataclass, replace

import numpy as np

from ranking.embedding import Embedding, Neighbourhood
from ranking.nearest import nearest_exact
from ranking.similar import SimilarConfig, lengthened, people_around
from ranking.similar_index import Picture, SimilarIndex
from ranking.snapshot import GraphSnapshot
from ranking.trust_vector import TrustVector
from ranking.view import TrustView
from tests.bench.figures import Figure, percentile
from tests.bench.nodes import BenchFailed, Node, running
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch
from tests.bench.seeding import mbid
from tests.bench.stalls import lateness_ms
from tests.bench.ticking import ticks_file

NEAREST = 10
GROUPS = 200
WAIT_S = 120.0
ASKED_EVERY_S = 0.1
CONFIG = SimilarConfig(index_from=1)


def measure(scratch: Scratch, scale: Scale) -> list[Figure]:
    """The pass and the index alone, then the daemon's answers."""
    return [*_alone(scale), *_in_daemon(scratch, scale)]


# ---------------------------------------------------------------------------------- by itself
def world(authors: int, items: int, edges: int) -> Neighbourhood:
    """People of `GROUPS` tastes: four of five likes are of their own group's items, the popular
    ones oftener; trust falls off as people's does and is capped at .003."""
    rng = np.random.default_rng(0)
    groups = min(GROUPS, items // 5)
    author = rng.integers(0, authors, 2 * edges)
    near = (rng.pareto(0.8, len(author)) * 20).astype(np.int64).clip(max=items // groups - 1)
    own = (near * groups + rng.integers(0, groups, authors)[author]) % items
    item = np.where(rng.random(len(author)) < 0.8, own, rng.integers(0, items, len(author)))
    pair = np.unique(author * items + item)
    pair = np.sort(rng.choice(pair, min(edges, len(pair)), replace=False))
    graph = GraphSnapshot.from_triples(
        (pair // items).astype(np.int32),
        (pair % items).astype(np.int32),
        np.ones(len(pair), np.float32),
        authors,
        items,
    )
    t = np.minimum(rng.pareto(1.5, authors), 3 * authors**0.5).astype(np.float32)
    t[0] = 0
    t = np.minimum(t / t.sum(), max(0.003, 2 / authors))
    trust = replace(TrustVector.everyone_equal(authors, 0), t=t / t.sum())
    names = rng.integers(1, 2**63, authors + items).astype(np.uint64)
    view = TrustView.of(graph, trust)
    return people_around(view, names[:items], names[items:], CONFIG)


def _alone(scale: Scale) -> list[Figure]:
    around = world(scale.world_authors, scale.world_items, scale.world_edges)
    Embedding.of(world(100, 500, 2_000), CONFIG.embedding)  # compiled before it is measured
    began = time.process_time()
    embedding = Embedding.of(around, CONFIG.embedding)
    embedded_s = time.process_time() - began
    picture = Picture(around, np.empty(0, np.int32))
    began = time.process_time()
    key = np.array([1, 2], np.uint64)
    index = list(SimilarIndex.building(picture, embedding, CONFIG, key))[-1]
    built_s = time.process_time() - began
    index.follow(picture)
    began = time.process_time()
    placed = index.follow(picture)
    followed_s = time.process_time() - began
    recall, took = _against_all(index, placed, scale.similar_questions)
    edges = len(around.kinds[0].of_items.row)
    told = f"{edges:,} edges, {len(index):,} items; the index made in {built_s:.1f} s of one core, "
    told += f"{index.nbytes / 2**20:.0f} MB; followed without change in {1000 * followed_s:.0f} ms"
    return [
        Figure("FastRP, 128 dimensions, CPU", 10.0, embedded_s, "s", detail=told),
        Figure("index, recall@10 of looking at all", 0.95, recall, "", at_least=True),
        Figure("index, one query, CPU, median", 1.0, percentile(took, 0.5), "ms"),
        Figure("index, one query, CPU, p95", 1.0, percentile(took, 0.95), "ms"),
    ]


def _against_all(
    index: SimilarIndex, placed: Neighbourhood, questions: int
) -> tuple[float, list[float]]:
    """(part of the true ten nearest that are found, ms of CPU of each question)."""
    rows = np.arange(placed.n_items, dtype=np.int32)
    vectors, mass = index.embedding.vectors(placed, rows)
    alike = lengthened(vectors.copy(), mass, placed.floor)
    asked = np.random.default_rng(1).choice(np.flatnonzero(mass), questions)
    hits, took = 0, []
    for item in asked.tolist():
        began = time.thread_time()
        near = index.near(placed, item, NEAREST)
        took.append(1000 * (time.thread_time() - began))
        nearest, _ = nearest_exact(alike, vectors[item], NEAREST + 1)
        true = [row for row in nearest.tolist() if row != item][:NEAREST]
        hits += len({one.item for one in near} & set(true))
    return hits / (NEAREST * questions), took


# -------------------------------------------------------------------------------- in a daemon
@dataclass(frozen=True, slots=True)
class _Asked:
    """ms of the first answer and of later ones without and with an index; seconds until there was
    one; MB that `status` counts for it."""

    first: float
    exact: list[float]
    indexed: list[float]
    built_s: float
    bytes: int
    began: float
    ended: float


def _in_daemon(scratch: Scratch, scale: Scale) -> list[Figure]:
    node = scratch.world(scale)
    usual = node.run
    node.run = (sys.executable, "-m", "tests.bench.ticking", "daemon", str(node.home))
    try:
        with running(node):
            asked = _questions(node, scale)
    finally:
        node.run = usual
    late = lateness_ms(ticks_file(node.home, "daemon"), asked.began, asked.ended)
    told = f"first answer {asked.first:.0f} ms, then by looking at all "
    told += f"{percentile(asked.exact, 0.5):.0f} ms; index after {asked.built_s:.1f} s, "
    told += f"{asked.bytes / 2**20:.0f} MB; event loop late by {late.max():.0f} ms at most"
    return [
        Figure("similar in a daemon, p50", 20.0, percentile(asked.indexed, 0.5), "ms", detail=told),
        Figure("similar in a daemon, p99", 50.0, percentile(asked.indexed, 0.99), "ms"),
        Figure(
            "event loop's stall while an index is made, p99", 50.0,
            float(np.percentile(late, 99)), "ms",
        ),
    ]  # fmt: skip


def _questions(node: Node, scale: Scale) -> _Asked:
    rng = np.random.default_rng(2)
    with node.client() as client:

        def ask() -> tuple[float, str]:
            item = mbid(int(rng.integers(scale.world_items) * rng.random()))
            start = time.monotonic()
            answer = client.ask("similar", item=item, n=20).data
            return 1000 * (time.monotonic() - start), str(answer["answered_by"])

        began = time.monotonic()
        first, _ = ask()
        exact: list[float] = []
        small = scale.world_items < SimilarConfig().index_from
        while not small:
            took, by = ask()
            if by == "index":
                break
            exact.append(took)
            if time.monotonic() > began + WAIT_S:
                raise BenchFailed(f"no index after {WAIT_S:.0f} s")
            time.sleep(ASKED_EVERY_S)
        built_s = time.monotonic() - began
        indexed = [ask()[0] for _ in range(scale.similar_questions)]
        ended = time.monotonic()
        size = client.ask("status").data["graph"]["similar_bytes"]
    return _Asked(first, exact or [first], indexed, built_s, size, began, ended)
