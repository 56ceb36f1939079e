"""One order for everything: by time, then by when it was put in."""

import math

from sim.virtual.heap import Heap


def test_acts_come_by_time_and_equal_times_in_the_order_they_were_put_in():
    heap, seen = Heap(100.0), []
    heap.at(103, seen.append, "late")
    heap.at(101, seen.append, "first")
    heap.at(101, seen.append, "second")
    assert heap.next_at == 101
    heap.run(102)
    assert seen == ["first", "second"]
    assert heap.now == 102
    assert len(heap) == 1


def test_what_comes_of_an_act_happens_as_well_and_the_past_happens_at_once():
    heap, seen = Heap(0.0), []

    def act():
        seen.append(heap.now)
        heap.at(heap.now - 5, seen.append, "at once")
        heap.at(heap.now + 1, seen.append, "in time")
        heap.at(heap.now + 9, seen.append, "too late")

    heap.at(2, act)
    heap.run(3)
    assert seen == [2, "at once", "in time"]
    assert heap.done == 3


def test_an_empty_heap_waits_for_ever_and_time_goes_on():
    heap = Heap(5.0)
    assert heap.next_at == math.inf
    heap.run(9)
    assert heap.now == 9
