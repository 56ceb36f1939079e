"""Each group and sweep has the pictures that its runs can fill."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from sim.outcome import write
from sim.reports.evidence import gather
from sim.reports.plots import methods_of, of_methods, of_series, of_sweep, swept_metrics
from tests.sim.reports.made import CLONES, outcome, runs, sweep


def test_methods_and_courses_of_a_group(tmp_path: Path) -> None:
    runs(tmp_path)
    (group,) = gather([tmp_path]).groups
    assert methods_of(group.outcomes, "salsa") == {"salsa (this)": "", "popular": "popular."}
    assert of_methods(group, "m").what == "ndcg, fakes of each method, with 95 % bounds"
    assert of_series(group, "s").what == "course of exposure_by_place"


def test_nothing_to_show_is_no_picture(tmp_path: Path) -> None:
    alone = replace(outcome(CLONES, 0), metrics={"ndcg": 1.0}, series={"coverage": []})
    write(alone, tmp_path)
    (group,) = gather([tmp_path]).groups
    assert of_methods(group, "m") is None
    assert of_series(group, "s") is None


@pytest.mark.parametrize(
    ("text", "pictures"),
    [
        ("seeds = 2\n[grid]\nadversary.0.edges = [1, 3]\nadversary.0.identities = [1, 9]\n", 2),
        ('[grid]\nadversary.0.strategy = ["own", "twin"]\nadversary.0.edges = [2]\n', 1),
        ("[[list]]\nadversary.0.edges = 3\n[[list]]\nadversary.0.identities = 3\n", 2),
        ("[grid]\nadversary.0.fakes = [1, 2, 4, 8, 16, 32, 64, 128]\noff = [[], ['beta']]", 2),
        (
            "[hypercube]\ndraws = 3\nparameters.adversary.0.fakes = "
            "{ low = 1, high = 99, whole = true }",
            1,
        ),
        ("seeds = 2", 0),
    ],
)
def test_each_parameter_that_varies_has_a_picture(tmp_path: Path, text: str, pictures: int) -> None:
    sweep(tmp_path, text)
    (swept,) = gather([tmp_path]).sweeps
    assert swept_metrics(swept) == ["ndcg", "fakes"]
    assert len(list(of_sweep(swept, "x"))) == pictures
