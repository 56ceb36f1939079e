"""Who is there when."""

from random import Random

from sim.scenario.schema import Churn
from sim.virtual.heap import Heap
from sim.virtual.presence import Presence


class Lamp:
    """Something that is on or off."""

    def __init__(self, number, heap):
        self.number, self.heap, self.up, self.times = number, heap, False, []

    def start(self):
        assert not self.up
        self.up = True
        self.times.append(self.heap.now)

    def stop(self):
        assert self.up
        self.up = False
        self.times.append(self.heap.now)


def lamps(churn, seed=1, count=40, others=2):
    heap, came = Heap(0.0), []
    presence = Presence(churn, heap, seed, came.append)
    people = [Lamp(n, heap) for n in range(count)]
    rest = [Lamp(count + n, heap) for n in range(others)]
    late = presence.late(people, Random(seed))
    presence.plan(people, rest)
    return heap, people, rest, late, came


def test_without_churn_all_come_at_once_and_stay():
    heap, people, rest, late, came = lamps(Churn())
    heap.run(10_000)
    assert all(lamp.times == [0.0] for lamp in people + rest)
    assert late == []
    assert len(came) == 42


def test_those_who_join_late_come_at_even_distances():
    heap, people, _, late, _ = lamps(Churn(joining=0.25, joined_by_s=100))
    heap.run(1_000)
    assert [lamp.times for lamp in late] == [[10.0 * n] for n in range(1, 11)]
    assert all(lamp.times == [0.0] for lamp in people if lamp not in late)


def test_people_stay_and_are_away_for_the_times_meant_and_the_hostile_stay():
    heap, people, rest, _, _ = lamps(Churn(up_s=100, down_s=25))
    heap.run(20_000)
    up = [b - a for lamp in people for a, b in zip(lamp.times[::2], lamp.times[1::2], strict=False)]
    down = [
        b - a for lamp in people for a, b in zip(lamp.times[1::2], lamp.times[2::2], strict=False)
    ]
    assert 90 < sum(up) / len(up) < 110
    assert 22 < sum(down) / len(down) < 28
    assert all(lamp.times == [0.0] for lamp in rest)


def test_one_more_host_changes_nobody_elses_times():
    heap, people, *_ = lamps(Churn(up_s=100, down_s=25), count=5)
    heap.run(2_000)
    more, many, *_ = lamps(Churn(up_s=100, down_s=25), count=6)
    more.run(2_000)
    assert [lamp.times for lamp in people] == [lamp.times for lamp in many[:5]]
