"""Settings of a node by name."""

import pytest

from node.core.config import PeerConfig
from sim.scenario.errors import ScenarioError
from sim.scenario.parts import NodeConfig, default, known, set_all
from trust.config import Credit
from trust.earned import EarnedConfig


def test_every_number_of_a_peer_has_a_name_and_takes_its_own_value() -> None:
    config = NodeConfig()
    for name in known():
        value = default(name)
        if isinstance(value, EarnedConfig):
            value = True
        elif isinstance(value, bytes):
            value = value.decode()
        elif isinstance(value, tuple):
            value = ", ".join(map(str, value))
        elif value is None:
            value = "none"
        assert set_all(config, {name: value}) == config, name


def test_values_go_where_they_belong() -> None:
    made = set_all(
        NodeConfig(),
        {
            "trust.alpha": 0.3,
            "trust.credit": "hits",
            "gossip.link.pushes_per_s": 5,
            "gossip.following.probation_quotas": "1, 2, 3, 4",
            "rank.separation": "none",
            "network": "elsewhere",
            "transport.listen": "/ip4/127.0.0.1/tcp/0",
            "facts_max": 7,
        },
    )
    peer = made.peer
    assert peer.trust.alpha == 0.3
    assert peer.trust.credit is Credit.HITS
    assert peer.trust.walks == PeerConfig().trust.walks
    assert peer.gossip.link.pushes_per_s == 5.0
    assert peer.gossip.following.probation_quotas == (1, 2, 3, 4)
    assert peer.rank.separation is None
    assert (peer.network, peer.facts_max) == (b"elsewhere", 7)
    assert made.transport.listen == ("/ip4/127.0.0.1/tcp/0",)


def test_a_part_that_may_be_absent() -> None:
    assert set_all(NodeConfig(), {"earned": False}).peer.earned is None
    assert set_all(NodeConfig(), {"earned": True}).peer.earned == EarnedConfig()
    without = set_all(NodeConfig(), {"earned": False})
    again = set_all(without, {"earned.par": 0.7}).peer.earned
    assert again == EarnedConfig(par=0.7)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"trust.alfa": 1}, "did you mean 'trust.alpha'?"),
        ({"trust": 1}, "no setting 'trust'"),
        ({"peer.trust.alpha": 1}, "no setting"),
        ({"trust.alpha": "x"}, "it should be a number"),
        ({"trust.alpha": True}, "it should be a number"),
        ({"trust.alpha": -0.1}, "0 or more"),
        ({"trust.alpha": float("nan")}, "0 or more"),
        ({"trust.alpha": 10**400}, "0 or more"),
        ({"trust.alpha": 1.0}, "alpha < 1"),
        ({"trust.walks": 1.5}, "a whole number"),
        ({"trust.credit": "cash"}, "endpoint, hits, visits"),
        ({"trust.keep_walks": 1}, "true or false"),
        ({"earned": "no"}, "true or false"),
        ({"earned": False, "earned.par": 0.5}, "exclude"),
        ({"earned.par": 0.5, "earned": False}, "exclude"),
        ({"similar.embedding.popularity": float("-inf")}, "a finite number"),
        ({"gossip.following.probation_quotas": "1, 2"}, "4 values"),
        ({"gossip.following.probation_quotas": "1, 2, 3, x"}, "numbers with commas"),
        ({"gossip.following.probation_quotas": "1, 2, 3, -4"}, "0 or more"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, bool | int | float | str], told: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        set_all(NodeConfig(), values)
    assert told in str(raised.value)
    assert raised.value.key[0] == "peer"
