"""Sweep files: which scenario, with which settings and seeds.

scenario = "web3recommend-giga"     # a shipped one, or a file beside this one
title = "Edges against identities"
question = "Does it matter how many identities are behind an attack edge?"
fidelity = "graph"                  # the scenario's first unless given
seeds = 5                           # 0..4; or a list of seeds
[set]                               # the same for all runs
world.people = 500
[grid]                              # every combination of these; or ...
adversary.0.edges = [1, 20, 200]
adversary.0.identities = [1, 10]
[[list]]                            # ... these and no others; or ...
adversary.0.edges = 1
[hypercube]                         # ... so many draws that fill the space evenly
draws = 50
parameters."peer.trust.alpha" = { low = 0.05, high = 0.5, scale = "log" }
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType, field

from sim import running
from sim.evaluation.manifest import Manifest, Planned, key_of
from sim.scenario import reading
from sim.scenario.errors import ScenarioError, nearest, spelt
from sim.scenario.lines import lines_of
from sim.scenario.schema import Fidelity, Scenario, Some, Table
from sim.scenario.writing import literal
from sim.studies.design import POINTS_MAX, Hypercube, Point, grid, grid_size, hypercube

DESIGNS = ("grid", "list", "hypercube")
RUNS_MAX = 100_000


class File(Table, frozen=True):
    """What a sweep file may say."""

    scenario: str
    title: str = ""
    question: str = ""
    fidelity: Fidelity | None = None
    seeds: Some | list[int] = field(default_factory=lambda: [0])
    fixed: dict[str, Any] = field(name="set", default_factory=dict)
    grid: dict[str, list[Any]] | UnsetType = UNSET
    listed: list[dict[str, Any]] | UnsetType = field(name="list", default=UNSET)
    hypercube: Hypercube | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Run:
    """One run. values: of the parameters that the sweep varies."""

    key: str
    scenario: Scenario
    seed: int
    values: Point


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep that could run: every scenario of it was read and checked."""

    manifest: Manifest
    runs: tuple[Run, ...]

    @property
    def fidelity(self) -> Fidelity:
        """Of all runs."""
        return self.manifest.fidelity


def read(path: Path) -> Sweep:
    """The sweep in a file. Raises ScenarioError, with the line, for whatever could not run."""
    text = reading.text_of(path)
    try:
        file = _file(text)
        points = _points(file)
        return _sweep(path, text, file, points)
    except ScenarioError as error:
        raise _placed(error, path, text) from None


def _file(text: str) -> File:
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        at = re.search(r"at line (\d+)", str(error))
        raise ScenarioError(f"is no TOML: {error}", (int(at[1]) if at else 1,)) from None
    known = [one.encode_name for one in msgspec.structs.fields(File)]
    for name in tables:
        if name not in known:
            raise ScenarioError(
                f"a sweep has no key {name[:128]!r}", (name,), hint=nearest(name, known)
            )
    for name in ("set", "grid"):
        if isinstance(tables.get(name), dict):
            tables[name] = dict(_flat(tables[name], ""))
    for name, values in (grid_ if isinstance(grid_ := tables.get("grid"), dict) else {}).items():
        if not isinstance(values, list):
            raise ScenarioError(f"{name} of a grid is a list of values", ("grid", name))
    if isinstance(tables.get("list"), list):
        tables["list"] = [
            dict(_flat(one, "")) if isinstance(one, dict) else one for one in tables["list"]
        ]
    cube = tables.get("hypercube")
    if isinstance(cube, dict) and isinstance(cube.get("parameters"), dict):
        cube["parameters"] = dict(_flat(cube["parameters"], "", stop="low"))
    try:
        return msgspec.convert(tables, File)
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at `$")
        keys = where.rstrip("`").replace("[...]", "").strip(".").split(".")
        key = tuple(part for part in keys if part)
        raise ScenarioError(f"{spelt(key) or 'it'}: {problem}", key) from None


def _flat(table: Mapping[str, Any], prefix: str, stop: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys in one piece, down to tables that have the key `stop`."""
    for name, value in table.items():
        if isinstance(value, dict) and not (stop and stop in value):
            yield from _flat(value, f"{prefix}{name}.", stop)
        else:
            yield f"{prefix}{name}", value


def _points(file: File) -> Sequence[Point]:
    given = _designs(file)
    if len(given) > 1:
        raise ScenarioError(f"a sweep has one design, not {' and '.join(given)}", (given[1],))
    points: Sequence[Point] = [{}]
    if not isinstance(file.grid, UnsetType):
        if grid_size(file.grid) > POINTS_MAX:
            raise ScenarioError(f"a grid has {POINTS_MAX} points at most", ("grid",))
        points = [*grid(file.grid)]
    elif not isinstance(file.listed, UnsetType):
        points = file.listed
    elif not isinstance(file.hypercube, UnsetType):
        try:
            points = hypercube(file.hypercube)
        except ValueError as error:
            raise ScenarioError(str(error), ("hypercube", "parameters")) from None
    if not points:
        raise ScenarioError("there is no point in this sweep", (given[0],))
    if (size := len(points) * len(_seeds(file))) > RUNS_MAX:
        raise ScenarioError(f"these are {size} runs; {RUNS_MAX} at most", ("seeds",))
    return points


def _designs(file: File) -> list[str]:
    given = (file.grid, file.listed, file.hypercube)
    return [name for name, one in zip(DESIGNS, given, strict=True) if one is not UNSET]


def _seeds(file: File) -> Sequence[int]:
    seeds = range(file.seeds) if isinstance(file.seeds, int) else file.seeds
    if not seeds:
        raise ScenarioError("a sweep has one seed at least", ("seeds",))
    for seed, times in Counter(seeds).items():
        if times > 1:
            raise ScenarioError(f"seed {seed} stands there twice", ("seeds",))
        if not 0 <= seed <= running.SEED_MAX:
            raise ScenarioError(f"a seed is from 0 to {running.SEED_MAX}, not {seed}", ("seeds",))
    return seeds


def _sweep(path: Path, text: str, file: File, points: Sequence[Point]) -> Sweep:
    source = reading.find(file.scenario)
    if file.scenario not in reading.shipped():
        source = path.parent / source
    runs: dict[str, Run] = {}
    fidelity = file.fidelity
    for point in points:
        overrides = [f"{name}={_value(name, one)}" for name, one in (file.fixed | point).items()]
        scenario = running.load(source, overrides, file.fidelity)
        fidelity = running.check(scenario, file.fidelity)
        for seed in _seeds(file):
            key = key_of(scenario, seed, fidelity)
            runs.setdefault(key, Run(key, scenario, seed, point))
    assert fidelity is not None
    told = Manifest(
        name=path.stem,
        title=file.title or path.stem,
        question=file.question,
        scenario=file.scenario,
        fidelity=fidelity,
        design="".join(_designs(file)) or "seeds",
        parameters=tuple(dict.fromkeys(name for point in points for name in point)),
        runs=tuple(Planned(run.key, run.seed, run.values) for run in runs.values()),
        text=text,
    )
    return Sweep(told, tuple(runs.values()))


def _value(name: str, value: Any) -> str:
    try:
        return literal(value)
    except TypeError as error:
        raise ScenarioError(f"{name}: {error}", (name,)) from None


def _placed(error: ScenarioError, path: Path, text: str) -> ScenarioError:
    """With the line of this file, where it is to blame: for a value that it sets as well."""
    lines: dict[str, int] = {}
    for key, line in lines_of(text).items():
        below = key[1:] if key[0] in (*DESIGNS, "set") else ()
        for named in (key, below, below[1:]):  # [grid], [[list]] and hypercube.parameters
            lines.setdefault(spelt(named), line)
    blamed, place = error.key, error.place
    if blamed and isinstance(blamed[0], int):  # a line, where it is no TOML
        return ScenarioError(error.problem, place=f"{path}:{blamed[0]}")
    if place.startswith("-D "):
        blamed, place = (place[3:].partition("=")[0],), ""
    elif place:
        return error  # of the scenario's own file
    while blamed and spelt(blamed) not in lines:
        blamed = blamed[:-1]
    line = lines.get(spelt(blamed), 1)
    return ScenarioError(error.problem, error.key, hint=error.hint, place=f"{path}:{line}")
