"""How fast walks step and questions are answered over five million edges, and how well.

Steps: one edge followed is a step, either way. The same walks, draw for draw, in lock-step and
one walker after the other, in one run on one core: the visits must be equal, the ratio is what the
order is worth. Best of several runs, alternating.

Times are the thread's own: what it takes on a core that it has for itself.

Questions: an owner's list of 20 from a kept `TrustView`, by people of the test part drawn at
random. Quality is held against the exact method's list: the part of its score mass that the list
keeps, by exact scores, and recall@20 on the test part. Besides the chosen method (AUTO) the same
questions are asked of the sampled one with a budget small enough to sample here.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ranking.config import Method, RankConfig
from ranking.evidence import judge
from ranking.kernels_bipartite import alias_side, walk_in_step
from ranking.recommend import RankedItems, RecommendRequest, rank_items
from ranking.salsa import score_items
from ranking.trust_vector import TrustVector
from ranking.view import TrustView
from tests.bench.figures import Figure, percentile
from tests.bench.kernels_one_by_one import walk_one_by_one
from tests.bench.nodes import BenchFailed
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch
from tests.bench.walk_worlds import WalkWorld, dense_world, random_vouches, walk_world
from trust.config import TrustConfig
from trust.meritrank import trust_from

ASKED_RATIO, ASKED_UNIFORM, ASKED_WEIGHTED = 4.0, 20.0, 10.0
ASKED_P50_MS, ASKED_P99_MS, ASKED_QUALITY = 10.0, 25.0, 0.99
STEPS, RESET, RUNS = 13, 0.15, 4
FEW_WALKS = 1_000
_NOTHING = np.empty(0, np.int32)
GRAPHJET = "GraphJet here, unweighted: .44 M/s (13 steps) to 2.4 M/s (3 steps)"
GRAPHJET_QUERY = "GraphJet here: 270 ms for 10,000 walks of 13 steps, 15 ms of 3"


def measure(_: Scratch, scale: Scale) -> list[Figure]:
    """Steps a second, then the time and the quality of questions in two worlds."""
    rng = np.random.default_rng(1)
    world = walk_world(scale.walk_copies, rng)
    for method in (Method.AUTO, Method.SAMPLED):  # compiled, then
        request = RecommendRequest(config=RankConfig(method=method))
        rank_items(world.snapshot, everybody_alike(world, 0), request, rng)
    vouches = random_vouches(world.snapshot.n_authors, rng)
    config = TrustConfig()
    dense = dense_world(scale.walk_dense_people, rng)
    fewer = replace(scale, walk_questions=-(-scale.walk_questions // 3))  # exact takes .3 s each

    def walked(person: int) -> TrustVector:
        return trust_from(vouches, person, config, np.random.default_rng(person))

    return [
        *_steps(world, scale, rng),
        *_questions(world, scale, "everyone alike", lambda person: everybody_alike(world, person)),
        *_questions(world, scale, "trust walks", walked),
        *_questions(dense, fewer, "dense graph", lambda person: everybody_alike(dense, person)),
    ]


def everybody_alike(world: WalkWorld, person: int) -> TrustVector:
    """The trust of somebody who vouches for nobody."""
    return TrustVector.everyone_equal(world.snapshot.n_authors, person)


# ----------------------------------------------------------------------------------- steps
def _steps(world: WalkWorld, scale: Scale, rng: np.random.Generator) -> list[Figure]:
    """Steps a second, uniform and weighted on both sides, and what lock-step is worth."""
    snapshot = world.snapshot
    uneven = replace(
        snapshot,
        author_code=rng.integers(156, 256, world.edges, np.uint8),
        item_code=rng.integers(156, 256, world.edges, np.uint8),
    )
    trust = rng.random(snapshot.n_authors, np.float32)
    alias = (
        alias_side(uneven.author_side, np.empty(0, np.float32)),
        alias_side(uneven.item_side, trust),
    )
    none = (np.empty(0, np.uint32), np.empty(0, np.uint32))
    start = rng.integers(0, snapshot.n_authors, scale.walkers, np.int32)
    figures = []
    for what, asked, aliases in (
        ("uniform", ASKED_UNIFORM, none), ("weighted", ASKED_WEIGHTED, alias),
    ):  # fmt: skip
        fast, slow = _rates(uneven, aliases, start)
        detail = f"one walker at a time, the same walks: {slow:.2f} M/s; {GRAPHJET}"
        figures += [
            Figure(f"steps, {what}", asked, fast, "M/s", at_least=True, detail=detail),
            Figure(f"lock-step, {what}", ASKED_RATIO, fast / slow, "×", at_least=True),
        ]
    bytes_edge = (snapshot.author_side.nbytes + snapshot.item_side.nbytes) / world.edges
    drawn = bytes_edge + sum(table.nbytes for table in alias) / world.edges
    return [
        *figures,
        Figure("snapshot, bytes an edge", 16.0, bytes_edge, "B", detail="both ways, weights"),
        Figure("with tables for weighted draws", 20.0, drawn, "B", detail="GraphJet 27 to 46"),
    ]


def _rates(snapshot, aliases, start: NDArray[np.int32]) -> tuple[float, float]:
    """Million steps a second in lock-step and one by one, the best of several runs."""
    best = {walk_in_step: np.inf, walk_one_by_one: np.inf}
    seen = {}
    for run in range(RUNS + 1):
        for kernel in best:
            visits = np.zeros(snapshot.n_authors, np.int32), np.zeros(snapshot.n_items, np.int32)
            sides = snapshot.author_side, snapshot.item_side
            began = time.thread_time()
            kernel(start, sides, aliases, STEPS, RESET, np.uint64(7), visits)
            took = time.thread_time() - began
            if run:  # the first compiles
                best[kernel] = min(best[kernel], took)
            seen[kernel] = visits
    if not all(map(np.array_equal, seen[walk_in_step], seen[walk_one_by_one])):
        raise BenchFailed("in lock-step the same walks went elsewhere")
    return tuple(start.size * STEPS / took / 1e6 for took in best.values())


# ------------------------------------------------------------------------------- questions
@dataclass(slots=True)
class Asked:
    """What one way of ranking answered to all questions."""

    config: RankConfig
    ms: list[float] = field(default_factory=list)
    wall_ms: list[float] = field(default_factory=list)
    mass: float = 0.0
    hits: float = 0.0
    walks: int = 0
    sampled: int = 0

    def times(self) -> str:
        """p50 and p99."""
        return f"{percentile(self.ms, 0.5):.1f} / {percentile(self.ms, 0.99):.1f} ms"


def _questions(
    world: WalkWorld, scale: Scale, name: str, trust_of: Callable[[int], TrustVector]
) -> list[Figure]:
    """Time and quality of questions by people of the test part."""
    rng = np.random.default_rng(2)
    everyone = sorted(world.wanted) or range(world.snapshot.n_authors)
    people = rng.permutation(everyone)[: scale.walk_questions].tolist()
    plain = replace(RankConfig(), discovery_every=0)
    auto = Asked(plain)
    exact = Asked(replace(plain, method=Method.EXACT))
    sampled = Asked(replace(plain, method=Method.SAMPLED, walks=FEW_WALKS))
    for person in people:
        trust = trust_of(person)
        view = TrustView.of(world.snapshot, trust)
        scores = score_items(view, trust, exact.config, rng)
        wanted = world.wanted.get(person, _NOTHING)
        for asked in (auto, exact, sampled):
            made = _timed(view, trust, asked)
            asked.mass += float(judge(scores, made.item).score.sum(dtype=np.float64))
            asked.hits += float(np.isin(made.item, wanted).sum()) / max(wanted.size, 1)
            asked.walks += made.walks
            asked.sampled += made.method is Method.SAMPLED
    mass, recall = _kept(auto, exact)
    mass_sampled, recall_sampled = _kept(sampled, exact)
    wall = f"{percentile(auto.wall_ms, 0.5):.1f} / {percentile(auto.wall_ms, 0.99):.1f} ms"
    detail = (
        f"{world.edges:,} edges, {len(people)} people, {auto.sampled} of them sampled; by the "
        f"clock {wall}; exact always {exact.times()}; {GRAPHJET_QUERY}"
    )
    few = (
        f"at most {FEW_WALKS:,} walkers: {sampled.times()}, {sampled.sampled} people sampled with "
        f"{sampled.walks / max(sampled.sampled, 1):,.0f} walkers, mass {mass_sampled:.4f}, recall "
        f"{recall_sampled:.4f} of exact's {exact.hits / len(people):.4f}"
    )
    figures = [
        Figure(f"query p50, {name}", ASKED_P50_MS, percentile(auto.ms, 0.5), "ms", detail=detail),
        Figure(f"query p99, {name}", ASKED_P99_MS, percentile(auto.ms, 0.99), "ms"),
        Figure(f"score mass kept, {name}", ASKED_QUALITY, mass, "", at_least=True, detail=few),
        Figure(f"recall kept, {name}", ASKED_QUALITY, recall, "", at_least=True),
    ]
    return figures if world.wanted else figures[:-1]


def _kept(one: Asked, best: Asked) -> tuple[float, float]:
    """Parts of the score mass and of the recall; all of nothing is 1."""
    return one.mass / best.mass if best.mass else 1.0, one.hits / best.hits if best.hits else 1.0


def _timed(view: TrustView, trust: TrustVector, asked: Asked) -> RankedItems:
    """One warm question: its view is kept, its pages are in memory."""
    rng = np.random.default_rng(3)
    request = RecommendRequest(config=asked.config)
    clock, began = time.perf_counter(), time.thread_time()
    made = rank_items(view, trust, request, rng)
    asked.ms.append((time.thread_time() - began) * 1e3)
    asked.wall_ms.append((time.perf_counter() - clock) * 1e3)
    return made
