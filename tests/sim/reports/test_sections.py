"""Sections say what runs say."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from sim.reports.evidence import gather
from sim.reports.sections import group_part, summary_of, sweep_part
from tests.sim.reports.made import CLONES, COMPARED, runs, sweep


def test_a_group_tells_claims_figures_and_commands(tmp_path: Path) -> None:
    made = runs(tmp_path)
    (group,) = gather([tmp_path]).groups
    part = group_part(group, "1-clones", "clones.toml")
    fakes = [one.metrics["fakes"] for one in made]
    few, good = part.claims
    assert (few["held"], few["of"]) == (sum(one <= 0.01 for one in fakes), 3)
    assert (good["held"], good["of"]) == (3, 3)
    assert f"{min(fakes):.3g}" in few["left"]
    ndcg, share = part.rows
    assert (ndcg["name"], share["name"], share["unit"]) == ("ndcg", "fakes", "%")
    assert float(share["cells"][0].mean) == pytest.approx(100 * sum(fakes) / 3, rel=0.05)
    assert "…" in share["cells"][0].bounds
    assert part.methods == ["salsa (this)", "popular"]
    assert part.runs[2]["command"].endswith("run clones.toml --fidelity graph --seed 2")


def test_the_summary_has_a_line_for_each_group(tmp_path: Path) -> None:
    runs(tmp_path / "a")
    runs(tmp_path / "b", replace(CLONES, name="quiet", adversary=(), claim=()), seeds=1)
    groups = gather([tmp_path]).groups
    parts = [group_part(one, str(n), "x") for n, one in enumerate(groups)]
    summary = summary_of(groups, parts)
    assert summary["metrics"] == ["ndcg", "fakes (%)"]
    assert [row["seeds"] for row in summary["rows"]] == [3, 1]
    assert [row["claims"] for row in summary["rows"]] == [2, 0]


def test_a_sweep_has_a_row_for_each_point(tmp_path: Path) -> None:
    sweep(tmp_path, "seeds = 2\n[grid]\nadversary.0.edges = [1, 3]\noff = [['beta']]\n", failed=1)
    (swept,) = gather([tmp_path]).sweeps
    part = sweep_part(swept, "s")
    assert [row["parameters"] for row in part.rows] == [["1", '["beta"]'], ["3", '["beta"]']]
    assert [row["seeds"] for row in part.rows] == [2, 1]
    assert (part.finished, part.failed, part.open) == (3, 1, 0)
    assert part.text.startswith('scenario = "town.toml"')
    assert f"--out {tmp_path}" in part.command


def test_methods_of_a_sweep_stand_side_by_side_with_claims_and_digests(tmp_path: Path) -> None:
    sweep(tmp_path, "seeds = 2\n[grid]\nadversary.0.edges = [1, 3]\n", more=COMPARED)
    (swept,) = gather([tmp_path]).sweeps
    part = sweep_part(swept, "s")
    ndcg, fakes = part.compared
    assert (ndcg["metric"], fakes["metric"]) == (
        "ndcg: higher is better", "fakes (%): lower is better",
    )  # fmt: skip
    assert [row["who"] for row in fakes["rows"]] == ["salsa (this)", "popular", "chance"]
    assert part.values == ["1", "3"]
    own, popular, _ = fakes["rows"]
    assert len(popular["cells"]) == 2
    assert "≈" not in own["cells"][0].mean
    runs_ = [outcome for planned, outcome in swept.runs if planned.values["adversary.0.edges"] == 3]
    shown = float(own["cells"][1].mean)
    assert shown == pytest.approx(sum(50 * one.metrics["fakes"] for one in runs_), abs=1)
    assert [(one["held"], one["of"], one["why"]) for one in part.claims] == [(4, 4, "of course")]
    assert [one["seed"] for one in part.runs] == [0, 1, 0, 1]
    assert all(one["digest"] for one in part.runs)
