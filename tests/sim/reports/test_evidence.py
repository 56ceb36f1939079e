"""Runs and sweeps are found wherever they are below a directory, each once."""

from pathlib import Path

import pytest

from sim.outcome import FILE, write
from sim.reports.evidence import ReportError, gather
from tests.sim.reports.made import CLONES, outcome, runs, sweep


def test_seeds_of_one_scenario_are_a_group_and_a_run_counts_once(tmp_path: Path) -> None:
    made = runs(tmp_path / "a")
    write(made[2], tmp_path / "b")
    found = gather([tmp_path / "b", tmp_path / "a"])
    (group,) = found.groups
    assert [one.seed for one in group.outcomes] == [0, 1, 2]
    assert group.places == [tmp_path / "a" / "0", tmp_path / "a" / "1", tmp_path / "b"]
    assert gather([tmp_path]).groups[0].outcomes == group.outcomes


def test_a_sweep_is_no_group_and_tells_what_is_missing(tmp_path: Path) -> None:
    sweep(tmp_path / "s", "seeds = 4\n", failed=1)
    write(outcome(CLONES, 0), tmp_path / "r")
    found = gather([tmp_path])
    assert len(found.groups) == 1
    (swept,) = found.sweeps
    assert (len(swept.runs), swept.failed, swept.open) == (3, 1, 0)


def test_nothing_and_what_is_broken_are_told(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="no outcome"):
        gather([tmp_path])
    (tmp_path / FILE).write_text("{}")
    with pytest.raises(ReportError, match=FILE):
        gather([tmp_path])
