"""How long a daemon with a million stored edges takes from its start to its first answers.

Measured from the start of a fresh process, on a store that holds a million edges as signed bundles,
until the answer to the first `recommend` (which needs everything: graph, vouches, walks, titles)
and, asked beside it, to the first `status`. The store was closed in order, kernels are compiled and
the file is in the page cache: a run that does not count sees to that. Median of the runs.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from node.query.schema import QueryError
from tests.bench.figures import Figure
from tests.bench.nodes import BenchFailed, Node, until
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch

ASKED_S = 5.0
QUESTIONS = ("recommend", "status")


def measure(scratch: Scratch, scale: Scale) -> list[Figure]:
    """A figure a question."""
    node = scratch.world(scale)
    _first_answers(node)
    runs = [_first_answers(node) for _ in range(scale.starts)]
    return [
        Figure(
            f"start to first {question}",
            ASKED_S,
            median(run[question] for run in runs),
            "s",
            detail="runs " + ", ".join(f"{run[question]:.2f} s" for run in runs),
        )
        for question in QUESTIONS
    ]


def _first_answers(node: Node) -> dict[str, float]:
    """Seconds from the start to each first answer."""
    began = time.monotonic()

    def answered(question: str) -> float:
        until(lambda: _listens(node), f"{node.name} listens", every_s=0.01)
        data = node.ask(question)
        took = time.monotonic() - began
        if question == "recommend" and not data["items"]:
            raise BenchFailed(f"{node.name} recommends nothing")
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
