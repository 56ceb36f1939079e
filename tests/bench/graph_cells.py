"""How long a graph run takes: one cell with 10^5 identities, and a grid of 135 cells.

Everybody is honest in a planted world but the identities of one region for each attack edge, who
copy people nearby. The grid is every topology, three disguises, and three sizes each of edges and
identities; a part of it is run, drawn at random, and its mean cell stands for all. Wall time, on
all the cores that this process has.
"""

from __future__ import annotations

import time
from itertools import product

import numpy as np

from sim.graph.running import run
from sim.scenario.names import REGIONS
from sim.scenario.schema import Fidelity, Planted, Questions, Scenario, Sybil, World
from tests.bench.figures import Figure
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch

ASKED_CELL_S, ASKED_GRID_S = 20.0, 1_800.0
EDGES, IDENTITIES, STRATEGIES = (1, 20, 200), (1, 10, 200), ("own", "popular", "clone")
LARGE_EDGES = 20
ASKED = 100
"""People whose lists are drawn."""


def measure(_: Scratch, scale: Scale) -> list[Figure]:
    """Seconds of the large cell and of the grid."""
    _warm_up()
    grid = [
        Sybil(edges=edges, identities=identities, topology=topology, strategy=strategy)
        for edges, identities, topology, strategy in product(EDGES, IDENTITIES, REGIONS, STRATEGIES)
    ]
    large = Sybil(edges=LARGE_EDGES, identities=scale.region_identities_max // LARGE_EDGES)
    cell = _seconds(large, scale)
    drawn = np.random.default_rng(1).permutation(len(grid))[: scale.graph_cells]
    each = [_seconds(grid[k], scale) for k in drawn.tolist()]
    identities = large.edges * large.identities
    return [
        Figure(
            "graph run, one large cell", ASKED_CELL_S, cell, "s",
            detail=f"{identities:,} identities, {scale.graph_people:,} people, {ASKED} asked",
        ),
        Figure(
            f"graph runs, {len(grid)} cells", ASKED_GRID_S, float(np.mean(each)) * len(grid), "s",
            detail=f"from {len(each)} of them, {min(each):.1f} to {max(each):.1f} s each",
        ),
    ]  # fmt: skip


def _warm_up() -> None:
    """Kernels are compiled once and for all."""
    run(_scenario(Sybil(edges=2, identities=2), 50), 0, None)


def _seconds(attack: Sybil, scale: Scale) -> float:
    began = time.monotonic()
    run(_scenario(attack, scale.graph_people), 1, None)
    return time.monotonic() - began


def _scenario(attack: Sybil, people: int) -> Scenario:
    return Scenario(
        name="cell",
        title="a cell of the grid",
        fidelities=(Fidelity.GRAPH,),
        world=World(people=people, planted=Planted(items=1_000)),
        adversary=(attack,),
        questions=Questions(people=min(ASKED, people)),
    )
