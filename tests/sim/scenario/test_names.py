"""The names that a scenario may use are those of the packages that they stand for."""

from msgspec.structs import fields

from sim.adversaries.building import SPEAKING
from sim.attacks.regions import Entrance, Strategy, Topology
from sim.methods.registry import METHODS
from sim.population.sources import SOURCES
from sim.scenario import names
from sim.scenario.schema import Network, Planted, World


def test_methods_are_the_registry() -> None:
    assert set(names.METHODS) == METHODS.keys()


def test_regions_and_disguises_are_those_of_attacks() -> None:
    assert set(names.REGIONS) == {one.value for one in Topology}
    assert set(names.STRATEGIES) == {one.value for one in Strategy}
    assert set(names.ENTRANCES) == {one.value for one in Entrance}


def test_what_hostile_peers_do_is_what_there_is() -> None:
    assert set(names.SPEAKING) == SPEAKING.keys()


def test_data_are_those_of_the_population() -> None:
    assert set(names.DATA) == {"planted", *SOURCES}


def test_defaults_are_among_them() -> None:
    assert World().data in names.DATA
    assert Network().topology in names.NETWORKS
    assert len(fields(Planted)) > 0
