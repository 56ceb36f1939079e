"""What a test of kept walks needs: the exact law, how far counts are from it, and published rules.

`SharedRedraw` is the rule of the literature put right; the others are it with one fault each, as
published codes have them.
"""

import math
from itertools import accumulate

import numpy as np

ALPHA = 0.15
FAR = 6.0
"""Standard errors: by chance a count is that far off once in 5 * 10^8."""


def steps_of(graph, n):
    """float64[n, n]: probability of each step. graph: {node: {target: weight}}."""
    steps = np.zeros((n, n))
    for node, edges in graph.items():
        for target, weight in edges.items():
            steps[node, target] = (1 - ALPHA) * weight / sum(edges.values())
    return steps


def exact(steps, steps_max=None):
    """(visits, ends) that a walk from 0 has on average; the linear solve of the absorbing chain."""
    n = len(steps)
    start = np.eye(n)[0]
    if steps_max is None:
        visits = np.linalg.solve((np.eye(n) - steps).T, start)
        return visits, visits * (1 - steps.sum(axis=1))
    visits, here = start.copy(), start
    for _ in range(steps_max):
        here = here @ steps
        visits += here
    return visits, (visits - here) * (1 - steps.sum(axis=1)) + here


def deviation(walks, expected):
    """The largest deviation of visit and end counts from `expected`, in standard errors.

    Each node's mean visits by the spread that walks have; all ends at once by chi-square.
    """
    visits, ends = expected
    n = len(visits)
    counts = np.zeros((len(walks), n))
    for r, walk in enumerate(walks):
        for node in walk:
            counts[r, node] += 1
    error = counts.std(axis=0) / math.sqrt(len(walks))
    seldom = error == 0
    off = np.abs(counts.mean(axis=0) - visits) / np.where(seldom, 1e-4, error)
    ended = np.bincount([walk[-1] for walk in walks], minlength=n)
    return max(off[visits * len(walks) > 10].max(), chi_square(ended, ends * len(walks)))


def chi_square(counts, expected):
    """As a standard normal deviate (Wilson and Hilferty); cells that expect < 5 are one."""
    few = expected < 5
    counts = np.append(counts[~few], counts[few].sum()).astype(float)
    expected = np.append(expected[~few], expected[few].sum())
    counts, expected = counts[expected > 0], expected[expected > 0]
    return deviate(((counts - expected) ** 2 / expected).sum(), len(counts) - 1)


def two_samples(first, second):
    """Chi-square of two samples of equal size over the same cells, as a deviate."""
    both = first + second
    seen = both >= 10
    total = ((first - second)[seen] ** 2 / both[seen]).sum()
    return deviate(total, int(seen.sum()))


def deviate(total, freedom):
    if freedom < 1:
        return 0.0
    spread = 2 / (9 * freedom)
    return ((total / freedom) ** (1 / 3) - (1 - spread)) / math.sqrt(spread)


class SharedRedraw:
    """Delete, then add: a new edge takes its share of every visit, with the stop test again."""

    def __init__(self, graph, n_walks, rng):
        self.graph = {node: dict(edges) for node, edges in graph.items()}
        self.rng = rng
        self.walks = [self.grown([0]) for _ in range(n_walks)]

    def step(self, walk):
        edges = self.graph.get(walk[-1], {})
        x = self.rng.random() * sum(edges.values())
        passed = accumulate(edges.values())
        return [*walk, next(target for target, sum_ in zip(edges, passed, strict=True) if x < sum_)]

    def grown(self, walk):
        while self.graph.get(walk[-1]) and self.rng.random() >= ALPHA:
            walk = self.step(walk)
        return walk

    def set_edge(self, source, target, weight):
        if target in self.graph.get(source, {}):
            self.delete(source, target)
        if weight > 0:
            self.add(source, target, weight)

    def visits(self, walk, source):
        return [j for j, node in enumerate(walk) if node == source]

    def add(self, source, target, weight):
        edges = self.graph.setdefault(source, {})
        share = weight / (sum(edges.values()) + weight)
        edges[target] = edges.get(target, 0.0) + weight
        for r, walk in enumerate(self.walks):
            for j in self.visits(walk, source):
                if self.rng.random() < share:
                    stops = self.rng.random() < ALPHA
                    cut = walk[: j + 1]
                    self.walks[r] = cut if stops else self.grown([*cut, target])
                    break

    def delete(self, source, target):
        del self.graph[source][target]
        for r, walk in enumerate(self.walks):
            for j in self.visits(walk, source):
                if walk[j + 1 : j + 2] == [target]:
                    self.walks[r] = self.redrawn(walk[: j + 1])
                    break

    def redrawn(self, cut):
        """The removed step says that the walk went on: no stop test."""
        return self.grown(self.step(cut)) if self.graph[cut[-1]] else cut


class FirstVisitOnly(SharedRedraw):
    """The index holds the first visit of each walk (both MeritRank services)."""

    def visits(self, walk, source):
        return super().visits(walk, source)[:1]


class AddOnTop(SharedRedraw):
    """A changed weight is added as if the old edge were not there (meritrank_python)."""

    def set_edge(self, source, target, weight):
        if weight > 0 and target in self.graph.get(source, {}):
            edges = self.graph[source]
            old = edges[target]
            super().add(source, target, weight)
            edges[target] += -old
        else:
            super().set_edge(source, target, weight)


class LastOccurrenceWins(SharedRedraw):
    """Regrown from each occurrence of the old walk in turn (Web3Recommend)."""

    def set_edge(self, source, target, weight):
        edges = self.graph.setdefault(source, {})
        edges.pop(target, None)
        if weight > 0:
            edges[target] = weight
        for r, walk in enumerate(self.walks):
            for j in self.visits(walk, source):
                self.walks[r] = self.grown(walk[: j + 1])


class StopTestOnDelete(SharedRedraw):
    """A removed step is redrawn with the stop test, which it had passed."""

    def redrawn(self, cut):
        return self.grown(cut)


class StopsStay(SharedRedraw):
    """Only visits with a step behind them can move to a new edge."""

    def visits(self, walk, source):
        return [j for j in super().visits(walk, source) if j + 1 < len(walk)]


WRONG = (FirstVisitOnly, AddOnTop, LastOccurrenceWins, StopTestOnDelete, StopsStay)
