"""What daemons cannot do is said before anything starts."""

import pytest

from sim.real import able
from sim.running import run
from sim.scenario.errors import ScenarioError
from sim.scenario.schema import (
    Churn,
    Eclipse,
    Fidelity,
    Network,
    Partition,
    Questions,
    Scenario,
    Speaking,
    Sybil,
)


def scenario(**more: object) -> Scenario:
    return Scenario(name="x", title="x", fidelities=(Fidelity.REAL,), **more)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"churn": Churn(up_s=5)}, "nobody come and go"),
        ({"network": Network(loss=0.1)}, "know no loss"),
        ({"partition": (Partition(at=1, until=2),)}, "nothing parts"),
        ({"questions": Questions(every_s=1)}, "at the end only"),
        ({"peer": {"transport.mdns": True}}, "stays on this machine: transport.mdns"),
        ({"adversary": (Sybil(), Speaking(how="whitewash"))}, "peer id stays"),
    ],
)
def test_what_daemons_cannot_do_is_refused(more: dict[str, object], told: str) -> None:
    with pytest.raises(ScenarioError, match=told) as raised:
        run(scenario(**more), 1)
    assert raised.value.key[0] in more


def test_settings_latency_and_adversaries_of_virtual_runs_are_taken() -> None:
    hostile = (Sybil(from_s=5, until_s=9), Speaking(how="garbage"), Eclipse())
    made = scenario(
        adversary=hostile,
        network=Network(latency_s=0.5, degree=4, topology="ring"),
        peer={"trust.alpha": 0.2, "transport.kademlia": False},
        off=("beta", "push-bucket", "handshake-bucket"),
    )
    assert not list(able.problems(made))


def test_too_little_memory_is_said_with_figures() -> None:
    with pytest.raises(ScenarioError, match=r"24 daemons need 6\.3 GB of memory, and 1\.0 GB"):
        able.room(24, 10**9)
    able.room(24, 7 * 10**9)


def test_memory_of_this_machine_is_known() -> None:
    assert able.memory_free() > 10**6
