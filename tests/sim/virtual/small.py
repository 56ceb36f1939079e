"""Small worlds of real peers, and what tests ask of them."""

import numpy as np
from msgspec.structs import replace

from sim.data.interactions import Interactions, Vouches, Wanted
from sim.population.people import Population
from sim.scenario.schema import News, Questions, Scenario, Time
from sim.virtual.checkers import Safety
from sim.virtual.world import World

QUICK = {"trust.walks": 300, "endpoints_delay_s": 1e6}
"""Settings of nodes that cost a test little."""


def people(likes, vouches, n_items=20, wanted=None):
    """likes: for each person the items that she likes; vouches: pairs of rows."""
    user = np.repeat(np.arange(len(likes)), [len(items) for items in likes]).astype(np.int32)
    item = np.array([i for items in likes for i in items], np.int32)
    train = Interactions(user, item, np.ones(len(item), np.float32), None, len(likes), n_items)
    pairs = np.array(vouches, np.int32).reshape(-1, 2)
    ones = np.ones(len(pairs), np.float32)
    wanted = wanted or [[] for _ in likes]
    test_user = np.repeat(np.arange(len(likes)), [len(w) for w in wanted]).astype(np.int32)
    test_item = np.array([i for items in wanted for i in items], np.int32)
    test = Interactions(
        test_user, test_item, np.ones(len(test_item), np.float32), None, len(likes), n_items
    )
    return Population(train, Wanted.of(test), Vouches(pairs[:, 0], pairs[:, 1], ones, None))


def ring_of_friends(n=6, each=2):
    """Everybody likes three items and vouches for the next ones round a ring; she wants one that
    the next one likes."""
    likes = [[3 * p % 18, (3 * p + 1) % 18, (3 * p + 2) % 18] for p in range(n)]
    vouches = [(p, (p + step) % n) for p in range(n) for step in range(1, each + 1)]
    wanted = [[(3 * (p + 1)) % 18] for p in range(n)]
    return people(likes, vouches, wanted=wanted)


def scenario(**changes):
    """Some seconds of little, changed as told."""
    usual = Scenario(
        name="small",
        title="a small one",
        peer=dict(QUICK),
        time=Time(duration_s=20, round_s=1),
        questions=Questions(people=0, k=5),
        news=News(),
    )
    peer = QUICK | changes.pop("peer", {})
    return replace(usual, peer=peer, **changes)


def world(population=None, seed=1, safe=True, **changes):
    """A world that has not begun, watched by all checkers."""
    made = World(scenario(**changes), seed, population or ring_of_friends())
    if safe:
        made.shell.watchers.append(Safety(made.memo))
    return made


def items_of(host, author):
    """What the host's graph has of an author."""
    graph = host.peer.state.graph
    row = graph.author_row(author, create=False)
    if row < 0:
        return set()
    return {graph.items.name(i).decode() for i in graph.edges_of(row)[0].tolist()}
