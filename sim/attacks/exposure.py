"""How many fakes people see under an attack, and what their lists are still worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.attacks.attacked import AttackedWorld
from sim.methods.method import I32, Method
from trust.config import TrustConfig
from trust.meritrank import admission_of, draw_walks

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """One draw of one attack: a row for each person asked.

    fakes: in her list. fooled: whether she vouches for an identity herself. lists: the items shown,
    best first.
    """

    person: I32
    fakes: NDArray[np.int64]
    fooled: NDArray[np.bool_]
    lists: tuple[I32, ...]


def expose(
    method: Method, world: AttackedWorld, people: I32, *, n: int, seed: Sequence[int]
) -> Exposure:
    """Ask the method for the list of each person in the attacked world.

    A person's random numbers come from (seed, person) alone, so the same seed gives paired lists
    with and without an attack.
    """
    ranker = method.prepare(world.world)
    lists = tuple(
        ranker.rank(person, n, np.random.default_rng((*seed, person))).item
        for person in people.tolist()
    )
    return Exposure(
        person=people,
        fakes=np.array([np.count_nonzero(items >= world.first_fake) for items in lists]),
        fooled=np.isin(people, world.fooled),
        lists=lists,
    )


def reached(world: AttackedWorld, people: I32, seed: Sequence[int]) -> NDArray[np.bool_]:
    """Whether any trust walk of each of these people ends up among the identities, whatever the
    method. Walks of its own, without a bound on the flow over an edge: 2 ms a person."""
    vouches = world.world.vouches
    assert vouches is not None
    config = TrustConfig(edge_flow_max=1.0)
    found = np.zeros(people.size, np.bool_)
    for row, person in enumerate(people.tolist()):
        rng = np.random.default_rng((*seed, person, 1))
        walks = draw_walks(vouches, person, admission_of(vouches, person, None), config, rng)
        found[row] = (walks >= world.first_identity).any()
    return found
