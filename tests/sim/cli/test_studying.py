"""`grapevine sim`: sweep, compare, crosscheck, attack-search, report."""

import json
from pathlib import Path

import pytest

from sim.outcome import Outcome, write
from sim.running import load
from sim.scenario.schema import Fidelity
from tests.node.cli.terminal import typed
from tests.sim.cli.towns import written

SWEEP = """\
scenario = "small.toml"
seeds = 1
[grid]
adversary.0.edges = [1, 4]
"""


@pytest.fixture
def small(tmp_path: Path) -> str:
    return written(tmp_path, edges=3)


@pytest.mark.slow
def test_two_settings_are_compared_seed_by_seed(small: str) -> None:
    asked = ["--seeds", "2", "-D", "off=['beta']"]
    told = typed("sim", "compare", small, small, *asked, "--json")
    assert (told.code, told.err) == (0, "")
    assert told.envelope["schema"] == "grapevine.sim-compare/1"
    assert told.data["seeds"] == [0, 1]
    assert told.data["settings"] == {"off.0": {"a": "-", "b": "beta"}}
    assert told.data["metrics"]["ndcg"]["by_person"]["mean"] != 0
    lines = typed("sim", "compare", small, small, *asked).out.splitlines()
    assert lines[0] == "small against small: 2 seeds in common"
    assert any(line.split()[:1] == ["ndcg"] for line in lines)


@pytest.mark.slow
def test_kept_runs_are_compared_without_running_them(small: str, tmp_path: Path) -> None:
    for seed in ("0", "1"):
        out = str(tmp_path / "kept" / seed)
        assert typed("sim", "run", small, "--seed", seed, "--out", out).code == 0
    kept = str(tmp_path / "kept")
    told = typed("sim", "compare", kept, kept, "--json")
    assert told.data["metrics"]["ndcg"]["difference"]["mean"] == 0
    assert typed("sim", "compare", kept, kept, "-D", "world.people=3").code == 2
    assert typed("sim", "compare", kept, str(tmp_path / "kept" / "0"), "--json").data[
        "left_out"
    ] == [1]
    (tmp_path / "empty").mkdir()
    assert typed("sim", "compare", kept, str(tmp_path / "empty")).code == 4
    other = typed("sim", "compare", small, small, "--seeds", "1", "-D", "world.people=29")
    assert other.code == 2
    assert "world" in other.err


@pytest.mark.slow
def test_an_attack_is_looked_for_and_kept_as_a_scenario(small: str, tmp_path: Path) -> None:
    worst = tmp_path / "worst.toml"
    asked = ["--edges", "2", "--seconds", "1", "--out", str(worst), "--json"]
    told = typed("sim", "attack-search", small, *asked)
    assert (told.code, told.err) == (0, "")
    assert told.data["cell"]["edges"] == 2
    again = typed("sim", "run", str(worst), "--seed", str(told.data["seed"]), "--json")
    assert again.data["metrics"]["fakes"] == told.data["fakes"]


def test_one_fidelity_is_nothing_to_cross(small: str) -> None:
    told = typed("sim", "crosscheck", small)
    assert told.code == 2
    assert "two fidelities" in told.err
    assert "did you mean 'graph'?" in typed("sim", "crosscheck", small, "--fidelities", "grap").err


@pytest.mark.slow
def test_a_sweep_goes_on_where_it_was_and_is_reported(small: str, tmp_path: Path) -> None:
    file, out = tmp_path / "edges.toml", tmp_path / "kept"
    file.write_text(SWEEP)
    dry = typed("sim", "sweep", str(file), "--out", str(out), "--dry-run", "--json")
    assert dry.data["runs"] == 2
    assert not out.exists()
    told = typed("sim", "sweep", str(file), "--out", str(out), "--workers", "1", "--json")
    assert (told.code, told.err) == (0, "")
    assert len(told.data["finished"]) == 2
    again = typed("sim", "sweep", str(file), "--out", str(out), "--workers", "1")
    assert again.out.startswith("0 runs finished, 2 were there, 0 failed")
    made = typed("sim", "report", str(out), "--out", str(tmp_path / "page"), "--json")
    assert (made.code, made.err) == (0, "")
    assert any(name.endswith(".html") for name in made.data["files"])
    assert all(Path(name).exists() for name in made.data["files"])


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [
        ("small.toml", "nosuch.toml", "nosuch.toml"),
        ("edges = [1, 4]", "edgs = [1, 4]", "edges.toml:4: "),
        ("seeds = 1", "sedes = 1", "did you mean 'seeds'?"),
    ],
)
def test_a_sweep_that_could_not_run_is_refused_with_its_line(
    small: str, tmp_path: Path, written: str, instead: str, told: str
) -> None:
    file = tmp_path / "edges.toml"
    file.write_text(SWEEP.replace(written, instead))
    done = typed("sim", "sweep", str(file), "--out", str(tmp_path / "kept"))
    assert done.code == 2
    assert told in done.err
    assert not (tmp_path / "kept").exists()


def test_other_worlds_are_not_compared_and_nothing_runs(small: str) -> None:
    told = typed("sim", "compare", small, "scale-10000", "--seeds", "9999")
    assert told.code == 2
    assert "are not of one world: people is" in told.err


@pytest.mark.parametrize("command", ["sweep", "report"])
def test_a_place_where_nothing_can_be_written_is_told(
    small: str, tmp_path: Path, command: str
) -> None:
    file = tmp_path / "edges.toml"
    file.write_text(SWEEP)
    kept = tmp_path / "kept"
    kept.mkdir()
    write(Outcome(scenario=load(Path(small)), seed=0, fidelity=Fidelity.GRAPH, metrics={}), kept)
    done = typed("sim", command, str(file if command == "sweep" else kept), "--out", small)
    assert done.code == 2
    assert done.err.startswith(f"grapevine: --out {small}: File exists")


def test_a_sweep_that_is_not_shipped_is_told_with_the_nearest(tmp_path: Path) -> None:
    done = typed("sim", "sweep", "comparsion", "--out", str(tmp_path / "kept"))
    assert done.code == 2
    assert "did you mean 'comparison'?" in done.err


def test_nothing_to_report_is_told(tmp_path: Path) -> None:
    done = typed(
        "sim", "report", str(tmp_path / "nosuch"), "--out", str(tmp_path / "page"), "--json"
    )
    assert json.loads(done.out)["error"]["exit"] in (2, 4)
