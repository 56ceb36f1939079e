"""What the honest nodes of a scenario are built with."""

from __future__ import annotations

from msgspec.structs import replace

from node.core.config import PeerConfig
from sim.scenario.defences import switched_off, without
from sim.scenario.parts import NodeConfig, set_all
from sim.scenario.schema import Compared, Scenario


def node_config(scenario: Scenario) -> NodeConfig:
    """Defaults with the scenario's rounds, then without what is `off`, then with what `peer` says.

    Discoveries, labelled places outside the ranking, are left out unless `rank.discovery_every` is
    set: what is measured is the ranking. Raises ScenarioError for names that do not exist and
    values that cannot be.
    """
    usual = {"gossip.round_s": scenario.time.round_s, "rank.discovery_every": 0}
    rounds = set_all(NodeConfig(), usual)
    return set_all(without(rounds, scenario.off), scenario.peer)


def peer_config(scenario: Scenario) -> PeerConfig:
    """The part of `node_config` that the Peer itself is built with."""
    return node_config(scenario).peer


def otherwise(scenario: Scenario, one: Compared) -> Scenario:
    """The scenario that a comparison runs: it makes no claims and compares nothing itself.

    What the comparison switches off is off, whatever the scenario has set there. Raises
    ScenarioError for a defence that is none.
    """
    gone = switched_off(one.off)
    kept = {name: value for name, value in scenario.peer.items() if name not in gone}
    return replace(
        scenario,
        method=one.method,
        peer=kept | one.peer,
        off=tuple(dict.fromkeys((*scenario.off, *one.off))),
        adversary=scenario.adversary if one.attacked else (),
        compared=(),
        claim=(),
    )
