"""Every defence names a test, which is there, and red without the defence."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from sim.scenario.defences import DEFENCES, without
from sim.scenario.errors import ScenarioError
from sim.scenario.parts import NodeConfig, default
from sim.scenario.schema import Fidelity
from tests.without import switch_off

ROOT = Path(__file__).resolve().parents[3]


def test_the_list_is_that_of_the_design() -> None:
    assert list(DEFENCES) == [
        "alpha", "beta", "kappa", "edge-cap", "click-votes", "author-quota", "probation-cap",
        "first-seen",
        "equivocation-zero", "future-refusal", "push-bucket", "peer-exchange-filter",
        "handshake-bucket",
    ]  # fmt: skip


@pytest.mark.parametrize("name", DEFENCES)
def test_each_names_a_test_that_is_there(name: str) -> None:
    file, _, function = DEFENCES[name].test.partition("::")
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    assert function in {node.name for node in tree.body if isinstance(node, kinds)}


@pytest.mark.parametrize("name", DEFENCES)
def test_each_is_on_unless_switched_off(name: str) -> None:
    node = NodeConfig()
    assert without(node, []) == node
    assert without(node, [name]) != node
    assert all(default(setting) != value for setting, value in DEFENCES[name].off.items())
    assert DEFENCES[name].name == name
    assert Fidelity.REAL in DEFENCES[name].fidelities
    assert (Fidelity.VIRTUAL in DEFENCES[name].fidelities) == (name != "handshake-bucket")


def test_all_can_be_off_at_once_and_others_do_not_exist() -> None:
    assert without(NodeConfig(), DEFENCES)
    with pytest.raises(ScenarioError, match="did you mean 'kappa'"):
        without(NodeConfig(), ["beta", "kapa"])
    with pytest.raises(ScenarioError, match="click-cap"):
        switch_off(["click-cap"])


@pytest.mark.slow
@pytest.mark.parametrize("name", DEFENCES)
def test_each_named_test_is_red_without_its_defence_and_green_with_it(name: str) -> None:
    def run(*more: str) -> subprocess.CompletedProcess[str]:
        pytest_run = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", DEFENCES[name].test]
        return subprocess.run(
            [*pytest_run, *more], cwd=ROOT, capture_output=True, text=True, timeout=120
        )

    assert "1 passed" in run().stdout
    red = run("--without", name)
    assert red.returncode == 1
    assert "1 failed" in red.stdout
