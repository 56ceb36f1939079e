"""What a fidelity cannot do is refused before anything runs; what it can do runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim.running import check, load, run
from sim.scenario.errors import ScenarioError
from sim.scenario.schema import (
    Churn,
    Compared,
    Eclipse,
    Fidelity,
    Network,
    Partition,
    Scenario,
    Searches,
    Speaking,
    Sybil,
    World,
)
from sim.studies.sweep import read, sweep

GRAPH, VIRTUAL, REAL = Fidelity


def made(**more: object) -> Scenario:
    return Scenario(name="a", title="A", fidelities=tuple(Fidelity), **more)


def test_the_first_fidelity_is_the_usual_one_and_others_must_be_meant() -> None:
    scenario = Scenario(name="a", title="A", fidelities=(REAL, VIRTUAL))
    assert check(scenario) is REAL
    assert check(scenario, VIRTUAL) is VIRTUAL
    with pytest.raises(ScenarioError, match="made for real, virtual"):
        check(scenario, GRAPH)


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ({}, set()),
        ({"adversary": (Sybil(),)}, set()),
        ({"adversary": (Speaking(how="flood"),)}, {GRAPH}),
        ({"adversary": (Sybil(), Eclipse())}, {GRAPH}),
        ({"partition": (Partition(at=1, until=2),)}, {GRAPH, REAL}),
        ({"churn": Churn(up_s=5)}, {GRAPH, REAL}),
        ({"network": Network(loss=0.1)}, {REAL}),
        ({"network": Network(bytes_per_s=9)}, {REAL}),
        ({"searches": Searches(words=2)}, {GRAPH, REAL}),
        ({"method": "salsa"}, {VIRTUAL, REAL}),
        ({"compared": (Compared(label="b", off=("beta",), attacked=False),)}, {REAL}),
        ({"compared": (Compared(label="b", method="salsa"),)}, {VIRTUAL, REAL}),
        ({"compared": (Compared(label="b", set={"alpha": 0.5}),)}, {VIRTUAL, REAL}),
        ({"compared": (Compared(label="b", reference=True),)}, {VIRTUAL, REAL}),
        ({"compared": (Compared(label="b", off=("push-bucket",)),)}, {GRAPH, REAL}),
        ({"compared": (Compared(label="b", peer={"transport.mdns": True}),)}, set(Fidelity)),
        ({"off": ("beta",)}, set()),
        ({"off": ("push-bucket",)}, {GRAPH}),
        ({"off": ("handshake-bucket",)}, {GRAPH, VIRTUAL}),
        ({"peer": {"transport.kademlia": False}}, {GRAPH, VIRTUAL}),
        ({"peer": {"transport.mdns": True}}, {GRAPH, VIRTUAL, REAL}),
        ({"peer": {"trust.alpha": 0.2}}, set()),
    ],
)
def test_what_a_fidelity_cannot_do_is_refused(more: dict[str, object], refused: set) -> None:
    for fidelity in Fidelity:
        if fidelity in refused:
            with pytest.raises(ScenarioError) as raised:
                check(made(**more), fidelity)
            assert raised.value.key[0] in more
        else:
            assert check(made(**more), fidelity) is fidelity


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"alfa": 1}, "alfa"),
        ({"alpha": "x"}, "grapevine: .*'x'"),
        ({"alpha": 7}, "alpha"),
    ],
)
def test_parameters_of_compared_methods_are_tried(given: dict[str, float | str], told: str) -> None:
    with pytest.raises(ScenarioError, match=told) as raised:
        check(made(compared=(Compared(label="b", set=given),)), GRAPH)
    assert raised.value.key == ("compared", 0, "set")


def test_a_file_is_refused_with_the_line_also_for_that(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(
        'name = "a"\ntitle = "A"\nfidelities = ["graph", "virtual"]\n[churn]\nup_s = 5\n'
    )
    assert load(path, fidelity=VIRTUAL).churn.up_s == 5
    with pytest.raises(ScenarioError, match=r"a\.toml:4: a graph run has no time"):
        load(path)
    with pytest.raises(ScenarioError, match=r"-D churn\.up_s=6: a graph run"):
        load(path, ["churn.up_s=6"])


def test_data_that_are_not_there_are_told_with_their_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPEVINE_DATA", str(tmp_path))
    with pytest.raises(ScenarioError, match=r"user_artists\.dat\.gz is missing") as raised:
        check(made(world=World(data="hetrec")), GRAPH)
    assert raised.value.key == ("world", "data")


def test_a_seed_is_a_number_that_every_stream_takes() -> None:
    for seed in (-1, 2**63):
        with pytest.raises(ScenarioError, match="a seed is from"):
            run(made(), seed)


TOWN = """
name = "town"
title = "A town"
fidelities = ["graph", "virtual"]
[world]
people = 24
planted = { clusters = 3, items = 120, likes = 12, friends = 4 }
[time]
duration_s = 20
[churn]
up_s = 10
down_s = 4
[news]
items = 3
until_s = 10
[[adversary]]
kind = "sybil"
edges = 4
identities = 5
[questions]
people = 8
"""
WITHOUT_TIME = ["churn.up_s=0", "churn.down_s=60", "compared=[{label='x', method='meritrank-ppr'}]"]

PROGRAM = """
import os, sys
import os
import subprocess
import sys
from pathlib import Path
from sim.running import load, run
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[2])])
town = Path(sys.argv[1])
print(run(load(town, sys.argv[3:], "graph"), 5, "graph").digest)
print(run(load(town, fidelity="virtual"), 5, "virtual").digest)
"""


@pytest.mark.slow
def test_neither_hashes_nor_cores_nor_workers_change_a_digest(tmp_path: Path) -> None:
    """Graph runs share people out over the cores they have; peers have sets and dictionaries."""
    town = tmp_path / "town.toml"
    town.write_text(TOWN)
    told = []
    for hash_seed, cores in (("0", "1"), ("4711", "2")):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(town), cores, *WITHOUT_TIME],
            env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": "."},
            capture_output=True,
            text=True,
            check=True,
        )
        told.append(done.stdout.split())
    assert told[0] == told[1]
    assert len(set(told[0])) == 2
    settings = [one.partition("=") for one in WITHOUT_TIME]
    fixed = "\n".join(f"{key} = {value}" for key, _, value in settings)
    (tmp_path / "sweep.toml").write_text(
        f'scenario = "town.toml"\nfidelity = "graph"\nseeds = [4, 5]\n[set]\n{fixed}\n'
    )
    swept = sweep(read(tmp_path / "sweep.toml"), tmp_path / "out", workers=2)
    assert {one.seed: one.digest for one in swept.outcomes()}[5] == told[0][0]
