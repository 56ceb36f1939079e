"""The figures of a finished world, in the names and units that all fidelities share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.cast.held import Claims, evenly
from sim.cast.stories import rounds_of
from sim.evaluation import lists as evaluated
from sim.virtual.asking import Shown
from sim.virtual.spoils import spoils_of
from sim.virtual.world import START, World

DATA_SHARE, BUNDLE_BYTES = 1.2, 250
"""What news may cost in a steady state: so much of the data, and bytes a bundle and receiver."""

I32 = NDArray[np.int32]
F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run has cost the machine: seconds of CPU, bytes of memory that it added."""

    cpu_s: float
    bytes: int


def metrics_of(world: World, last: list[Shown], cost: Cost) -> dict[str, float]:
    """All figures. `last`: the lists asked for at the end. NaN where nothing tells.

    bytes_per_new_byte: bytes sent by everybody for each byte of a bundle that somebody took in,
    heads, duplicates and everything else included. redundancy: bytes of bundles that were handed
    over and not new, for each that was. newcomer_s: mean wait of those who joined late, as
    `Inquiry.seen_after`, of the part `newcomers_seen` whose wait had an end. What the hostile have
    got is in `sim.virtual.spoils`.
    """
    hosts, seconds = world.hosts, max(world.seconds, 1e-9)
    kept = sum(host.store.received_bytes for host in hosts)
    totals = world.totals
    served = sum(host.served_bytes for host in hosts)
    found = {
        "exchanges": float(totals["rounds"]),
        "messages": float(world.wires.frames),
        "bytes": float(world.wires.bytes),
        "bytes_kept": float(kept),
        "bytes_per_peer_s": world.wires.bytes / len(hosts) / seconds,
        "bytes_per_new_byte": world.wires.bytes / kept if kept else math.nan,
        "redundancy": max(served / kept - 1, 0.0) if kept else math.nan,
        "cpu_s_per_peer": cost.cpu_s / len(hosts),
        "bytes_of_memory_per_peer": cost.bytes / len(hosts),
        "offences": float(totals["offences"]),
        "held": held_of(world),
        "links_per_peer": 2 * len(world.wires) / len(hosts),
        "refused": float(world.inquiry.refused),
    }
    found |= spreading_of(world)
    found |= spoils_of(world)
    found |= lists_of(world, last)
    found |= world.searches.metrics(hosts[: world.people])
    waits = world.inquiry.seen_after(world.late)
    seen = [wait for wait in waits if math.isfinite(wait)]
    return found | {
        "newcomer_s": sum(seen) / len(seen) if seen else math.nan,
        "newcomers_seen": len(seen) / len(waits) if waits else math.nan,
    }


def spreading_of(world: World) -> dict[str, float]:
    """How far and how fast what was new has gone. rounds_to_99 is the mean over all that was said,
    NaN if something never got there; rounds_to_99_max the worst of it. rounds_to_heal: from the
    end of a partition until 99 % of what was said had arrived, and heal_bytes_per_new_byte what was
    sent meanwhile for each byte taken in; the worst of all partitions that healed so far.
    news_bytes_share: what all have sent while news were said, idle rounds included, for each byte
    that they may cost: 1.2 x the bundles taken in, and 250 B for each of them."""
    steady = world.steady
    allowed = DATA_SHARE * steady.kept + BUNDLE_BYTES * steady.bundles
    return {
        "news_bytes_share": steady.sent / allowed if allowed else math.nan,
        "coverage": world.news.coverage(world.there()),
        **rounds_of(world.news.delays(), world.scenario.time.round_s),
        "rounds_to_heal": max((healed.rounds for healed in world.healings), default=math.nan),
        "heal_bytes_per_new_byte": max(
            (healed.bytes / healed.kept for healed in world.healings if healed.kept),
            default=math.nan,
        ),
    }


def held_of(world: World) -> float:
    """The part of what Sybils claim that is in the graphs of people who are there, on average over
    some of them; NaN where there is none."""
    claims = Claims(world.scenario.adversary, world.feeds, world.seed)
    there = world.there()
    found = [claims.held(there[at].peer, world.config) for at in evenly(len(there))]
    return sum(found) / len(found) if found else math.nan


def lists_of(world: World, last: list[Shown]) -> dict[str, float]:
    """Accuracy and exposure of the last lists."""
    if not last:
        return {}
    people, lists = _columns(last)
    return evaluated.metrics_of(
        world.population, people, lists, evaluated.stakes_of(world.population, world.feeds)
    )


def samples_of(world: World, last: list[Shown]) -> Mapping[str, F64]:
    """One value for each person asked, in the order of their rows."""
    return evaluated.samples_of(world.population, *_columns(last))


def lists_in(last: list[Shown]) -> I32:
    """int32[asked, k]: what each of them was shown."""
    return np.stack([shown.items for shown in last])


def _columns(last: list[Shown]) -> tuple[I32, I32]:
    """(who was asked, what she was shown)."""
    return np.array([shown.person for shown in last], np.int32), lists_in(last)


@dataclass(slots=True)
class Course:
    """What is noted now and then while time goes on, for the series of a run."""

    series: dict[str, list[tuple[float, float]]]
    _before: tuple[float, int] = (0.0, 0)

    def note(self, world: World) -> None:
        """One point of each line, at this second."""
        at = world.heap.now - START
        then, sent = self._before
        self._put("peers", at, len(world.there()))
        self._put("coverage", at, world.news.coverage(world.there()))
        self._put("exposure", at, world.inquiry.exposure)
        if at > then:
            speed = (world.wires.bytes - sent) / (at - then) / len(world.hosts)
            self._put("bytes_per_peer_s", at, speed)
        self._before = at, world.wires.bytes

    def _put(self, name: str, at: float, value: float) -> None:
        if not math.isnan(value):
            self.series.setdefault(name, []).append((at, float(value)))
