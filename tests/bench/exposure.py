"""The attack grid: the share of fakes in every cell, and what lists are worth under attack.

Its corners and cells drawn from the rest, each with several draws of people fooled and asked. The
trust walks are the sampled ones that a node runs. Cells whose bound is above what was asked after
that are measured again with more draws, the first ones among them, and that is what counts: five
hundred lists cannot tell a mean of .3 % from one of .6.
"""

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from sim.attacks.grid import corners, others
from sim.attacks.regions import Attack
from sim.evaluation.attacking import Cell, Honest, Setting, attack_table, honest_splits
from sim.methods.method import Method
from sim.methods.registry import method
from tests.bench.figures import Figure
from tests.bench.hetrec import hetrec
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch

WORKERS = 2
ASKED = 0.005
"""The mean share of fakes may have no higher an upper bound in any cell."""
AGAIN = (6, 30)
"""Times as many draws for cells that are measured again, and then once more."""
PLAIN_CELLS = 6
"""Cells, of the worst for ours, that plain SALSA is shown as well."""


def setting_of(scale: Scale) -> Setting:
    """People asked and draws of one cell."""
    return Setting(people=scale.attacked_people, draws=scale.attack_draws)


def measure(scratch: Scratch, scale: Scale) -> list[Figure]:
    """The worst cell by each measure."""
    setting = setting_of(scale)
    honest = honest_splits(hetrec(scale.public_tables), setting)
    plans = corners()[: scale.attack_corners]
    plans += others(scale.attack_others, np.random.default_rng(setting.seed))
    ours = method("grapevine")
    cells = list(_watched(attack_table(ours, honest, plans, setting, WORKERS), len(plans)))
    again = []
    for times in AGAIN:
        wide = [cell.plan for cell in cells if cell.high > ASKED]
        again.append(f"{len(wide)} of them {times} times as many")
        cells = _again(cells, wide, ours, honest, replace(setting, draws=times * setting.draws))
    worst = sorted(cells, key=lambda cell: -cell.high)[:PLAIN_CELLS]
    plain = list(
        attack_table(method("salsa"), honest, [cell.plan for cell in worst], setting, WORKERS)
    )
    reached = [cell for cell in cells if not math.isnan(cell.reached)]
    shown = "; ".join(
        f"{one.plan.name}: {_share(one.mean)} <= {_share(one.high)} %, plain {_share(two.mean)} %"
        for one, two in zip(worst, plain, strict=True)
    )
    size = (
        f"{len(cells)} cells, {setting.draws} draws of {setting.people} people each, "
        + ", ".join(again)
    )
    return [
        Figure("attack grid, share of fakes, worst cell's bound", 100 * ASKED,
               _worst(cells, "high"), "%",
               detail=f"{size}; mean {_share(float(np.mean([c.mean for c in cells])))} %; {shown}"),
        Figure("the same among people who can be reached", 1.0, _worst(reached, "reached"), "%"),
        Figure("the same, 99th percentile of fakes in 20", 3,
               max((c.reached_p99 for c in reached), default=0.0), "items"),
        Figure("attack grid, nDCG above unattacked plain SALSA, worst", 0,
               min(100 * (cell.ndcg / cell.plain - 1) for cell in cells), "%", at_least=True),
    ]  # fmt: skip


def _again(
    cells: list[Cell], plans: list[Attack], one: Method, honest: Sequence[Honest], setting: Setting
) -> list[Cell]:
    """The cells, those of these plans measured anew."""
    table = attack_table(one, honest, plans, setting, WORKERS)
    better = {cell.plan: cell for cell in _watched(table, len(plans))}
    return [better.get(cell.plan, cell) for cell in cells]


def _watched(table: Iterator[Cell], cells: int) -> Iterator[Cell]:
    """Says on standard error how far it is."""
    for number, cell in enumerate(table, 1):
        if number % 10 == 0:
            print(f"{number}/{cells}", end=" ", file=sys.stderr, flush=True)
        yield cell


def _worst(cells: Sequence[Cell], what: str) -> float:
    return max((100 * float(getattr(cell, what)) for cell in cells), default=0.0)


def _share(share: float) -> str:
    return f"{100 * share:.2f}"
