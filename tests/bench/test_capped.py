"""Capped graphs are the node's: whole they give its own lists, and small ones keep to the cap."""

import numpy as np

from sim.methods.grapevine import Grapevine
from tests.bench.capped import Capped
from tests.bench.hetrec import friends_of, hetrec
from trust.config import TrustConfig
from trust.meritrank import trust_from


def test_with_room_for_everything_nothing_is_lost() -> None:
    friends = friends_of(hetrec(False), 1, 10)
    world = friends.tasks[0].world
    capped, node = Capped(1.0).prepare(world), Grapevine().prepare(world)
    for person in friends.people.tolist():
        some, whole = (one.rank(person, 20, np.random.default_rng(1)) for one in (capped, node))
        assert set(some.item.tolist()) == set(whole.item.tolist())
        assert np.allclose(np.sort(some.score), np.sort(whole.score), rtol=1e-4)


def test_a_small_graph_keeps_her_own_edges_and_the_cap() -> None:
    friends = friends_of(hetrec(False), 1, 10)
    world = friends.tasks[0].world
    assert world.vouches is not None
    ranker = Capped(0.2).prepare(world)
    for person in friends.people.tolist():
        rng = np.random.default_rng(person)
        trust = trust_from(world.vouches, person, TrustConfig(), rng)
        graph = ranker.filled(person, trust, rng)
        assert graph.statistics().edges <= 0.2 * world.snapshot.author_item.size + 1
        assert graph.edges_of(person)[0].tolist() == world.snapshot.liked(person).tolist()
        assert graph.statistics().evicted + graph.statistics().refused > 0
