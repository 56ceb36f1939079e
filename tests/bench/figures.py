"""One figure of the table: what was asked, what was measured, and whether that is good enough.

And the lines of a plot, for measurements that are more than one number.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`asked` is an upper bound, or a lower one with `at_least`; `detail`: how it came about."""

    what: str
    asked: float
    measured: float
    unit: str
    at_least: bool = False
    detail: str = ""

    @property
    def ok(self) -> bool:
        """Whether the bound holds; what could not be measured (NaN) does not."""
        if self.at_least:
            return self.measured >= self.asked
        return self.measured <= self.asked


@dataclass(frozen=True, slots=True)
class Point:
    """One place of a line; low and high: its 95 % bounds, where there are any."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One line, or one cloud of points, of the plot of that name."""

    plot: str
    name: str
    x_label: str
    y_label: str
    points: tuple[Point, ...]


def percentile(values: Iterable[float], part: float) -> float:
    """The smallest value that `part` of all do not exceed (nearest rank); NaN of nothing."""
    ordered = sorted(values)
    return ordered[math.ceil(part * len(ordered)) - 1] if ordered else math.nan


def table(figures: Sequence[Figure]) -> str:
    """Asked, measured and ok, a line each, the details below."""
    rows = [("figure", "asked", "measured", "ok")]
    for figure in figures:
        bound = ("≥ " if figure.at_least else "≤ ") + number(figure.asked)
        measured = f"{number(figure.measured)} {figure.unit}"
        rows.append((figure.what, bound, measured, "yes" if figure.ok else "NO"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]}"
        for row in rows
    ]
    lines.insert(1, "-" * (sum(widths) + 6))
    lines += ["", *(f"{figure.what}: {figure.detail}" for figure in figures if figure.detail)]
    return "\n".join(lines)


def number(value: float) -> str:
    """Three digits that mean something, thousands apart."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
