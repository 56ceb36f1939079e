"""A host does what its peer's effects order, and asks for ticks when there is something to do."""

from itertools import pairwise

import pytest

from node.core import events as ev
from sim.virtual.host import TICK_S, stored
from tests.sim.virtual.small import ring_of_friends, world


def test_questions_are_answered_at_once_and_refusals_raise():
    made = world()
    made.run(1)
    host = made.hosts[0]
    assert host.answer("id")["author"] == host.author.hex()
    with pytest.raises(RuntimeError, match="no method"):
        host.answer("no such thing")


def test_what_is_committed_is_in_the_store_before_the_answer():
    made = world()
    made.run(1)
    host = made.hosts[0]
    host.answer("like", item="a:b")
    assert "a:b" in host.store.people["me"].facts
    made.run(2)
    assert host.store.people["me"].facts["a:b"].seq is not None


def test_a_restart_brings_back_everything_and_never_contradicts_what_was_said():
    made = world()
    made.run(5)
    host = made.hosts[0]
    before, facts = set(stored(host)), dict(host.peer.state.persons.owner.facts)
    host.stop()
    assert not host.ends
    host.handle(ev.NetworkLost())  # nobody is there to hear it
    host.start()
    assert set(stored(host)) == before
    assert host.peer.state.persons.owner.facts.keys() == facts.keys()
    host.answer("like", item="a:b")
    made.run(10)
    assert not any(other.store.proofs for other in made.hosts)


def test_counters_go_on_over_a_restart():
    made = world()
    made.run(5)
    host = made.hosts[0]
    before = host.counted()["rounds"]
    assert before
    host.stop()
    assert host.counted()["rounds"] == before
    host.start()
    made.run(10)
    assert host.counted()["rounds"] > before


def test_a_busy_peer_ticks_four_times_a_second_and_an_idle_one_once_a_round():
    made = world(ring_of_friends(4), peer={"gossip.round_s": 20.0})
    ticks = []
    real = made.hosts[0].handle

    def handle(event):
        ticks.append((made.heap.now, type(event).__name__))
        real(event)

    made.hosts[0].handle = handle
    made.run(300)
    at = [now for now, name in ticks if name == "Tick"]
    gaps = [b - a for a, b in pairwise(at)]
    assert min(gaps) >= TICK_S - 1e-9
    assert len([now for now in at if now > made.heap.now - 100]) <= 7
