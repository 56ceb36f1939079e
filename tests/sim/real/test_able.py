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
    Questions,
    Scenario,
    Speaking,
    Sybil,
    Time,
)


def scenario(**more: object) -> Scenario:
    return Scenario(name="x", title="x", fidelities=(Fidelity.REAL,), **more)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"churn": Churn(up_s=5)}, "nobody come and go"),
        ({"peer": {"trust.alpha": 0.2}}, "no setting for trust.alpha"),
        ({"questions": Questions(every_s=1)}, "at the end only"),
        ({"adversary": (Speaking(how="garbage"),)}, "not frames"),
        ({"adversary": (Eclipse(),)}, "not frames"),
        ({"adversary": (Sybil(until_s=5),)}, "change sides"),
        ({"adversary": (Sybil(from_s=5),)}, "change sides"),
    ],
)
def test_what_daemons_cannot_do_is_refused(more: dict[str, object], told: str) -> None:
    with pytest.raises(ScenarioError, match=told) as raised:
        run(scenario(**more), 1)
    assert raised.value.key[0] in more


def test_settings_reach_every_daemon() -> None:
    made = scenario(time=Time(round_s=0.5), peer={"earned": False, "rank.walks": 500})
    assert not list(able.problems(made))
    found = able.variables(made)
    assert found["GRAPEVINE_GOSSIP_ROUND_S"] == "0.5"
    assert found["GRAPEVINE_TRUST_EARNED"] == "false"
    assert found["GRAPEVINE_RANK_WALKS"] == "500"


def test_a_peer_setting_of_the_round_wins() -> None:
    made = scenario(time=Time(round_s=0.5), peer={"gossip.round_s": 3.0})
    assert able.variables(made)["GRAPEVINE_GOSSIP_ROUND_S"] == "3.0"


def test_too_little_memory_is_said_with_figures() -> None:
    with pytest.raises(ScenarioError, match=r"24 daemons need 6\.3 GB of memory, and 1\.0 GB"):
        able.room([(16, 160), (8, 400)], 10**9)
    able.room([(16, 160), (8, 400)], 7 * 10**9)


def test_a_daemon_hosts_1024_people_at_most() -> None:
    able.room([(16, 16 * 1_024)], 10**12)
    with pytest.raises(ScenarioError, match="16385 people do not fit on 16 daemons"):
        able.room([(16, 16 * 1_024 + 1)], 10**12)
    with pytest.raises(ScenarioError, match="1025 people do not fit on 1 daemons"):
        able.room([(10, 10), (1, 1_025)], 10**12)


def test_people_get_a_daemon_each_until_there_are_too_many() -> None:
    usual, few = scenario(), scenario(network=Network(daemons=4))
    assert [able.honest_daemons(usual, n) for n in (1, 4, 16, 160)] == [1, 4, 16, 16]
    assert [able.honest_daemons(few, n) for n in (1, 4, 160)] == [1, 4, 4]


def test_memory_of_this_machine_is_known() -> None:
    assert able.memory_free() > 10**6
