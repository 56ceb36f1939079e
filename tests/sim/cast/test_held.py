"""How much of what Sybils claim has arrived."""

import math
from dataclasses import replace

from sim.cast.held import AMONG, Claims, evenly
from sim.scenario.schema import Speaking, Sybil
from sim.virtual.figures import held_of
from tests.sim.virtual.small import ring_of_friends, world

SYBIL = Sybil(peers=1, edges=2, identities=2, fakes=3)


def test_all_claims_of_sybils_arrive_and_none_before_they_speak() -> None:
    made = world(ring_of_friends(6), adversary=(replace_from(SYBIL, 6.0),))
    made.run(5)
    assert held_of(made) == 0
    made.run(40)
    assert held_of(made) == 1


def replace_from(spec: Sybil, from_s: float) -> Sybil:
    return Sybil(
        peers=spec.peers, edges=spec.edges, identities=spec.identities, fakes=spec.fakes,
        from_s=from_s,
    )  # fmt: skip


def test_an_author_counts_with_what_a_node_keeps_of_her_at_most() -> None:
    made = world(ring_of_friends(6), adversary=(SYBIL,))
    made.run(30)
    claims = Claims(made.scenario.adversary, made.feeds, made.seed)
    peer = made.hosts[0].peer
    assert claims.held(peer, made.config) == 1
    assert claims.held(peer, replace(made.config, claims_per_followed_author=1)) == 1
    other = Claims(made.scenario.adversary, made.feeds, made.seed + 1)
    assert other.held(peer, made.config) == 0


def test_without_sybils_there_is_nothing_to_hold() -> None:
    assert math.isnan(held_of(world(ring_of_friends(4))))
    flood = world(ring_of_friends(4), adversary=(Speaking(how="flood"),))
    assert math.isnan(held_of(flood))


def test_of_many_nodes_some_are_looked_at() -> None:
    assert list(evenly(3)) == [0, 1, 2]
    assert not evenly(0)
    assert len(evenly(1_000)) <= AMONG
    assert max(evenly(1_000)) > 900
