"""A scenario in arrays: who is there, what the hostile say, everybody's lists, figures."""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from random import Random

import numpy as np
from numpy.typing import NDArray

from sim.adversaries.regions import hostile_feeds
from sim.cast.people import followed, speakers
from sim.evaluation.lists import (
    accuracy_by_person,
    asked,
    exposure_of,
    niche_recall,
)
from sim.graph.lists import MASS_PLACES, Lists, lists_of, reputations
from sim.graph.worlds import Attacked, attacked
from sim.measures.exposure import fake_share, fakes_in, honest_loss, hostile_trust
from sim.measures.published import (
    fake_mass,
    information_loss,
    rbo,
    reputation_gain,
    sybil_gain,
)
from sim.methods.grapevine import Grapevine
from sim.methods.method import I32, Method, World
from sim.methods.registry import method
from sim.methods.salsa import PlainSalsa
from sim.outcome import Outcome, Progress, Tell
from sim.population.drawing import population_of
from sim.population.people import Population
from sim.scenario.schema import Compared, Fidelity, Scenario
from sim.scenario.settings import otherwise, peer_config

F64 = NDArray[np.float64]

REPUTATIONS = 100
"""People whose view of others the Sybil gain is taken from."""


def run(scenario: Scenario, seed: int, progress: Tell | None = None) -> Outcome:
    """One run; claims are not looked at here. Raises ValueError for people who are not there."""
    began = time.perf_counter()
    drawn = population_of(scenario.world, seed)
    news = speakers(scenario.news, drawn.n_people, Random(f"{seed}/news"))
    population = followed(drawn, news)
    # What attackers do follows from the people as they were drawn, as where peers are real.
    hostile = attacked(population, hostile_feeds(scenario.adversary, drawn, seed))
    desk = _Desk(scenario, seed, population, hostile, asked(scenario.questions, population, seed))
    steps = _Steps(progress, 1 + 2 * (1 + len(scenario.compared)))
    desk.figures("", _ours(scenario), True, steps)
    for one in scenario.compared:
        desk.figures(f"{one.label}.", _theirs(scenario, one), one.attacked, steps)
    desk.plain(steps)
    desk.opinions()
    if scenario.news.items:
        desk.metrics["coverage"] = 1.0  # everybody has heard everything
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


def _theirs(scenario: Scenario, one: Compared) -> Method:
    """What a comparison ranks with: parameters begin from the method's defaults; without any, our
    own has the scenario's settings and those of the comparison."""
    if one.set:
        return method(one.method, {k: _value(v) for k, v in one.set.items()})
    return _ours(otherwise(scenario, one))


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
    views: dict[str, F64] = field(default_factory=dict)
    digest: blake2b = field(default_factory=lambda: blake2b(digest_size=16))

    def plain(self, steps: _Steps) -> None:
        """Plain SALSA without any attack, which every accuracy stands beside."""
        k = self.scenario.questions.k
        (lists,) = self._lists(PlainSalsa(), self.population.world, (k,), steps)
        self._accuracy("plain.", lists.item)

    def figures(self, label: str, one: Method, under_attack: bool, steps: _Steps) -> None:
        """All figures of one method, named `label` + metric."""
        k, calm_world = self.scenario.questions.k, self.population.world
        (calm,) = self._lists(one, calm_world, (k,), steps)
        if not under_attack or (not self.hostile.stakes.n_fakes and not self.hostile.sybils.size):
            self._accuracy(label, calm.item)
            if self.scenario.adversary:
                self._exposure(label, calm)
            self._view(label, one, calm_world)
            steps.done += 1
            return
        lists, long = self._lists(one, self.hostile.world, (k, max(k, MASS_PLACES)), steps)
        self._accuracy(label, lists.item)
        self._exposure(label, lists)
        before = accuracy_by_person(self.population, self.people, calm.item)["ndcg"]
        fake = fakes_in(long.item, self.hostile.stakes.n_items)
        self._put(label, {
            "honest_loss": honest_loss(self.samples[f"{label}ndcg"], before),
            "rbo": float(rbo(calm.item, lists.item).mean()),
            "reputation_gain": float(reputation_gain(long.score, fake).mean()),
            "fake_mass": float(fake_mass(long.score, fake).mean()),
        })  # fmt: skip
        self._view(label, one, self.hostile.world)

    def _view(self, label: str, one: Method, world: World) -> None:
        """Keep what people think of each other, where that is asked for."""
        if not self.hostile.sybils.size and self._truth() is None:
            return
        views = reputations(one, world, self.people[:REPUTATIONS].tolist(), self.seed)
        if views is not None:
            self.views[label] = views

    def _truth(self) -> str | None:
        named = (f"{one.label}." for one in self.scenario.compared if one.reference)
        return next(named, None)

    def opinions(self) -> None:
        """What identities have of it, and what is lost against the reference, of all methods."""
        truth = self._truth()
        for label, views in self.views.items():
            if self.hostile.sybils.size and views.shape[1] == self.hostile.world.snapshot.n_authors:
                attackers, sybils = self.hostile.attackers, self.hostile.sybils
                self._put(label, {
                    "sybil_gain": sybil_gain(views, attackers, sybils),
                    "hostile_trust": hostile_trust(views, np.append(attackers, sybils)),
                })  # fmt: skip
            if truth in self.views and label != truth:
                known = self.views[truth]
                loss = information_loss(views[:, : known.shape[1]], known)
                self._put(label, {"information_loss": loss})

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

    def _accuracy(self, label: str, lists: I32) -> None:
        for name, values in accuracy_by_person(self.population, self.people, lists).items():
            self.samples[label + name] = values
            self._put(label, {name: float(values.mean())})
        self._put(label, {"niche_recall": niche_recall(self.population, self.people, lists)})

    def _exposure(self, label: str, lists: Lists) -> None:
        stakes = self.hostile.stakes
        self.samples[f"{label}fakes"] = fake_share(lists.item, stakes.n_items)
        self._put(label, exposure_of(lists.item, stakes))
        self._put(label, {"held": 1.0 if stakes.n_fakes else math.nan})

    def _put(self, label: str, figures: Mapping[str, float]) -> None:
        self.metrics |= {label + name: float(value) for name, value in figures.items()}
