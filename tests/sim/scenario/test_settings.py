"""What the nodes of a scenario are built with."""

from dataclasses import replace

import pytest

from node.core.config import PeerConfig
from sim.scenario.errors import ScenarioError
from sim.scenario.schema import Claim, Compared, Eclipse, Scenario, Time
from sim.scenario.settings import node_config, otherwise, peer_config
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


def test_a_comparison_is_the_scenario_but_for_what_it_says() -> None:
    scenario = Scenario(
        name="a", title="A", off=("kappa",), peer={"trust.beta": 0.5, "trust.alpha": 0.2},
        adversary=(Eclipse(),), claim=(Claim(assert_="fakes < 1"),),
        compared=(Compared(label="b"),),
    )  # fmt: skip
    same = otherwise(scenario, Compared(label="b"))
    assert node_config(same) == node_config(scenario)
    assert same.adversary == scenario.adversary
    assert same.compared == same.claim == ()
    calm = otherwise(scenario, Compared(label="b", attacked=False, peer={"trust.alpha": 0.3}))
    assert calm.adversary == ()
    assert node_config(calm).peer.trust.alpha == 0.3
    assert node_config(calm).peer.trust.beta == 0.5
    bare = node_config(otherwise(scenario, Compared(label="b", off=("beta", "kappa")))).peer
    assert bare.trust.beta == 0, "what is switched off is off, whatever the scenario has set"
    assert bare.trust.alpha == 0.2
    assert bare.rank.kappa == 0
