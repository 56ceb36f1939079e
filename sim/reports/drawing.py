"""Figures as SVG and PNG that are equal, byte for byte, whenever what they show is equal."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

COLOURS = ("#1f5fa8", "#c1471d", "#2c8a4b", "#7b4fa3", "#a88a14", "#555555", "#c23b7a")
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
SVG_MAX = 120_000
"""Bytes; a figure of more strokes is embedded as PNG."""


@dataclass(frozen=True, slots=True)
class Picture:
    """name: of its file, without suffix. what: for those who cannot see it."""

    name: str
    what: str
    png: bytes
    svg: bytes

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


def picture(figure: Figure, name: str, what: str) -> Picture:
    """Drawn. Inside `styled` only."""
    made = []
    with warnings.catch_warnings():  # a sign that the font has not is drawn as a box
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)
        for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
            into = io.BytesIO()
            figure.savefig(into, format=kind, dpi=PNG_DPI, metadata=metadata)
            made.append(into.getvalue())
    return Picture(name, what, made[0], made[1])


def colour(number: int) -> str:
    """Of the line with this number."""
    return COLOURS[number % len(COLOURS)]


def spread_over_decades(values: Iterable[float]) -> bool:
    """Whether an axis is better on a log scale."""
    known = list(values)
    return len(known) > 2 and min(known) > 0 and max(known) / min(known) >= 30


def logarithmic(plot: Axes) -> None:
    """The horizontal axis on a log scale, its ticks in plain numbers."""
    plot.set_xscale("log")
    plot.xaxis.set_major_locator(LogLocator(numticks=6))
    plot.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    plot.xaxis.set_minor_formatter(NullFormatter())
