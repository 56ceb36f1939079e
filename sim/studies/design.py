"""The points of a sweep: every combination, a list, or a Latin hypercube."""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from msgspec import Meta

from sim.scenario.schema import Count, Table

Point: TypeAlias = dict[str, Any]
"""Parameter (`world.people`, `adversary.0.edges`, ...) -> value."""

POINTS_MAX = 10_000
DIGITS = 6
"""Of drawn numbers: enough to repeat them, few enough to read them."""

DRAW = 11
"""What the stream of random numbers is for: (seed, purpose, parameter)."""


class Span(Table, frozen=True):
    """Where a hypercube draws a parameter from, both ends included. whole: no fractions."""

    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"
    whole: bool = False


class Hypercube(Table, frozen=True):
    """Latin hypercube: the range of each parameter is cut into as many strata as there are draws,
    and each stratum is drawn from once."""

    draws: Annotated[int, Meta(ge=1, le=POINTS_MAX)]
    parameters: dict[str, Span]
    seed: Count = 0


def grid_size(values: Mapping[str, Sequence[Any]]) -> int:
    """How many points `grid` has."""
    return math.prod(len(some) for some in values.values())


def grid(values: Mapping[str, Sequence[Any]]) -> Iterator[Point]:
    """Every combination; the last parameter changes fastest."""
    for combination in itertools.product(*values.values()):
        yield dict(zip(values, combination, strict=True))


def hypercube(plan: Hypercube) -> list[Point]:
    """The draws. A parameter's numbers depend on the seed, the number of draws and its name alone,
    so that adding one leaves the others as they are. Raises ValueError for an impossible span."""
    drawn = {name: _drawn(name, span, plan) for name, span in plan.parameters.items()}
    return [{name: values[n] for name, values in drawn.items()} for n in range(plan.draws)]


def _drawn(name: str, span: Span, plan: Hypercube) -> list[int | float]:
    low, high = span.low, span.high
    if not low < high:
        raise ValueError(f"{name} is drawn from {low:g} to {high:g}, which is no range")
    if span.scale == "log":
        if low <= 0:
            raise ValueError(f"{name} has a range on a log scale that begins at {low:g}")
        low, high = math.log(low), math.log(high)
    rng = np.random.default_rng((plan.seed, DRAW, zlib.crc32(name.encode())))
    strata = (rng.permutation(plan.draws) + rng.random(plan.draws)) / plan.draws
    values = low + strata * (high - low)
    if span.scale == "log":
        values = np.exp(values)
    if span.whole:
        return [round(value) for value in values.tolist()]
    return [float(f"{value:.{DIGITS}g}") for value in values.tolist()]
