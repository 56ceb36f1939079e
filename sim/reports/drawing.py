"""Figures as SVG and PNG that are equal, byte for byte, whenever what they show is equal."""

from __future__ import annotations

import base64
import io
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogLocator,
    NullFormatter,
    NullLocator,
)

COLOURS = ("#123f7d", "#d9601a", "#2f9e62", "#7b3fa0", "#c49a10", "#6d6d6d", "#d0588f")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES: tuple[Any, ...] = (
    "-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1.2)),
    (0, (8, 2)), (0, (4, 1.2, 1.2, 1.2, 1.2, 1.2)),
)  # fmt: skip
"""Lines differ in colour, sign and dashes, so that print in grey tells them apart."""

STYLE: Any = {
    "svg.hashsalt": "grapevine",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.parse_math": False,  # names come from files, and are no formulas
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "axes.axisbelow": True,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}
PNG_DPI = 110
SPREAD = 10
"""Largest by smallest from which on a log scale is better."""

DECADES = 10.0**4
"""Largest by smallest that a log scale shows."""

SVG_MAX = 120_000
"""Bytes; a figure of more strokes is embedded as PNG."""


@dataclass(frozen=True, slots=True)
class Picture:
    """name: of its file, without suffix. what: for those who cannot see it. reading: how to read
    it, under the picture."""

    name: str
    what: str
    png: bytes
    svg: bytes
    reading: str = ""

    @property
    def embedded(self) -> str:
        """The smaller form that is sharp, as an address of its own."""
        if len(self.svg) <= SVG_MAX:
            return f"data:image/svg+xml;base64,{base64.b64encode(self.svg).decode()}"
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


def panels(count: int, *, height: float = 3.1, width: float = 9.6) -> tuple[Figure, list[Axes]]:
    """Axes side by side, three in a row at most. Inside `styled` only."""
    columns = min(count, 3)
    rows = -(-count // columns)
    figure = Figure(figsize=(width if columns > 1 else width * 0.62, height * rows))
    axes = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for unused in axes[count:]:
        unused.set_axis_off()
    return figure, axes[:count]


@contextmanager
def styled() -> Iterator[None]:
    """How all figures look."""
    with rc_context(STYLE):
        yield


def picture(figure: Figure, name: str, what: str, reading: str = "") -> Picture:
    """Drawn. Inside `styled` only."""
    made = []
    with warnings.catch_warnings():  # a sign that the font has not is drawn as a box
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)
        for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
            into = io.BytesIO()
            figure.savefig(into, format=kind, dpi=PNG_DPI, metadata=metadata)
            made.append(into.getvalue())
    return Picture(name, what, made[0], made[1], reading)


def colour(number: int) -> str:
    """Of the line with this number."""
    return COLOURS[number % len(COLOURS)]


def stroke(number: int) -> dict[str, Any]:
    """How the line with this number is drawn; the first is the strongest."""
    at = number % len(COLOURS)
    first = number == 0
    return {
        "color": COLOURS[at],
        "marker": MARKERS[at],
        "linestyle": DASHES[at],
        "linewidth": 2.4 if first else 1.5,
        "markersize": 6 if first else 5,
        "zorder": 4 if first else 3,
    }


def spread_over_decades(values: Iterable[float]) -> bool:
    """Whether an axis is better on a log scale."""
    known = list(values)
    return len(known) > 2 and min(known) > 0 and max(known) / min(known) >= SPREAD


def logarithmic(plot: Axes, ticks: Sequence[float] = ()) -> None:
    """The horizontal axis on a log scale, its ticks in plain numbers: these, or its decades."""
    plot.set_xscale("log")
    plot.xaxis.set_major_locator(FixedLocator(ticks) if ticks else LogLocator(numticks=6))
    plot.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    plot.xaxis.set_minor_formatter(NullFormatter())
    plot.xaxis.set_minor_locator(NullLocator())


def decades_from_zero(plot: Axes, values: Iterable[float]) -> bool:
    """Put the vertical axis on a log scale that begins at 0, where values spread over decades and
    some are 0; whether it was done. Below the first tick it is linear."""
    known = [value for value in values if math.isfinite(value)]
    positive = [value for value in known if value > 0]
    if not positive or min(known) < 0 or max(positive) / min(positive) < SPREAD:
        return False
    first = 10.0 ** math.floor(math.log10(min(positive)))
    last = 10.0 ** math.ceil(math.log10(max(positive)))
    first = max(first, last / DECADES)
    plot.set_yscale("symlog", linthresh=first, linscale=0.5)
    plot.set_ylim(-0.06 * first, last)
    steps = round(math.log10(last / first)) + 1
    plot.yaxis.set_major_locator(FixedLocator([0.0, *(first * 10.0**n for n in range(steps))]))
    plot.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    plot.yaxis.set_minor_locator(NullLocator())
    return True
