"""Figures of runs with their bounds, and differences between runs of the same seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sim.evaluation.intervals import Interval, of_draws, of_people_and_seeds
from sim.methods.method import F64
from sim.outcome import Outcome

SAME = 1e-6
"""A sample belongs to a figure if its mean is the figure, up to so much of it."""


def names_of(outcomes: Sequence[Outcome]) -> list[str]:
    """Metrics of any of them, in the order in which they are met."""
    return list(dict.fromkeys(name for one in outcomes for name in one.metrics))


def values_of(outcomes: Sequence[Outcome], metric: str) -> F64:
    """float64[outcomes]; NaN where a run does not have it."""
    return np.array([one.metrics.get(metric, math.nan) for one in outcomes], np.float64)


def interval_of(outcomes: Sequence[Outcome], metric: str) -> Interval | None:
    """Mean and bounds over seeds, and over people where every run tells of each; None if no run
    knows it. Runs are of one scenario with different seeds."""
    values = values_of(outcomes, metric)
    if np.isnan(values).all():
        return None
    people = [_sample(one, metric) for one in outcomes]
    if all(one is not None for one in people):
        return of_people_and_seeds(_matrix([one for one in people if one is not None]))
    return of_draws(values)


def difference_of(a: Sequence[Outcome], b: Sequence[Outcome], metric: str) -> Interval | None:
    """b - a over seeds; a[n] and b[n] have the same seed. None if no pair knows it."""
    off = values_of(b, metric) - values_of(a, metric)
    return None if np.isnan(off).all() else of_draws(off)


def difference_by_person(a: Sequence[Outcome], b: Sequence[Outcome], name: str) -> Interval | None:
    """b - a over people and seeds, of `samples`; None unless all have it of the same ones."""
    pairs = [
        (np.array(one.samples.get(name, ())), np.array(other.samples.get(name, ())))
        for one, other in zip(a, b, strict=True)
    ]
    if any(not left.size or left.size != right.size for left, right in pairs):
        return None
    off = _matrix([right - left for left, right in pairs])
    return None if np.isnan(off).all() else of_people_and_seeds(off)


def difference_within(outcomes: Sequence[Outcome], a: str, b: str) -> Interval | None:
    """Metric b - metric a of the same runs, over people and seeds where every run tells of each
    person, else over seeds. None if no run knows both."""
    off = values_of(outcomes, b) - values_of(outcomes, a)
    if np.isnan(off).all():
        return None
    pairs = [(_sample(one, a), _sample(one, b)) for one in outcomes]
    rows = [
        right - left
        for left, right in pairs
        if left is not None and right is not None and left.size == right.size
    ]
    return of_people_and_seeds(_matrix(rows)) if len(rows) == len(pairs) else of_draws(off)


def _sample(outcome: Outcome, metric: str) -> F64 | None:
    """One value for each person, if their mean is what the metric says."""
    values = np.array(outcome.samples.get(metric, ()), np.float64)
    known = values[~np.isnan(values)]
    figure = outcome.metrics.get(metric, math.nan)
    if not known.size or not math.isclose(known.mean(), figure, rel_tol=SAME, abs_tol=1e-12):
        return None
    return values


def _matrix(rows: Sequence[F64]) -> F64:
    """float64[seeds, people]: worlds drawn anew may have more or fewer people; NaN is nobody."""
    made = np.full((len(rows), max(row.size for row in rows)), np.nan)
    for number, row in enumerate(rows):
        made[number, : row.size] = row
    return made
