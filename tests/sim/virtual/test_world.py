"""A whole world: feeds spread, links hold, everything is decided by the seed."""

import os
import subprocess
import sys

import pytest

from sim.scenario.schema import Churn, Network, News, Partition
from sim.virtual.host import stored
from tests.sim.virtual.small import items_of, ring_of_friends, world


def all_have_all(made, hosts=None):
    """Whether everybody's graph has the likes of whom she vouches for."""
    for host in hosts or made.hosts[: made.people]:
        for fact in host.peer.state.persons.owner.vouches:
            friend = next(h for h in made.hosts if h.author == fact)
            if len(items_of(host, friend.author)) != len(friend.peer.state.persons.owner.facts):
                return False
    return True


def test_everybody_hears_what_her_friends_like():
    made = world()
    made.run(10)
    assert all_have_all(made)
    host, friend = made.hosts[0], made.hosts[1]
    assert items_of(host, friend.author) == {"sim:item:3", "sim:item:4", "sim:item:5"}
    assert made.blobs.nbytes < sum(host.store.received_bytes for host in made.hosts)


@pytest.mark.parametrize(
    "network",
    [
        Network(loss=0.1, jitter_s=0.2, reorder=0.2, duplicate=0.1),
        Network(bytes_per_s=20_000),
        Network(topology="ring", degree=2),
        Network(topology="interest", degree=4),
    ],
)
def test_a_bad_network_makes_it_later_not_other(network):
    made = world(network=network)
    made.run(60)
    assert all_have_all(made)
    assert made.totals["offences"] == 0


def test_the_degree_is_kept_and_every_peer_starts_a_round_in_its_time():
    made = world(ring_of_friends(14), network=Network(degree=4))
    made.run(20)
    assert 2 * len(made.wires) / 14 == pytest.approx(4, abs=0.5)
    assert made.totals["rounds"] == pytest.approx(14 * 20, rel=0.1)


@pytest.mark.slow
def test_ticks_are_few_when_there_is_nothing_to_do():
    made = world(ring_of_friends(10), peer={"gossip.round_s": 30.0})
    made.run(600)
    before = made.trace.events
    made.run(1_200)
    exchanges = 10 * 20
    assert made.trace.events - before < 7 * exchanges


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    digests = []
    for seed in (1, 1, 2):
        made = world(seed=seed, news=News(items=3, from_s=2, until_s=6))
        made.run(10)
        digests.append(made.trace.hexdigest())
    assert digests[0] == digests[1] != digests[2]


PROGRAM = """
from tests.sim.virtual.small import world
from sim.scenario.schema import News
made = world(news=News(items=3, from_s=2, until_s=6))
made.run(8)
made.ask_everybody()
print(made.trace.hexdigest())
"""


@pytest.mark.slow
def test_how_python_hashes_changes_nothing():
    told = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": "."},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "4711")
    }
    assert len(told) == 1


def test_nothing_crosses_a_partition_and_it_heals_by_itself():
    made = world(
        ring_of_friends(8, each=3),
        network=Network(degree=6),
        partition=(Partition(at=10, until=40, share=0.5),),
        news=News(items=6, from_s=15, until_s=30),
    )
    made.run(39)
    sides = [{h.number for h in made.hosts[:4]}, {h.number for h in made.hosts[4:]}]
    for story in made.news.stories:
        (speaker,) = [h.number for h in made.hosts if h.number not in story.interested]
        side = sides[speaker >= 4]
        assert set(story.known) == side - {speaker}
    assert not any(
        (end.owner.number < 4) != (end.other.number < 4)
        for host in made.hosts
        for end in host.ends.values()
    )
    made.run(60)
    assert made.news.coverage(made.there()) == 1
    assert max(made.news.delays()) < 20
    (healing,) = made.healings
    assert 0 < healing.rounds < 20
    assert 0 < healing.kept < healing.bytes


@pytest.mark.slow
def test_who_was_away_comes_back_with_what_she_had_and_catches_up():
    made = world(ring_of_friends(8), churn=Churn(up_s=20, down_s=5))
    made.run(120)
    lives = [host.lives for host in made.hosts]
    assert sum(lives) > 16
    for host in made.hosts:
        if host.up:
            held = set(stored(host))
            host.stop()
            host.start()
            assert set(stored(host)) >= held
    made.ask_everybody()


def test_who_joins_late_is_not_there_before_and_hears_everything_after():
    made = world(ring_of_friends(8), churn=Churn(joining=0.5, joined_by_s=10))
    made.run(1)
    assert len(made.there()) == 4
    made.run(6)
    assert 4 < len(made.there()) < 8
    made.run(30)
    assert len(made.there()) == 8
    assert all_have_all(made)
