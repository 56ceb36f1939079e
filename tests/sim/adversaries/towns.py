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
