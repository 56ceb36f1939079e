"""Put hostile regions into a real population, and count the fakes that people see."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from node.cli.command import command, new_app
from node.cli.session import Session, usage
from sim.cli.choosing import chosen, words

if TYPE_CHECKING:
    from sim.attacks.regions import Attack
    from sim.evaluation.attacking import Cell

app = new_app()

EDGES_MAX = 100_000
IDENTITIES_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Hostile:
    """One attack, or the grid."""

    edges: Annotated[
        int, typer.Option(min=0, max=EDGES_MAX, help="Honest people's vouches for the attacker.")
    ] = 20
    identities: Annotated[
        int, typer.Option(min=1, max=IDENTITIES_MAX, help="Identities in each region.")
    ] = 10
    entries: Annotated[
        int, typer.Option(min=1, max=EDGES_MAX, help="Attack edges into each region.")
    ] = 1
    topology: Annotated[
        str, typer.Option(metavar="SHAPE", help="chain, star, cycle, clique or tree.")
    ] = "star"
    strategy: Annotated[
        str,
        typer.Option(metavar="DISGUISE", help="own, popular, clone, rare or twin."),
    ] = "clone"
    shared: Annotated[bool, typer.Option("--shared", help="All regions push the same fakes.")] = (
        False
    )
    fakes: Annotated[
        int, typer.Option(min=0, max=1_000, help="Fake items, of each region or of all.")
    ] = 20
    slander: Annotated[
        bool, typer.Option("--slander", help="Identities vouch against honest people.")
    ] = False
    grid: Annotated[
        int | None,
        typer.Option(min=0, max=1_000, help="The grid's corners and so many other cells instead."),
    ] = None


@dataclass(frozen=True, slots=True)
class Way:
    """Who is asked, and how often."""

    k: Annotated[int, typer.Option("--k", "-k", min=1, max=1_000, help="List length.")] = 20
    users: Annotated[int, typer.Option(min=1, help="People asked in each draw.")] = 200
    draws: Annotated[
        int, typer.Option(min=1, max=1_000, help="Times that others are fooled and asked.")
    ] = 5
    seed: Annotated[int, typer.Option(min=0, help="The root of all chance.")] = 0
    affinity: Annotated[
        str, typer.Option(metavar="RULE", help="Of weights: log, rank or equal.")
    ] = "equal"
    allow: Annotated[
        str, typer.Option(metavar="WHAT[,WHAT]", help="As for eval: go on, and count.")
    ] = ""
    workers: Annotated[
        int, typer.Option(min=0, max=256, help="Processes; 0: one for each core.")
    ] = 0


@command(app, "attack")
def attack(
    session: Session,
    train: Annotated[
        Path, typer.Option(metavar="FILE", help="What honest people like, as for eval.")
    ],
    trust: Annotated[Path, typer.Option(metavar="FILE", help="Who vouches for whom.")],
    hostile: Hostile,
    way: Way,
    test: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What is to be found; without it, splits are drawn."),
    ] = None,
    method: Annotated[str, typer.Option(metavar="NAME[,NAME]", help="As for eval.")] = "grapevine",
    set: Annotated[
        list[str] | None,
        typer.Option(metavar="METHOD.PARAM=VALUE", help="Another value than the default."),
    ] = None,
) -> None:
    """Attack a population: which share of people's lists is fake, and what are the lists worth.

    Shares come with the upper bound of a one-sided 95 % interval over draws. "reached" are people
    whose trust walks get into a region at all. nDCG stands beside that of plain SALSA without any
    attack.
    """
    from sim.data.loading import Files, load
    from sim.evaluation.attacking import Setting, attack_table, honest_splits
    from sim.methods.registry import method as made

    plans = _plans(hostile, way)
    kinds, given = chosen(method, set or [], "attack")
    dataset = load(Files(train, test, trust), words(way.allow))
    session.warnings += dataset.notes
    setting = Setting(way.k, way.users, way.draws, way.seed)
    try:
        honest = honest_splits(dataset, setting, way.affinity)
    except ValueError as error:
        raise usage(str(error), "see: grapevine attack --help") from None
    workers = way.workers or os.cpu_count() or 1
    tables = {
        label: list(attack_table(made(kind, given[label]), honest, plans, setting, workers))
        for label, kind in kinds.items()
    }
    told: dict[str, Any] = {
        "k": way.k, "people": way.users, "draws": way.draws, "seed": way.seed,
        "methods": {name: [_as_data(cell) for cell in cells] for name, cells in tables.items()},
    }  # fmt: skip
    session.show(told, *_table(tables))


def _plans(hostile: Hostile, way: Way) -> list[Attack]:
    import numpy as np

    from sim.attacks.grid import corners, others
    from sim.attacks.regions import Attack, Strategy, Topology

    try:
        if hostile.grid is not None:
            return corners() + others(hostile.grid, np.random.default_rng(way.seed))
        return [
            Attack(
                hostile.edges, hostile.identities, hostile.entries, Topology(hostile.topology),
                Strategy(hostile.strategy), hostile.shared, hostile.fakes, slander=hostile.slander,
            )
        ]  # fmt: skip
    except ValueError as error:
        raise usage(str(error), "see: grapevine attack --help") from None


def _as_data(cell: Cell) -> dict[str, Any]:
    plan = cell.plan
    row: dict[str, Any] = {
        "edges": plan.edges, "identities": plan.identities, "entries": plan.entries,
        "topology": plan.topology.value, "strategy": plan.strategy.value, "shared": plan.shared,
        "slander": plan.slander, "mean": cell.mean, "high": cell.high, "reached": cell.reached,
        "reached_p99": cell.reached_p99, "fooled": cell.fooled, "worst": cell.worst,
        "ndcg": cell.ndcg, "plain": cell.plain,
    }  # fmt: skip
    return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}


def _table(tables: dict[str, list[Cell]]) -> Iterator[str]:
    """A line for each cell; shares in percent of the places."""
    for name, cells in tables.items():
        yield f"{name}: share of fakes in %, 95 % bound; reached people; nDCG, plain's"
        for cell in cells:
            yield f"  {cell.plan.name}"
            yield (
                f"    {_percent(cell.mean)} <= {_percent(cell.high)}   reached "
                f"{_percent(cell.reached)}, p99 {cell.reached_p99:g}   nDCG {cell.ndcg:.4f} "
                f"({cell.plain:.4f})"
            )


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{100 * share:.2f}"
