"""Each group has the pictures that its runs can fill."""

from pathlib import Path

from msgspec.structs import replace

from sim.outcome import write
from sim.reports.evidence import gather
from sim.reports.plots import methods_of, of_methods, of_series
from tests.sim.reports.made import CLONES, outcome, runs


def test_methods_and_courses_of_a_group(tmp_path: Path) -> None:
    runs(tmp_path)
    (group,) = gather([tmp_path]).groups
    assert methods_of(group.outcomes, "salsa") == {"salsa (this)": "", "popular": "popular."}
    dots = of_methods(group, "m")
    assert dots.what == "ndcg, fakes of each method, with 95 % bounds"
    assert dots.reading.endswith("Higher is better for ndcg; lower is better for fakes.")
    courses = of_series(group, "s")
    assert courses.what == "course of exposure_by_place"
    assert "seed" in courses.reading


def test_the_unattacked_reference_is_named_so() -> None:
    told = replace(outcome(CLONES, 0), metrics={"ndcg": 1.0, "plain.ndcg": 1.0, "x.ndcg": 1.0})
    assert methods_of([told], "salsa") == {
        "salsa (this)": "", "plain (no attack)": "plain.", "x": "x.",
    }  # fmt: skip


def test_nothing_to_show_is_no_picture(tmp_path: Path) -> None:
    alone = replace(outcome(CLONES, 0), metrics={"ndcg": 1.0}, series={"coverage": []})
    write(alone, tmp_path)
    (group,) = gather([tmp_path]).groups
    assert of_methods(group, "m") is None
    assert of_series(group, "s") is None
