"""`grapevine sim`: run, validate, list, show, replay."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sim.scenario.reading import shipped, shipped_sweeps
from tests.node.cli.terminal import typed
from tests.sim.cli.towns import town, written


@pytest.fixture
def small(tmp_path: Path) -> str:
    return written(tmp_path, edges=2, claim="ndcg > 0")


def test_help_and_list_import_nothing_heavy() -> None:
    code = (
        "import sys; from node.cli.main import main; main(['sim', 'run', '--help']);"
        "print(*[m for m in ('numpy', 'numba', 'msgspec', 'trio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "msgspec"


def test_the_shipped_are_listed_and_shown() -> None:
    told = typed("sim", "list", "--json")
    assert (told.code, told.err) == (0, "")
    assert told.envelope["schema"] == "grapevine.sim-list/1"
    assert [one["name"] for one in told.data["scenarios"]] == list(shipped())
    lines = typed("sim", "list").out.splitlines()
    assert [one["name"] for one in told.data["sweeps"]] == list(shipped_sweeps())
    assert len(lines) == len(shipped()) + len(shipped_sweeps())
    assert lines[-1].endswith("grapevine sim sweep comparison")
    first = told.data["scenarios"][0]["name"]
    assert typed("sim", "show", first).out.startswith(f"{first}: ")
    assert typed("sim", "show", first, "--json").data["name"] == first


def test_validate_says_of_each_what_is_wrong(small: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(town(edges=2).replace("people = 30", "peple = 30"))
    assert typed("sim", "validate", small).out == f"good     {small}\n"
    told = typed("sim", "validate", small, str(bad), "nosuch")
    assert told.code == 2
    assert f"{bad}:5: [world] has no key 'peple'; did you mean 'people'?" in told.out
    told = typed("sim", "validate", small, str(bad), "--json")
    assert (told.code, told.err) == (2, "")
    assert told.data["good"] == [small]
    assert told.data["refused"][0]["scenario"] == str(bad)


def test_a_slip_in_a_claim_is_noted(small: str) -> None:
    told = typed("sim", "validate", small, "-D", 'claim.0.assert="ndgc > 0"')
    assert told.code == 0
    assert "did you mean 'ndcg'?" in told.err


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["-D", "world.peple=3"], "-D world.peple=3: [world] has no key 'peple'"),
        (["-D", "world.people=1000000000000"], "world.people"),
        (["--fidelity", "grap"], "did you mean 'graph'?"),
        (["--fidelity", "real"], "no scenario for real runs"),
        (["--seed", "-1"], "--seed"),
        (["--seed", "x"], "--seed"),
        (["-D", "off=['push-bucket']"], "cannot switch push-bucket off"),
        (["--out", "/dev/null/x"], "--out /dev/null/x"),
    ],
)
def test_nonsense_is_told_before_anything_runs(small: str, more: list[str], told: str) -> None:
    done = typed("sim", "run", small, *more)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    as_json = typed("sim", "run", small, *more, "--json")
    assert as_json.error["exit"] == 2
    assert "Traceback" not in as_json.out


def test_a_run_is_kept_shown_again_and_replayed(small: str, tmp_path: Path) -> None:
    out = tmp_path / "kept"
    done = typed("sim", "run", small, "--seed", "3", "--out", str(out), "--json")
    assert (done.code, done.err) == (0, "")
    assert done.envelope["schema"] == "grapevine.sim-run/1"
    assert done.data["ok"]
    assert done.data["files"] == [str(out / "outcome.json"), str(out / "series.csv")]
    assert done.data["metrics"]["ndcg"] > 0
    shown = typed("sim", "show", str(out))
    assert shown.code == 0
    assert "  holds  ndcg > 0" in shown.out
    again = typed("sim", "replay", str(out), "--json")
    assert again.code == 0
    assert again.data["equal"]
    assert again.data["again"] == done.data["digest"]
    assert again.data["differing"] == []


def test_another_past_is_found_out(small: str, tmp_path: Path) -> None:
    typed("sim", "run", small, "--out", str(tmp_path))
    file = tmp_path / "outcome.json"
    kept = json.loads(file.read_text())
    file.write_text(json.dumps(kept | {"digest": "0" * 64, "metrics": {"ndcg": 2.0}}))
    told = typed("sim", "replay", str(file))
    assert told.code == 10
    assert told.out.startswith("DIFFERENT")
    assert "ndcg: 2 before" in told.out


def test_a_claim_that_does_not_hold_is_exit_10_and_the_run_is_kept(
    small: str, tmp_path: Path
) -> None:
    more = ["-D", 'claim.0.assert="ndcg > 1"', "--out", str(tmp_path)]
    done = typed("sim", "run", small, *more)
    assert done.code == 10
    assert "FAILS  ndcg > 1" in done.out
    assert "1 of 1 claim fails" in done.err
    assert (tmp_path / "outcome.json").exists()
    assert typed("sim", "run", small, *more, "--json").data["ok"] is False


def test_no_outcome_is_exit_4_and_a_broken_one_exit_2(tmp_path: Path) -> None:
    for command in ("replay", "show"):
        (tmp_path / command).mkdir()
        assert typed("sim", command, str(tmp_path / command)).code == 4
        (tmp_path / command / "outcome.json").write_text("{")
        assert typed("sim", command, str(tmp_path / command)).code == 2
