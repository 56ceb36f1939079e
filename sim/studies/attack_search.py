"""The worst Sybil attack that a budget of edges and of time finds, in graph fidelity.

Successive halving: of `WIDTH` attacks, measured on few people, the worst third is measured on
more, the worst of those on everybody and several worlds. The first round is drawn at random; later
ones are half changes of the worst so far, half drawn anew. What is found is measured once more in
worlds that the search never saw, since the worst of many measurements flatters itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from msgspec.structs import replace

from sim import running
from sim.evaluation.differences import interval_of
from sim.evaluation.intervals import Interval
from sim.outcome import Outcome, Progress, Tell
from sim.scenario.errors import ScenarioError
from sim.scenario.schema import Fidelity, Scenario, Sybil
from sim.scenario.writing import toml_of
from sim.studies.cells import drawn, mutated

Engine = Callable[[Scenario, int, Fidelity | None, Tell | None], Outcome]

WIDTH = 9
"""Attacks in a round."""

KEPT = 3
"""One of so many goes on to the next rung."""

RUNGS = ((1 / 9, 1), (1 / 3, 1), (1.0, 1), (1.0, 3))
"""(part of the people asked, worlds)."""

BEST = 3
"""Attacks that later rounds start from."""

CONFIRMED = 5
"""Worlds that the search has not seen."""

UNSEEN = 1_000_003
"""Seeds of those begin so far after the search's."""

DRAW = 13
"""What the stream of random numbers is for: (seed, purpose)."""

METRIC, MASS = "fakes", "reputation_gain"
"""The share of fakes; where lists show none, the share of score mass tells which way is worse."""

Score = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Trial:
    """One attack and its mean share of fakes over people and worlds, at the rung it came to."""

    cell: Sybil
    rung: int
    score: Score


@dataclass(frozen=True, slots=True)
class Found:
    """The worst attack. scenario and seed give the worst of its confirmed runs again.

    fakes: of that run. confirmed: over all worlds that the search had not seen. searched: what the
    search thought of it. runs: of the engine, without those that confirm. trials: in the order in
    which they were made.
    """

    scenario: Scenario
    seed: int
    fakes: float
    confirmed: Interval
    searched: float
    runs: int
    trials: tuple[Trial, ...]

    @property
    def cell(self) -> Sybil:
        """The attack."""
        (cell,) = self.scenario.adversary
        assert isinstance(cell, Sybil)
        return cell

    @property
    def toml(self) -> str:
        """A scenario file that gives it again with `grapevine sim run FILE --seed SEED`."""
        tried = len({trial.cell for trial in self.trials})
        return (
            f"# The worst of {tried} attacks: {100 * self.fakes:.3g} % fakes. To see it again:\n"
            f"# grapevine sim run FILE --fidelity graph --seed {self.seed}\n"
            f"{toml_of(self.scenario)}"
        )

    def as_data(self) -> dict[str, Any]:
        """As `--json` prints it."""
        cell = self.cell
        names = cell.__struct_fields__
        return {
            "cell": {name: getattr(cell, name) for name in names},
            "seed": self.seed,
            "fakes": self.fakes,
            "confirmed": self.confirmed.as_dict(),
            "searched": self.searched,
            "runs": self.runs,
            "attacks": len({trial.cell for trial in self.trials}),
            "scenario": self.toml,
        }


def search(
    scenario: Scenario,
    *,
    edges: int,
    seconds: float = float("inf"),
    seed: int = 0,
    progress: Tell | None = None,
    runs: int | None = None,
    run: Engine = running.run,
    clock: Callable[[], float] = time.perf_counter,
) -> Found:
    """Look for the worst until `seconds` or so many `runs` are spent.

    The scenario's own adversaries, comparisons and claims are left out; its world, questions and
    settings of nodes stay. Equal seed and number of runs find the same; time decides nothing but
    where it ends. The last part of the time goes into confirming. Raises ScenarioError for a
    scenario that no graph run can do, ValueError without a budget.
    """
    if edges < 1 or (seconds == float("inf") and runs is None):
        raise ValueError("a search has a budget of 1 edge and of seconds or runs at least")
    bare = replace(
        scenario,
        adversary=(Sybil(edges=edges),),
        compared=(),
        claim=(),
        fidelities=(Fidelity.GRAPH,),
    )
    if Fidelity.GRAPH not in scenario.fidelities:
        raise ScenarioError(f"{scenario.name} is no scenario for graph runs", ("fidelities",))
    running.check(bare)
    hunt = _Hunt(bare, edges, seed, run, clock, seconds, runs, progress or (lambda _: None))
    hunt.go()
    return hunt.found()


@dataclass(slots=True)
class _Hunt:
    scenario: Scenario
    edges: int
    seed: int
    run: Engine
    clock: Callable[[], float]
    seconds: float
    runs: int | None
    tell: Tell
    people: int = 0
    started: float = 0.0
    slowest_s: float = 0.0
    known: dict[tuple[Sybil, int, int], Outcome] = field(default_factory=dict)
    trials: list[Trial] = field(default_factory=list)

    def go(self) -> None:
        """Round after round, until the budget is spent."""
        self.started = self.clock()
        rng = np.random.default_rng((self.seed, DRAW))
        first = Sybil(edges=self.edges)
        outcome = self._measured(first, 0, self.seed)
        self.people = len(outcome.samples.get(METRIC, ())) or self.scenario.questions.people
        self.people = self.people or self.scenario.world.people
        worlds = RUNGS[-1][1]
        others = [self._measured(first, 0, self.seed + n) for n in range(1, worlds)]
        self.trials.append(Trial(first, len(RUNGS) - 1, _score([outcome, *others])))
        while self._round(self._candidates(rng)):
            pass

    def _candidates(self, rng: np.random.Generator) -> list[Sybil]:
        bases = [trial.cell for trial in self._best()]
        fresh = WIDTH if len(self.trials) < 2 else WIDTH // 3
        made = [drawn(self.edges, rng) for _ in range(fresh)]
        while len(made) < WIDTH:
            made.append(mutated(bases[int(rng.integers(len(bases)))], self.edges, rng))
        return list(dict.fromkeys(made))

    def _best(self) -> list[Trial]:
        """The worst attacks, those measured best first; each once."""
        order = sorted(self.trials, key=lambda one: (one.rung, one.score), reverse=True)
        unique = {one.cell: one for one in reversed(order)}
        ranked = sorted(unique.values(), key=lambda one: (one.rung, one.score), reverse=True)
        return ranked[:BEST]

    def _round(self, cells: list[Sybil]) -> bool:
        """One climb over all rungs; False when the budget ended it."""
        for rung, (part, worlds) in enumerate(RUNGS):
            asked = 0 if part == 1 else max(1, round(part * self.people))
            scored: list[Trial] = []
            for cell in cells:
                outcomes = []
                for world in range(worlds):
                    if self._spent():
                        return False
                    outcomes.append(self._measured(cell, asked, self.seed + world))
                scored.append(Trial(cell, rung, _score(outcomes)))
                self.trials.append(scored[-1])
            scored.sort(key=lambda one: one.score, reverse=True)
            cells = [one.cell for one in scored[: max(1, len(scored) // KEPT)]]
        return True

    def _measured(self, cell: Sybil, asked: int, seed: int) -> Outcome:
        """asked: people; 0 asks whom the scenario asks."""
        key = cell, asked, seed
        if key not in self.known:
            begun = self.clock()
            self.known[key] = self.run(self._of(cell, asked), seed, Fidelity.GRAPH, None)
            self.slowest_s = max(self.slowest_s, self.clock() - begun)
            self._report()
        return self.known[key]

    def _of(self, cell: Sybil, asked: int = 0) -> Scenario:
        questions = self.scenario.questions
        if asked:
            questions = replace(questions, people=asked)
        return replace(self.scenario, adversary=(cell,), questions=questions)

    def _spent(self) -> bool:
        if self.runs is not None and len(self.known) >= self.runs:
            return True
        kept_s = CONFIRMED * self.slowest_s
        return self.clock() - self.started + kept_s >= self.seconds

    def _report(self) -> None:
        gone_s = self.clock() - self.started
        done = min(1.0, gone_s / self.seconds)
        if self.runs:
            done = max(done, min(1.0, len(self.known) / self.runs))
        best = self._best()
        self.tell(
            Progress(
                done,
                exposure=best[0].score[0] if best else float("nan"),
                left_s=max(0.0, self.seconds - gone_s) if np.isfinite(self.seconds) else np.nan,
            )
        )

    def found(self) -> Found:
        """Measured once more, in worlds that nothing was chosen by."""
        runs, best = len(self.known), self._best()[0]
        scenario = self._of(best.cell)
        first = (self.seed + UNSEEN) % running.SEED_MAX
        outcomes = [self._measured(best.cell, 0, first + n) for n in range(CONFIRMED)]
        worst = max(outcomes, key=lambda one: one.metrics[METRIC])
        confirmed = interval_of(outcomes, METRIC)
        assert confirmed is not None
        return Found(
            scenario=replace(
                scenario,
                name=f"worst-of-{self.edges}-edges",
                title=f"The worst attack found with {self.edges} edges",
                about=f"Found by a search in the world of {self.scenario.name}, seed {self.seed}.",
            ),
            seed=worst.seed,
            fakes=worst.metrics[METRIC],
            confirmed=confirmed,
            searched=best.score[0],
            runs=runs,
            trials=tuple(self.trials),
        )


def _score(outcomes: list[Outcome]) -> Score:
    fakes = float(np.mean([one.metrics[METRIC] for one in outcomes]))
    mass = float(np.mean([one.metrics.get(MASS, 0.0) for one in outcomes]))
    return fakes, 0.0 if np.isnan(mass) else mass
