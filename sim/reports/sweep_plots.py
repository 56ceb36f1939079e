"""Which pictures a sweep has: figures against each parameter, methods side by side."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from sim.evaluation.differences import interval_of, names_of
from sim.evaluation.intervals import Interval
from sim.outcome import Outcome
from sim.reports.drawing import (
    Picture,
    colour,
    decades_from_zero,
    logarithmic,
    panels,
    picture,
    spread_over_decades,
    stroke,
    styled,
)
from sim.reports.evidence import Swept
from sim.reports.plots import methods_of
from sim.reports.wording import HEADLINES, advice, label, parameter, possible, titled, word
from sim.scenario.names import PLAIN

PANELS_MAX = 6
METHOD_PANELS_MAX = 3
BOUNDED_MIN = 3
"""Runs of a point from which on its bounds are drawn; tables have them from two on."""

LINES_MAX = 7
"""Lines in a panel, one for each method or each value of the second parameter."""


@dataclass(frozen=True, slots=True)
class Line:
    """name: in the legend, empty for none. prefix: of its metrics. points: value of the parameter
    -> runs."""

    name: str
    prefix: str
    points: Mapping[Any, Sequence[Outcome]]


def of_sweep(swept: Swept, name: str) -> Iterator[Picture]:
    """For each parameter the headline metrics against it: a line for each method where one
    parameter varies and methods are compared, else for each value of the second parameter."""
    for number, varied in enumerate(swept.manifest.parameters):
        if len({_key(planned.values.get(varied)) for planned, _ in swept.runs}) < 2:
            continue
        lines = lines_of(swept, varied)
        metrics = _metrics(swept, lines)
        if not metrics:
            return
        with styled():
            figure, axes = panels(len(metrics), height=3.4)
            for plot, metric in zip(axes, metrics, strict=True):
                against(plot, swept, lines, varied, metric)
            handles, names = axes[0].get_legend_handles_labels()
            if names:
                figure.legend(
                    handles, names, loc="outside lower center", ncols=min(4, len(names)),
                    handlelength=3.6,
                )  # fmt: skip
            what = f"{', '.join(metrics)} against {varied}, with 95 % bounds"
            yield picture(figure, f"{name}-{number + 1}", what, _reading(swept, varied, metrics))


def swept_metrics(swept: Swept) -> list[str]:
    """Headline metrics that some run knows; all metrics if there is no headline among them."""
    outcomes = [outcome for _, outcome in swept.runs]
    known = [
        name
        for name in names_of(outcomes)
        if any(not math.isnan(one.metrics.get(name, math.nan)) for one in outcomes)
    ]
    return [name for name in HEADLINES if name in known] or known


def swept_methods(swept: Swept) -> dict[str, str]:
    """Method -> prefix of its metrics, where one parameter varies and methods are compared (the
    unattacked reference alone is no comparison); else none."""
    changing = [
        one
        for one in swept.manifest.parameters
        if len({_key(planned.values.get(one)) for planned, _ in swept.runs}) > 1
    ]
    if len(changing) != 1 or not swept.runs or swept.manifest.design == "hypercube":
        return {}
    outcomes = [outcome for _, outcome in swept.runs]
    found = methods_of(outcomes, outcomes[0].scenario.method)
    compared = [at for at in found.values() if at != f"{PLAIN}."]
    return found if len(compared) > 1 and len(found) <= LINES_MAX else {}


def compared_metrics(swept: Swept, methods: Mapping[str, str]) -> list[str]:
    """Headlines that more than one method has, the unattacked reference aside."""
    outcomes = [outcome for _, outcome in swept.runs]
    prefixes = [at for at in methods.values() if at != f"{PLAIN}."]
    return [
        metric
        for metric in HEADLINES
        if sum(interval_of(outcomes, f"{at}{metric}") is not None for at in prefixes) > 1
    ][:METHOD_PANELS_MAX]


def _metrics(swept: Swept, lines: Sequence[Line]) -> list[str]:
    if any(one.prefix for one in lines):
        return compared_metrics(swept, {one.name: one.prefix for one in lines})
    return swept_metrics(swept)[:PANELS_MAX]


def _reading(swept: Swept, varied: str, metrics: Sequence[str]) -> str:
    seeds = len({planned.seed for planned, _ in swept.runs})
    over = "one seed" if seeds == 1 else f"{seeds} seeds"
    told = f"Horizontal: {parameter(varied)}; each point is a mean over {over}"
    if swept.manifest.design == "hypercube":
        told = f"Each faint dot is a run at its {varied}, a strong one the mean over seeds"
    elif seeds >= BOUNDED_MIN:
        told += ", its bar the 95 % bounds"
    return f"{told}. {advice(metrics)}".rstrip()


def lines_of(swept: Swept, varied: str) -> list[Line]:
    """Methods, or values of the second parameter; too many become one line."""
    if methods := swept_methods(swept):
        points = _points(swept, varied, [])[""]
        return [Line(who, at, points) for who, at in methods.items()]
    others = [one for one in swept.manifest.parameters if one != varied][:1]
    grouped = _points(swept, varied, others if swept.manifest.design != "hypercube" else [])
    if len(grouped) > LINES_MAX:
        grouped = _points(swept, varied, [])
    return [Line(name, "", points) for name, points in grouped.items()]


def _points(
    swept: Swept, varied: str, others: Sequence[str]
) -> dict[str, dict[Any, list[Outcome]]]:
    """Values of other parameters -> value of the parameter -> runs."""
    made: dict[str, dict[Any, list[Outcome]]] = {}
    for planned, outcome in swept.runs:
        named = ", ".join(f"{one} = {_said(planned.values.get(one, '–'))}" for one in others)
        line = made.setdefault(named, {})
        line.setdefault(_key(planned.values.get(varied)), []).append(outcome)
    return made


def against(plot: Axes, swept: Swept, lines: Sequence[Line], varied: str, metric: str) -> None:
    """Draw one metric against a parameter."""
    ticks = dict.fromkeys(_key(planned.values.get(varied)) for planned, _ in swept.runs)
    numeric = all(isinstance(one, int | float) and not isinstance(one, bool) for one in ticks)
    place = {one: float(one) if numeric else float(at) for at, one in enumerate(ticks)}
    scale = word(metric).scale
    shown, lows, highs = list[float](), list[float](), list[float]()
    aside = _aside([*place.values()], numeric)
    for number, line in enumerate(lines):
        known = _intervals(line, metric)
        if not known:
            plot.plot([], [], **stroke(number), label=label(line.name) or None)
            continue
        shown += [one.mean * scale for one in known.values()]
        lows += [one.low * scale for one in known.values() if one.low is not None]
        highs += [one.high * scale for one in known.values() if one.high is not None]
        order = sorted(known, key=lambda one: place[one])
        x = {one: aside(place[one], number - (len(lines) - 1) / 2) for one in order}
        if swept.manifest.design == "hypercube":
            _scatter(plot, x, line, metric)
        else:
            _line(
                plot, x, known, scale, stroke(number) | ({} if numeric else {"linestyle": ""}), line
            )
    if numeric and spread_over_decades(place.values()):
        logarithmic(plot, sorted(place.values()) if len(place) <= PANELS_MAX else ())
    if not numeric:
        plot.set_xticks(list(place.values()), [_said(one) for one in place], rotation=20)
    if shown and not decades_from_zero(plot, [*shown, *highs]):
        _look_at(plot, [*shown, *lows, *highs])
    plot.set_xlabel(parameter(varied))
    plot.set_title(titled(metric), fontsize=9.5, loc="left")


def _aside(places: Sequence[float], numeric: bool) -> Callable[[float, float], float]:
    """(place, lines from the middle) -> where it is drawn: side by side, so that bounds of
    different lines do not hide each other."""
    if not numeric:
        return lambda place, lines: place + 0.14 * lines
    span = max(places) - min(places)
    if spread_over_decades(places):
        step = (max(places) / min(places)) ** 0.008
        return lambda place, lines: float(place * step**lines)
    return lambda place, lines: place + 0.008 * span * lines


def _intervals(line: Line, metric: str) -> dict[Any, Interval]:
    """Where it is known, with bounds where enough runs tell them."""
    found = {}
    for value, outcomes in line.points.items():
        interval = interval_of(outcomes, f"{line.prefix}{metric}")
        if interval is not None:
            bounded = len(outcomes) >= BOUNDED_MIN
            found[value] = (
                possible(interval, metric) if bounded else Interval(interval.mean, None, None)
            )
    return found


def _line(
    plot: Axes,
    x: Mapping[Any, float],
    known: Mapping[Any, Interval],
    scale: float,
    how: dict[str, Any],
    line: Line,
) -> None:
    at = list(x.values())
    bar = {"color": how["color"], "linewidth": 1.1, "alpha": 0.75}
    plot.plot(at, [known[one].mean * scale for one in x], **how, label=label(line.name) or None)
    for one, where in x.items():
        low, high = known[one].low, known[one].high
        if low is not None and high is not None:
            plot.vlines(where, low * scale, high * scale, **bar)


def _scatter(plot: Axes, x: Mapping[Any, float], line: Line, metric: str) -> None:
    """Every run faint, the mean over seeds strong."""
    scale, means = word(metric).scale, []
    for one, where in x.items():
        values = [run.metrics.get(metric, math.nan) * scale for run in line.points[one]]
        plot.plot([where] * len(values), values, "o", color=colour(0), alpha=0.25, markersize=3.5)
        means.append(float(np.nanmean(values)))
    plot.plot(list(x.values()), means, "o", color=colour(0), markersize=5)


def _look_at(plot: Axes, values: Sequence[float]) -> None:
    """At what was measured and how sure it is, so that chance does not look like a trend."""
    low, high = min(values), max(values)
    room = 0.1 * (high - low) or 0.05 * abs(high) or 1.0
    plot.set_ylim(low - room if low < 0 else max(0.0, low - room) - 0.02 * room, high + room)


def _key(value: Any) -> Any:
    """A value of a parameter that can name a place on an axis."""
    return value if isinstance(value, int | float | str) else json.dumps(value)


def _said(value: Any) -> str:
    """As the sweep file spells it."""
    return label(value if isinstance(value, str) else json.dumps(value))
