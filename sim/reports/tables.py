"""All figures and series as long tables: CSV for people, Parquet for programs."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from sim.evaluation.manifest import key_of
from sim.outcome import Outcome
from sim.reports.evidence import Evidence

METRICS = (
    "run",
    "sweep",
    "parameters",
    "scenario",
    "fidelity",
    "seed",
    "method",
    "metric",
    "value",
)
SERIES = ("run", "scenario", "fidelity", "seed", "series", "x", "y")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a table calculator would run, at the start of a text."""


def write(evidence: Evidence, out: Path) -> list[Path]:
    """metrics and series, .csv and .parquet; the files."""
    files = []
    for name, columns, rows in (
        ("metrics", METRICS, list(_metrics(evidence))),
        ("series", SERIES, list(_series(evidence))),
    ):
        (out / f"{name}.csv").write_text(_csv(columns, rows), "utf-8")
        pq.write_table(_table(columns, rows), out / f"{name}.parquet")
        files += [out / f"{name}.csv", out / f"{name}.parquet"]
    return files


def _runs(evidence: Evidence) -> Iterator[tuple[Outcome, str, str]]:
    """(outcome, sweep, its parameters) of every run."""
    for group in evidence.groups:
        for outcome in group.outcomes:
            yield outcome, "", ""
    for swept in evidence.sweeps:
        for planned, outcome in swept.runs:
            yield outcome, swept.manifest.name, json.dumps(planned.values, ensure_ascii=False)


def _metrics(evidence: Evidence) -> Iterator[tuple[Any, ...]]:
    for one, sweep, parameters in _runs(evidence):
        key = key_of(one.scenario, one.seed, one.fidelity)
        for name, value in one.metrics.items():
            label, _, metric = name.rpartition(".")
            who = label or one.scenario.method
            yield (
                key, sweep, parameters, one.scenario.name, str(one.fidelity), one.seed, who, metric,
                value,
            )  # fmt: skip


def _series(evidence: Evidence) -> Iterator[tuple[Any, ...]]:
    for one, _, _ in _runs(evidence):
        key = key_of(one.scenario, one.seed, one.fidelity)
        for name, points in one.series.items():
            for x, y in points:
                yield key, one.scenario.name, str(one.fidelity), one.seed, name, x, y


def _csv(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _table(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Any:
    kinds = {"seed": pa.int64(), "value": pa.float64(), "x": pa.float64(), "y": pa.float64()}
    fields = [(name, kinds.get(name, pa.string())) for name in columns]
    by_column = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [
        pa.array(values, kind, from_pandas=True)
        for values, (_, kind) in zip(by_column, fields, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))
