"""What every run leaves, whatever its fidelity: figures, their course over time, claims, digest."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from msgspec import Struct, field

from sim import records
from sim.scenario.claims import Held as Held
from sim.scenario.schema import Fidelity, Scenario

FILE = "outcome.json"
VERSION = 1


class OutcomeError(ValueError):
    """A file is no outcome; the text says which file and why."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. NaN is what is not known, or not in this fidelity.

    done: part of the run, in [0, 1]. peers: that are there now. messages: so far. coverage: part of
    the followed news that has arrived. exposure: share of fakes in lists asked so far. left_s:
    seconds of waiting left.
    """

    done: float
    peers: int = 0
    messages: int = 0
    coverage: float = math.nan
    exposure: float = math.nan
    left_s: float = math.nan


Tell: TypeAlias = Callable[[Progress], None]
"""Told now and then how far a run is."""


class Outcome(Struct, frozen=True, kw_only=True):
    """One finished run.

    metrics: name -> value, in the units of `sim.measures`, NaN where it is not known; a method
    compared is `label.name`.
    series: name -> ((x, y), ...), x in simulated seconds or rounds as the name says. samples: name
    -> one value for each person asked, in the same order for paired comparisons. digest: of
    everything that happened, equal for equal seeds. wall_s and peak_bytes are the machine's, and
    no part of the digest.
    """

    scenario: Scenario
    seed: int
    fidelity: Fidelity
    metrics: dict[str, float]
    series: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    samples: dict[str, list[float]] = field(default_factory=dict)
    claims: tuple[Held, ...] = ()
    digest: str = ""
    wall_s: float = 0.0
    peak_bytes: int = 0
    version: int = VERSION

    @property
    def ok(self) -> bool:
        """Whether every claim held."""
        return all(one.held for one in self.claims)


def write(outcome: Outcome, directory: Path) -> Path:
    """`outcome.json` in a directory, whole or not at all; the file written. NaN is null there."""
    return records.write(outcome, directory / FILE)


def read(place: Path) -> Outcome:
    """The outcome in a directory or file. Raises OutcomeError."""
    file = place / FILE if place.is_dir() else place
    return records.read(file, Outcome, "outcome of a run", VERSION, OutcomeError, _mended)


def _mended(tree: Any) -> Any:
    """With NaN again where figures are null."""
    if isinstance(tree, dict):
        for part in ("metrics", "series", "samples"):
            tree[part] = _with_nan(tree.get(part, {}))
    return tree


def _with_nan(tree: Any) -> Any:
    """With NaN for each null."""
    match tree:
        case None:
            return math.nan
        case dict():
            return {key: _with_nan(value) for key, value in tree.items()}
        case list():
            return [_with_nan(value) for value in tree]
    return tree
