"""Tables hold every figure and every point of every run, the same in both forms."""

import csv
import json
import math
from pathlib import Path

import pyarrow.parquet as pq
from msgspec.structs import replace

from sim.outcome import write as write_outcome
from sim.reports.evidence import gather
from sim.reports.tables import write
from tests.sim.reports.made import CLONES, outcome, runs, sweep


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_all_is_there_in_both_forms(tmp_path: Path) -> None:
    made = runs(tmp_path / "in" / "runs")
    sweep(tmp_path / "in" / "sweep", "[grid]\nadversary.0.edges = [1, 3]\n")
    files = write(gather([tmp_path / "in"]), tmp_path)
    assert [one.name for one in files] == [
        "metrics.csv", "metrics.parquet", "series.csv", "series.parquet",
    ]  # fmt: skip
    metrics = rows(files[0])
    assert len(metrics) == 3 * 4 + 2 * 2
    popular = [row for row in metrics if row["method"] == "popular" and row["metric"] == "fakes"]
    assert [float(row["value"]) for row in popular] == [o.metrics["popular.fakes"] for o in made]
    swept = [json.loads(row["parameters"]) for row in metrics if row["sweep"]]
    assert {one["adversary.0.edges"] for one in swept} == {1, 3}
    table = pq.read_table(files[1])
    assert table.column("value").to_pylist() == [float(row["value"]) for row in metrics]
    series = rows(files[2])
    assert [float(row["y"]) for row in series[:10]] == [
        y for _, y in made[0].series["exposure_by_place"]
    ]
    assert pq.read_table(files[3]).num_rows == len(series) == 5 * 10


def test_what_is_not_known_is_empty_and_no_text_is_a_formula(tmp_path: Path) -> None:
    odd = replace(outcome(CLONES, 0), metrics={"=1+1": math.nan}, series={"@x": [(0.0, 1.0)]})
    write_outcome(odd, tmp_path / "in")
    files = write(gather([tmp_path / "in"]), tmp_path)
    (row,) = rows(files[0])
    assert (row["metric"], row["value"]) == ("'=1+1", "")
    assert rows(files[2])[0]["series"] == "'@x"
    assert pq.read_table(files[1]).column("value").to_pylist() == [None]
