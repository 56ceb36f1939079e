"""How long a daemon with millions of stored edges takes from its start to its first answers.

Measured from the start of a fresh process, on a store that holds the edges as signed bundles, until
the answer to the first `recommend` (which needs everything: graph, vouches, walks, titles) and,
asked beside it, to the first `status`. The store was closed in order, kernels are compiled and the
files are in the page cache: a run that does not count sees to that, and leaves the checkpoint from
which the others start. What that run took, from the store alone, is in the detail, where at ten
million edges it is worth knowing. Median of the runs.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from node.query.schema import QueryError
from tests.bench.figures import Figure
from tests.bench.nodes import BenchFailed, Node, made, until
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch
from tests.bench.seeding import seed_large

ASKED_S = 5.0
QUESTIONS = ("recommend", "status")


def measure(scratch: Scratch, scale: Scale) -> list[Figure]:
    """A figure a question, at each size."""
    large = made(scratch.directory / "large")
    seed_large(large.home, scale.large_authors, scale.large_items, scale.large_edges)
    sizes = {scale.world_edges: scratch.world(scale), scale.large_edges: large}
    return [figure for edges, node in sizes.items() for figure in _figures(node, edges, scale)]


def _figures(node: Node, edges: int, scale: Scale) -> list[Figure]:
    from_store = _first_answers(node)
    runs = [_first_answers(node, checkpoint="used") for _ in range(scale.starts)]
    return [
        Figure(
            f"start to first {question}, {edges:,} edges",
            ASKED_S,
            median(run[question] for run in runs),
            "s",
            detail="runs "
            + ", ".join(f"{run[question]:.2f} s" for run in runs)
            + f"; without a checkpoint {from_store[question]:.1f} s",
        )
        for question in QUESTIONS
    ]


def _first_answers(node: Node, checkpoint: str = "") -> dict[str, float]:
    """Seconds from the start to each first answer; `checkpoint`: how its state must begin."""
    began = time.monotonic()

    def answered(question: str) -> float:
        until(lambda: _listens(node), f"{node.name} listens", every_s=0.01)
        data = node.ask(question)
        took = time.monotonic() - began
        if question == "recommend" and not data["items"]:
            raise BenchFailed(f"{node.name} recommends nothing")
        if question == "status" and not data["checkpoint"].startswith(checkpoint):
            raise BenchFailed(f"{node.name}'s checkpoint: {data['checkpoint']}")
        return took

    try:
        node.start()
        with ThreadPoolExecutor(len(QUESTIONS)) as pool:
            return dict(zip(QUESTIONS, pool.map(answered, QUESTIONS), strict=True))
    finally:
        node.stop()


def _listens(node: Node) -> bool:
    try:
        with node.client():
            return True
    except QueryError:
        return False
