"""One run of a scenario with daemons over loopback libp2p, by the clock on the wall.

Every peer is a process of its own. All of them start and are told what their people know; at second
0 they link to each other as in a virtual run with the same seed, and from then on the scenario's
times hold: when news are said, when hostile peers turn, when it ends.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from sim.cast.people import Sayings, Speakers, keys_of, speakers
from sim.cast.stories import Story, coverage, curve, delays, rounds_of
from sim.cast.topology import choose
from sim.demo.fleet import at_once
from sim.evaluation.lists import asked, list_of, metrics_of, samples_of, stakes_of
from sim.outcome import Outcome, Progress, Tell
from sim.population.people import item_name
from sim.real import able
from sim.real.fleet import Actor, stage
from sim.real.part import Play, play_of
from sim.scenario.schema import Fidelity, Scenario

STARTING_AT_ONCE = 4
"""Daemons that start together; each compiles and imports for some seconds."""

LEAD_S = 3.0
"""Between telling everybody when it begins and second 0."""

LOOKS = 10
"""Times that everybody is looked at while the scenario lasts."""

Reports = Sequence[Mapping[str, Any]]
"""What each daemon has counted and seen, by number."""


def run(scenario: Scenario, seed: int, progress: Tell | None = None) -> Outcome:
    """One run; claims are looked at by `sim.running`. Some CPU seconds to start each daemon, then
    as long as the scenario lasts.

    What daemons cannot do, `sim.running` has refused. Raises ScenarioError before anything starts
    for too little memory, and `sim.demo.fleet.DemoFailed` for a daemon that ends; none is left
    behind, nor is a file, also when SIGTERM or SIGINT comes.
    """
    began = time.perf_counter()
    play = play_of(scenario, seed)
    able.room(play.peers, able.memory_free())
    with stage() as (directory, actors):
        return _Run(play, directory, actors, progress).outcome(began)


@dataclass(slots=True)
class _Asker:
    """Somebody at her own daemon, as `sim.cast.people.Owner`."""

    actor: Actor

    @property
    def now(self) -> float:
        return time.time()

    def answer(self, method: str, /, **params: Any) -> Mapping[str, Any]:
        return self.actor.ask(method, **params)


@dataclass(slots=True)
class _Run:
    play: Play
    directory: Path
    actors: list[Actor]
    progress: Tell | None
    series: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    speakers: Speakers = field(default_factory=lambda: Speakers((), ()))
    stories: list[Story] = field(default_factory=list)

    @property
    def people(self) -> list[Actor]:
        return self.actors[: self.play.people]

    def outcome(self, began: float) -> Outcome:
        """All acts, from nothing to the last lists."""
        play, seed = self.play, self.play.seed
        scenario = play.scenario
        self.speakers = speakers(scenario.news, play.people, Random(f"{seed}/news"))
        self._start()
        self._say()
        start = self._begin()
        self._last(start)
        reports = self._look(start)
        at = time.time() - start
        people = asked(scenario.questions, play.population, seed)
        lists = self._lists(people.tolist())
        stakes = stakes_of(play.population, play.said)
        samples = samples_of(play.population, people, lists)
        metrics = metrics_of(play.population, people, lists, stakes)
        metrics |= self._spreading() | self._traffic(reports, at)
        return Outcome(
            scenario=scenario,
            seed=seed,
            fidelity=Fidelity.REAL,
            metrics=metrics,
            series=self.series | {"rounds": curve(self.stories, scenario.time.round_s)},
            samples={name: values.tolist() for name, values in samples.items()},
            digest=blake2b(lists.tobytes(), digest_size=16).hexdigest(),
            wall_s=time.perf_counter() - began,
        )

    # ------------------------------------------------------------------------------ before second 0
    def _start(self) -> None:
        """The first alone, for what it compiles is kept for the others; then a few at a time: all
        of them at once would only wait for each other."""
        starts = [0, *range(1, self.play.peers, STARTING_AT_ONCE), self.play.peers]
        for numbers in map(range, starts, starts[1:]):
            new = [Actor(f"peer-{n}", self.directory / f"peer-{n}", {}, number=n) for n in numbers]
            self.actors += new  # before they start: whatever ends this, they are ended
            for actor in new:
                actor.make(self.play)
                actor.start()
            for actor in new:
                actor.wait_ready()
            self._tell(0.0)

    def _say(self) -> None:
        play = self.play
        keys = keys_of(play.seed, play.people)
        sayings = Sayings(play.population, keys, self.speakers, play.said, play.seed)
        at_once(self.people, lambda actor: sayings.tell(_Asker(actor), actor.number))

    def _begin(self) -> float:
        """Tell everybody when second 0 is, and wait for it; returns it."""
        play = self.play
        network = play.scenario.network
        rng = Random(f"{play.seed}/topology")
        chosen = choose(network.topology, network.degree, play.peers, rng, play.population)
        start = time.time() + LEAD_S
        addresses = [actor.addresses[0] for actor in self.actors]

        def begin(actor: Actor) -> None:
            links = chosen[actor.number]
            actor.ask("sim_begin", start=start, links=links, addresses=addresses)

        at_once(self.actors, begin, width=len(self.actors))
        return start

    # ------------------------------------------------------------------------- while the clock runs
    def _last(self, start: float) -> None:
        """What happens at its time: news, and now and then a look; until the end."""
        scenario = self.play.scenario
        news, end = scenario.news, scenario.time.duration_s
        step = (news.until_s - news.from_s) / max(news.items - 1, 1)
        told = len(self.speakers.people)
        plan: list[tuple[float, int]] = [(end * look / LOOKS, -1) for look in range(1, LOOKS)]
        plan += [
            (news.from_s + step * number, number) for number in range(news.items if told else 0)
        ]
        for at, number in sorted(plan):
            if at >= end:
                break
            _wait_until(start + at)
            if number < 0:
                self._look(start)
                continue
            turn = number % told
            story = Story(f"sim:news:{number}", self.speakers.followers[turn])
            self.stories.append(story)
            self.actors[self.speakers.people[turn]].ask("like", item=story.item)
        _wait_until(start + end)

    def _look(self, start: float) -> Reports:
        """What everybody has counted and seen up to now."""
        reports = at_once(self.actors, lambda actor: actor.ask("sim_report"))
        for story in self.stories:
            said = [report["said"].get(story.item, math.inf) for report in reports]
            story.at = min(said)
            story.known = {
                number: report["known"][story.item]
                for number, report in enumerate(reports)
                if story.item in report["known"] and number in story.interested
            }
        at = time.time() - start
        self._put("held", at, self._held(reports))
        self._put("coverage", at, self._coverage())
        self._put("bytes", at, float(sum(report["bytes"] for report in reports)))
        self._tell(min(at / self.play.scenario.time.duration_s, 1.0))
        return reports

    def _held(self, reports: Reports) -> float:
        held = [float(report["held"]) for report in reports[: self.play.people]]
        return sum(held) / len(held) if held else math.nan

    def _coverage(self) -> float:
        return coverage(self.stories, frozenset(range(self.play.people)))

    def _put(self, name: str, at: float, value: float) -> None:
        if not math.isnan(value):
            self.series.setdefault(name, []).append((at, value))

    def _tell(self, done: float) -> None:
        if self.progress is not None:
            self.progress(Progress(done, peers=len(self.actors), coverage=self._coverage()))

    # ------------------------------------------------------------------------------------- figures
    def _lists(self, people: Sequence[int]) -> Any:
        play, k = self.play, self.play.scenario.questions.k
        stakes = stakes_of(play.population, play.said)
        row_of = {item_name(row): row for row in range(stakes.n_items + stakes.n_fakes)}

        def ask(actor: Actor) -> list[str]:
            return [entry["item"] for entry in actor.ask("recommend", n=k)["items"]]

        shown = at_once([self.actors[person] for person in people], ask)
        return np.stack([list_of(names, row_of, k) for names in shown])

    def _spreading(self) -> dict[str, float]:
        waits = delays(self.stories)
        return {"coverage": self._coverage()} | rounds_of(waits, self.play.scenario.time.round_s)

    def _traffic(self, reports: Reports, seconds: float) -> dict[str, float]:
        """What all have sent and done since second 0, when the first link came up."""
        peers = len(reports)

        def total(name: str) -> float:
            return float(sum(report[name] for report in reports))

        return {
            "held": self._held(reports),
            "exchanges": total("rounds"),
            "offences": total("offences"),
            "messages": total("frames"),
            "bytes": total("bytes"),
            "bytes_per_peer_s": total("bytes") / peers / seconds,
            "links_per_peer": total("links") / peers,
            "cpu_s_per_peer": total("cpu_s") / peers,
        }


def _wait_until(at: float) -> None:
    """Until this Unix second."""
    threading.Event().wait(max(at - time.time(), 0.0))
