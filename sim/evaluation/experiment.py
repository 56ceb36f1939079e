"""One evaluation from data set to figures: splits, tuning, runs, intervals, strata, control."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sim.data.affinity import with_affinities
from sim.data.holdout import bias_of, popular_hold_out
from sim.data.interactions import I32, Bool, Dataset, Interactions
from sim.data.rewire import rewired
from sim.data.splits import HELD_OUT, Case, cut_after, folds, hold_out, past_and_future
from sim.evaluation.evaluate import Progress, Results, Run, Task, evaluate
from sim.evaluation.intervals import Interval, of_draws, of_people_and_seeds
from sim.evaluation.strata import strata_of
from sim.measures.accuracy import BY_PERSON, METRICS
from sim.methods.method import Method
from sim.methods.registry import METHODS, Value, method

GRID_MAX = 256
"""Settings that tuning may try for one method."""

PAST = 0.8
"""Part of all interactions that lie before the cut, unless a cut is given."""

SAMPLE, SPLIT, TUNE, REWIRE = range(4)
"""What a stream of random numbers is for: (root seed, purpose, seed number)."""

Parameters = Mapping[str, Value]
Table = dict[str, dict[str, Interval]]
"""Method -> metric -> interval."""


class ImpossiblePlan(ValueError):
    """The data do not allow what the plan wants; the text says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to evaluate, and how.

    methods: label -> parameters, in the order shown; the first is what others are compared with.
    kinds: the method that a label stands for, where that is not its name: one method with several
    settings is compared like that.
    """

    methods: Mapping[str, Parameters]
    kinds: Mapping[str, str] = field(default_factory=dict)
    k: int = 20
    seeds: int = 3
    root: int = 0
    workers: int = 1
    users: int | None = None
    affinity: str = "log"
    held_out: float = HELD_OUT
    folds: int | None = None
    temporal: bool = False
    cut: int | None = None
    tune: bool = False
    """On the data's validation part; without one, on a part of the training part."""

    popular: float | None = None
    """recall@k that popularity is published to have: the hold-out for tuning is to be like that."""

    strata: bool = False
    rewired: bool = False

    def make(self, label: str, parameters: Parameters) -> Method:
        """The method that a label stands for. Raises ValueError as the registry does."""
        return method(self.kinds.get(label, label), parameters)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Parameters of a method, for each case, and where they come from: default, given, tuned."""

    how: str
    values: tuple[dict[str, Value], ...]


@dataclass(slots=True)
class Report:
    """What came out. pairs: differences from the first method; control: the same methods in the
    rewired graph, and what the real one is better by."""

    people: int
    pairs_train: int
    pairs_test: int
    methods: Table
    pairs: Table
    chosen: dict[str, Chosen]
    seen_on_test: list[str]
    strata: dict[str, dict[str, tuple[int, Table]]] = field(default_factory=dict)
    control: Table = field(default_factory=dict)
    control_pairs: Table = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Talk:
    """What somebody who waits is told."""

    stage: Callable[[str, int], None]
    """A stage begins: what it is, and how many lists it will make."""

    progress: Progress


def run(data: Dataset, plan: Plan, talk: Talk) -> Report:
    """Evaluate. Raises ImpossiblePlan, and ValueError for an unknown method or parameter.

    The work is methods x seeds x people lists, for tuning and control once more each.
    """
    notes: list[str] = []
    cases = _cases(data, plan, notes)
    people = _judged(cases, plan, notes)
    chosen = {name: _chosen(name, data, cases, people, plan, talk) for name in plan.methods}
    results = _results(data, plan, cases, people, chosen, talk, "")
    report = Report(
        len(people), len(cases[0].train), len(cases[0].test), _table(results), _paired(results),
        chosen, _seen_on_test(data, chosen), notes=notes,
    )  # fmt: skip
    if plan.strata:
        report.strata = _by_strata(cases[0], people, results)
    if plan.rewired:
        others = _rewired(cases, plan)
        control = _results(data, plan, others, people, chosen, talk, ", rewired trust")
        report.control = _table(control)
        report.control_pairs = {
            name: _differences(one, control[name]) for name, one in results.items()
        }
    return report


# --- which data ----------------------------------------------------------------------------------


def _rng(plan: Plan, purpose: int, number: int = 0) -> np.random.Generator:
    return np.random.default_rng((plan.root, purpose, number))


def _cases(data: Dataset, plan: Plan, notes: list[str]) -> list[Case]:
    """One for all seeds where the split is given, else one for each seed."""
    if plan.temporal:
        return [_temporal(data, plan, notes)]
    if data.test is not None:
        return [Case(data.train, data.test, data.trust)]
    if plan.folds is not None:
        drawn = [*folds(data.train, plan.folds, _rng(plan, SPLIT))]
    else:
        numbers = range(plan.seeds)
        drawn = [hold_out(data.train, plan.held_out, _rng(plan, SPLIT, n)) for n in numbers]
    return [Case(one.train, one.test, data.trust) for one in drawn]


def _temporal(data: Dataset, plan: Plan, notes: list[str]) -> Case:
    cut = plan.cut
    if cut is None and data.test is not None and data.test.day is not None:
        cut = int(data.test.day.min())
    if cut is None:
        cut = cut_after(data.train, PAST)
    case = past_and_future(data.train, data.trust, cut, data.test)
    if not len(case.train) or not len(case.test):
        raise ImpossiblePlan(f"nothing to learn from or nothing to find: the cut is {_date(cut)}")
    notes.append(f"cut on {_date(cut)}: {len(case.train)} pairs before it")
    late = 0 if data.test is None else len(data.train) - len(case.train)
    if late:
        notes.append(f"{late} training pairs are not from the past and were left out")
    if data.trust is not None and case.trust is not None:
        lost = len(data.trust) - len(case.trust)
        notes.append(f"{lost} of {len(data.trust)} vouches are not from the past: left out")
    later = data.train if data.test is None else data.test
    assert later.day is not None
    future = later.take(later.day >= cut)
    new = np.setdiff1d(future.user, case.train.user).size
    notes.append(f"{new} people have no past and are not judged")
    cold = np.setdiff1d(case.test.item, case.train.item).size
    notes.append(f"{cold} items are new after the cut; they stay in what is to be found")
    return case


def _date(day: int) -> str:
    return str(np.datetime64(day, "D"))


def _judged(cases: list[Case], plan: Plan, notes: list[str]) -> I32:
    """Who wants something in every case; a sample of them if asked for."""
    wants = np.stack([case.test.sizes > 0 for case in cases])
    everywhere = np.flatnonzero(wants.all(axis=0)).astype(np.int32)
    if lost := int(wants.any(axis=0).sum()) - everywhere.size:
        notes.append(f"{lost} people want nothing in some of the splits and are not judged")
    if not everywhere.size:
        raise ImpossiblePlan("nobody has enough items to be judged")
    if plan.users is None or plan.users >= everywhere.size:
        return everywhere
    notes.append(f"a sample of {plan.users} of {everywhere.size} people")
    return np.sort(_rng(plan, SAMPLE).choice(everywhere, plan.users, replace=False))


def _rewired(cases: list[Case], plan: Plan) -> list[Case]:
    """One for each seed, each rewired anew."""
    made = []
    for n in range(_seeds(plan)):
        case = cases[n % len(cases)]
        if case.trust is None:
            raise ImpossiblePlan("there is no trust graph to rewire")
        trust = rewired(case.trust, case.train.n_users, _rng(plan, REWIRE, n))
        made.append(replace(case, trust=trust))
    return made


def _seeds(plan: Plan) -> int:
    return plan.seeds if plan.folds is None else plan.folds


# --- which parameters ----------------------------------------------------------------------------


def grid_of(name: str, given: Parameters) -> Iterator[dict[str, Value]]:
    """All settings of a method's declared grid, with the given values where they are given."""
    free = {key: values for key, values in METHODS[name].grid.items() if key not in given}
    size = math.prod(len(values) for values in free.values())
    if size > GRID_MAX:
        raise ImpossiblePlan(f"the grid of {name} has {size} settings; {GRID_MAX} at most")
    for values in itertools.product(*free.values()):
        yield dict(given) | dict(zip(free, values, strict=True))


def _chosen(
    name: str, data: Dataset, cases: list[Case], people: I32, plan: Plan, talk: Talk
) -> Chosen:
    given = plan.methods[name]
    plan.make(name, given)  # refused before any work is done
    settings = [*grid_of(plan.kinds.get(name, name), given)]
    if not plan.tune or len(settings) < 2:
        how = "given" if given else "default"
        return Chosen(how, tuple(dict(given) for _ in cases))
    best = []
    for n, case in enumerate(cases):
        inner = _inner(data, case, plan, n)
        judged = people[inner.test.sizes[people] > 0]
        if not judged.size:
            raise ImpossiblePlan("nobody has anything to find in the part that tuning judges by")
        task = _task(inner, plan, n, None)
        talk.stage(f"tuning {name}", len(settings) * len(judged))
        run_ = Run(plan.k, plan.root, plan.workers)
        reached = [
            float(
                evaluate([plan.make(name, one)], [task], judged, run_, talk.progress)
                .by_person["ndcg"]
                .mean()
            )
            for one in settings
        ]
        best.append(settings[int(np.argmax(reached))])
    return Chosen("tuned", tuple(best))


def _inner(data: Dataset, case: Case, plan: Plan, n: int) -> Case:
    """What parameters are chosen on: the validation file, or a part of the training part."""
    if data.valid is not None:
        return Case(case.train.without(data.valid), data.valid, case.trust)
    if plan.temporal:
        return past_and_future(case.train, case.trust, cut_after(case.train, PAST))
    if plan.popular is None:
        split = hold_out(case.train, plan.held_out, _rng(plan, TUNE, n))
    else:
        bias = bias_of(case.train, plan.popular, plan.k, [plan.root, TUNE, n], plan.held_out)
        split = popular_hold_out(case.train, bias, _rng(plan, TUNE, n), plan.held_out)
    return Case(split.train, split.test, case.trust)


def _seen_on_test(data: Dataset, chosen: Mapping[str, Chosen]) -> list[str]:
    """Tuned on pairs that are to be found."""
    if data.valid is None or data.test is None:
        return []
    if not np.isin(data.valid.pair, data.test.pair).any():
        return []
    return [name for name, one in chosen.items() if one.how == "tuned"]


# --- what comes out ------------------------------------------------------------------------------


def _task(case: Case, plan: Plan, seed: int, mask: Interactions | None) -> Task:
    train = with_affinities(case.train, plan.affinity)
    return Task.of(train, case.test, case.trust, seed, mask)


def _tasks(cases: list[Case], plan: Plan, mask: Interactions | None) -> Iterator[Task]:
    """One for each seed, made when its turn comes: one world at a time. One case's serves all."""
    task = None
    for n in range(_seeds(plan)):
        if task is None or len(cases) > 1:
            task = _task(cases[n % len(cases)], plan, n, mask)
        yield replace(task, seed=n)


def _results(
    data: Dataset,
    plan: Plan,
    cases: list[Case],
    people: I32,
    chosen: Mapping[str, Chosen],
    talk: Talk,
    where: str,
) -> dict[str, Results]:
    seeds = _seeds(plan)
    made = {}
    for name, one in chosen.items():
        talk.stage(name + where, seeds * len(people))
        ways = [plan.make(name, values) for values in one.values]
        run_ = Run(plan.k, plan.root, plan.workers)
        ways = [ways[n % len(ways)] for n in range(seeds)]
        made[name] = evaluate(ways, _tasks(cases, plan, data.mask), people, run_, talk.progress)
    return made


def _intervals(results: Results, which: Bool | None = None) -> dict[str, Interval]:
    """Of everybody, or of some people (who have no coverage of their own)."""
    made = {}
    for name in METRICS:
        if name in BY_PERSON:
            values = results.by_person[name]
            made[name] = of_people_and_seeds(values if which is None else values[:, which])
        elif which is None:
            made[name] = of_draws(results.coverage)
    return made


def _table(results: Mapping[str, Results]) -> Table:
    return {name: _intervals(one) for name, one in results.items()}


def _differences(one: Results, other: Results) -> dict[str, Interval]:
    """Of the same people and the same seeds."""
    by_person = {name: one.by_person[name] - other.by_person[name] for name in BY_PERSON}
    return _intervals(Results(by_person, one.coverage - other.coverage))


def _paired(results: Mapping[str, Results]) -> Table:
    (_, first), *rest = results.items()
    return {name: _differences(one, first) for name, one in rest}


def _by_strata(
    case: Case, people: I32, results: Mapping[str, Results]
) -> dict[str, dict[str, tuple[int, Table]]]:
    """Kind -> group -> (people, table). Groups without anybody are left out."""
    made: dict[str, dict[str, tuple[int, Table]]] = {}
    for kind, groups in strata_of(case.train, case.trust).items():
        made[kind] = {}
        for group, members in groups.items():
            which = members[people]
            if size := int(which.sum()):
                table = {name: _intervals(one, which) for name, one in results.items()}
                made[kind][group] = (size, table)
    return made


def as_data(report: Report) -> dict[str, Any]:
    """The report as `--json` prints it."""

    def told(table: Table) -> dict[str, Any]:
        return {
            name: {metric: one.as_dict() for metric, one in row.items()}
            for name, row in table.items()
        }

    return {
        "people": report.people,
        "train_pairs": report.pairs_train,
        "test_pairs": report.pairs_test,
        "methods": told(report.methods),
        "pairs": told(report.pairs),
        "parameters": {
            name: {
                "chosen": "tuned on the test part" if name in report.seen_on_test else one.how,
                "values": list(one.values),
            }
            for name, one in report.chosen.items()
        },
        "seen_on_test": report.seen_on_test,
        "strata": {
            kind: {
                group: {"people": size, "methods": told(table)}
                for group, (size, table) in groups.items()
            }
            for kind, groups in report.strata.items()
        },
        "control": {"methods": told(report.control), "pairs": told(report.control_pairs)}
        if report.control
        else {},
    }
