"""A scenario in arrays: who is there, what the hostile say, everybody's lists, figures."""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from sim.adversaries.regions import hostile_feeds
from sim.evaluation.intervals import student
from sim.graph.lists import MASS_PLACES, Lists, lists_of, reputations
from sim.graph.worlds import Attacked, attacked
from sim.measures.accuracy import measure
from sim.measures.exposure import (
    adjusted,
    fake_share,
    fakes_in,
    gain_per_edge,
    honest_loss,
    niche_items,
)
from sim.measures.published import ranking_significance, rbo, reputation_gain, sybil_gain
from sim.methods.grapevine import Grapevine
from sim.methods.method import I32, Method, World
from sim.methods.registry import method
from sim.methods.salsa import PlainSalsa
from sim.outcome import Outcome, Progress, Tell
from sim.population.drawing import population_of
from sim.population.people import Population
from sim.scenario.schema import Fidelity, Scenario
from sim.scenario.settings import peer_config

F64 = NDArray[np.float64]

ASKED = 3
"""What a stream of random numbers is for: (seed, ASKED)."""

REPUTATIONS = 100
"""People whose view of others the Sybil gain is taken from."""


def run(scenario: Scenario, seed: int, progress: Tell | None = None) -> Outcome:
    """One run; claims are not looked at here. Raises ValueError for people who are not there."""
    began = time.perf_counter()
    population = population_of(scenario.world, seed)
    hostile = attacked(population, hostile_feeds(scenario.adversary, population, seed))
    desk = _Desk(scenario, seed, population, hostile, _asked(scenario, population, seed))
    steps = _Steps(progress, 1 + 2 * (1 + len(scenario.compared)))
    found = desk.figures("", _ours(scenario), True, steps)
    for one in scenario.compared:
        made = method(one.method, {k: _value(v) for k, v in one.set.items()})
        desk.figures(f"{one.label}.", made, one.attacked, steps)
    desk.plain(steps)
    assert found is not None
    return Outcome(
        scenario=scenario,
        seed=seed,
        fidelity=Fidelity.GRAPH,
        metrics=desk.metrics,
        samples={name: values.tolist() for name, values in desk.samples.items()},
        digest=desk.digest.hexdigest(),
        wall_s=time.perf_counter() - began,
        peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )


def _value(value: bool | int | float | str) -> int | float | str:
    return int(value) if isinstance(value, bool) else value


def _ours(scenario: Scenario) -> Method:
    """The scenario's method; the node's own with the settings of its peers."""
    if scenario.method != "grapevine":
        return method(scenario.method)
    config = peer_config(scenario)
    return Grapevine(config.rank, config.trust)


def _asked(scenario: Scenario, population: Population, seed: int) -> I32:
    """Who is asked: people who want something, drawn at random, ascending; all for 0."""
    able = np.flatnonzero(population.wanted.sizes).astype(np.int32)
    if not able.size:
        able = np.arange(population.n_people, dtype=np.int32)
    most = scenario.questions.people
    if not most or most >= able.size:
        return able
    rng = np.random.default_rng((seed, ASKED))
    return np.sort(rng.choice(able, most, replace=False)).astype(np.int32)


@dataclass(slots=True)
class _Steps:
    """How far the lists are, over all passes."""

    progress: Tell | None
    passes: int
    done: int = 0
    began: float = field(default_factory=time.perf_counter)

    def tell(self, part: float, people: int, exposure: float) -> None:
        """Within the pass that runs."""
        if self.progress is not None:
            done = min(1.0, (self.done + part) / self.passes)
            took = time.perf_counter() - self.began
            left = took / done - took if done else math.nan
            self.progress(Progress(done, peers=people, exposure=exposure, left_s=left))


@dataclass(slots=True)
class _Desk:
    scenario: Scenario
    seed: int
    population: Population
    hostile: Attacked
    people: I32
    metrics: dict[str, float] = field(default_factory=dict)
    samples: dict[str, F64] = field(default_factory=dict)
    digest: blake2b = field(default_factory=lambda: blake2b(digest_size=16))

    def plain(self, steps: _Steps) -> None:
        """Plain SALSA without any attack, which every accuracy stands beside."""
        k = self.scenario.questions.k
        (lists,) = self._lists(PlainSalsa(), self.population.world, (k,), steps)
        self._accuracy("plain.", lists.item)

    def figures(self, label: str, one: Method, under_attack: bool, steps: _Steps) -> Lists:
        """All figures of one method, named `label` + metric."""
        k, calm_world = self.scenario.questions.k, self.population.world
        (calm,) = self._lists(one, calm_world, (k,), steps)
        if not under_attack or (not self.hostile.stakes.n_fakes and not self.hostile.sybils.size):
            self._accuracy(label, calm.item)
            if self.scenario.adversary:
                self._exposure(label, calm)
            steps.done += 1
            return calm
        lists, long = self._lists(one, self.hostile.world, (k, max(k, MASS_PLACES)), steps)
        self._accuracy(label, lists.item)
        self._exposure(label, lists)
        before = self._measured(calm.item)["ndcg"]
        fake = fakes_in(long.item, self.hostile.stakes.n_items)
        self._put(label, {
            "honest_loss": honest_loss(self.samples[f"{label}ndcg"], before),
            "rbo": float(rbo(calm.item, lists.item).mean()),
            "reputation_gain": float(reputation_gain(long.score, fake).mean()),
        })  # fmt: skip
        views = reputations(one, self.hostile.world, self.people[:REPUTATIONS].tolist(), self.seed)
        if views is not None:
            gain = sybil_gain(views, self.hostile.attackers, self.hostile.sybils)
            self._put(label, {"sybil_gain": gain})
        return lists

    def _lists(
        self, one: Method, world: World, sizes: tuple[int, ...], steps: _Steps
    ) -> list[Lists]:
        exposure = self.metrics.get("fakes", math.nan)
        total = max(self.people.size, 1)
        made = lists_of(
            one, world, self.people, sizes, self.seed,
            lambda n: steps.tell(n / total, self.population.n_people, exposure),
        )  # fmt: skip
        steps.done += 1
        for lists in made:
            self.digest.update(lists.item.tobytes())
        return made

    def _measured(self, lists: I32) -> Mapping[str, F64]:
        """By person; fakes are nobody's test item."""
        wanted = self.population.wanted
        if not wanted.sizes[self.people].all():
            return {name: np.full(self.people.size, math.nan) for name in ("ndcg", "recall")}
        honest = np.where(lists < wanted.n_items, lists, -1)
        listeners = np.bincount(self.population.train.item, minlength=wanted.n_items)
        return measure(self.people, honest, wanted, listeners)

    def _accuracy(self, label: str, lists: I32) -> None:
        by_person = self._measured(lists)
        for name in ("ndcg", "recall"):
            self.samples[label + name] = by_person[name]
            self._put(label, {name: float(by_person[name].mean())})
        self._put(label, {"niche_recall": self._niche_recall(lists)})

    def _niche_recall(self, lists: I32) -> float:
        """Recall of niche items, of those who want one. NaN where nobody does."""
        wanted = self.population.wanted
        niche = niche_items(np.bincount(self.population.train.item, minlength=wanted.n_items))
        found = []
        for row, person in enumerate(self.people.tolist()):
            items = wanted.of_person(person)
            rare = items[niche[items]]
            if rare.size:
                found.append(np.isin(rare, lists[row]).mean())
        return float(np.mean(found)) if found else math.nan

    def _exposure(self, label: str, lists: Lists) -> None:
        stakes, k = self.hostile.stakes, self.scenario.questions.k
        fakes = fake_share(lists.item, stakes.n_items)
        self.samples[f"{label}fakes"] = fakes
        share = float(fakes.mean())
        spread = float(fakes.std(ddof=1)) if fakes.size > 1 else 0.0
        one_sided = student(max(fakes.size - 1, 1), 0.90)
        self._put(label, {
            "fakes": share,
            "fakes_high": share + one_sided * spread / math.sqrt(fakes.size),
            "fakes_adjusted": adjusted(share, stakes),
            "gain_per_edge": gain_per_edge(share, k, stakes),
            "ranking_significance": float(
                ranking_significance(fakes_in(lists.item, stakes.n_items)).mean()
            ),
        })  # fmt: skip

    def _put(self, label: str, figures: Mapping[str, float]) -> None:
        self.metrics |= {label + name: float(value) for name, value in figures.items()}
