"""The scenarios that come with the simulator: each can be run, says why, and claims something."""

import pytest

from sim.running import load
from sim.scenario.claims import unusual
from sim.scenario.defences import DEFENCES, SOCKETS
from sim.scenario.reading import shipped


@pytest.mark.parametrize("name", shipped())
def test_each_is_in_order(name: str) -> None:
    path = shipped()[name]
    scenario = load(path)
    assert scenario.name == name
    assert scenario.title
    assert scenario.about
    assert scenario.claim
    assert all(claim.why for claim in scenario.claim)
    assert unusual(scenario) == []
    assert max(map(len, path.read_text("utf-8").splitlines())) <= 110
    for fidelity in scenario.fidelities:
        load(path, fidelity=fidelity)


def test_the_published_and_the_asked_are_there() -> None:
    wanted = {
        "web3recommend-single-linear", "web3recommend-single-parallel", "web3recommend-giga",
        "web3recommend-multi-giga", "meritrank-beta", "meritrank-alpha",
        "meritrank-informativeness", "scale-100", "scale-1000", "scale-10000", "churn", "eclipse",
        "partition-and-heal", "newcomer", "flood", "equivocation", "first-contact",
        "comparison",
    }  # fmt: skip
    assert wanted <= shipped().keys()
    assert {name for name, one in DEFENCES.items() if one.fidelities != SOCKETS} == {
        name.removeprefix("ablation-") for name in shipped() if name.startswith("ablation-")
    }
