"""Links between peers: reliable streams over a network that delays, loses, doubles and reorders.

A gossip link is a libp2p stream: what is sent arrives once, whole and in order, or the link breaks;
the protocol is built on that. So what goes wrong below shows as it does over TCP:

- a lost frame is sent again after a timeout that doubles each time, and everything behind it waits;
  after `TRIES_MAX` losses in a row the link breaks at both ends;
- a doubled frame costs its bytes twice and is handed over once;
- a frame that is overtaken (`reorder`) arrives up to three latencies late, and those that have
  overtaken it wait for it;
- a partition breaks the links that cross it, and nothing crosses it until it heals.

An uplink with a limit sends one frame after another, whichever link they are for. Bytes are those
of frames, every sending of them counted; what the layers below add is not.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from protocol import events as gossip
from sim.scenario.schema import Network
from sim.virtual.heap import Heap

if TYPE_CHECKING:
    from sim.virtual.host import Host

RETRY_FIRST_S = 0.2
"""A sender's first timeout at least, as in TCP."""

TRIES_MAX = 8
"""Sendings of one frame; after the last loss the link is given up."""

OVERTAKEN = 3.0
"""An overtaken frame is late by this many latencies at most."""


class End:
    """One end of an open link: whose it is, and the number of the other end.

    `arrives` is when the last frame sent from here arrives: none arrives before it.
    """

    __slots__ = ("arrives", "far", "number", "other", "owner", "up")

    def __init__(self, number: int, far: int, owner: Host, other: Host) -> None:
        self.number, self.far, self.owner, self.other = number, far, owner, other
        self.arrives = 0.0
        self.up = False


class Uplink:
    """What one peer sends, and when its uplink is free again."""

    __slots__ = ("bytes", "frames", "free_at", "losses", "rng")

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.free_at = 0.0
        self.frames = self.bytes = self.losses = 0


class Wires:
    """All links. `apart(a, b)`: whether a partition stands between two peers now."""

    def __init__(
        self, network: Network, heap: Heap, apart: Callable[[Host, Host], bool] | None = None
    ) -> None:
        self._network, self._heap = network, heap
        self._apart = apart or (lambda _one, _other: False)
        self._ends: dict[int, End] = {}
        self._next = 1
        self.frames = self.bytes = self.losses = 0
        """Sendings so far, in frames and bytes, and how many of them were lost."""

    def __len__(self) -> int:
        """Open links."""
        return len(self._ends) // 2

    def linked(self, one: Host, other: Host) -> bool:
        """Whether there is a link between the two, in either direction."""
        return any(end.other is other for end in one.ends.values())

    def open(self, dialler: Host, listener: Host) -> bool:
        """Open a link, if both are there and nothing stands between them."""
        if not (dialler.up and listener.up) or dialler is listener:
            return False
        if self._apart(dialler, listener):
            return False
        here, there = self._next, self._next + 1
        self._next += 2
        for end in (End(here, there, dialler, listener), End(there, here, listener, dialler)):
            self._ends[end.number] = end.owner.ends[end.number] = end
        delay = self._latency(dialler.uplink.rng)
        up = gossip.LinkUp(there, dialler.peer_id, False, dialler.address)
        self._heap.at(self._heap.now + delay, self._come_up, there, up)
        answered = gossip.LinkUp(here, listener.peer_id, True, listener.address)
        self._heap.at(self._heap.now + 2 * delay, self._come_up, here, answered)
        return True

    def _come_up(self, number: int, event: gossip.LinkUp) -> None:
        end = self._ends.get(number)
        if end is not None:
            end.up = True
            end.owner.handle(event)

    # --------------------------------------------------------------------------------- frames
    def send(self, number: int, frame: bytes) -> None:
        """Put a frame on its way; nothing happens on a link that is gone."""
        end = self._ends.get(number)
        if end is None:
            return
        network, uplink, now = self._network, end.owner.uplink, self._heap.now
        left, tries = self._leaves(uplink, len(frame), now), 1
        if network.loss:
            while uplink.rng.random() < network.loss:
                self.losses += 1
                uplink.losses += 1
                if tries == TRIES_MAX:
                    self._heap.at(left, self.break_off, number)
                    return
                wait = max(RETRY_FIRST_S, 2 * network.latency_s) * 2.0 ** (tries - 1)
                left = self._leaves(uplink, len(frame), left + wait)
                tries += 1
        if network.duplicate and uplink.rng.random() < network.duplicate:
            self._leaves(uplink, len(frame), left)
        arrives = left + self._latency(uplink.rng)
        if network.reorder and uplink.rng.random() < network.reorder:
            arrives += OVERTAKEN * network.latency_s * uplink.rng.random()
        end.arrives = max(end.arrives, arrives)
        self._heap.at(end.arrives, self._arrive, end.far, frame)

    def _leaves(self, uplink: Uplink, size: int, now: float) -> float:
        """When the last byte of it has left. A retransmission does not wait in the queue."""
        uplink.frames += 1
        uplink.bytes += size
        self.frames += 1
        self.bytes += size
        if not self._network.bytes_per_s:
            return now
        uplink.free_at = max(uplink.free_at, self._heap.now) + size / self._network.bytes_per_s
        return max(uplink.free_at, now)

    def _latency(self, rng: Random) -> float:
        return self._network.latency_s + self._network.jitter_s * rng.random()

    def _arrive(self, number: int, frame: bytes) -> None:
        end = self._ends.get(number)
        if end is None:
            return
        if not end.up:  # the answer to our dial is on its way still
            self._heap.at(
                self._heap.now + self._network.latency_s + 1e-3, self._arrive, number, frame
            )
            return
        end.owner.handle(gossip.FrameReceived(number, frame))

    # -------------------------------------------------------------------------------- breaking
    def close(self, number: int) -> None:
        """This end closes the link: what it has sent arrives, then the other end goes down."""
        end = self._drop(number)
        if end is None:
            return
        if end.up:
            end.owner.handle(gossip.LinkDown(number))
        at = max(end.arrives, self._heap.now + self._network.latency_s)
        self._heap.at(at, self._go_down, end.far)

    def break_off(self, number: int) -> None:
        """The link breaks; both ends notice at once, and what is under way is lost."""
        end = self._ends.get(number)
        if end is None:
            return
        far = end.far
        self._go_down(number)
        self._go_down(far)

    def hang_up(self, host: Host) -> None:
        """The process of a peer ends: it hears no more, its partners notice a latency later."""
        for number in list(host.ends):
            end = self._drop(number)
            if end is not None:
                at = max(end.arrives, self._heap.now + self._network.latency_s)
                self._heap.at(at, self._go_down, end.far)

    def part(self) -> None:
        """Break every link between two peers that are apart now."""
        for number in [e.number for e in self._ends.values() if self._apart(e.owner, e.other)]:
            self.break_off(number)

    def _go_down(self, number: int) -> None:
        end = self._drop(number)
        if end is not None and end.up:
            end.owner.handle(gossip.LinkDown(number))

    def _drop(self, number: int) -> End | None:
        end = self._ends.pop(number, None)
        if end is not None:
            del end.owner.ends[number]
        return end
