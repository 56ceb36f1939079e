"""What the nodes of a scenario are built with when it says nothing."""

from __future__ import annotations

from dataclasses import replace

from node.core.config import PeerConfig
from ranking.graph_config import AUTHOR_BYTES, SHARES
from sim.population.people import Population
from sim.scenario.schema import Scenario
from sim.scenario.settings import peer_config

GRAPH_BYTES_MIN, GRAPH_BYTES_MAX = 1 << 20, 1 << 23
"""Room for the graph of one peer unless the scenario says otherwise: for all that its people say,
between these. What is reserved of it at birth is a thirty-second part."""


def config_of(scenario: Scenario, population: Population) -> PeerConfig:
    """The settings of every node: the scenario's, and what follows from its world where it is
    silent. A peer keeps as many links of her own as she opens at the start: half of them for
    whoever it may be, and the dial policy gives friends as many again."""
    config = peer_config(scenario)
    if "dial.outbound_target" not in scenario.peer:
        target = max(scenario.network.degree // 4, 1)
        config = replace(config, dial=replace(config.dial, outbound_target=target))
    if "graph.bytes_max" not in scenario.peer:
        needed = max(
            2 * AUTHOR_BYTES * population.n_people * 128 // SHARES["authors"],
            16 * len(population.train) * 128 // SHARES["blocks"],
        )
        room = min(max(needed, GRAPH_BYTES_MIN), GRAPH_BYTES_MAX)
        config = replace(config, graph=replace(config.graph, bytes_max=room))
    return config
