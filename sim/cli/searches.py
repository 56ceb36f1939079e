"""`grapevine eval --task search`: what a directory holds decides what is measured."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from node.cli.session import Session, usage

if TYPE_CHECKING:
    from sim.data.text_collections import Collection
    from sim.evaluation.intervals import Interval
    from sim.evaluation.searching import ClickWorld

SEARCH = "search"

TAGS, FRIENDS = "user_taggedartists.dat", "user_friends.dat"
PAGES = "CLARA2SearchLog_beta"

HISTORY = 0.7
"""Part of the pages from which the chances of places are told; the others are measured."""

CUT = "2010-08"
"""Where the future begins, unless --cut says."""


def measure_searches(
    session: Session, task: str, directory: Path, cut: str, seed: int, *, attack: bool
) -> None:
    """Measure what is in the directory, see the README. Raises a usage error (exit 2)."""
    if task != SEARCH:
        raise usage(f"there is no task {task!r}", "there are recommend and search")
    held = {path.name.removesuffix(".gz"): path for path in sorted(directory.glob("*"))}
    if TAGS in held and FRIENDS in held:
        world = _world(session, held, cut, seed)
        session.show(*(_attacked(world, seed) if attack else _tags(world, seed)))
        return
    if attack:
        raise usage("--attack needs a directory of tags and friends")
    if PAGES in held:
        session.show(*_pages(held[PAGES]))
        return
    collection = _collection(directory)
    if collection is None:
        raise usage(f"{directory} holds nothing that a search can be measured on")
    session.show(*_texts(collection))


# --- tags ----------------------------------------------------------------------------------------


def _world(session: Session, held: dict[str, Path], cut: str, seed: int) -> ClickWorld:
    import numpy as np

    from sim.data.click_logs import months_of, read_tagging
    from sim.data.formats import read_rows
    from sim.data.interactions import Vouches
    from sim.evaluation.searching import click_world

    try:
        month = months_of(cut or CUT)
    except ValueError:
        raise usage(f"--cut {cut}: it should read YYYY-MM-DD") from None
    tags = read_tagging(held[TAGS])
    if tags.left_out:
        session.warnings.append(f"{tags.left_out} tags say they are older than the service")
    rows = read_rows(held[FRIENDS])
    source, target = np.array(rows.user, np.int32), np.array(rows.item, np.int32)
    friends = Vouches(source, target, np.ones(len(rows), np.float32), None)
    try:
        return click_world(tags, friends, month, np.random.default_rng(seed))
    except ValueError as error:
        raise usage(f"--cut {cut or CUT}: {error}") from None


def _tags(world: ClickWorld, seed: int) -> tuple[Any, ...]:
    from sim.evaluation.searching import WAYS, answered

    found = answered(world, list(WAYS))
    first = next(iter(WAYS))
    data = {
        "kind": "tags", "seed": seed, "queries": len(world.queries), "baseline": first,
        "people": len({query.person for query in world.queries}),
        "ways": {
            name: {part: i.as_dict() for part, i in _parts(one)} for name, one in found.items()
        },
    }  # fmt: skip

    def lines() -> Iterator[str]:
        yield (
            f"{data['queries']:,} queries of {data['people']:,} people, "
            f"{world.table.item.size:,} clicks known"
        )
        yield f"{'':16}{'MRR@100':>9}{'recall@10':>11}   MRR better than {first} by"
        for name, one in found.items():
            better = "" if name == first else f"   {_percent(one.relative)}"
            yield f"{name:16}{one.mrr.mean:9.4f}{one.recall.mean:11.4f}{better}"
        for name, way in WAYS.items():
            yield f"{name}: {way.what}"

    return data, *lines()


def _parts(one: Any) -> Iterator[tuple[str, Interval]]:
    for part in ("mrr", "recall", "better", "relative"):
        yield part, getattr(one, part)


def _percent(one: Interval) -> str:
    return f"{100 * one.mean:+.1f} %{_bounds(one, 100, 1)}"


def _bounds(one: Interval, scale: float, digits: int) -> str:
    if one.low is None or one.high is None:
        return ""
    return f" [{scale * one.low:+.{digits}f}, {scale * one.high:+.{digits}f}]"


def _attacked(world: ClickWorld, seed: int) -> tuple[Any, ...]:
    from sim.evaluation.search_attacks import ATTACKS, RANKERS, attack_table

    table = attack_table(world, seed)
    data = {
        "kind": "attacks", "seed": seed,
        "rankers": {name: one.what for name, one in RANKERS.items()},
        "cells": [asdict(cell) for cell in table.cells],
        "ndcg": {name: one.as_dict() for name, one in table.ndcg.items()},
        "draws": table.draws,
    }  # fmt: skip

    def lines() -> Iterator[str]:
        yield f"places that the pushed item wins from place {table.place}: mean (90th percentile)"
        yield f"{'':22}" + "".join(name.rjust(14) for name in RANKERS)
        for name in ATTACKS:
            cells = {cell.ranker: cell for cell in table.cells if cell.attack == name}
            row = (f"{cells[r].mean:.1f} ({cells[r].high:.0f})".rjust(14) for r in RANKERS)
            yield f"{name:22}" + "".join(row)
        yield f"{'nDCG@10, no attack':22}" + "".join(
            f"{table.ndcg[name].mean:.4f}".rjust(14) for name in RANKERS
        )
        for name, attack in ATTACKS.items():
            yield f"{name}: {attack.what}"
        for name, ranker in RANKERS.items():
            yield f"{name}: {ranker.what}"

    return data, *lines()


# --- pages and texts -----------------------------------------------------------------------------


def _pages(path: Path) -> tuple[Any, ...]:
    from sim.data.click_logs import read_pages
    from sim.evaluation.reranking import rerun

    pages = read_pages(path)
    try:
        run = rerun(pages, int(HISTORY * len(pages)))
    except ValueError as error:
        raise usage(f"{path}: {error}") from None
    data = {
        "kind": "pages", "pages": run.pages, "clicked": run.clicked, "looks": run.looks.tolist(),
        "orders": {
            name: {
                "weighted": one.weighted.as_dict(), "raw": one.raw.as_dict(), "moved": one.moved,
                "than": {other: i.as_dict() for other, i in one.than.items()},
            }
            for name, one in run.orders.items()
        },
    }  # fmt: skip

    def lines() -> Iterator[str]:
        yield f"{run.pages:,} pages whose query was clicked before, {run.clicked:,} of them clicked"
        yield "chance that a place is looked at: " + " ".join(f"{p:.2f}" for p in run.looks)
        yield f"{'':12}{'weighted':>9}{'raw MRR':>9}{'moved':>7}   weighted better than"
        for name, one in run.orders.items():
            than = "   ".join(
                f"{other} {i.mean:+.4f}{_bounds(i, 1, 4)}"
                for other, i in one.than.items()
                if other != name and name != "engine"
            )
            head = f"{name:12}{one.weighted.mean:9.4f}{one.raw.mean:9.4f}{100 * one.moved:5.0f} %"
            yield f"{head}   {than}".rstrip()

    return data, *lines()


def _collection(directory: Path) -> Collection | None:
    from sim.data.text_collections import COLLECTIONS

    for name, read in COLLECTIONS.items():
        if (directory / name).exists():
            return read(directory)
    return None


def _texts(collection: Collection) -> tuple[Any, ...]:
    from sim.evaluation.matching import matched

    with tempfile.TemporaryDirectory(prefix="grapevine-eval-") as place:
        found = matched(collection, Path(place) / "store.sqlite")
    parts = {"index": found.index, "plain": found.plain, "better": found.better}
    data = {
        "kind": "texts", "documents": len(collection.documents), "queries": found.queries,
        "ndcg": {name: one.as_dict() for name, one in parts.items()},
    }  # fmt: skip
    lines = (
        f"{len(collection.documents):,} texts, {found.queries} queries: nDCG@10",
        f"the node's index {found.index.mean:.4f}, plain BM25 {found.plain.mean:.4f}, "
        f"better by {found.better.mean:+.4f}{_bounds(found.better, 1, 4)}",
    )
    return data, *lines
