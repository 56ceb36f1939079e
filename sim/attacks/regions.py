"""Hostile regions: who is fooled, who vouches for whom behind them, and what identities say.

A region is entered over attack edges, an honest person's vouches for one of its identities.
Behind them the attacker vouches as he likes. Honest people's own data and vouches are untouched.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

I32 = NDArray[np.int32]
F32 = NDArray[np.float32]


SLANDERED = 64
"""Honest people against whom each identity vouches, where that is the plan."""


class Topology(StrEnum):
    """How the identities of a region vouch for each other; the first ones are entered."""

    CHAIN = "chain"
    STAR = "star"
    CYCLE = "cycle"
    CLIQUE = "clique"
    TREE = "tree"


class Strategy(StrEnum):
    """What identities claim to like beside the fakes.

    OWN: nothing. POPULAR: of the most popular items. CLONE: the whole taste of somebody whose
    trust walks come by: the fooled people and those who vouch for them. RARE: the rarer half of
    such a person's items. TWIN: the whole taste of a fooled person herself. With no fakes at all,
    POPULAR and CLONE are attempts to demote honest items by making them look popular.
    """

    OWN = "own"
    POPULAR = "popular"
    CLONE = "clone"
    RARE = "rare"
    TWIN = "twin"


class Entrance(StrEnum):
    """Who is fooled."""

    RANDOM = "random"
    FRIENDS = "friends"
    """People around one person: whoever trusts her is surrounded."""


@dataclass(frozen=True, slots=True)
class Attack:
    """One cell of the grid.

    edges: attack edges in all. identities: in each region. entries: attack edges into each
    region, so there are ceil(edges / entries) regions. shared: all regions push the same fakes,
    else each its own `fakes`. slander: every identity vouches against `SLANDERED` honest people.
    With edges = 0 there is one region into which nothing leads: strangers. profile: honest items
    that an identity likes at most, drawn from its disguise; 0 is without limit.
    """

    edges: int = 20
    identities: int = 10
    entries: int = 1
    topology: Topology = Topology.STAR
    strategy: Strategy = Strategy.CLONE
    shared: bool = False
    fakes: int = 20
    entrance: Entrance = Entrance.RANDOM
    slander: bool = False
    profile: int = 0

    def __post_init__(self) -> None:
        least_of = {"edges": 0, "identities": 1, "entries": 1, "fakes": 0, "profile": 0}
        for name, least in least_of.items():
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, not {getattr(self, name)}")

    @property
    def regions(self) -> int:
        """Regions that the attack edges lead into; one if there are none."""
        return max(1, -(-self.edges // self.entries))

    @property
    def name(self) -> str:
        """The cell in one line of a table."""
        whose = "same fakes" if self.shared else "own fakes"
        more = ", slander" if self.slander else ""
        return (
            f"{self.edges} edges, {self.entries} a region, {self.identities} x {self.topology}, "
            f"{self.strategy}, {whose}{more}"
        )


def inner_vouches(topology: Topology, n: int) -> tuple[I32, I32]:
    """(from, to) among identities 0..n-1 of one region; 0 is the head."""
    rows = np.arange(n, dtype=np.int32)
    if topology is Topology.CHAIN:
        pairs = rows[:-1], rows[1:]
    elif topology is Topology.CYCLE:
        pairs = rows, np.roll(rows, -1)
    elif topology is Topology.STAR:
        pairs = np.zeros(max(n - 1, 0), np.int32), rows[1:]
    elif topology is Topology.TREE:
        pairs = (rows[1:] - 1) // 2, rows[1:]
    else:
        pairs = np.repeat(rows, n), np.tile(rows, n)
    distinct = pairs[0] != pairs[1]
    return pairs[0][distinct].astype(np.int32), pairs[1][distinct].astype(np.int32)


def all_inner_vouches(attack: Attack) -> tuple[I32, I32]:
    """`inner_vouches` of every region; identity k of region r is r * identities + k."""
    source, target = inner_vouches(attack.topology, attack.identities)
    shift = np.repeat(np.arange(attack.regions, dtype=np.int32), source.size) * attack.identities
    return np.tile(source, attack.regions) + shift, np.tile(target, attack.regions) + shift


def entries_of(attack: Attack) -> I32:
    """The identity that each attack edge leads to: the region's first ones, in turn."""
    edge = np.arange(attack.edges)
    within = edge % attack.entries % attack.identities
    return (edge // attack.entries * attack.identities + within).astype(np.int32)
