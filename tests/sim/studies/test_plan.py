"""Sweep files: what they mean, and what is refused with its line before anything runs."""

from pathlib import Path

import pytest

from sim.scenario.errors import ScenarioError
from sim.scenario.reading import shipped_sweeps
from sim.scenario.schema import Fidelity
from sim.studies.plan import read

SCENARIO = """
name = "town"
title = "A town"
fidelities = ["graph"]
[[adversary]]
kind = "sybil"
edges = 1
"""


def written(directory: Path, text: str) -> Path:
    (directory / "town.toml").write_text(SCENARIO)
    file = directory / "edges.toml"
    file.write_text(f'scenario = "town.toml"\n{text}')
    return file


def test_a_grid_with_settings_and_seeds(tmp_path: Path) -> None:
    plan = read(
        written(
            tmp_path,
            'seeds = 2\nquestion = "q"\n[set]\nworld.people = 50\n[grid]\n'
            'adversary.0.edges = [1, 5]\n"off" = [[], ["beta"]]\n',
        )
    )
    assert len(plan.runs) == 8
    assert {run.scenario.world.people for run in plan.runs} == {50}
    assert [run.scenario.adversary[0].edges for run in plan.runs] == [1] * 4 + [5] * 4
    assert [run.scenario.off for run in plan.runs[:3]] == [(), (), ("beta",)]
    assert plan.manifest.parameters == ("adversary.0.edges", "off")
    assert plan.manifest.fidelity is Fidelity.GRAPH
    assert plan.manifest.design == "grid"
    assert [one.key for one in plan.manifest.runs] == [run.key for run in plan.runs]


def test_a_list_a_hypercube_and_seeds_alone(tmp_path: Path) -> None:
    listed = read(written(tmp_path, "seeds = [7]\n[[list]]\nadversary.0.edges = 3\n[[list]]\n"))
    assert [run.values for run in listed.runs] == [{"adversary.0.edges": 3}, {}]
    cube = read(
        written(
            tmp_path,
            "[hypercube]\ndraws = 4\nparameters.adversary.0.edges = { low = 1, high = 40, "
            'whole = true }\nparameters."peer.trust.alpha" = { low = 0.1, high = 0.5 }\n',
        )
    )
    edges = [run.scenario.adversary[0].edges for run in cube.runs]
    assert len(set(edges)) == 4
    assert all(0.1 <= run.scenario.peer["trust.alpha"] <= 0.5 for run in cube.runs)
    alone = read(written(tmp_path, "seeds = 3"))
    assert [run.seed for run in alone.runs] == [0, 1, 2]
    assert alone.manifest.design == "seeds"


def test_equal_settings_are_one_run(tmp_path: Path) -> None:
    plan = read(written(tmp_path, "[grid]\nadversary.0.edges = [4, 4]\n"))
    assert len(plan.runs) == 1


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("sedes = 3", 2, "did you mean 'seeds'"),
        ("seeds = 0", 2, "seeds"),
        ("seeds = []", 2, "one seed at least"),
        ("seeds = [1, 1]", 2, "twice"),
        ("seeds = [-1]", 2, "a seed is from 0"),
        ('\nfidelity = "grph"', 3, "fidelity"),
        ("[grid]\n\nworld.poeple = [1]", 4, "did you mean 'people'"),
        ("[grid]\nworld.people = 7", 3, "list of values"),
        ("[grid]\nworld.people = []", 2, "no point"),
        ("[set]\nworld.people = 1", 3, "2 people"),
        ("[grid]\n[[list]]", 3, "one design"),
        ("[[list]]\nworld.people = 1", 3, "2 people"),
        ("[hypercube]\ndraws = 2\n[hypercube.parameters]\na = { low = 2, high = 1 }", 4, "range"),
        ("[hypercube]\ndraws = 2\n[hypercube.parameters]\nworld.x = { low = 0, high = 1 }", 5, "x"),
        ("[hypercube]\ndraws = 0\n[hypercube.parameters]\n", 3, "draws"),
        ("a = = 3", 2, "TOML"),
    ],
)
def test_what_cannot_run_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, told: str
) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ScenarioError) as caught:
        read(file)
    assert told in str(caught.value)
    assert caught.value.place == f"{file}:{line}", str(caught.value)


def test_a_scenario_that_is_not_there_or_wrong_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, "")
    file.write_text('seeds = 1\nscenario = "web3recommend-gigo"\n')
    with pytest.raises(ScenarioError, match="web3recommend-giga"):
        read(file)
    (tmp_path / "town.toml").write_text('name = "x"\ntitle = "X"\nworlds = 1\n')
    file.write_text('scenario = "town.toml"\n')
    with pytest.raises(ScenarioError) as caught:
        read(file)
    assert caught.value.place.endswith("town.toml:3")


@pytest.mark.data
@pytest.mark.parametrize("name", shipped_sweeps())
def test_shipped_sweeps_could_run(name: str) -> None:
    plan = read(shipped_sweeps()[name])
    assert len(plan.runs) > 1
    assert plan.manifest.title
    assert plan.manifest.question
    assert all(run.scenario.claim for run in plan.runs)
