"""One run of a scenario with daemons over loopback libp2p.

Honest daemons first: they exchange everything, then news, one after another. Then the hostile ones
join over the same network, the fooled vouch for them, and everybody asked gets a last list.
"""

from __future__ import annotations

import math
import secrets
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import numpy as np

from sim.adversaries.regions import HostileFeeds, hostile_feeds
from sim.demo import network
from sim.demo.fleet import Daemon, Fleet, at_once, running
from sim.demo.network import Directory
from sim.evaluation.lists import asked, list_of, metrics_of, samples_of, stakes_of
from sim.outcome import Outcome, Progress, Tell
from sim.population.drawing import population_of
from sim.population.people import Population, item_name
from sim.real import able
from sim.real.cast import Side, attack_edges, honest_side, hostile_side, person_name
from sim.scenario.schema import Fidelity, Scenario

SECONDS_PER_DAY = 86_400
STARTING_AT_ONCE = 4
"""Daemons that start together; each compiles and imports for some seconds."""

NEWS_TIMEOUT_S = 20.0
NEWS_POLL_S = 0.1
SETTLE_S = 150.0
ARRIVED = 0.99


def run(scenario: Scenario, seed: int, progress: Tell | None = None) -> Outcome:
    """One run; claims are looked at by `sim.running`. About a second for each daemon, and until
    everybody has heard everybody.

    What daemons cannot do, `sim.running` has refused. Raises ScenarioError before anything starts
    for too little memory, and `sim.demo.fleet.DemoFailed` for a daemon that ends; none is left
    behind, nor is a file. To be interrupted is the same (SIGTERM, too, in the main thread).
    """
    began = time.perf_counter()
    population = population_of(scenario.world, seed)
    said = hostile_feeds(scenario.adversary, population, seed)
    honest = able.honest_daemons(scenario, population.n_people), population.n_people
    able.room([honest, *((one.peers, one.identities) for one in said)], able.memory_free())
    with (
        _ended_by_term(),
        tempfile.TemporaryDirectory(prefix="grapevine-real-") as directory,
        running(Path(directory), f"real-{secrets.token_hex(4)}", able.variables(scenario)) as fleet,
    ):
        stage = _Stage(scenario, seed, population, said, fleet, progress)
        return stage.play(began)


@contextmanager
def _ended_by_term() -> Iterator[None]:
    """SIGTERM unwinds the run, as Ctrl-C does, so that every daemon is ended."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _nobody(_more: int) -> None:
    """Told of what nobody waits for."""


@dataclass(slots=True)
class _Stage:
    """What the acts of one run hand on to each other."""

    scenario: Scenario
    seed: int
    population: Population
    said: Sequence[HostileFeeds]
    fleet: Fleet
    progress: Tell | None
    directory: Directory = field(default_factory=lambda: Directory({}, {}))
    metrics: dict[str, float] = field(default_factory=dict)
    series: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    up_since: dict[str, float] = field(default_factory=dict)

    def play(self, began: float) -> Outcome:
        """All acts."""
        today = int(time.time()) // SECONDS_PER_DAY
        daemons = able.honest_daemons(self.scenario, self.population.n_people)
        honest = honest_side(self.population, daemons, today)
        people = self._join("honest", honest)
        network.share_all(people, negative_vouches=True)
        self._settle(people, honest.claims, len(honest.vouches), 0.3)
        said = self._news(people)
        hostile = hostile_side(self.said, today)
        if hostile.hosted:
            liars = self._join("hostile", hostile)
            edges = attack_edges(self.said)
            network.vouch(tuple(edges), self.directory, _nobody, edges)
            network.share_all(liars, negative_vouches=True)
            claims = honest.claims + said + hostile.claims
            vouches = len(honest.vouches) + len(hostile.vouches) + len(edges)
            self._settle(people, claims, vouches, 0.8)
        return self._lists(began)

    def _tell(self, done: float) -> None:
        if self.progress is not None:
            coverage = self.metrics.get("coverage", math.nan)
            self.progress(Progress(done, peers=len(self.fleet.daemons), coverage=coverage))

    def _join(self, kind: str, side: Side) -> list[Daemon]:
        """Daemons for one side, with everybody on them, who vouches but shares nothing yet."""
        names = [f"{kind}-{number}" for number in range(len(side.hosted))]
        made: list[Daemon] = []
        for at in range(0, len(names), STARTING_AT_ONCE):
            made += self.fleet.join(names[at : at + STARTING_AT_ONCE])
            self.up_since |= {d.name: time.monotonic() for d in made[at:]}
        titles = {item: "" for feed in side.feeds.values() for item in feed.items}
        hosted = {daemon.name: hosts for daemon, hosts in zip(made, side.hosted, strict=True)}

        def move_in(daemon: Daemon) -> None:
            network.move_in(daemon, side.feeds, hosted[daemon.name], titles, self.directory)

        at_once(made, move_in)
        network.vouch(tuple(side.vouches), self.directory, _nobody, side.vouches)
        return made

    def _settle(self, daemons: Sequence[Daemon], claims: int, vouches: int, done: float) -> None:
        """Until all of it has been heard, or nothing more comes."""
        began = time.monotonic()
        for held in network.arrivals(daemons, (claims, vouches)):
            parts = [min(1.0, got / claims) for got, _ in held] if claims else []
            part = sum(parts) / len(parts) if parts else math.nan
            at = time.monotonic() - began
            self.series.setdefault(f"held_{len(self.fleet.daemons)}", []).append((at, part))
            self._tell(done)

    def _news(self, daemons: Sequence[Daemon]) -> int:
        """New likes, one after another; how far and how fast each goes. How many were said.

        coverage and rounds_to_99 as in virtual runs, over the other daemons of honest people: the
        time until 99 % of them hold it, in rounds; the mean, NaN if something never got there.
        """
        news, rng = self.scenario.news, Random(f"{self.seed}/news/0")
        arrived: list[float] = []
        delays: list[float] = []
        for number in range(news.items):
            who = person_name(rng.randrange(self.population.n_people))
            home = self.directory.daemon_of[who]
            others = [daemon for daemon in daemons if daemon is not home]
            goals = {daemon.name: network.held(daemon)[0] + 1 for daemon in others}
            began = time.monotonic()
            with home.client() as client:
                client.ask("like", person=who, item=f"sim:news:{number}")
            parts, delay = self._spread(others, goals, began)
            arrived.append(parts)
            delays.append(delay / self.scenario.time.round_s)
        if arrived:
            whole = all(math.isfinite(delay) for delay in delays)
            self.metrics |= {
                "coverage": sum(arrived) / len(arrived),
                "rounds_to_99": sum(delays) / len(delays) if whole else math.nan,
            }
        self._tell(0.5)
        return news.items

    def _spread(
        self, daemons: Sequence[Daemon], goals: Mapping[str, int], began: float
    ) -> tuple[float, float]:
        """(share of daemons that hold it in the end, seconds until 99 % did or infinity)."""
        if not daemons:
            return 1.0, 0.0
        waiting = list(daemons)
        reached = math.inf
        while waiting and time.monotonic() - began < NEWS_TIMEOUT_S:
            held = at_once(waiting, network.held)
            waiting = [
                d for d, (edges, _) in zip(waiting, held, strict=True) if edges < goals[d.name]
            ]
            if len(waiting) <= (1 - ARRIVED) * len(daemons):
                reached = min(reached, time.monotonic() - began)
            elif waiting:
                threading.Event().wait(NEWS_POLL_S)
        return 1 - len(waiting) / len(daemons), reached

    def _lists(self, began: float) -> Outcome:
        """The last lists, and what they are worth."""
        people = asked(self.scenario.questions, self.population, self.seed)
        names = [person_name(row) for row in people.tolist()]
        k = self.scenario.questions.k
        found = network.lists(names, self.directory, k, _nobody)
        stakes = stakes_of(self.population, self.said)
        row_of = {item_name(row): row for row in range(stakes.n_items + stakes.n_fakes)}
        shown = [[entry["item"] for entry in found[name]] for name in names]
        lists = np.stack([list_of(one, row_of, k) for one in shown])
        samples = samples_of(self.population, people, lists)
        self.metrics |= metrics_of(self.population, people, lists, stakes)
        self.metrics |= self._traffic()
        self._tell(1.0)
        return Outcome(
            scenario=self.scenario,
            seed=self.seed,
            fidelity=Fidelity.REAL,
            metrics=self.metrics,
            series=self.series,
            samples={name: values.tolist() for name, values in samples.items()},
            digest=blake2b(lists.tobytes(), digest_size=16).hexdigest(),
            wall_s=time.perf_counter() - began,
        )

    def _traffic(self) -> dict[str, float]:
        """Frames and bytes that all daemons have sent since they could be reached."""
        daemons = self.fleet.daemons
        told = at_once(daemons, _status)
        sent = sum(one["network"]["bytes_out"] for one in told)
        seconds = sum(time.monotonic() - self.up_since[daemon.name] for daemon in daemons)
        return {
            "exchanges": float(sum(one["gossip"]["totals"]["rounds"] for one in told)),
            "messages": float(sum(one["network"]["frames_out"] for one in told)),
            "bytes": float(sent),
            "bytes_per_peer_s": sent / seconds,
        }


def _status(daemon: Daemon) -> dict[str, Any]:
    with daemon.client() as client:
        status: dict[str, Any] = client.ask("status").data
    return status
