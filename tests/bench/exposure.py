"""The attack grid: the share of fakes in every cell, and what lists are worth under attack.

Its corners and cells drawn from the rest, each with several draws of people fooled and asked. The
trust walks are the sampled ones that a node runs.
"""

import math
from collections.abc import Sequence

import numpy as np

from sim.attacks.grid import corners, others
from sim.evaluation.attacking import Cell, Setting, attack_table, honest_splits
from sim.methods.registry import method
from tests.bench.figures import Figure
from tests.bench.hetrec import hetrec
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch

WORKERS = 2
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
    cells = list(attack_table(method("grapevine"), honest, plans, setting, WORKERS))
    worst = sorted(cells, key=lambda cell: -cell.high)[:PLAIN_CELLS]
    plain = list(
        attack_table(method("salsa"), honest, [cell.plan for cell in worst], setting, WORKERS)
    )
    reached = [cell for cell in cells if not math.isnan(cell.reached)]
    shown = "; ".join(
        f"{one.plan.name}: {_share(one.mean)} <= {_share(one.high)} %, plain {_share(two.mean)} %"
        for one, two in zip(worst, plain, strict=True)
    )
    size = f"{len(cells)} cells, {setting.draws} draws of {setting.people} people each"
    return [
        Figure("attack grid, share of fakes, worst cell's bound", 0.5, _worst(cells, "high"), "%",
               detail=f"{size}; mean {_share(float(np.mean([c.mean for c in cells])))} %; {shown}"),
        Figure("the same among people who can be reached", 1.0, _worst(reached, "reached"), "%"),
        Figure("the same, 99th percentile of fakes in 20", 3,
               max((c.reached_p99 for c in reached), default=0.0), "items"),
        Figure("attack grid, nDCG above unattacked plain SALSA, worst", 0,
               min(100 * (cell.ndcg / cell.plain - 1) for cell in cells), "%", at_least=True),
    ]  # fmt: skip


def _worst(cells: Sequence[Cell], what: str) -> float:
    return max((100 * float(getattr(cell, what)) for cell in cells), default=0.0)


def _share(share: float) -> str:
    return f"{100 * share:.2f}"
