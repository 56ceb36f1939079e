"""Means over queries that depend on each other: those of one person or session belong together."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.evaluation.intervals import Interval, student
from sim.methods.method import F64


def of_clusters(values: F64, cluster: NDArray[np.integer], weight: F64 | None = None) -> Interval:
    """Weighted mean of float64[n] and its bounds, where those of one cluster vary together.

    The linearised variance of a ratio of sums over clusters; bounds are None for one cluster.
    weight: >= 0, all 1 unless given, of positive sum.
    """
    share = np.ones(values.size) if weight is None else weight
    total = float(share.sum())
    mean = float((share * values).sum() / total)
    _, at = np.unique(cluster, return_inverse=True)
    apart = np.bincount(at, weights=share * (values - mean))
    n = apart.size
    if n < 2:
        return Interval(mean, None, None)
    error = math.sqrt(n / (n - 1) * float((apart**2).sum())) / total
    half = student(n - 1) * error
    return Interval(mean, mean - half, mean + half)
