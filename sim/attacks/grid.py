"""The grid of attacks: its corners, and cells drawn from the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from sim.attacks.regions import Attack, Strategy, Topology

EDGES = (1, 20, 200)
IDENTITIES = (1, 10, 200)
ENTRIES = (1, 5, 50)
STRATEGIES = (Strategy.OWN, Strategy.POPULAR, Strategy.CLONE, Strategy.RARE)


def canonical(plan: Attack) -> Attack:
    """The same attack under one name: no more entries than edges, one identity has no topology,
    and one region shares its fakes with itself."""
    entries = min(plan.entries, plan.edges)
    topology = plan.topology if plan.identities > 1 else Topology.STAR
    plan = replace(plan, entries=entries, topology=topology)
    return plan if plan.regions > 1 else replace(plan, shared=False)


def _cells(
    edges: tuple[int, ...], identities: tuple[int, ...], entries: tuple[int, ...]
) -> Iterator[Attack]:
    sizes = product(edges, identities, entries)
    for (e, i, n), topology, strategy, shared in product(
        sizes, Topology, STRATEGIES, (False, True)
    ):
        yield canonical(Attack(e, i, n, topology, strategy, shared))


def corners() -> list[Attack]:
    """Smallest and largest of every size with every shape, disguise and sharing; 120 cells."""
    ends = (EDGES[0], EDGES[-1]), (IDENTITIES[0], IDENTITIES[-1]), (ENTRIES[0], ENTRIES[-1])
    return list(dict.fromkeys(_cells(*ends)))


def others(n: int, rng: np.random.Generator) -> list[Attack]:
    """n different cells that are no corners."""
    at_corner = set(corners())
    rest = [c for c in dict.fromkeys(_cells(EDGES, IDENTITIES, ENTRIES)) if c not in at_corner]
    if not 0 <= n <= len(rest):
        raise ValueError(f"the grid has {len(rest)} cells beside its corners, not {n}")
    return [rest[k] for k in rng.choice(len(rest), n, replace=False)]
