"""Accuracy in the field's public tables, without training, and what a question costs there.

Every person of a split is ranked for by the node's own code, by the parameters of
`sim.methods.public`, in two processes; Gowalla by Monte Carlo. What a question takes is measured in
one process for a sample, the view of the graph included, which a node would keep.
"""

import time
from dataclasses import dataclass

import numpy as np

from sim.data.affinity import with_affinities
from sim.data.interactions import I32, Interactions
from sim.data.loading import Files, load
from sim.data.splits import hold_out
from sim.evaluation.evaluate import Run, Task, evaluate
from sim.methods.grapevine import Grapevine
from sim.methods.public import PUBLIC_SETS
from tests.bench.figures import Figure, percentile
from tests.bench.nodes import BenchFailed
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch
from tests.bench.walk_worlds import DATA

WORKERS = 2
WARM = 8
ASKED_MS = 20.0


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A published split and what is asked for on it; `published`: what others reach."""

    title: str
    parameters: str
    directory: str
    recall: float
    ndcg: float
    published: str


BENCHMARKS = (
    Benchmark(
        "Gowalla",
        "gowalla",
        "gowalla",
        0.1870,
        0.1555,
        "striven for .1890 / .1585; LightGCN .1830 / .1554, UltraGCN .1862 / .1580",
    ),
    Benchmark(
        "Last.fm",
        "lastfm",
        "lastfm-splits/lightgcnpp",
        0.1771,
        0.2031,
        "striven for .1889 / .2171; LightGCN .1741 / .1996, LightGCN++ .1889 / .2171",
    ),
)


def measure(scratch: Scratch, scale: Scale) -> list[Figure]:
    """Recall and nDCG of each split, and milliseconds a question."""
    return [figure for one in BENCHMARKS for figure in _measured(one, scale)]


def _measured(one: Benchmark, scale: Scale) -> list[Figure]:
    chosen = PUBLIC_SETS[one.parameters]
    task = split_of(one) if scale.public_tables else drawn()
    people = np.flatnonzero(task.wanted.sizes).astype(np.int32)
    method = Grapevine(rank=chosen.config)
    found = evaluate([method], [task], people, Run(chosen.k, 0, WORKERS)).by_person
    recall, ndcg = float(found["recall"].mean()), float(found["ndcg"].mean())
    told = (
        f"{recall:.4f} / {ndcg:.4f} for {people.size:,} people; {one.published}; "
        f"{chosen.config.method}, {chosen.config.walks:,} walks, chosen on {chosen.chosen_on} "
        f"({chosen.recall:.4f} / {chosen.ndcg:.4f} there)"
    )
    taken = _milliseconds(method, task, people, chosen.k)
    half, most = percentile(taken, 0.5), percentile(taken, 0.99)
    at = f"{one.title}, "
    return [
        Figure(f"{at}recall@{chosen.k}", one.recall, recall, "", at_least=True, detail=told),
        Figure(f"{at}nDCG@{chosen.k}", one.ndcg, ndcg, "", at_least=True),
        Figure(f"{at}question, p50", ASKED_MS, half, "ms", detail=f"{len(taken)} people"),
        Figure(f"{at}question, p99", ASKED_MS, most, "ms"),
    ]


def split_of(one: Benchmark) -> Task:
    """The split as it is; only the training part is known, and nothing else is masked."""
    directory = DATA / one.directory
    files = Files(directory / "train.txt.gz", directory / "test.txt.gz")
    if not files.train.exists():
        raise BenchFailed(f"{files.train} is missing: say where the data are: GRAPEVINE_DATA=DIR")
    data = load(files, ("cold-items", "cold-users", "empty-users"))
    if data.test is None:
        raise BenchFailed(f"{files.test} holds no test part")
    return Task.of(with_affinities(data.train, "equal"), data.test, None, 0)


def drawn() -> Task:
    """A tiny split drawn at random: it shows that everything runs."""
    pairs = np.unique(np.random.default_rng(0).integers(0, 100 * 150, 2_000))
    user, item = np.divmod(pairs, 150)
    columns = user.astype(np.int32), item.astype(np.int32), np.ones(pairs.size, np.float32)
    split = hold_out(Interactions(*columns, None, 100, 150), 0.2, np.random.default_rng(1))
    return Task.of(split.train, split.test, None, 0)


def _milliseconds(method: Grapevine, task: Task, people: I32, k: int) -> list[float]:
    """Of questions by people from all over the split, one after the other, kernels warm."""
    ranker = method.prepare(task.world)
    asked = people[:: max(1, people.size // 300)].tolist()
    taken = []
    for number, person in enumerate([*asked[:WARM], *asked]):
        began = time.perf_counter()
        ranker.rank(person, k, np.random.default_rng((0, 0, person)))
        if number >= WARM:
            taken.append(1e3 * (time.perf_counter() - began))
    return taken
