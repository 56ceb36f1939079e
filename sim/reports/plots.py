"""Which pictures a group of runs has: methods side by side, courses over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from sim.evaluation.differences import interval_of, names_of
from sim.outcome import Outcome
from sim.reports.drawing import Picture, colour, panels, picture, styled
from sim.reports.evidence import Group
from sim.reports.wording import HEADLINES, advice, axis, label, possible, titled, word
from sim.scenario.names import PLAIN

SERIES_MAX = 12
"""Courses drawn of a group; all are in the tables."""

POINTS_MAX = 400
"""Of a line."""


# ------------------------------------------------------------------------------------- methods
def of_methods(group: Group, name: str) -> Picture | None:
    """Methods side by side, a panel for each headline; None with one method."""
    methods = methods_of(group.outcomes, group.scenario.method)
    metrics = [
        metric
        for metric in HEADLINES
        if sum(one is not None for one in _intervals(group, methods, metric).values()) > 1
    ][:3]
    if len(methods) < 2 or not metrics:
        return None
    with styled():
        figure, axes = panels(len(metrics), height=0.9 + 0.36 * len(methods))
        for number, (plot, metric) in enumerate(zip(axes, metrics, strict=True)):
            _dots(plot, _intervals(group, methods, metric), metric, named=number == 0)
        what = f"{', '.join(metrics)} of each method, with 95 % bounds"
        reading = "A dot is the mean of a method over all runs, the bar its 95 % bounds."
        return picture(figure, name, what, f"{reading} {advice(metrics)}".rstrip())


def methods_of(outcomes: Sequence[Outcome], own: str) -> dict[str, str]:
    """Method as shown -> prefix of its metrics."""
    prefixes = dict.fromkeys(name.rpartition(".")[0] for name in names_of(outcomes))
    shown = {"": f"{own} (this)", PLAIN: f"{PLAIN} (no attack)"}
    return {shown.get(prefix, prefix): f"{prefix}." if prefix else "" for prefix in prefixes}


def _intervals(group: Group, methods: Mapping[str, str], metric: str) -> dict[str, Any]:
    return {who: interval_of(group.outcomes, f"{at}{metric}") for who, at in methods.items()}


def _dots(plot: Axes, intervals: Mapping[str, Any], metric: str, *, named: bool) -> None:
    scale = word(metric).scale
    for row, interval in enumerate(intervals.values()):
        if interval is None:
            continue
        interval = possible(interval, metric)
        tone = colour(0) if row == 0 else "#555555"
        if interval.low is not None and interval.high is not None:
            ends = [interval.low * scale, interval.high * scale]
            plot.plot(ends, [row, row], color=tone, linewidth=2, solid_capstyle="butt")
        plot.plot([interval.mean * scale], [row], "o", color=tone, markersize=6)
    plot.set_yticks(range(len(intervals)), [label(who) if named else "" for who in intervals])
    plot.set_ylim(len(intervals) - 0.5, -0.5)
    plot.set_xlabel(titled(metric))
    plot.xaxis.set_major_locator(MaxNLocator(5))
    plot.margins(x=0.12)


# -------------------------------------------------------------------------------------- courses
def of_series(group: Group, name: str) -> Picture | None:
    """A panel for each course: every seed thin, their mean bold where all know the same moments."""
    names = dict.fromkeys(one for outcome in group.outcomes for one in outcome.series)
    shown = [one for one in names if any(outcome.series.get(one) for outcome in group.outcomes)]
    shown = shown[:SERIES_MAX]
    if not shown:
        return None
    with styled():
        figure, axes = panels(len(shown))
        for number, (plot, one) in enumerate(zip(axes, shown, strict=True)):
            courses = [o.series[one] for o in group.outcomes if o.series.get(one)]
            _course(plot, courses, one, colour(number))
        reading = "Each thin line is one seed." if len(group.outcomes) > 1 else "One run."
        return picture(
            figure,
            name,
            f"course of {', '.join(shown)}",
            f"{reading} A bold one is their mean." if len(group.outcomes) > 1 else reading,
        )


def _course(
    plot: Axes, courses: Sequence[Sequence[tuple[float, float]]], name: str, tone: str
) -> None:
    metric, _, by = name.partition("_by_")
    scale = word(metric).scale
    arrays = [np.array(course, np.float64).T for course in courses]
    together = len(arrays) > 1 and all(
        one.shape == arrays[0].shape and np.array_equal(one[0], arrays[0][0]) for one in arrays
    )
    for x, y in arrays:
        keep = _thinned(x.size)
        thin = len(arrays) > 1
        plot.plot(
            x[keep], y[keep] * scale, color=tone, linewidth=0.8 if thin else 1.8,
            alpha=0.35 if together else 0.8,
        )  # fmt: skip
    if together:
        keep = _thinned(arrays[0].shape[1])
        mean = np.mean([y for _, y in arrays], axis=0)
        plot.plot(arrays[0][0][keep], mean[keep] * scale, color=tone, linewidth=2.2)
    if all(one.shape[1] == 1 for one in arrays):
        for x, y in arrays:
            plot.plot(x, y * scale, "o", color=tone)
    plot.set_title(axis(metric), fontsize=10)
    plot.set_xlabel(label(by.replace("_", " ")) if by else "simulated time (s)")
    low, high = plot.get_ylim()
    if low >= -0.05 * high:
        plot.set_ylim(bottom=0)


def _thinned(size: int) -> Any:
    """Indices of at most `POINTS_MAX` points, the last included."""
    if size <= POINTS_MAX:
        return np.arange(size)
    return np.unique(np.linspace(0, size - 1, POINTS_MAX).astype(int))
