"""What virtual worlds cost, and how what is new spreads in them.

Every figure is of real peers on a virtual clock. Seconds are of CPU time of one core, checkers and
digest included. Peers have a small budget, as a scenario would say it: 32 people followed, and
graphs of 1 MB; what is asked of spreading does not bind it.
"""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sim.population.drawing import population_of
from sim.scenario.schema import (
    Network,
    News,
    Parameter,
    Partition,
    Planted,
    Questions,
    Scenario,
    Time,
    World,
)
from sim.virtual.checkers import Safety
from sim.virtual.world import World as Virtual
from tests.bench.figures import Figure, Point, Series
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch

BUDGET: dict[str, Parameter] = {
    "gossip.following.followed_max": 32,
    "gossip.following.probation_share": 0.05,
    "graph.bytes_max": 1_000_000,
    "trust.walks": 500,
    "trust.keep_walks": False,
    "trust_interval_s": 10.0,
}
"""Of each peer: how many people it follows and how large its graph is; few walks, drawn anew."""

SPARSE: dict[str, Parameter] = BUDGET | {"gossip.following.probation_share": 0.0}
"""The same, without strangers: interest alone decides what is fetched."""

ROOM: dict[str, Parameter] = {"dial.outbound_target": 4}
"""Room for as many links again to wanted authors whom none of the first ones serves."""

SPREAD_FROM_S, SPREAD_UNTIL_S, SPREAD_S = 20.0, 27.0, 68.0
"""Simulated seconds when what is new is said, and after which it is not waited for any longer: 20
rounds, more than are asked of 10,000."""

ARRIVED = 0.95
"""Part of the interested who are to know a bundle after 20 rounds, wherever partners come from."""

APART = (60, 1_200)
"""New likes said while a partition stands: little is missing then, or much."""


def measure(_scratch: Scratch, scale: Scale) -> list[Figure | Series]:
    """Cost at both sizes, spreading by size, healing, catching up."""
    return [
        *_cost(scale.virtual_peers, scale.virtual_rounds, 2.0, scale.virtual_questions),
        *_cost(scale.virtual_many, scale.virtual_many_rounds, 30.0, 0),
        *_spreading(scale.virtual_sizes),
        *_healing(scale.virtual_parted),
        *_catching_up(scale.virtual_parted),
    ]


def _world(people: int, *, friends: int = 4, likes: int = 20) -> World:
    clusters = max(people // 50, 1)
    planted = Planted(clusters=clusters, items=max(people, 400), likes=likes, friends=friends)
    return World(people=people, planted=planted)


def _begun(scenario: Scenario, seed: int = 1, safe: bool = True) -> Virtual:
    world = Virtual(scenario, seed, population_of(scenario.world, seed))
    if safe:
        world.shell.watchers.append(Safety(world.memo))
    return world


def _cost(people: int, rounds: int, round_s: float, questions: int) -> list[Figure]:
    """CPU and memory of so many peers for so many rounds, with questions spread over the second
    half."""
    scenario = Scenario(
        name="cost",
        title="what it costs",
        world=_world(people),
        time=Time(duration_s=rounds * round_s, round_s=round_s),
        peer=dict(BUDGET),
    )
    _begun(Scenario(name="warm", title="kernels compile", world=_world(8))).run(10.0)
    before, began = _resident(), time.process_time()
    world = _begun(scenario)
    world.run(rounds * round_s / 2)
    asked = world.hosts[: world.people]
    for number in range(questions):
        world.run(rounds * round_s * (0.5 + number / (2 * questions)))
        world.inquiry.ask(asked[number % len(asked)])
    world.run(rounds * round_s)
    took, grown = time.process_time() - began, _resident() - before
    exchanges = world.totals["rounds"]
    told = f"{exchanges} exchanges, {world.wires.frames} frames, {world.trace.events} events"
    asked_s = 60.0 if questions else 1_200.0
    return [
        Figure(f"{people} virtual peers, {rounds} rounds, {questions} lists", asked_s, took, "s",
               detail=told),
        Figure(f"memory of one of {people} virtual peers", 1_000_000, grown / people, "B",
               detail="what the process has grown by, shared bundles included"),
    ]  # fmt: skip


def _spreading(sizes: Sequence[tuple[int, float]]) -> list[Figure | Series]:
    """Rounds until 99 % of the interested know a new bundle, by their number N; a round is one
    exchange that every peer starts.

    What is asked draws partners among the interested, whatever their share of all is: the others
    are no part of it then, and what a share of 1 gives is what every share gives. Where partners
    are drawn among all that there are, N / share, the interested must find each other first; how
    many of them know it after 20 rounds is shown for that.
    """
    points: list[Point] = []
    found: list[Figure | Series] = []
    for interested, share in sizes:
        rounds, coverage = _rounds_to_know(interested, share)
        if share < 1:
            found.append(
                Figure(f"of {interested} interested, {share:g} of all, partners drawn among all",
                       ARRIVED, coverage, "know it after 20 rounds", at_least=True)
            )  # fmt: skip
            continue
        found.append(
            Figure(f"rounds to 99 % of {interested} interested", math.log2(interested) + 3, rounds,
                   "rounds", detail=f"worst of 8 bundles, coverage {coverage:.4f}")
        )  # fmt: skip
        points.append(Point(float(interested), rounds))
    return [*found, *_lines(points)]


def _lines(points: list[Point]) -> list[Series]:
    """What was measured, its fit, and what is asked."""
    found = [_spread("measured", points)]
    ends = [point.x for point in points[:1] + points[1:][-1:]]
    if len(ends) == 2:
        logs = [math.log2(point.x) for point in points]
        slope, rest = np.polyfit(logs, [point.y for point in points], 1).tolist()
        name = f"fit: {slope:.2f} log2(N) {'+' if rest >= 0 else '-'} {abs(rest):.2f}"
        found.append(_spread(name, [Point(x, slope * math.log2(x) + rest) for x in ends]))
        found.append(_spread("asked: log2(N) + 3", [Point(x, math.log2(x) + 3) for x in ends]))
    return found


def _spread(name: str, points: Sequence[Point]) -> Series:
    """A line of the plot."""
    return Series("spreading", name, "interested peers", "rounds to 99 %", tuple(points))


def _rounds_to_know(interested: int, share: float) -> tuple[float, float]:
    """The worst of eight bundles, infinite if one is not known in time; and coverage."""
    people = round(interested / share)
    scenario = Scenario(
        name="spreading",
        title="how news spread",
        world=_world(people, friends=0, likes=2),
        network=Network(degree=8),
        time=Time(duration_s=SPREAD_S, round_s=2.0),
        news=News(items=8, from_s=SPREAD_FROM_S, until_s=SPREAD_UNTIL_S, interest=share),
        peer=SPARSE if share == 1 else SPARSE | ROOM,
    )
    world = _begun(scenario, safe=people <= 1_000)
    until, rounds = SPREAD_UNTIL_S, math.inf
    while rounds == math.inf and until < SPREAD_S:
        until += 2.0
        world.run(until)
        rounds = max(world.news.delays(), default=math.inf) / 2.0
    return rounds, world.news.coverage(world.there())


def _healing(people: int) -> list[Figure]:
    """Half of the network away from the other for an hour. What links cost that are opened anew is
    the same however much is missing."""
    found: list[Figure] = []
    for items in APART:
        scenario = Scenario(
            name="healing",
            title="an hour apart",
            world=_world(people),
            time=Time(duration_s=4_500, round_s=10.0),
            partition=(Partition(at=300, until=3_900),),
            news=News(items=items, from_s=310, until_s=3_890),
            peer=dict(BUDGET),
        )
        world = _begun(scenario)
        world.run(4_500)
        rounds = max((healed.rounds for healed in world.healings), default=math.inf)
        sent = sum(healed.bytes for healed in world.healings)
        missing = sum(healed.kept for healed in world.healings)
        told = f"{missing / 1000:.0f} kB were missing, {items} likes, {people} peers"
        found += [
            Figure(f"rounds to 99 % after an hour apart, {items} likes", 30, rounds, "rounds",
                   detail=told),
            Figure(f"bytes sent until then for each byte that was missing, {items} likes", 2.0,
                   sent / missing if missing else math.inf, "B/B", detail=told),
        ]  # fmt: skip
    return found


def _catching_up(people: int) -> list[Figure]:
    """Everything that everybody likes, from nothing: the bytes of a bulk catch-up."""
    scenario = Scenario(
        name="catching-up",
        title="bulk catch-up",
        world=World(people=people, planted=Planted(clusters=2, items=20_000, likes=2_000,
                                                   friends=8)),
        time=Time(duration_s=20, round_s=2.0),
        questions=Questions(people=1),
        peer=dict(SPARSE) | {"graph.bytes_max": 16_000_000},
    )  # fmt: skip
    world = _begun(scenario)
    world.run(20)
    kept = sum(host.store.received_bytes for host in world.hosts)
    detail = f"{kept / people / 1000:.0f} kB a peer, of 2,000 likes each"
    return [
        Figure("bytes sent for each byte kept in bulk catch-up", 1.2, world.wires.bytes / kept,
               "B/B", detail=detail)
    ]  # fmt: skip


def _resident() -> int:
    """Bytes of memory that this process has now."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()
