"""Attack tables: how many fakes a method shows in each cell of the grid, and what it costs.

A draw takes one split, fools other people, and asks another sample of people. The bound of a cell
comes from the spread of its draws, so it covers who was fooled as well as who was asked.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sim.attacks.attacked import attack
from sim.attacks.exposure import Exposure, expose, reached
from sim.attacks.regions import Attack
from sim.data.affinity import with_affinities
from sim.data.interactions import Bool, Dataset, Wanted, world_of
from sim.data.splits import HELD_OUT, Split, hold_out
from sim.evaluation.intervals import student
from sim.evaluation.workers import shared
from sim.measures.accuracy import measure
from sim.methods.method import F64, I32, Method, World
from sim.methods.salsa import PlainSalsa

SPLITS_MAX = 5
"""Draws beyond so many use a split again, with other people fooled and asked."""

REACHED_MIN = 20
"""With fewer people reached in all draws together, nothing is said of them."""


SPLIT = 7
"""What a stream of random numbers is for: (root seed, purpose, number)."""


@dataclass(frozen=True, slots=True, eq=False)
class Honest:
    """One split of the honest world. plain: nDCG of plain SALSA there, without an attack, one for
    each of `people`, who all want something."""

    world: World
    wanted: Wanted
    people: I32
    plain: F64

    @classmethod
    def of(cls, world: World, wanted: Wanted, k: int) -> Honest:
        """Ask plain SALSA for everybody who wants something."""
        people = np.flatnonzero(wanted.sizes > 0).astype(np.int32)
        ranker = PlainSalsa().prepare(world)
        lists = [ranker.rank(p, k, np.random.default_rng(p)).item for p in people.tolist()]
        return cls(world, wanted, people, _ndcg(people, lists, wanted, k))


@dataclass(frozen=True, slots=True)
class Setting:
    """k places a list; `people` asked in each of `draws` draws; the root seed."""

    k: int = 20
    people: int = 200
    draws: int = 5
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """One attack. Shares of fakes are of the k places, in [0, 1].

    high: upper 95 % bound of the mean (one-sided, over draws). reached, reached_p99: mean share
    and 99th percentile of the number of fakes among people whose trust walks got into a region; NaN
    with fewer than `REACHED_MIN` of them. fooled: mean share among those who vouch for one
    themselves. ndcg and plain: of the attacked lists, and of plain SALSA without an attack.
    """

    plan: Attack
    mean: float
    high: float
    reached: float
    reached_p99: float
    fooled: float
    worst: int
    ndcg: float = math.nan
    plain: float = math.nan


def honest_splits(data: Dataset, setting: Setting, affinity: str = "equal") -> list[Honest]:
    """A split for each draw, up to `SPLITS_MAX`; the given test part if the data have one.

    Raises ValueError for data without trust, or where nobody can be judged.
    """
    if data.trust is None:
        raise ValueError("an attack needs to know who trusts whom")
    made: list[Honest] = []
    for number in range(min(setting.draws, SPLITS_MAX) if data.test is None else 1):
        if data.test is None:
            rng = np.random.default_rng((setting.seed, SPLIT, number))
            split = hold_out(data.train, HELD_OUT, rng)
        else:
            split = Split(data.train, data.test)
        world = world_of(with_affinities(split.train, affinity), data.trust)
        honest = Honest.of(world, Wanted.of(split.test), setting.k)
        if not honest.people.size:
            raise ValueError("nobody has enough items to be judged")
        made.append(honest)
    return made


def attack_table(
    method: Method,
    honest: Sequence[Honest],
    plans: Sequence[Attack],
    setting: Setting,
    workers: int = 1,
) -> Iterator[Cell]:
    """The cells in the order of the plans; their numbers do not depend on `workers`."""
    desk = _Desk(method, tuple(honest), setting)
    return shared(desk.cell, plans, workers)


@dataclass(frozen=True, slots=True)
class _Desk:
    method: Method
    honest: tuple[Honest, ...]
    setting: Setting

    def cell(self, plan: Attack) -> Cell:
        """All draws of one attack."""
        setting = self.setting
        shown: list[Exposure] = []
        near: list[Bool] = []
        ndcg: list[float] = []
        plain: list[float] = []
        for draw in range(setting.draws):
            split = self.honest[draw % len(self.honest)]
            rng = np.random.default_rng((setting.seed, draw))
            count = min(setting.people, split.people.size)
            asked = np.sort(rng.choice(split.people.size, count, replace=False))
            people = split.people[asked]
            hostile = attack(split.world, plan, rng)
            seen = expose(self.method, hostile, people, n=setting.k, seed=(setting.seed, draw))
            shown.append(seen)
            near.append(reached(hostile, people, (setting.seed, draw)))
            ndcg.append(float(_ndcg(people, seen.lists, split.wanted, setting.k).mean()))
            plain.append(float(split.plain[asked].mean()))
        summary = _summary(plan, shown, np.concatenate(near), setting.k)
        return replace(summary, ndcg=float(np.mean(ndcg)), plain=float(np.mean(plain)))


def _summary(plan: Attack, shown: list[Exposure], near: Bool, k: int) -> Cell:
    """What was shown. near: who was reached, over all draws."""
    fakes = np.concatenate([one.fakes for one in shown])
    theirs = fakes[near]
    fooled = fakes[np.concatenate([one.fooled for one in shown])]
    means = np.array([one.fakes.mean() / k for one in shown])
    high = math.nan
    if means.size > 1:
        one_sided = student(means.size - 1, 0.90)
        high = float(means.mean() + one_sided * means.std(ddof=1) / math.sqrt(means.size))
    enough = theirs.size >= REACHED_MIN
    return Cell(
        plan=plan,
        mean=float(means.mean()),
        high=high,
        reached=float(theirs.mean() / k) if enough else math.nan,
        reached_p99=float(np.quantile(theirs, 0.99, method="higher")) if enough else math.nan,
        fooled=float(fooled.mean() / k) if fooled.size else math.nan,
        worst=int(fakes.max(initial=0)),
    )


def _ndcg(people: I32, lists: Sequence[I32], wanted: Wanted, k: int) -> F64:
    made = np.full((people.size, k), -1, np.int32)
    for row, items in enumerate(lists):
        # A fake is nobody's test item, and its number would be another person's pair.
        made[row, : items.size] = np.where(items < wanted.n_items, items, -1)
    listeners = np.ones(wanted.n_items, np.int64)
    return measure(people, made, wanted, listeners)["ndcg"]
