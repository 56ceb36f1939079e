"""What nodes are built with when the scenario is silent."""

from sim.cast.config import GRAPH_BYTES_MAX, GRAPH_BYTES_MIN, config_of
from sim.scenario.schema import Network, Scenario
from tests.sim.virtual.small import ring_of_friends


def made(**more: object) -> Scenario:
    return Scenario(name="x", title="x", **more)


def test_links_of_her_own_follow_from_the_degree_unless_told() -> None:
    people = ring_of_friends(8)
    assert config_of(made(network=Network(degree=12)), people).dial.outbound_target == 3
    assert config_of(made(network=Network(degree=0)), people).dial.outbound_target == 1
    told = made(network=Network(degree=12), peer={"dial.outbound_target": 7})
    assert config_of(told, people).dial.outbound_target == 7


def test_room_of_the_graph_follows_from_the_people_unless_told() -> None:
    small, told = made(), made(peer={"graph.bytes_max": 12_345_678})
    assert config_of(small, ring_of_friends(8)).graph.bytes_max == GRAPH_BYTES_MIN
    large = config_of(small, ring_of_friends(3_000)).graph.bytes_max
    assert GRAPH_BYTES_MIN < large <= GRAPH_BYTES_MAX
    assert config_of(told, ring_of_friends(8)).graph.bytes_max == 12_345_678
