"""What the nodes of a scenario are built with."""

from dataclasses import replace

import pytest

from node.core.config import PeerConfig
from sim.scenario.errors import ScenarioError
from sim.scenario.schema import Scenario, Time
from sim.scenario.settings import node_config, peer_config
from trust.config import ConnectivityDecay


def test_a_quiet_scenario_leaves_out_discoveries_and_nothing_else() -> None:
    made = peer_config(Scenario(name="a", title="A"))
    assert made.rank.discovery_every == 0
    assert replace(made, rank=PeerConfig().rank) == PeerConfig()
    asked = Scenario(name="a", title="A", peer={"rank.discovery_every": 10})
    assert peer_config(asked) == PeerConfig()


def test_rounds_then_what_is_off_then_what_is_said() -> None:
    scenario = Scenario(
        name="a", title="A", time=Time(round_s=30), off=("beta", "handshake-bucket"),
        peer={"trust.beta": 0.5, "earned": False},
    )  # fmt: skip
    made = node_config(scenario)
    assert made.peer.gossip.round_s == 30
    assert made.peer.trust.connectivity is ConnectivityDecay.NONE
    assert made.peer.trust.beta == 0.5
    assert made.peer.rank.excess_weight == 0
    assert made.peer.earned is None
    assert made.transport.pending_max > 10**6


@pytest.mark.parametrize(
    "odd", [{"off": ("bets",)}, {"peer": {"trust.bets": 1}}, {"peer": {"graph.bytes_max": 1}}]
)
def test_what_does_not_exist_is_refused(odd: dict[str, object]) -> None:
    with pytest.raises(ScenarioError):
        peer_config(Scenario(name="a", title="A", **odd))
