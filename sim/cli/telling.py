"""What a run says while it goes on and what it has found, for people and for scripts."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import msgspec

from node.cli.session import count
from sim.outcome import Outcome, Progress
from sim.scenario.claims import Held
from sim.scenario.schema import Scenario

SERIES_FILE = "series.csv"
WIDTH = 78
BESIDE = ("ndcg", "fakes", "reputation_gain", "honest_loss")
"""Figures shown of each method that is compared."""


class Live:
    """One line that is written over; silent without a terminal. A context manager."""

    def __init__(self, stream: TextIO | None, what: str = "") -> None:
        self._stream, self.what, self._shown = stream, what, ""

    def __enter__(self) -> Live:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            self._write("")

    def __call__(self, progress: Progress) -> None:
        """Show how far it is."""
        line = progress_line(progress)
        line = f"{self.what}: {line}" if self.what else line
        if line != self._shown:
            self._write(line[:WIDTH])
            self._shown = line

    def _write(self, text: str) -> None:
        if self._stream is not None:
            self._stream.write(f"\r\033[K{text}")
            self._stream.flush()


def progress_line(progress: Progress) -> str:
    """`12 %, 1,000 peers, 34,567 messages, 98 % heard, .2 % fakes, 40 s left`."""
    parts = [f"{progress.done:.0%}".replace("%", " %")]
    if progress.peers:
        parts.append(f"{progress.peers:,} peers")
    if progress.messages:
        parts.append(f"{progress.messages:,} messages")
    if not math.isnan(progress.coverage):
        parts.append(f"{100 * progress.coverage:.1f} % heard")
    if not math.isnan(progress.exposure):
        parts.append(f"{100 * progress.exposure:.2f} % fakes")
    if not math.isnan(progress.left_s):
        parts.append(f"{progress.left_s:,.0f} s left")
    return ", ".join(parts)


def plain(value: Any) -> Any:
    """As JSON has it: no NaN, no infinity, no classes."""
    return _finite(msgspec.to_builtins(value))


def _finite(value: Any) -> Any:
    match value:
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {str(key): _finite(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_finite(inner) for inner in value]
    return value


def outcome_data(outcome: Outcome) -> dict[str, Any]:
    """What `--json` holds of a run. Series and samples stay in its file."""
    made: dict[str, Any] = plain(outcome)
    for large in ("series", "samples", "version"):
        made.pop(large)
    return made | {"ok": outcome.ok}


def outcome_lines(outcome: Outcome) -> Iterator[str]:
    """A line for each figure, each that it is compared with, and each claim."""
    about = outcome.scenario
    yield f"{about.title}: {outcome.fidelity} run of {about.name}, seed {outcome.seed}"
    own = {name: value for name, value in outcome.metrics.items() if "." not in name}
    wide = max((len(name) for name in own), default=0)
    for name, value in own.items():
        yield f"  {name.ljust(wide)}  {figure(value)}"
    yield from _compared_lines(outcome.metrics)
    yield from claim_lines(outcome.claims)
    if outcome.wall_s:
        yield f"took {outcome.wall_s:.1f} s, {outcome.peak_bytes / 2**20:.0f} MiB at most"
    yield f"digest {outcome.digest[:16]}"


def _compared_lines(metrics: Mapping[str, float]) -> Iterator[str]:
    """The most telling figures of everything that was run beside it, a line for each."""
    rows: dict[str, dict[str, float]] = {}
    for name, value in metrics.items():
        label, _, metric = name.rpartition(".")
        rows.setdefault(label, {})[metric] = value
    others = {label: known for label, known in rows.items() if label}
    if not others:
        return
    heads = [one for one in BESIDE if any(one in known for known in others.values())]
    wide = max(map(len, ("beside it", *others)))
    yield f"  {'beside it'.ljust(wide)}{''.join(f'  {head:>10}' for head in heads)}"
    for label, known in ({"this": rows.get("", {})} | others).items():
        cells = (figure(known.get(head, math.nan)).rjust(max(10, len(head))) for head in heads)
        yield f"  {label.ljust(wide)}{''.join(f'  {cell}' for cell in cells)}"
    yield "  all figures: --json"


def claim_lines(claims: Sequence[Held]) -> Iterator[str]:
    """`holds  fakes <= 0.005 (0.0012)  because ...`."""
    for one in claims:
        value = "" if one.value is None else f"  (it is {figure(one.value)})"
        yield f"  {'holds ' if one.held else 'FAILS '} {' '.join(one.claim.split())}{value}"
        if one.why:
            yield f"         {one.why}"


def figure(value: float) -> str:
    """A number as people read it."""
    if math.isnan(value):
        return "-"
    if abs(value) < 1e12 and value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 1_000 else f"{value:.4g}"


def scenario_lines(scenario: Scenario) -> Iterator[str]:
    """What it is about, whatever differs from a quiet world, and what it claims."""
    yield f"{scenario.name}: {scenario.title}"
    yield f"fidelities: {', '.join(scenario.fidelities)}"
    for paragraph in scenario.about.strip().splitlines():
        yield f"  {paragraph.strip()}"
    told = msgspec.to_builtins(scenario)
    usual = msgspec.to_builtins(Scenario(name=scenario.name, title=scenario.title))
    for part in ("name", "title", "about", "fidelities", "claim"):
        told.pop(part)
    yield from _differences(told, usual, "")
    for claim in scenario.claim:
        yield f"claims {' '.join(claim.assert_.split())}"
        if claim.why:
            yield f"       {claim.why}"


def _differences(told: Mapping[str, Any], usual: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for key, value in told.items():
        if value == usual.get(key):
            continue
        if isinstance(value, dict) and key not in ("peer", "set"):
            yield from _differences(value, usual.get(key) or {}, f"{prefix}{key}.")
        elif isinstance(value, list | tuple) and value and isinstance(value[0], dict):
            for number, one in enumerate(value):
                yield f"{prefix}{key}.{number}: {_short(one)}"
        else:
            yield f"{prefix}{key}: {_short(value)}"


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_short(inner)}" for key, inner in value.items() if inner != {})
    if isinstance(value, list | tuple):
        return ", ".join(map(_short, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def write_series(outcome: Outcome, directory: Path) -> Path:
    """`series.csv`: series, x, y; the file written."""
    file = directory / SERIES_FILE
    draft = file.with_suffix(".part")
    with draft.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("series", "x", "y"))
        for name, points in outcome.series.items():
            writer.writerows((name, repr(x), repr(y)) for x, y in points)
    draft.replace(file)
    return file


def kinds_of_claims(claims: Sequence[Held]) -> str:
    """`3 claims hold`, `1 of 3 claims fails`."""
    failed = sum(not one.held for one in claims)
    if not failed:
        return f"{count(len(claims), 'claim')} {'holds' if len(claims) == 1 else 'hold'}"
    return f"{failed} of {count(len(claims), 'claim')} {'fails' if failed == 1 else 'fail'}"
