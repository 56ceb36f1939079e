"""How sure a mean is: over seeds and over people, and for differences between the same of both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from sim.methods.method import F64

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean between its `CONFIDENCE` bounds; bounds are None where one draw tells none."""

    mean: float
    low: float | None
    high: float | None

    def as_dict(self) -> dict[str, float | None]:
        """As `--json` prints it."""
        return {"mean": self.mean, "low": self.low, "high": self.high}


def student(degrees: float, confidence: float = CONFIDENCE) -> float:
    """Two-sided quantile of Student's t. Off by less than 1e-4 of its value.

    Exact for one and two degrees of freedom, the integral bisected for others. Raises ValueError
    for less than one degree.
    """
    if degrees < 1:
        raise ValueError(f"at least one degree of freedom, not {degrees}")
    tail = (1 + confidence) / 2
    if degrees > 1_000:
        return NormalDist().inv_cdf(tail)
    grid = np.linspace(0.0, 1.0, 4_001)[1:-1]
    t = grid / (1 - grid)
    log_density = (
        math.lgamma((degrees + 1) / 2)
        - math.lgamma(degrees / 2)
        - 0.5 * math.log(degrees * math.pi)
        - (degrees + 1) / 2 * np.log1p(t * t / degrees)
    )
    density = np.exp(log_density) / (1 - grid) ** 2
    step = grid[1] - grid[0]
    first = math.exp(
        math.lgamma((degrees + 1) / 2)
        - math.lgamma(degrees / 2)
        - 0.5 * math.log(degrees * math.pi)
    )
    mass = 0.5 + step * (first / 2 + np.cumsum(density) - density / 2)
    return float(np.interp(tail, mass, t))


def of_draws(values: F64) -> Interval:
    """t interval of independent draws, float64[n]. Values that are not numbers do not count."""
    values = values[~np.isnan(values)]
    if not values.size:
        return Interval(0.0, None, None)
    mean = float(values.mean())
    if values.size < 2:
        return Interval(mean, None, None)
    half = student(values.size - 1) * float(values.std(ddof=1)) / math.sqrt(values.size)
    return Interval(mean, mean - half, mean + half)


def of_people_and_seeds(values: F64) -> Interval:
    """Interval of the mean of float64[seeds, people]: both could have been others.

    The variance of the mean is at most that of the people's means by their number plus that of the
    seeds' means by theirs; both contain the noise of a single cell, which errs to the safe side.
    Degrees of freedom by Welch and Satterthwaite. Not-a-number cells (a list without items has no
    novelty) do not count; one seed counts as if seeds made no difference.
    """
    held = ~np.isnan(values)
    if not held.any():
        return Interval(0.0, None, None)
    mean = float(values[held].mean())
    parts = [part for axis in (0, 1) if (part := _variance_of_mean(values, held, axis))]
    total = sum(variance for variance, _ in parts)
    if not parts:
        return Interval(mean, None, None)
    if not total:
        return Interval(mean, mean, mean)
    degrees = total**2 / sum(variance**2 / free for variance, free in parts)
    half = student(max(degrees, 1.0)) * math.sqrt(total)
    return Interval(mean, mean - half, mean + half)


def _variance_of_mean(
    values: F64, held: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], axis: int
) -> tuple[float, int] | None:
    """(variance of the mean of the means along an axis, degrees of freedom)."""
    count = held.sum(axis=axis)
    means = np.where(held, values, 0.0).sum(axis=axis)[count > 0] / count[count > 0]
    if means.size < 2:
        return None
    return float(means.var(ddof=1)) / means.size, means.size - 1
