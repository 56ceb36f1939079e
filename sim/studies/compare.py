"""Two ways to run one world, seed by seed: what changes, and how sure that is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from sim.evaluation.differences import (
    difference_by_person,
    difference_of,
    names_of,
    values_of,
)
from sim.evaluation.intervals import Interval
from sim.outcome import Outcome
from sim.scenario.schema import Scenario


class ComparisonError(ValueError):
    """These runs are not of one world and the same seeds; the text says what differs."""


@dataclass(frozen=True, slots=True)
class Difference:
    """a, b: mean over the seeds, NaN if not known. off: b - a with 95 % bounds, over seeds;
    people: the same over people and seeds, where every run tells of each person."""

    a: float
    b: float
    off: Interval | None
    people: Interval | None = None

    @property
    def best(self) -> Interval | None:
        """By person where it can be, else by seed."""
        return self.people or self.off

    @property
    def sure(self) -> bool:
        """Whether 0 lies outside of the bounds."""
        best = self.best
        if best is None or best.low is None or best.high is None:
            return False
        return best.low > 0 or best.high < 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """seeds: that both have. left_out: those that only one has. settings: key -> (a's, b's), of
    whatever is not the same. metrics: those of both."""

    a: str
    b: str
    seeds: tuple[int, ...]
    left_out: tuple[int, ...]
    settings: Mapping[str, tuple[str, str]]
    metrics: Mapping[str, Difference]

    def as_data(self) -> dict[str, Any]:
        """As `--json` prints it; None for what is not known."""
        return {
            "a": self.a,
            "b": self.b,
            "seeds": list(self.seeds),
            "left_out": list(self.left_out),
            "settings": {key: {"a": a, "b": b} for key, (a, b) in self.settings.items()},
            "metrics": {
                name: {
                    "a": None if math.isnan(one.a) else one.a,
                    "b": None if math.isnan(one.b) else one.b,
                    "difference": None if one.off is None else one.off.as_dict(),
                    "by_person": None if one.people is None else one.people.as_dict(),
                    "sure": one.sure,
                }
                for name, one in self.metrics.items()
            },
        }


def compare(a: Sequence[Outcome], b: Sequence[Outcome]) -> Comparison:
    """b against a, both runs of the same world with the same seeds.

    Raises ComparisonError for other worlds, several scenarios on one side, or no seed in common.
    """
    for side, outcomes in (("first", a), ("second", b)):
        _check_side(side, outcomes)
    check_worlds(a[0].scenario, b[0].scenario)
    by_seed = [{one.seed: one for one in side} for side in (a, b)]
    seeds = tuple(sorted(by_seed[0].keys() & by_seed[1].keys()))
    if not seeds:
        raise ComparisonError("the two have no seed in common, so nothing is paired")
    left, right = ([side[seed] for seed in seeds] for side in by_seed)
    same_people = a[0].scenario.questions.people == b[0].scenario.questions.people
    in_both = set(names_of(right))
    return Comparison(
        a[0].scenario.name,
        b[0].scenario.name,
        seeds,
        tuple(sorted(by_seed[0].keys() ^ by_seed[1].keys())),
        _settings(a[0], b[0]),
        {
            name: _difference(left, right, name, same_people)
            for name in names_of(left)
            if name in in_both
        },
    )


def _check_side(side: str, outcomes: Sequence[Outcome]) -> None:
    if not outcomes:
        raise ComparisonError(f"the {side} has no run")
    for seed, times in Counter(one.seed for one in outcomes).items():
        if times > 1:
            raise ComparisonError(f"the {side} has {times} runs of seed {seed}; one is paired")
    first = outcomes[0]
    for one in outcomes[1:]:
        if (one.scenario, one.fidelity) != (first.scenario, first.fidelity):
            differing = ", ".join(_settings(first, one))
            raise ComparisonError(f"the {side} holds different settings ({differing})")


def check_worlds(a: Scenario, b: Scenario) -> None:
    """Raises ComparisonError, with the keys that differ, unless both have the same people."""
    if a.world != b.world:
        keys = ", ".join(
            f"{key} is {one} and {other}" for key, (one, other) in _unequal(a.world, b.world)
        )
        raise ComparisonError(f"{a.name} and {b.name} are not of one world: {keys}")


def _difference(
    left: Sequence[Outcome], right: Sequence[Outcome], name: str, same_people: bool
) -> Difference:
    return Difference(
        _mean(left, name),
        _mean(right, name),
        difference_of(left, right, name),
        difference_by_person(left, right, name) if same_people else None,
    )


def _mean(outcomes: Sequence[Outcome], name: str) -> float:
    values = [value for value in values_of(outcomes, name).tolist() if not math.isnan(value)]
    return sum(values) / len(values) if values else math.nan


def _settings(a: Outcome, b: Outcome) -> dict[str, tuple[str, str]]:
    """What may make the difference: not the words about it, nor its claims."""
    told = {
        key: pair
        for key, pair in _unequal(a.scenario, b.scenario)
        if key.partition(".")[0] not in ("title", "about", "claim", "fidelities")
    }
    if a.fidelity is not b.fidelity:
        told["fidelity"] = str(a.fidelity), str(b.fidelity)
    return told


def _unequal(a: msgspec.Struct, b: msgspec.Struct) -> Iterator[tuple[str, tuple[str, str]]]:
    flat = [dict(_leaves(msgspec.to_builtins(one), "")) for one in (a, b)]
    for key in dict.fromkeys((*flat[0], *flat[1])):
        pair = flat[0].get(key, "-"), flat[1].get(key, "-")
        if pair[0] != pair[1]:
            yield key, pair


def _leaves(tree: Any, key: str) -> Iterator[tuple[str, str]]:
    inner: Iterator[tuple[Any, Any]]
    if isinstance(tree, dict):
        inner = iter(tree.items())
    elif isinstance(tree, list | tuple):
        inner = iter(enumerate(tree))
    else:
        yield key, str(tree)
        return
    for name, value in inner:
        yield from _leaves(value, f"{key}.{name}" if key else str(name))
