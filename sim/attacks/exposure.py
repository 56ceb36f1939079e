"""How many fakes people see under an attack, and what their lists are still worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.attacks.attacked import AttackedWorld, attack
from sim.attacks.regions import Attack
from sim.methods.method import I32, Method, World
from trust.config import TrustConfig
from trust.meritrank import admission_of, draw_walks

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """One draw of one attack: a row for each person asked.

    fakes: in her list. reached: whether any trust walk of hers ended up among the identities.
    fooled: whether she vouches for one herself. lists: the items shown, best first.
    """

    person: I32
    fakes: NDArray[np.int64]
    reached: NDArray[np.bool_]
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
        reached=np.array([_reached(world, person, seed) for person in people.tolist()]),
        fooled=np.isin(people, world.fooled),
        lists=lists,
    )


def _reached(world: AttackedWorld, person: int, seed: Sequence[int]) -> bool:
    vouches = world.world.vouches
    assert vouches is not None
    config = TrustConfig(edge_flow_max=1.0)
    rng = np.random.default_rng((*seed, person, 1))
    admit = admission_of(vouches, person, None)
    walks = draw_walks(vouches, person, admit, config, rng)
    return bool((walks >= world.first_identity).any())


def draws(
    method: Method,
    world: World,
    plan: Attack,
    people: Sequence[I32],
    *,
    n: int = 20,
    seed: int = 0,
) -> list[Exposure]:
    """One exposure for each group of people, every time with other people fooled."""
    return [
        expose(
            method,
            attack(world, plan, np.random.default_rng((seed, k))),
            group,
            n=n,
            seed=(seed, k),
        )
        for k, group in enumerate(people)
    ]
