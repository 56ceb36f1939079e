"""The space of Sybil attacks under a budget of edges: drawn at random, and changed a little."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from msgspec.structs import replace

from sim.scenario.names import ENTRANCES, REGIONS, STRATEGIES
from sim.scenario.schema import Sybil

IDENTITIES_MAX = 1_000
"""In a region."""

ALL_IDENTITIES_MAX = 20_000
CLIQUE_MAX = 100
"""Identities in a clique, whose vouches are as their square."""

FAKES_MAX = 200
PROFILE = (3, 200)
EDGES_SPARED = 0.2
"""Chance that a drawn attack leaves some edges unused; more of them mostly do more."""

WHOLE_PROFILE = 0.5
"""Chance of pretending all that there is to pretend."""

CHANGED_MAX = 3
"""Parameters that one mutation changes."""


def drawn(edges: int, rng: np.random.Generator) -> Sybil:
    """Any attack with at most so many edges."""
    return canonical(Sybil(**{name: _value(name, edges, rng) for name in NAMES}), edges)


def mutated(cell: Sybil, edges: int, rng: np.random.Generator) -> Sybil:
    """One, two or three parameters changed: numbers by a factor near 1 or drawn anew."""
    names = rng.choice(len(NAMES), rng.integers(1, CHANGED_MAX + 1), replace=False)
    changes: dict[str, Any] = {}
    for name in [NAMES[n] for n in names.tolist()]:
        value = getattr(cell, name)
        if isinstance(value, int) and not isinstance(value, bool) and value and rng.random() < 0.7:
            changes[name] = max(1, round(value * math.exp(rng.normal(0, 0.5))))
        else:
            changes[name] = _value(name, edges, rng)
    return canonical(replace(cell, **changes), edges)


def canonical(cell: Sybil, edges: int) -> Sybil:
    """The same attack under one name, within the budget and the sizes that a run can hold."""
    used = min(cell.edges, edges)
    entries = min(cell.entries, used)
    regions = -(-used // entries)
    most = min(IDENTITIES_MAX, ALL_IDENTITIES_MAX // regions)
    if cell.topology == "clique":
        most = min(most, CLIQUE_MAX)
    identities = max(1, min(cell.identities, most))
    return replace(
        cell,
        edges=used,
        entries=entries,
        identities=identities,
        topology=cell.topology if identities > 1 else "star",
        shared=cell.shared and regions > 1,
        fakes=min(cell.fakes, FAKES_MAX),
        profile=0 if cell.strategy == "own" else min(cell.profile, PROFILE[1]),
    )


NAMES = (
    "edges", "identities", "entries", "topology", "strategy", "shared", "fakes", "slander",
    "entrance", "profile",
)  # fmt: skip
"""Fields of `Sybil` that are searched."""


def _value(name: str, edges: int, rng: np.random.Generator) -> Any:
    match name:
        case "edges":
            return int(rng.integers(1, edges + 1)) if rng.random() < EDGES_SPARED else edges
        case "identities":
            return _log_uniform(1, IDENTITIES_MAX, rng)
        case "entries":
            return _log_uniform(1, edges, rng)
        case "fakes":
            return _log_uniform(1, FAKES_MAX, rng)
        case "profile":
            return 0 if rng.random() < WHOLE_PROFILE else _log_uniform(*PROFILE, rng)
        case "topology":
            return REGIONS[int(rng.integers(len(REGIONS)))]
        case "strategy":
            return STRATEGIES[int(rng.integers(len(STRATEGIES)))]
        case "entrance":
            return ENTRANCES[int(rng.integers(len(ENTRANCES)))]
    return bool(rng.random() < 0.5)


def _log_uniform(low: int, high: int, rng: np.random.Generator) -> int:
    """Whole numbers, both ends included."""
    drawn_ = math.exp(rng.uniform(math.log(low), math.log(high + 1)))
    return min(high, int(drawn_))
