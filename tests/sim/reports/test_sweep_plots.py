"""Each sweep has the pictures that its runs can fill; methods are lines where one thing varies."""

import xml.etree.ElementTree as tree
from pathlib import Path

import pytest
from msgspec.structs import replace

from sim.evaluation.differences import interval_of
from sim.evaluation.manifest import Manifest, Planned
from sim.outcome import FILE, read, write
from sim.reports.drawing import panels, styled
from sim.reports.evidence import Swept, gather
from sim.reports.sweep_plots import (
    against,
    compared_metrics,
    lines_of,
    of_sweep,
    swept_methods,
    swept_metrics,
)
from sim.scenario.schema import Fidelity
from tests.sim.reports.made import CLONES, COMPARED, outcome, sweep


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


def test_methods_are_lines_where_one_parameter_varies(tmp_path: Path) -> None:
    sweep(tmp_path, "seeds = 3\n[grid]\nadversary.0.edges = [1, 3, 20]\n", more=COMPARED)
    (swept,) = gather([tmp_path]).sweeps
    methods = swept_methods(swept)
    assert methods == {"salsa (this)": "", "popular": "popular.", "chance": "chance."}
    assert compared_metrics(swept, methods) == ["ndcg", "fakes"]
    (picture,) = of_sweep(swept, "x")
    assert picture.what == "ndcg, fakes against adversary.0.edges, with 95 % bounds"
    assert "attack edges (adversary.0.edges)" in picture.reading
    assert "3 seeds" in picture.reading
    strokes = [one.get("style", "") for one in tree.fromstring(picture.svg).iter()]
    dashes = {
        one.split("stroke-dasharray:")[1].split(";")[0] for one in strokes if "dasharray:" in one
    }
    assert len(dashes) >= 2, "lines can be told apart without colours"


def test_two_parameters_leave_methods_out(tmp_path: Path) -> None:
    text = "[grid]\nadversary.0.edges = [1, 3]\nadversary.0.identities = [1, 9]\n"
    sweep(tmp_path, text, more=COMPARED)
    (swept,) = gather([tmp_path]).sweeps
    assert swept_methods(swept) == {}
    assert len(list(of_sweep(swept, "x"))) == 2


def test_the_unattacked_reference_alone_is_no_comparison(tmp_path: Path) -> None:
    sweep(tmp_path, "[grid]\nadversary.0.edges = [1, 3]\n")
    for file in tmp_path.rglob(FILE):
        made = read(file)
        write(replace(made, metrics=made.metrics | {"plain.ndcg": 0.5}), file.parent)
    (swept,) = gather([tmp_path]).sweeps
    assert swept_methods(swept) == {}
    (picture,) = of_sweep(swept, "x")
    assert picture.what.startswith("ndcg, fakes against")


def test_axes_hold_the_bounds_so_that_chance_is_no_trend() -> None:
    made = [
        replace(outcome(CLONES, 0), seed=seed, metrics={"ndcg": 0.2 + 0.1 * seed}, samples={})
        for seed in range(3)
    ]
    swept = Swept(
        Manifest(
            name="s", title="S", scenario="s", fidelity=Fidelity.GRAPH, design="grid",
            parameters=("world.people",),
        ),
        Path("s"), tuple((Planned(str(x), one.seed, {"world.people": x}), one) for x in (1, 2)
        for one in made), 0, 0,
    )  # fmt: skip
    with styled():
        _, (plot,) = panels(1)
        against(plot, swept, lines_of(swept, "world.people"), "world.people", "ndcg")
        low, high = plot.get_ylim()
    known = interval_of(made, "ndcg")
    assert low <= known.low < known.high <= high
