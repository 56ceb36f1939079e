"""P3alpha and RP3beta: three exact steps, person -> item -> person -> item, no trust.

As in the code that published comparisons run (Ferrari Dacrema's, Elliot's, and sisinflab's
Graph-RSs-Reproducibility): the step to a person is uniform, the step to an item in proportion to
affinity, both to the power alpha; an item with d listeners is divided by d^beta; with a
neighbourhood the greatest entries of each row of W are kept, then the rows scaled, then the
greatest of each column.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ranking.snapshot import GraphSnapshot
from sim.methods.kernels_three_steps import (
    cut_columns,
    nearest_items,
    shares,
    sum_rows,
    walk_from,
)
from sim.methods.method import F64, I32, Ranked, Ranker, World, best

F32 = np.typing.NDArray[np.float32]
I64 = np.typing.NDArray[np.int64]
Graph = tuple[I64, I32, F32, I64, I32]


@dataclass(frozen=True, slots=True)
class ThreeSteps:
    """alpha > 0, beta >= 0. neighbours: entries kept of each row and column; 0 keeps all, and then
    nothing is computed beforehand. normalise: 1 scales the rows to sum 1, 0 leaves them."""

    alpha: float = 1.0
    beta: float = 0.0
    neighbours: int = 0
    normalise: int = 0

    def __post_init__(self) -> None:
        if not self.alpha > 0 or not self.beta >= 0:
            raise ValueError(f"need alpha > 0 and beta >= 0, not {self.alpha} and {self.beta}")
        if self.neighbours < 0 or self.normalise not in (0, 1):
            raise ValueError("need neighbours >= 0 and normalise 0 or 1")

    def prepare(self, world: World) -> Ranker:
        """The neighbourhoods of all items, if asked for: 16 bytes an entry at most while made."""
        snapshot = world.snapshot
        graph = (
            snapshot.author_ptr,
            snapshot.author_item,
            shares(snapshot.author_ptr, snapshot.author_affinity, self.alpha),
            snapshot.item_ptr,
            snapshot.item_author,
        )
        degree = np.maximum(np.diff(snapshot.item_ptr), 1).astype(np.float64)
        factor = degree**-self.beta
        kept = None
        if self.neighbours:
            rows = nearest_items(graph, factor, self.alpha, bool(self.normalise), self.neighbours)
            kept = cut_columns(*rows, self.neighbours)
        return _WalkRanker(self, snapshot, graph, factor, kept)


@dataclass(frozen=True, slots=True, eq=False)
class _WalkRanker:
    method: ThreeSteps
    snapshot: GraphSnapshot
    graph: Graph
    factor: F64
    kept: tuple[I64, I32, F32] | None

    def rank(self, person: int, n: int, rng: np.random.Generator) -> Ranked:
        """Her best items: her row of affinities times W."""
        low, high = self.snapshot.author_ptr[person : person + 2]
        items = self.snapshot.author_item[low:high]
        weight = self.snapshot.affinity[self.snapshot.author_code[low:high]]
        if self.kept is not None:
            score = sum_rows(items, weight, *self.kept)
        else:
            normalise = bool(self.method.normalise)
            score = walk_from(items, weight, self.graph, self.factor, self.method.alpha, normalise)
        return best(score, items, n, rng)


def p3alpha(alpha: float = 1.0, neighbours: int = 0, normalise: int = 0) -> ThreeSteps:
    """P3alpha (Cooper et al., WWW 2014 companion): no penalty for popularity."""
    return ThreeSteps(alpha, 0.0, neighbours, normalise)


def rp3beta(
    alpha: float = 1.0, beta: float = 0.3, neighbours: int = 0, normalise: int = 0
) -> ThreeSteps:
    """RP3beta (Paudel et al., TiiS 2017): items of d listeners are divided by d^beta."""
    return ThreeSteps(alpha, beta, neighbours, normalise)
