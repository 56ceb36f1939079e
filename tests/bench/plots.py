"""The plots of the README from what was measured.

    python -m tests.bench capped curves ablation virtual --json FILE
    python -m tests.bench.plots FILE [DIRECTORY]

Colours and greys are such that they can be read on white and on black; the background is neither.
Equal figures give equal bytes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from tests.bench.figures import Point, Series
from tests.bench.nodes import ROOT

GREY = "#808890"
COLOURS = ("#2f8fd8", "#e0782a", "#3aa655", "#b06fd0")
MARKERS = "osD^"
INCHES = (6.4, 4.0)
LABEL = (70, 10)
"""Room that a name takes, pixels across and up."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a plot is drawn: its title, up to where its x axis is linear before it is logarithmic
    (0: from the start), whether points are joined, a bound that was asked, where there is room for
    the legend. Lines whose names begin as `guides` do are drawn thin and without their points."""

    title: str
    linear_to: float = 0.0
    joined: bool = True
    bound: float | None = None
    legend: str = "lower right"
    guides: tuple[str, ...] = ()


PLOTS = {
    "quality-walks": Look("Quality against walks"),
    "quality-memory": Look("Quality against memory", bound=90.0),
    "exposure-identities": Look("Exposure against identities", legend="upper left"),
    "spreading": Look(
        "Rounds until a new bundle is known", legend="upper left", guides=("fit", "asked")
    ),
    "pareto": Look("Accuracy against exposure", linear_to=0.5, joined=False),
}


def main(arguments: list[str] | None = None) -> int:
    """Draw every plot that there are series for, and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.plots", description=__doc__)
    parser.add_argument("figures", type=Path, help="what `python -m tests.bench --json` wrote")
    parser.add_argument("directory", type=Path, nargs="?", default=ROOT / "docs")
    options = parser.parse_args(arguments)
    measured = read(options.figures)
    options.directory.mkdir(parents=True, exist_ok=True)
    for name in PLOTS:
        series = [one for one in measured if one.plot == name]
        if series:
            file = options.directory / f"{name}.svg"
            draw(name, series, file)
            print(f"{file}: {file.stat().st_size:,} bytes")
    return 0


def read(file: Path) -> list[Series]:
    """The series among what the benchmarks wrote."""
    written: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["series"]
    return [
        Series(**(one | {"points": tuple(Point(**point) for point in one["points"])}))
        for one in written
    ]


def draw(name: str, series: Sequence[Series], file: Path) -> None:
    """One plot as SVG, text as text."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    quiet = dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), GREY
    )
    style: dict[str, Any] = quiet | {
        "svg.hashsalt": name, "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10,
    }  # fmt: skip
    with mpl.rc_context(style):
        figure, axes = pyplot.subplots(figsize=INCHES, layout="constrained")
        look = PLOTS[name]
        for line, colour, marker in zip(series, cycle(COLOURS), cycle(MARKERS), strict=False):
            _line(axes, line, look, colour, marker)
        if look.bound is not None:
            axes.axhline(look.bound, color=GREY, linestyle="--", linewidth=1)
            axes.annotate("asked", (1, look.bound), (-4, 3), xycoords=("axes fraction", "data"),
                          textcoords="offset points", ha="right")  # fmt: skip
        _scale(axes, look)
        for line, colour in zip(series, cycle(COLOURS), strict=False):
            _name(axes, line, colour)
        axes.set(title=look.title, xlabel=series[0].x_label, ylabel=series[0].y_label)
        axes.grid(color=GREY, alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(loc=look.legend, frameon=False, fontsize=9)
        figure.savefig(file, transparent=True, metadata={"Date": None})
        pyplot.close(figure)


def _scale(axes: Any, look: Look) -> None:
    """Logarithmic in x, with linear room for zero where there is some."""
    if look.linear_to:
        axes.set_xscale("symlog", linthresh=look.linear_to, linscale=1.5)
        axes.set_xlim(left=0)
        axes.set_xticks([0, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10])
    else:
        axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.3g}")


def _line(axes: Any, line: Series, look: Look, colour: str, marker: str) -> None:
    """Points, joined if they are in an order, their bounds, and names where they have some."""
    x, y = [point.x for point in line.points], [point.y for point in line.points]
    if line.name.startswith(look.guides):
        dashes = "--" if line.name.startswith("asked") else ":"
        axes.plot(x, y, color=GREY, linestyle=dashes, linewidth=1, label=line.name)
        return
    style = "-" if look.joined else ""
    axes.plot(x, y, color=colour, marker=marker, markersize=4, linestyle=style, label=line.name)
    bounded = [
        (point.x, point.low, point.high)
        for point in line.points
        if point.low is not None and point.high is not None
    ]
    if bounded:
        places, low, high = zip(*bounded, strict=True)
        axes.vlines(places, low, high, color=colour, alpha=0.5, linewidth=3)


def _name(axes: Any, line: Series, colour: str) -> None:
    """Write a point's name beside it; where several would be written over each other the first."""
    shown: list[tuple[float, float]] = []
    for point in line.points:
        x, y = axes.transData.transform((point.x, point.y))
        free = all(abs(x - left) > LABEL[0] or abs(y - low) > LABEL[1] for left, low in shown)
        if point.label and free:
            shown.append((x, y))
            axes.annotate(
                point.label, (point.x, point.y), (4, 4), textcoords="offset points",
                color=colour, fontsize=7,
            )  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
