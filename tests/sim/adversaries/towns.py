"""A small population for the pure parts: the ring of friends of the tests of attacks."""

from functools import cache

import numpy as np

from sim.data.interactions import Interactions, Vouches, Wanted
from sim.population.people import Population
from tests.sim.attacks.towns import ITEMS, PEOPLE, town


@cache
def ring() -> Population:
    """Person p likes items p..p+9 and vouches for the six people around her."""
    world = town()
    vouches = world.vouches
    assert vouches is not None
    snapshot = world.snapshot
    user = np.repeat(np.arange(PEOPLE, dtype=np.int32), np.diff(snapshot.author_ptr))
    caster = np.repeat(np.arange(PEOPLE, dtype=np.int32), np.diff(vouches.ptr))
    train = Interactions(
        user, snapshot.author_item, np.ones(user.size, np.float32), None, PEOPLE, ITEMS
    )
    nobody = Wanted(np.zeros(PEOPLE + 1, np.int64), np.empty(0, np.int32), ITEMS)
    return Population(train, nobody, Vouches(caster, vouches.target, vouches.weight, None))


def friends(n: int, items: int) -> Population:
    """Person p likes items 5p..5p+9, and all vouch for each other."""
    user = np.repeat(np.arange(n, dtype=np.int32), 10)
    item = (user * 5 + np.tile(np.arange(10, dtype=np.int32), n)).astype(np.int32)
    train = Interactions(user, item, np.ones(user.size, np.float32), None, n, items)
    pairs = np.array([(a, b) for a in range(n) for b in range(n) if a != b], np.int32)
    weight = np.ones(len(pairs), np.float32)
    nobody = Wanted(np.zeros(n + 1, np.int64), np.empty(0, np.int32), items)
    return Population(train, nobody, Vouches(pairs[:, 0], pairs[:, 1], weight, None))
