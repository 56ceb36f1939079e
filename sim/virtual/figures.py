"""The figures of a finished world, in the names and units that all fidelities share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.evaluation.intervals import student
from sim.measures.accuracy import measure
from sim.measures.exposure import Stakes, adjusted, fake_share, fakes_in, gain_per_edge, niche_items
from sim.measures.published import ranking_significance
from sim.virtual.asking import Shown
from sim.virtual.world import START, World

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
    `Inquiry.seen_after`, of the part `newcomers_seen` whose wait had an end.
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
        "links_per_peer": 2 * len(world.wires) / len(hosts),
        "refused": float(world.inquiry.refused),
    }
    found |= spreading_of(world)
    found |= lists_of(world, last)
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
    sent meanwhile for each byte taken in; the worst of all partitions that healed so far."""
    delays = [delay / world.scenario.time.round_s for delay in world.news.delays()]
    arrived = bool(delays) and all(math.isfinite(delay) for delay in delays)
    return {
        "coverage": world.news.coverage(world.there()),
        "rounds_to_99": sum(delays) / len(delays) if arrived else math.nan,
        "rounds_to_99_max": max(delays) if arrived else math.nan,
        "rounds_to_heal": max((healed.rounds for healed in world.healings), default=math.nan),
        "heal_bytes_per_new_byte": max(
            (healed.bytes / healed.kept for healed in world.healings if healed.kept),
            default=math.nan,
        ),
    }


def lists_of(world: World, last: list[Shown]) -> dict[str, float]:
    """Accuracy and exposure of the last lists."""
    if not last:
        return {}
    people = np.array([shown.person for shown in last], np.int32)
    lists = np.stack([shown.items for shown in last])
    samples = samples_of(world, last)
    population, k = world.population, world.scenario.questions.k
    n_items = population.wanted.n_items
    fakes = samples["fakes"]
    share = float(fakes.mean())
    spread = float(fakes.std(ddof=1)) if fakes.size > 1 else 0.0
    edges = sum(len(said.fooled) for said in world.feeds)
    stakes = Stakes(population.n_people, n_items, sum(f.n_fakes for f in world.feeds), edges)
    return {
        "ndcg": float(samples["ndcg"].mean()),
        "recall": float(samples["recall"].mean()),
        "niche_recall": _niche_recall(world, people, lists),
        "fakes": share,
        "fakes_high": share
        + student(max(fakes.size - 1, 1), 0.90) * spread / math.sqrt(fakes.size),
        "fakes_adjusted": adjusted(share, stakes),
        "gain_per_edge": gain_per_edge(share, k, stakes),
        "ranking_significance": float(ranking_significance(fakes_in(lists, n_items)).mean()),
    }


def samples_of(world: World, last: list[Shown]) -> Mapping[str, F64]:
    """One value for each person asked, in the order of their rows."""
    people = np.array([shown.person for shown in last], np.int32)
    lists = np.stack([shown.items for shown in last])
    wanted = world.population.wanted
    samples = {"fakes": fake_share(lists, wanted.n_items)}
    if not wanted.sizes[people].all():
        return samples | {name: np.full(people.size, math.nan) for name in ("ndcg", "recall")}
    honest = np.where((lists >= 0) & (lists < wanted.n_items), lists, -1).astype(np.int32)
    listeners = np.bincount(world.population.train.item, minlength=wanted.n_items)
    found = measure(people, honest, wanted, listeners)
    return samples | {name: found[name] for name in ("ndcg", "recall")}


def _niche_recall(world: World, people: I32, lists: I32) -> float:
    """Recall of niche items, of those who want one. NaN where nobody does."""
    wanted = world.population.wanted
    niche = niche_items(np.bincount(world.population.train.item, minlength=wanted.n_items))
    found = []
    for row, person in enumerate(people.tolist()):
        items = wanted.of_person(person)
        rare = items[niche[items]]
        if rare.size:
            found.append(np.isin(rare, lists[row]).mean())
    return float(np.mean(found)) if found else math.nan


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
