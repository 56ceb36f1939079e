"""Which pictures a group of runs and a sweep have: methods, courses over time, parameters."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from sim.evaluation.differences import interval_of, names_of
from sim.evaluation.intervals import Interval, of_draws
from sim.outcome import Outcome
from sim.reports.drawing import (
    Picture,
    colour,
    logarithmic,
    panels,
    picture,
    spread_over_decades,
    styled,
)
from sim.reports.evidence import Group, Swept
from sim.reports.wording import HEADLINES, axis, label, word

SERIES_MAX = 12
"""Courses drawn of a group; all are in the tables."""

POINTS_MAX = 400
"""Of a line."""

PANELS_MAX = 6
BOUNDED_MIN = 3
"""Runs of a point from which on its bounds are drawn; tables have them from two on."""

LINES_MAX = 7
"""Lines in a panel of a sweep, one for each value of the second parameter."""

Values = Mapping[str, Any]


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
        return picture(figure, name, f"{', '.join(metrics)} of each method, with 95 % bounds")


def methods_of(outcomes: Sequence[Outcome], own: str) -> dict[str, str]:
    """Method as shown -> prefix of its metrics."""
    prefixes = dict.fromkeys(name.rpartition(".")[0] for name in names_of(outcomes))
    return {(prefix or f"{own} (this)"): f"{prefix}." if prefix else "" for prefix in prefixes}


def _intervals(group: Group, methods: Mapping[str, str], metric: str) -> dict[str, Any]:
    return {who: interval_of(group.outcomes, f"{at}{metric}") for who, at in methods.items()}


def _dots(plot: Axes, intervals: Mapping[str, Any], metric: str, *, named: bool) -> None:
    scale = word(metric).scale
    for row, interval in enumerate(intervals.values()):
        if interval is None:
            continue
        tone = colour(0) if row == 0 else "#555555"
        if interval.low is not None and interval.high is not None:
            ends = [interval.low * scale, interval.high * scale]
            plot.plot(ends, [row, row], color=tone, linewidth=2, solid_capstyle="butt")
        plot.plot([interval.mean * scale], [row], "o", color=tone, markersize=6)
    plot.set_yticks(range(len(intervals)), [label(who) if named else "" for who in intervals])
    plot.set_ylim(len(intervals) - 0.5, -0.5)
    plot.set_xlabel(axis(metric))
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
        return picture(figure, name, f"course of {', '.join(shown)}")


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


# --------------------------------------------------------------------------------------- sweeps
def of_sweep(swept: Swept, name: str) -> Iterator[Picture]:
    """For each parameter the headline metrics against it."""
    metrics = swept_metrics(swept)[:PANELS_MAX]
    if not metrics:
        return
    for number, parameter in enumerate(swept.manifest.parameters):
        if len({_key(planned.values.get(parameter)) for planned, _ in swept.runs}) < 2:
            continue
        with styled():
            figure, axes = panels(len(metrics))
            for plot, metric in zip(axes, metrics, strict=True):
                _against(plot, swept, parameter, metric)
            handles, names = axes[0].get_legend_handles_labels()
            if names:
                figure.legend(handles, names, loc="outside lower center", ncols=min(4, len(names)))
            what = f"{', '.join(metrics)} against {parameter}, with 95 % bounds"
            yield picture(figure, f"{name}-{number + 1}", what)


def swept_metrics(swept: Swept) -> list[str]:
    """Headline metrics that some run knows; all metrics if there is no headline among them."""
    outcomes = [outcome for _, outcome in swept.runs]
    known = [
        name
        for name in names_of(outcomes)
        if any(not math.isnan(one.metrics.get(name, math.nan)) for one in outcomes)
    ]
    return [name for name in HEADLINES if name in known] or known


def _against(plot: Axes, swept: Swept, parameter: str, metric: str) -> None:
    others = [one for one in swept.manifest.parameters if one != parameter]
    scattered = swept.manifest.design == "hypercube"
    lines = _lines(swept, parameter, others[:1] if not scattered else [], metric)
    ticks = dict.fromkeys(_key(planned.values.get(parameter)) for planned, _ in swept.runs)
    numeric = all(isinstance(one, int | float) and not isinstance(one, bool) for one in ticks)
    place = {one: float(one) if numeric else float(at) for at, one in enumerate(ticks)}
    for number, (named, points) in enumerate(lines.items()):
        # Side by side where lines would hide each other at the same few places.
        aside = 0.0 if numeric else 0.14 * (number - (len(lines) - 1) / 2)
        x = np.array([place[one] + aside for one in points])
        tone = colour(number)
        if scattered:
            _scatter(plot, x, list(points.values()), word(metric).scale)
            continue
        order = np.argsort(x, kind="stable")
        ends = [_bounded(values) for values in points.values()]
        mean, low, high = (
            np.array([math.nan if end is None else end for end in side])[order] * word(metric).scale
            for side in zip(*((one.mean, one.low, one.high) for one in ends), strict=True)
        )
        style = "o-" if numeric else "o"
        plot.plot(x[order], mean, style, color=tone, markersize=4, label=label(named) or None)
        if numeric:
            plot.fill_between(x[order], low, high, color=tone, alpha=0.16, linewidth=0)
        else:
            plot.vlines(x[order], low, high, color=tone, linewidth=1.4, alpha=0.7)
    if numeric and spread_over_decades(place.values()):
        logarithmic(plot)
    if not numeric:
        plot.set_xticks(list(place.values()), [_said(one) for one in place], rotation=20)
    _look_at(
        plot,
        [value for line in lines.values() for some in line.values() for value in some],
        word(metric).scale,
    )
    plot.set_xlabel(label(parameter))
    plot.set_title(axis(metric), fontsize=10)


def _bounded(values: Sequence[float]) -> Interval:
    """Without bounds where so few runs tell them that they would hide the picture."""
    made = of_draws(np.array(values))
    return made if len(values) >= BOUNDED_MIN else Interval(made.mean, None, None)


def _scatter(plot: Axes, x: Any, values: Sequence[Sequence[float]], scale: float) -> None:
    """Every run faint, the mean over seeds strong."""
    for at, some in zip(x.tolist(), values, strict=True):
        plot.plot(
            [at] * len(some),
            np.array(some) * scale,
            "o",
            color=colour(0),
            alpha=0.25,
            markersize=3.5,
        )
    means = [float(np.mean(some)) * scale for some in values]
    plot.plot(x, means, "o", color=colour(0), markersize=5)


def _look_at(plot: Axes, values: Sequence[float], scale: float) -> None:
    """At what was measured: bounds of two seeds can be wider than the world."""
    low, high = min(values) * scale, max(values) * scale
    room = 0.3 * (high - low) or 0.05 * abs(high) or 1.0
    plot.set_ylim(low - room if low < 0 else max(0.0, low - room) - 0.02 * room, high + room)


def _lines(
    swept: Swept, parameter: str, others: list[str], metric: str
) -> dict[str, dict[Any, list[float]]]:
    """Line -> value of the parameter -> metric of each run. Too many lines become one."""
    made: dict[str, dict[Any, list[float]]] = {}
    for planned, outcome in swept.runs:
        value = outcome.metrics.get(metric, math.nan)
        if math.isnan(value):
            continue
        named = ", ".join(f"{one} = {_said(planned.values.get(one, '–'))}" for one in others)
        line = made.setdefault(named, {})
        line.setdefault(_key(planned.values.get(parameter)), []).append(value)
    if len(made) > LINES_MAX:
        return _lines(swept, parameter, [], metric)
    return made


def _key(value: Any) -> Any:
    """A value of a parameter that can name a place on an axis."""
    return value if isinstance(value, int | float | str) else json.dumps(value)


def _said(value: Any) -> str:
    """As the sweep file spells it."""
    return label(value if isinstance(value, str) else json.dumps(value))
