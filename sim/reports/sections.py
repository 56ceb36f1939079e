"""What stands in each section of the page, as text: a group of runs, a sweep, the summary."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sim.evaluation.differences import difference_within, interval_of, names_of
from sim.evaluation.manifest import place_of
from sim.outcome import Outcome
from sim.reports.drawing import Picture
from sim.reports.evidence import Group, Swept
from sim.reports.plots import methods_of, of_methods, of_series
from sim.reports.sweep_plots import compared_metrics, of_sweep, swept_methods, swept_metrics
from sim.reports.wording import HEADLINES, estimate, in_order, number, titled, word
from sim.scenario.reading import shipped_sweeps
from sim.scenario.writing import toml_of

ROWS_MAX = 200
"""Points of a sweep in the page."""

SUMMARY_MAX = 4
"""Figures at a glance."""

COLUMNS_MAX = 8
"""Points beside each other where methods are compared."""

SAME = "≈"
"""Before a figure that cannot be told from the first method's."""

DIGEST = 16


@dataclass(frozen=True, slots=True)
class Cell:
    """A mean, and its bounds if they are known."""

    mean: str
    bounds: str


@dataclass(frozen=True, slots=True)
class GroupPart:
    """Of a group."""

    anchor: str
    title: str
    name: str
    about: str
    fidelity: str
    seeds: list[int]
    claims: list[dict[str, Any]]
    methods: list[str]
    rows: list[dict[str, Any]]
    pictures: list[Picture]
    runs: list[dict[str, Any]]
    toml: str


@dataclass(frozen=True, slots=True)
class SweepPart:
    """Of a sweep."""

    anchor: str
    title: str
    name: str
    question: str
    scenario: str
    design: str
    fidelity: str
    finished: int
    failed: int
    open: int
    parameters: list[str]
    metrics: list[str]
    rows: list[dict[str, Any]]
    more: int
    claims: list[dict[str, Any]]
    compared: list[dict[str, Any]]
    values: list[str]
    pictures: list[Picture]
    command: str
    replay: str
    seeds: str
    runs: list[dict[str, Any]]
    text: str


def group_part(group: Group, anchor: str, source: str) -> GroupPart:
    """source: what names its scenario on a command line."""
    scenario, outcomes = group.scenario, group.outcomes
    methods = methods_of(outcomes, scenario.method)
    command = f"grapevine sim run {source} --fidelity {group.fidelity} --seed"
    pictures = [of_methods(group, f"{anchor}-methods"), of_series(group, f"{anchor}-series")]
    return GroupPart(
        anchor=anchor,
        title=scenario.title,
        name=scenario.name,
        about=scenario.about.strip(),
        fidelity=str(group.fidelity),
        seeds=[one.seed for one in outcomes],
        claims=list(_claims(outcomes)),
        methods=list(methods),
        rows=list(_rows(outcomes, list(methods.values()))),
        pictures=[one for one in pictures if one is not None],
        runs=[
            {
                "seed": one.seed,
                "command": f"{command} {one.seed}",
                "digest": one.digest[:DIGEST],
            }
            for one in outcomes
        ],
        toml=toml_of(scenario),
    )


def _claims(outcomes: Sequence[Outcome]) -> Iterator[dict[str, Any]]:
    for claim in outcomes[0].claims if outcomes else ():
        told = [one for outcome in outcomes for one in outcome.claims if one.claim == claim.claim]
        values = [one.value for one in told if one.value is not None]
        shown = dict.fromkeys((number(min(values)), number(max(values)))) if values else {"–": None}
        why = next((one.why for one in told if not one.held), claim.why)
        yield {
            "text": " ".join(claim.claim.split()),
            "held": sum(one.held for one in told),
            "of": len(told),
            "left": " … ".join(shown),
            "why": why,
        }


def _rows(outcomes: Sequence[Outcome], prefixes: list[str]) -> Iterator[dict[str, Any]]:
    metrics = in_order(name.rpartition(".")[2] for name in names_of(outcomes))
    for metric in metrics:
        cells = [_cell(outcomes, f"{prefix}{metric}") for prefix in prefixes]
        if any(cell.mean != "–" for cell in cells):
            known = word(metric)
            yield {"name": metric, "unit": known.unit, "what": known.what, "cells": cells}


def _cell(outcomes: Sequence[Outcome], metric: str) -> Cell:
    return Cell(*estimate(interval_of(outcomes, metric), metric))


def summary_of(groups: Sequence[Group], parts: Sequence[GroupPart]) -> dict[str, Any]:
    """A line for each group, with the figures that most of them have."""
    having = {
        metric: sum(interval_of(one.outcomes, metric) is not None for one in groups)
        for metric in HEADLINES
    }
    most = sorted(having, key=lambda metric: -having[metric])[:SUMMARY_MAX]
    metrics = [metric for metric in HEADLINES if metric in most and having[metric]]
    rows = [
        {
            "anchor": part.anchor,
            "title": part.title,
            "fidelity": part.fidelity,
            "seeds": len(part.seeds),
            "claims": len(part.claims),
            "held": sum(claim["held"] == claim["of"] for claim in part.claims),
            "cells": [_cell(group.outcomes, metric) for metric in metrics],
        }
        for group, part in zip(groups, parts, strict=True)
    ]
    return {"metrics": [_headed(metric) for metric in metrics], "rows": rows}


def sweep_part(swept: Swept, anchor: str) -> SweepPart:
    """A row for each point, over its seeds; methods side by side where they are compared."""
    plan = swept.manifest
    metrics = swept_metrics(swept)[:6]
    points = _points(swept)
    first = swept.runs[0][0].key if swept.runs else "KEY"
    place = shlex.quote(str(place_of(swept.place, first)))
    word_ = plan.name if plan.name in shipped_sweeps() else f"{plan.name}.toml"
    return SweepPart(
        anchor=anchor,
        title=plan.title,
        name=plan.name,
        question=plan.question,
        scenario=plan.scenario,
        design=plan.design,
        fidelity=str(plan.fidelity),
        finished=len(swept.runs),
        failed=swept.failed,
        open=swept.open,
        parameters=list(plan.parameters),
        metrics=[_headed(metric) for metric in metrics],
        rows=[_point_row(values, some, metrics) for values, some in points[:ROWS_MAX]],
        more=max(0, len(points) - ROWS_MAX),
        claims=list(_claims([outcome for _, outcome in swept.runs])),
        compared=list(_compared(swept, points)),
        values=[", ".join(map(_shown, values)) for values, _ in points],
        pictures=list(of_sweep(swept, anchor)),
        command=f"grapevine sim sweep {shlex.quote(word_)} --out {shlex.quote(str(swept.place))}",
        replay=f"grapevine sim replay {place}",
        seeds=", ".join(str(one) for one in dict.fromkeys(run.seed for run in plan.runs)),
        runs=[
            {
                "values": [_shown(planned.values.get(name, "–")) for name in plan.parameters],
                "seed": planned.seed,
                "key": planned.key,
                "digest": outcome.digest[:DIGEST],
            }
            for planned, outcome in swept.runs[:ROWS_MAX]
        ],
        text=plan.text,
    )


def _points(swept: Swept) -> list[tuple[list[Any], list[Outcome]]]:
    """(values of the parameters, runs) in the order of the sweep."""
    points: dict[str, tuple[list[Any], list[Outcome]]] = {}
    for planned, outcome in swept.runs:
        values = [planned.values.get(name, "–") for name in swept.manifest.parameters]
        points.setdefault(json.dumps(values), (values, []))[1].append(outcome)
    return list(points.values())


def _point_row(
    values: Sequence[Any], outcomes: Sequence[Outcome], metrics: Sequence[str]
) -> dict[str, Any]:
    return {
        "parameters": [_shown(value) for value in values],
        "seeds": len(outcomes),
        "claims": sum(len(one.claims) for one in outcomes),
        "held": sum(claim.held for one in outcomes for claim in one.claims),
        "cells": [_cell(outcomes, metric) for metric in metrics],
    }


def _compared(
    swept: Swept, points: Sequence[tuple[list[Any], list[Outcome]]]
) -> Iterator[dict[str, Any]]:
    """For each headline a row for each method, a cell for each point; nothing without methods, or
    with more points than a page is wide."""
    methods = swept_methods(swept)
    if not methods or len(points) > COLUMNS_MAX:
        return
    own = next(iter(methods.values()))
    for metric in compared_metrics(swept, methods):
        rows = {
            who: [_beside(some, f"{own}{metric}", f"{at}{metric}") for _, some in points]
            for who, at in methods.items()
        }
        known = [
            {"who": who, "cells": cells}
            for who, cells in rows.items()
            if any(cell.mean != "–" for cell in cells)
        ]
        yield {"metric": titled(metric), "what": word(metric).what, "rows": known}


def _beside(outcomes: Sequence[Outcome], own: str, other: str) -> Cell:
    """A method's figure, marked where its difference from the first method's may be 0."""
    cell = _cell(outcomes, other)
    off = difference_within(outcomes, own, other) if other != own else None
    if off is None or off.low is None or off.high is None or off.low > 0 or off.high < 0:
        return cell
    return Cell(f"{SAME} {cell.mean}", cell.bounds)


def _headed(metric: str) -> str:
    unit = word(metric).unit
    return f"{metric} ({unit})" if unit else metric


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
