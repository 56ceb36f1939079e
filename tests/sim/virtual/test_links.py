"""Reliable streams over a bad network: late, never lost, never out of order, or broken."""

from random import Random

import pytest

from protocol import events as gossip
from sim.scenario.schema import Network
from sim.virtual.heap import Heap
from sim.virtual.links import TRIES_MAX, Uplink, Wires


class Ear:
    """An end that writes down what it hears."""

    def __init__(self, number, heap):
        self.number, self.heap, self.up = number, heap, True
        self.ends, self.heard = {}, []
        self.uplink = Uplink(Random(f"ear/{number}"))
        self.peer_id, self.address = f"ear{number}", f"/ip4/20.0.1.{number}/tcp/1/p2p/ear{number}"

    def handle(self, event):
        self.heard.append((self.heap.now, event))

    def frames(self):
        return [e.frame for _, e in self.heard if isinstance(e, gossip.FrameReceived)]

    def kinds(self):
        return [type(event) for _, event in self.heard]


def pair(apart=None, **network):
    heap = Heap(0.0)
    wires = Wires(Network(**network), heap, apart)
    one, other = Ear(1, heap), Ear(2, heap)
    assert wires.open(one, other)
    heap.run(1.0)
    return heap, wires, one, other


def number_of(ear):
    (number,) = ear.ends
    return number


def test_both_ends_come_up_a_latency_apart_and_know_who_has_dialled():
    _, wires, one, other = pair(latency_s=0.1, jitter_s=0)
    (at_other, up_other), (at_one, up_one) = other.heard[0], one.heard[0]
    assert (round(at_other, 6), round(at_one, 6)) == (0.1, 0.2)
    assert (up_one.outbound, up_other.outbound) == (True, False)
    assert (up_one.peer_id, up_other.peer_id) == ("ear2", "ear1")
    assert len(wires) == 1
    assert wires.linked(one, other)


def test_a_frame_takes_the_latency():
    heap, wires, one, other = pair(latency_s=0.1, jitter_s=0)
    wires.send(number_of(one), b"x")
    heap.run(2)
    assert other.heard[-1][0] == pytest.approx(1.1)


@pytest.mark.parametrize(
    "network",
    [
        {"jitter_s": 0.5},
        {"loss": 0.2},
        {"reorder": 0.5, "latency_s": 0.3},
        {"duplicate": 0.5},
        {"loss": 0.1, "reorder": 0.3, "duplicate": 0.3, "jitter_s": 0.2, "bytes_per_s": 5_000},
    ],
)
def test_whatever_the_network_does_frames_arrive_once_and_in_their_order(network):
    heap, wires, one, other = pair(**network)
    sent = [bytes((n,)) * 10 for n in range(200)]
    for frame in sent:
        wires.send(number_of(one), frame)
    heap.run(10_000)
    assert other.frames() == sent


def test_losses_and_doubles_cost_bytes_and_losses_cost_time():
    heap, wires, one, other = pair(latency_s=0.01, jitter_s=0, loss=0.3)
    for _ in range(300):
        wires.send(number_of(one), b"0123456789")
    heap.run(100)
    assert wires.losses > 50
    assert wires.bytes == 10 * (300 + wires.losses)
    assert other.heard[-1][0] > 1.2

    heap, wires, one, _ = pair(duplicate=0.5)
    for _ in range(300):
        wires.send(number_of(one), b"0123456789")
    assert 400 < wires.frames < 500


def test_a_frame_that_is_lost_again_and_again_breaks_the_link_at_both_ends():
    heap, wires, one, other = pair(loss=1.0)
    wires.send(number_of(one), b"never")
    heap.run(100)
    assert wires.losses == TRIES_MAX
    assert one.kinds()[-1] is other.kinds()[-1] is gossip.LinkDown
    assert other.frames() == []
    assert len(wires) == 0


def test_an_uplink_with_a_limit_sends_one_frame_after_another():
    heap, wires, one, other = pair(latency_s=0, jitter_s=0, bytes_per_s=1_000)
    for _ in range(5):
        wires.send(number_of(one), bytes(500))
    heap.run(10)
    times = [round(at - 1.0, 6) for at, e in other.heard if isinstance(e, gossip.FrameReceived)]
    assert times == [0.5, 1.0, 1.5, 2.0, 2.5]


def test_what_was_sent_before_a_close_arrives_and_then_the_far_end_goes_down():
    heap, wires, one, other = pair(jitter_s=0.4)
    number = number_of(one)
    for n in range(20):
        wires.send(number, bytes((n,)))
    wires.close(number)
    wires.send(number, b"too late")
    heap.run(10)
    assert one.kinds()[-1] is gossip.LinkDown
    assert other.frames() == [bytes((n,)) for n in range(20)]
    assert other.kinds()[-1] is gossip.LinkDown
    assert not one.ends
    assert not other.ends


def test_a_process_that_ends_hears_nothing_more_and_its_partner_goes_down():
    heap, wires, one, other = pair()
    wires.send(number_of(other), b"on its way")
    wires.hang_up(one)
    heap.run(10)
    assert one.kinds() == [gossip.LinkUp]
    assert other.kinds()[-1] is gossip.LinkDown


def test_a_partition_breaks_what_crosses_it_and_opens_nothing():
    apart = []
    heap, wires, one, other = pair(apart=lambda a, b: bool(apart))
    wires.send(number_of(one), b"lost")
    apart.append(True)
    wires.part()
    heap.run(10)
    assert other.frames() == []
    assert one.kinds()[-1] is other.kinds()[-1] is gossip.LinkDown
    assert not wires.open(one, other)


def test_nobody_links_to_herself_or_to_who_is_away():
    heap = Heap(0.0)
    wires = Wires(Network(), heap)
    one, other = Ear(1, heap), Ear(2, heap)
    other.up = False
    assert not wires.open(one, one)
    assert not wires.open(one, other)
