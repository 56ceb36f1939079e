"""Walkers added until the list stands: an eighth of the budget first, then twice as many.

A round computes the scores anew from all walkers so far, since the sum over the owner's items is
concave; so rounds that cannot suffice by what the errors say are left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ranking.evidence import Bench
from ranking.kernels_salsa import EIGHTHS
from ranking.salsa import ItemScores, Walkers

I32 = NDArray[np.int32]


def growth_needed(bench: Bench, n: int, separation: float) -> float:
    """How many times as many walkers would separate place n from the first item outside the list,
    by `separation` standard errors of their difference; at most 1 when they are separated.

    The errors count as independent. Infinite where there is no such item, or no difference: more
    walkers may find others. Errors fall with the square root of the walkers.
    """
    rows = bench.best(n + 1)
    if rows.size <= n:
        return np.inf
    last, outside = rows[n - 1], rows[n]
    gap = float(bench.judged.score[last]) - float(bench.judged.score[outside])
    error = float(np.hypot(bench.judged.error[last], bench.judged.error[outside]))
    if error == 0.0:
        return 1.0
    return (separation * error / gap) ** 2 if gap > 0 else np.inf


def walked(walkers: Walkers, excluded: I32, n: int) -> tuple[ItemScores, Bench]:
    """Scores and candidates from as many walkers as a list of n takes. excluded: item rows."""
    rounds, separation = walkers.rounds, walkers.config.separation
    if separation is None:
        rounds = rounds[-1:]
    needed = 0.0
    for part in rounds:
        if part < needed and part < EIGHTHS:
            continue
        scores = walkers.scores(part)
        bench = Bench.of(scores, excluded)
        if part == EIGHTHS or not scores.sampled.any():
            break
        growth = growth_needed(bench, n, separation or 0.0)
        if growth <= 1.0:
            break
        needed = part * growth
    return scores, bench
