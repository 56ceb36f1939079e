"""A small honest world: people in a ring of friends with neighbouring tastes."""

import numpy as np

from ranking.snapshot import GraphSnapshot
from sim.methods.method import World
from trust.vouches import CompiledVouches

PEOPLE, ITEMS = 40, 60


def town() -> World:
    """Person p likes items p..p+9 and vouches for the six people around her."""
    people = np.repeat(np.arange(PEOPLE, dtype=np.int32), 10)
    items = ((people + np.tile(np.arange(10), PEOPLE)) % ITEMS).astype(np.int32)
    snapshot = GraphSnapshot.from_triples(
        people, items, np.ones(people.size, np.float32), PEOPLE, ITEMS
    )
    caster = np.repeat(np.arange(PEOPLE, dtype=np.int32), 6)
    step = np.tile(np.array([-3, -2, -1, 1, 2, 3]), PEOPLE)
    target = ((caster + step) % PEOPLE).astype(np.int32)
    weight = np.ones(caster.size, np.float32)
    return World(snapshot, CompiledVouches.from_triples(PEOPLE, caster, target, weight))
