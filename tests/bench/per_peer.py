"""What one peer pays for gossip, by how many peers there are.

The interest of each is the same in every network: people in clusters of 50, who vouch for 4 others
(a fifth of them anywhere), follow 8 and hold small graphs. In a network that grows, what a peer
sends, and what she hears of those whom she follows, should not change. Peers are real, on a virtual
clock; what is measured is a window after everybody has caught up, in which one in ten says
something new.

Seconds are of CPU time without the garbage collector: it goes through the objects of all peers of
the one process that holds them here, which no node does.

Tastes do not reach beyond a cluster: how popular an item is among all changes with the network,
and lists would, whatever gossip does.
"""

from __future__ import annotations

import gc
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from node.core.events import Effect, Event
from protocol.events import Send
from sim.cast.people import Speakers
from sim.population.drawing import population_of
from sim.scenario.schema import Network, News, Parameter, Planted, Questions, Scenario, Time
from sim.scenario.schema import World as Town
from sim.virtual.figures import lists_of
from sim.virtual.host import Host
from sim.virtual.news import NewsDesk
from sim.virtual.world import World
from tests.bench.figures import Figure
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch
from tests.bench.virtual import BUDGET

ROUND_S = 2.0
CAUGHT_UP, WINDOW, TO_ARRIVE = 22, 22, 20
"""Rounds before the window, in it, and that a bundle may take: what is new is said before the last
of these begin."""

CLUSTER = 50
SPEAK = 0.1
"""Part of all who say one new thing in the window."""

FLAT, RECALL_OFF, ARRIVED = 0.1, 0.02, 0.95

KINDS = {4: "heads", 5: "ranges", 6: "wants", 7: "bundles", 8: "pushes", 10: "seeks", 11: "peers"}
"""Frames by their first number; the others are "links"."""

PEER: dict[str, Parameter] = BUDGET | {
    "gossip.following.followed_max": 8,
    "dial.outbound_target": 4,
    "endpoints_delay_s": 1e6,
}
"""Room for four links beside those to whoever it may be; nobody says where she is, once for all,
meanwhile: the provider records know it."""


@dataclass(frozen=True, slots=True)
class Paid:
    """By one peer in one round of the window: bytes sent, frames, seconds of CPU; bytes by kind of
    frame. arrived: part of all (new bundle, follower) in time; recall: of own lists."""

    bytes: float
    frames: float
    cpu_s: float
    by_kind: dict[str, float]
    first_bytes: float
    """Sent before the window, in all."""
    arrived: float
    pairs: int
    recall: float


def measure(_scratch: Scratch, scale: Scale) -> list[Figure]:
    """Each size against the first. Small networks are drawn several times, so that lists are of as
    many people everywhere."""
    paid = {people: _mean(people, scale.per_peer_asked) for people in scale.per_peer_sizes}
    first = paid[scale.per_peer_sizes[0]]
    found: list[Figure] = []
    for people, one in paid.items():
        found += _figures(people, one, first)
    return found


def _mean(people: int, asked: int) -> Paid:
    """Over as many networks as it takes to ask so many."""
    drawn = [_paid(people, asked, seed) for seed in range(1, max(round(asked / people), 1) + 1)]

    def mean(of: Callable[[Paid], float]) -> float:
        return sum(map(of, drawn)) / len(drawn)

    kinds = dict.fromkeys(kind for one in drawn for kind in one.by_kind)
    return Paid(
        bytes=mean(lambda one: one.bytes),
        frames=mean(lambda one: one.frames),
        cpu_s=mean(lambda one: one.cpu_s),
        by_kind={kind: sum(o.by_kind.get(kind, 0.0) for o in drawn) / len(drawn) for kind in kinds},
        first_bytes=mean(lambda one: one.first_bytes),
        arrived=mean(lambda one: one.arrived),
        pairs=sum(one.pairs for one in drawn),
        recall=mean(lambda one: one.recall),
    )


def _figures(people: int, one: Paid, first: Paid) -> list[Figure]:
    """Cost, arrival and lists in the network of this size, against those of the first."""
    kinds = ", ".join(f"{kind} {size:.0f}" for kind, size in sorted(one.by_kind.items()))
    told = f"{one.bytes:.0f} B in {one.frames:.2f} frames ({kinds}); {one.first_bytes:.0f} before"
    asked = one.recall / first.recall if first.recall else math.nan
    return [
        Figure(f"bytes a peer a round among {people}, off the first size", FLAT,
               abs(one.bytes / first.bytes - 1), "of it", detail=told),
        Figure("CPU of the same", FLAT, abs(one.cpu_s / first.cpu_s - 1), "of it",
               detail=f"{1e6 * one.cpu_s:.0f} us a peer a round"),
        Figure(f"followers with a new bundle within {TO_ARRIVE} rounds among {people}", ARRIVED,
               one.arrived, "", at_least=True, detail=f"{one.pairs} pairs"),
        Figure(f"recall of lists among {people}, off the first size", RECALL_OFF,
               abs(asked - 1), "of it", detail=f"recall {one.recall:.4f}"),
    ]  # fmt: skip


class _Meter:
    """Bytes of frames by their kind. A watcher of hosts."""

    def __init__(self) -> None:
        self.sent = Counter[str]()

    def after(self, _host: Host, _event: Event, effects: list[Effect]) -> None:
        """Count what is sent."""
        for effect in effects:
            if type(effect) is Send:
                self.sent[KINDS.get(effect.frame[1], "links")] += len(effect.frame)


def _paid(people: int, asked: int, seed: int) -> Paid:
    """One network's figures."""
    begin, end = CAUGHT_UP * ROUND_S, (CAUGHT_UP + WINDOW) * ROUND_S
    clusters = max(people // CLUSTER, 1)
    planted = Planted(clusters=clusters, items=30 * clusters, likes=15, friends=4, taste=1.0)
    scenario = Scenario(
        name="per-peer",
        title="what gossip costs one peer",
        world=Town(people=people, planted=planted),
        network=Network(degree=6),
        time=Time(duration_s=end, round_s=ROUND_S),
        questions=Questions(people=min(asked, people)),
        peer=dict(PEER),
    )
    world = World(scenario, seed, population_of(scenario.world, seed))
    meter = _Meter()
    world.shell.watchers.append(meter)
    world.run(begin)
    desk = _tell(world, (WINDOW - TO_ARRIVE) * ROUND_S)
    meter.sent.clear()
    sent, frames = world.wires.bytes, world.wires.frames
    cpu = _without_collector(lambda: world.run(end))
    rounds = people * WINDOW
    news, parts = world.wires.bytes - sent, world.wires.frames - frames
    lists = len(world.inquiry.lists)
    world.ask_everybody()
    return Paid(
        bytes=news / rounds,
        frames=parts / rounds,
        cpu_s=cpu / rounds,
        by_kind={kind: size / rounds for kind, size in meter.sent.items()},
        first_bytes=sent / people,
        arrived=_arrived(desk),
        pairs=sum(len(story.interested) for story in desk.stories),
        recall=lists_of(world, world.inquiry.lists[lists:])["recall"],
    )


def _without_collector(run: Callable[[], None]) -> float:
    """Seconds of CPU that it takes."""
    gc.collect()
    gc.disable()
    began = time.process_time()
    try:
        run()
    finally:
        gc.enable()
    return time.process_time() - began


def _tell(world: World, within_s: float) -> NewsDesk:
    """One in ten says something new from now on; all who follow her are to hear of it, whether they
    vouch for her or their walks have found her."""
    rows = {host.author: host.number for host in world.hosts}
    followers: list[set[int]] = [set() for _ in world.hosts]
    for host in world.hosts:
        for author in host.peer.state.gossip.following.authors():
            if author in rows and rows[author] != host.number:
                followers[rows[author]].add(host.number)
    rng = np.random.default_rng(1)
    chosen = rng.permutation(world.people)[: max(round(SPEAK * world.people), 1)].tolist()
    speakers = Speakers(tuple(chosen), tuple(frozenset(followers[one]) for one in chosen))
    desk = NewsDesk(News(items=len(chosen), until_s=within_s), speakers, world.heap)
    world.shell.watchers.append(desk)
    desk.plan(world.hosts, ())
    return desk


def _arrived(desk: NewsDesk) -> float:
    """Part of all pairs of a story and a follower that were done in time."""
    pairs = sum(len(story.interested) for story in desk.stories)
    late = TO_ARRIVE * ROUND_S
    done = sum(at - story.at <= late for story in desk.stories for at in story.known.values())
    return done / pairs if pairs else math.nan
