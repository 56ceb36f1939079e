"""Measure recommenders offline, on the field's own files."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from node.cli.command import command, new_app
from node.cli.session import Session, usage
from sim.cli.choosing import chosen, words

if TYPE_CHECKING:
    from sim.data.interactions import Dataset
    from sim.data.loading import Files
    from sim.evaluation.experiment import Plan, Report

app = new_app()

RECOMMEND = "recommend"
HOLD_OUT = "holdout"
SEEDS_MAX = 1_000
LENGTH_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Data:
    """Which further files, and how all are written."""

    test: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What is to be found; without it, splits are drawn."),
    ] = None
    trust: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Who vouches for whom [weight [time]].")
    ] = None
    mask: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Further known items, not to be recommended."),
    ] = None
    format: Annotated[
        str, typer.Option(metavar="NAME", help="adjacency or table, if the content misleads.")
    ] = ""
    columns: Annotated[
        str, typer.Option(metavar="ROLES", help="Of a table, e.g. user,item,-,weight,-,time")
    ] = ""
    trust_columns: Annotated[
        str, typer.Option(metavar="ROLES", help="The same of the trust file.")
    ] = ""
    allow: Annotated[
        str,
        typer.Option(
            metavar="WHAT[,WHAT]",
            help="Go on, and count: cold-items, cold-users, duplicates, empty-users, known-items, "
            "zero-weights.",
        ),
    ] = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which methods, with which parameters."""

    method: Annotated[
        str,
        typer.Option(
            metavar="NAME[,NAME]",
            help="The first is what others are compared with. LABEL=NAME: once more, to --set.",
        ),
    ] = "grapevine"
    set: Annotated[
        list[str] | None,
        typer.Option(metavar="METHOD.PARAM=VALUE", help="Another value than the default."),
    ] = None
    tune: Annotated[
        str,
        typer.Option(
            metavar=f"FILE|{HOLD_OUT}", help="Choose parameters on FILE or on part of training."
        ),
    ] = ""
    popular: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            metavar="RECALL",
            help="Popularity's published recall@k: tune on a part as popular as that.",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class Way:
    """How it is measured."""

    k: Annotated[int, typer.Option("--k", "-k", min=1, max=LENGTH_MAX, help="List length.")] = 20
    seeds: Annotated[int, typer.Option(min=1, max=SEEDS_MAX, help="Times, or splits drawn.")] = 3
    seed: Annotated[int, typer.Option(min=0, help="The root of all chance.")] = 0
    users: Annotated[int | None, typer.Option(min=1, help="A sample of so many people.")] = None
    hold_out: Annotated[
        float, typer.Option(min=0.01, max=0.99, help="Part kept back where no test is given.")
    ] = 0.2
    folds: Annotated[
        int | None, typer.Option(min=2, max=SEEDS_MAX, help="Folds instead of random splits.")
    ] = None
    temporal: Annotated[
        bool, typer.Option("--temporal", help="Learn from the past only, trust included.")
    ] = False
    cut: Annotated[
        str, typer.Option(metavar="YYYY-MM-DD", help="Where the future begins (--temporal).")
    ] = ""
    affinity: Annotated[
        str, typer.Option(metavar="RULE", help="Of weights: log, rank or equal.")
    ] = "log"
    strata: Annotated[
        bool, typer.Option("--strata", help="Also by friends, profile and component.")
    ] = False
    rewired: Annotated[
        bool, typer.Option("--rewired", help="Also with trust rewired at equal degrees.")
    ] = False
    workers: Annotated[
        int, typer.Option(min=0, max=256, help="Processes; 0: one for each core.")
    ] = 0


@command(app, "eval")
def evaluate(
    session: Session,
    train: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="What is known: adjacency text or triples; for --task search a directory.",
        ),
    ],
    data: Data,
    choice: Choice,
    way: Way,
    task: Annotated[
        str, typer.Option(metavar="NAME", help="recommend, or search: see the README.")
    ] = RECOMMEND,
    attack: Annotated[
        bool, typer.Option("--attack", help="Searches under attack (--task search, tags).")
    ] = False,
) -> None:
    """Measure recommenders offline: recall, nDCG, MRR, hit rate, coverage, novelty.

    Training items are never recommended, ties are broken by chance, items without a score are left
    out. Intervals are 95 %, over people and seeds. A file that is not what it should be is refused
    with its line (exit 2).
    """
    if task != RECOMMEND or attack:
        from sim.cli.searches import measure_searches

        return measure_searches(session, task, train, way.cut, way.seed, attack=attack)
    from sim.cli.showing import Waiting, table
    from sim.data.loading import load
    from sim.evaluation.experiment import ImpossiblePlan, as_data, run

    _check(data, choice, way)
    plan = _plan(choice, way)
    dataset = load(_files(train, data, choice), words(data.allow), timed=way.temporal)
    try:
        with Waiting(sys.stderr if sys.stderr.isatty() and not session.json else None) as waiting:
            report = run(dataset, plan, waiting.talk)
    except ImpossiblePlan as error:
        raise usage(str(error), "see: grapevine eval --help") from None
    _warn(session, dataset, report)
    told = _about(dataset, plan) | as_data(report)
    session.show(told, *table(report, plan))


def _check(data: Data, choice: Choice, way: Way) -> None:
    """Options that exclude or need each other."""
    if way.rewired and data.trust is None:
        raise usage("--rewired needs --trust FILE")
    if way.cut and not way.temporal:
        raise usage("--cut needs --temporal")
    if way.folds is not None and (data.test is not None or way.temporal):
        raise usage("--folds draws its own test parts; leave out --test and --temporal")
    if choice.tune not in ("", HOLD_OUT) and data.test is None:
        raise usage("--tune FILE needs --test FILE", f"or --tune {HOLD_OUT}")
    if choice.popular is not None and (choice.tune != HOLD_OUT or way.temporal):
        raise usage(f"--popular is about --tune {HOLD_OUT}, and not about time")
    if choice.tune not in ("", HOLD_OUT) and way.temporal:
        raise usage(
            "a file for --tune says nothing about time", f"--tune {HOLD_OUT} splits by time"
        )


def _files(train: Path, data: Data, choice: Choice) -> Files:
    from sim.data.loading import Files

    valid = Path(choice.tune) if choice.tune not in ("", HOLD_OUT) else None
    return Files(
        train, data.test, data.trust, valid, data.mask, data.format,
        words(data.columns), words(data.trust_columns),
    )  # fmt: skip


def _plan(choice: Choice, way: Way) -> Plan:
    from sim.data.affinity import RULES
    from sim.evaluation.experiment import Plan

    if way.affinity not in RULES:
        raise usage(f"there is no affinity rule {way.affinity!r}; there are {', '.join(RULES)}")
    kinds, given = chosen(choice.method, choice.set or [], "eval")
    return Plan(
        given, kinds, way.k, way.seeds, way.seed, way.workers or os.cpu_count() or 1, way.users,
        way.affinity, way.hold_out, way.folds, way.temporal, _day(way.cut), bool(choice.tune),
        choice.popular, way.strata, way.rewired,
    )  # fmt: skip


def _day(text: str) -> int | None:
    if not text:
        return None
    try:
        return (date.fromisoformat(text) - date(1970, 1, 1)).days
    except ValueError:
        raise usage(f"--cut {text}: it should read YYYY-MM-DD") from None


def _about(dataset: Dataset, plan: Plan) -> dict[str, Any]:
    return {
        "k": plan.k,
        "seeds": plan.seeds if plan.folds is None else plan.folds,
        "seed": plan.root,
        "affinity": plan.affinity,
        "baseline": next(iter(plan.methods)),
        "known_people": len(dataset.people),
        "known_items": len(dataset.items),
        "vouches": None if dataset.trust is None else len(dataset.trust),
    }


def _warn(session: Session, dataset: Dataset, report: Report) -> None:
    session.warnings += dataset.notes + report.notes
    if report.seen_on_test:
        names = ", ".join(report.seen_on_test)
        session.warnings.append(f"parameters of {names} were chosen on the test part")
