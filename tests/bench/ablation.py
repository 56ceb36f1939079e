"""What every part and every parameter buys, and what it costs: accuracy against exposure.

HetRec Last.fm with friends. Ours with one parameter changed at a time, and the concave sum with
each defence alone: nDCG@20 against plain SALSA's on the same people, and the mean share of fakes in
four cells of the attack grid that are hard to defend.

Half-lives are compared on Ciao, whose ratings have days: trained on the first 80 %, trust left out,
because it has no days there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sim.attacks.attacked import AttackedWorld, attack
from sim.attacks.exposure import expose
from sim.attacks.regions import Attack, Strategy, Topology
from sim.data.affinity import with_affinities
from sim.data.interactions import I32, Interactions
from sim.data.loading import Files, load
from sim.data.splits import Case, cut_after, past_and_future
from sim.evaluation.evaluate import Run, Task, evaluate
from sim.evaluation.experiment import PAST
from sim.evaluation.workers import shared
from sim.methods.grapevine import Grapevine
from sim.methods.method import F64, Method
from sim.methods.registry import METHODS, Value, method
from tests.bench.figures import Point, Series
from tests.bench.hetrec import Friends, friends_of, hetrec
from tests.bench.nodes import BenchFailed
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch
from tests.bench.walk_worlds import DATA

K, SPLITS, WORKERS, FEW = 20, 2, 2, 3

CELLS = (
    Attack(200, 10, 1, Topology.CHAIN, Strategy.CLONE, shared=True),
    Attack(200, 10, 5, Topology.CHAIN, Strategy.CLONE, shared=True),
    Attack(200, 1, 1, Topology.STAR, Strategy.CLONE),
    Attack(20, 200, 1, Topology.CLIQUE, Strategy.POPULAR, shared=True),
)

CHANGED: dict[str, tuple[Value, ...]] = {
    "alpha": (0.05, 0.1, 0.15, 0.3),
    "connectivity": ("none", "excess", "web3recommend", "meritrank"),
    "beta": (0.9, 0.99, 0.9999),
    "author_cap": (0.001, 0.003, 0.01, 1.0),
    "edge_flow_max": (0.01, 0.03, 0.1, 1.0),
    "credit": ("endpoint", "hits", "visits"),
    "hits_min": (1, 3, 6),
    "walks": (1_000, 3_000, 10_000, 30_000),
    "kappa": (0.0, 0.1, 1.0, 10.0),
    "exponent": (0.3, 0.5, 0.7, 1.0),
    "echo": (0.0, 0.4),
    "excess_power": (4.0, 16.0),
    "dependent_excess": (0.4, 0.9),
    "dependents_max": (1, 2, 3, 20),
}
"""Parameter of ours -> values tried, everything else as it is by default. `echo` takes two steps
more into account: walks of five steps instead of three."""

HALF_LIVES = (90.0, 365.0, 730.0, 1_460.0, 36_500.0)
"""Days; in the last one affinities hardly age."""


@dataclass(frozen=True, slots=True)
class Measured:
    """gain: nDCG above plain SALSA's in percent, for those with few friends, with more, for all.
    fakes: mean part of the list in each of `CELLS`, percent."""

    gain: tuple[float, float, float]
    fakes: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Desk:
    """What a worker measures with: splits and their attacked worlds, one for each cell, with the
    people asked in them."""

    friends: Friends
    attacked: tuple[tuple[tuple[AttackedWorld, I32], ...], ...]

    def ndcg(self, one: Method) -> F64:
        """float64[splits, people]."""
        tasks = list(self.friends.tasks)
        run = Run(K, 0, 1)
        return evaluate([one] * len(tasks), tasks, self.friends.people, run).by_person["ndcg"]

    def fakes(self, one: Method) -> tuple[float, ...]:
        """Percent of the list, a cell each."""
        return tuple(
            100 * float(np.mean([_fakes(one, *world, seed) for seed, world in enumerate(cell)])) / K
            for cell in self.attacked
        )


def _fakes(one: Method, world: AttackedWorld, people: I32, seed: int) -> float:
    return float(expose(one, world, people, n=K, seed=(0, seed)).fakes.mean())


def measure(_scratch: Scratch, scale: Scale) -> list[Series]:
    """The table is printed; its rows are the points of the plot, and those of half-lives."""
    made = variants()
    desk = _desk(scale)
    plain = desk.ndcg(method("salsa"))
    distinct: list[Method] = []
    for one in made.values():
        if one not in distinct:
            distinct.append(one)
    found = list(shared(partial(_measured, desk, plain), distinct, WORKERS))
    rows = {name: found[distinct.index(one)] for name, one in made.items()}
    alike = {name for name, one in made.items() if one == made["grapevine"]}
    print(_table(rows, alike, desk, float(plain.mean())))
    return [*(_cloud(kind, rows) for kind in ("ours", "one defence")), _half_lives(scale)]


def variants() -> dict[str, Method]:
    """Name -> recommender: ours, ours with one parameter changed, the concave sum and its kin."""
    made: dict[str, Method] = {"grapevine": Grapevine.of()}
    for parameter, values in CHANGED.items():
        for value in values:
            made[f"{parameter} {value}"] = Grapevine.of(**{parameter: value})
    return made | {name: method(name) for name in METHODS if name.startswith("concave")}


def _desk(scale: Scale) -> _Desk:
    friends = friends_of(hetrec(scale.public_tables), SPLITS, scale.ablation_people)
    cells = []
    for plan in CELLS:
        worlds = []
        for task in friends.tasks:
            rng = np.random.default_rng((1, task.seed))
            count = min(scale.ablation_asked, friends.people.size)
            asked = np.sort(rng.choice(friends.people, count, replace=False))
            worlds.append((attack(task.world, plan, rng), asked))
        cells.append(tuple(worlds))
    return _Desk(friends, tuple(cells))


def _measured(desk: _Desk, plain: F64, one: Method) -> Measured:
    friends = desk.friends.friends[desk.friends.people]
    ndcg = desk.ndcg(one)
    everybody = np.ones(friends.size, np.bool_)
    few, many, every = (
        _gain(ndcg, plain, who) for who in (friends < FEW, friends >= FEW, everybody)
    )
    return Measured((few, many, every), desk.fakes(one))


def _gain(ndcg: F64, plain: F64, who: NDArray[np.bool_]) -> float:
    """Percent; 0 where nobody is."""
    base = float(plain[:, who].mean()) if who.any() else 0.0
    return 100 * (float(ndcg[:, who].mean()) / base - 1) if base else 0.0


# --- what is shown -------------------------------------------------------------------------------


def _table(rows: dict[str, Measured], alike: set[str], desk: _Desk, plain: float) -> str:
    """A line for each; alike: what is ours as it is by default."""
    friends = desk.friends.friends[desk.friends.people]
    asked = sum(people.size for _, people in desk.attacked[0])
    lines = [
        "",
        f"nDCG@{K} above plain SALSA's ({plain:.4f}), %, of {friends.size} people in {SPLITS} "
        f"splits, {int((friends < FEW).sum())} of them with < {FEW} friends; fakes in the list, "
        f"%, of {asked} people (= : as by default)",
        *(f"  cell {number}: {plan.name}" for number, plan in enumerate(CELLS, 1)),
        f"{'':<28}{'< 3':>8}{'>= 3':>8}{'all':>8}"
        + "".join(f"{f'cell {number}':>9}" for number in range(1, len(CELLS) + 1)),
    ]
    for name, row in rows.items():
        same = " =" if name in alike and name != "grapevine" else ""
        gains = "".join(f"{gain:>+8.1f}" for gain in row.gain)
        lines.append(f"{name + same:<28}{gains}" + "".join(f"{part:>9.2f}" for part in row.fakes))
    return "\n".join(lines)


def _cloud(kind: str, rows: dict[str, Measured]) -> Series:
    """Accuracy against exposure."""
    points = tuple(
        Point(float(np.mean(row.fakes)), row.gain[2], label=name)
        for name, row in rows.items()
        if name.startswith("concave") == (kind != "ours")
    )
    return Series(
        "pareto",
        "Grapevine, one parameter changed" if kind == "ours" else "concave sum, one defence each",
        "fakes in the top 20, %, mean of four hard attacks",
        f"nDCG@{K} above plain SALSA without an attack, %",
        points,
    )


def _half_lives(scale: Scale) -> Series:
    """nDCG of ours on Ciao, everybody trusted alike, for several half-lives."""
    points = []
    if scale.public_tables:
        case, cut = _past_of_ciao()
        people = np.flatnonzero(case.test.sizes).astype(np.int32)
        if people.size > scale.ablation_people:
            chosen = np.random.default_rng(0).choice(people, scale.ablation_people, replace=False)
            people = np.sort(chosen)
        for days in HALF_LIVES:
            task = Task.of(_aged(case.train, cut, days), case.test, None, 0)
            ndcg = evaluate([Grapevine.of()], [task], people, Run(K, 0, WORKERS)).by_person["ndcg"]
            points.append(Point(days, float(ndcg.mean())))
    told = ", ".join(f"{point.x:,.0f}: {point.y:.4f}" for point in points)
    print(f"\nnDCG@{K} on Ciao's later ratings by half-life of affinities in days: {told}\n")
    return Series("half-life", "Grapevine, Ciao", "half-life, days", f"nDCG@{K}", tuple(points))


def _past_of_ciao() -> tuple[Case, int]:
    """The first 80 % of Ciao's ratings as affinities, what came later, and the day of the cut."""
    file = DATA / "ciao" / "ratings.tsv.gz"
    if not file.exists():
        raise BenchFailed(f"{file} is missing: say where the data are: GRAPEVINE_DATA=DIR")
    columns = ("user", "item", "-", "weight", "-", "time")
    data = load(Files(file, columns=columns), ("zero-weights", "duplicates"), timed=True).train
    cut = cut_after(data, PAST)
    case = past_and_future(data, None, cut)
    return replace(case, train=with_affinities(case.train, "log")), cut


def _aged(train: Interactions, cut: int, half_life: float) -> Interactions:
    """As a node sees it on the day of the cut."""
    assert train.day is not None
    aged = train.weight * np.exp2(-(cut - train.day) / half_life)
    return replace(train, weight=aged.clip(1e-3).astype(np.float32))
