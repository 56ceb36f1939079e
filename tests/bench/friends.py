"""What trust in friends is worth without any attack: accuracy on Last.fm, everybody included.

Five splits that no parameter was chosen on, the same people and seeds for all methods. The
undefended scorers are the concave sum with and without the author cap, and ours with its defences
off; the best one counts.
"""

import numpy as np

from sim.data.affinity import with_affinities
from sim.data.splits import HELD_OUT, hold_out
from sim.evaluation.evaluate import Run, Task, evaluate
from sim.evaluation.intervals import of_people_and_seeds
from sim.methods.method import F64
from sim.methods.registry import method
from tests.bench.figures import Figure
from tests.bench.hetrec import hetrec
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch

K = 20
WORKERS = 2
UNDEFENDED = ("concave", "concave+cap", "ours bare")
BARE = {
    "connectivity": "none", "edge_flow_max": 1, "kappa": 0, "excess_weight": 0,
    "dependent_excess": 1,
}  # fmt: skip
"""Ours with every defence off but the author cap, which makes lists better."""


def measure(scratch: Scratch, scale: Scale) -> list[Figure]:
    """nDCG@20 of ours against plain SALSA's and the best undefended scorer's."""
    data = hetrec(scale.public_tables)
    assert data.trust is not None
    tasks = []
    for seed in range(scale.friends_splits):
        split = hold_out(data.train, HELD_OUT, np.random.default_rng((scale.friends_splits, seed)))
        train = with_affinities(split.train, "equal")
        tasks.append(Task.of(train, split.test, data.trust, seed))
    people = np.flatnonzero(tasks[0].wanted.sizes > 0).astype(np.int32)
    made = {name: method(name) for name in ("salsa", "grapevine", *UNDEFENDED[:2])}
    made["ours bare"] = method("grapevine", BARE)
    made["with discoveries"] = method("grapevine", {"discovery_every": 10})
    run = Run(K, 0, WORKERS)
    ndcg = {
        name: evaluate([one] * len(tasks), tasks, people, run).by_person["ndcg"]
        for name, one in made.items()
    }
    friends = np.bincount(data.trust.source, minlength=len(data.people))[people]
    return _figures(ndcg, friends, len(tasks))


def _figures(ndcg: dict[str, F64], friends: np.ndarray, splits: int) -> list[Figure]:
    best = max(UNDEFENDED, key=lambda name: float(ndcg[name].mean()))
    few, many = friends < 3, friends >= 3
    everybody = np.ones(friends.size, np.bool_)
    means = ", ".join(f"{name} {values.mean():.4f}" for name, values in ndcg.items())
    told = f"{friends.size:,} people, {splits} splits; {means}; {_interval(ndcg, 'salsa')}"
    below = f"{best} is the best undefended; {_interval(ndcg, best)}"
    return [
        Figure("friends, nDCG@20 above plain SALSA", 5, _gain(ndcg, "salsa", everybody), "%",
               at_least=True, detail=told),
        Figure("friends, below the best undefended", 4, -_gain(ndcg, best, everybody), "%",
               detail=below),
        Figure("the same, >= 3 friends", 2.5, -_gain(ndcg, best, many), "%",
               detail=f"{int(many.sum()):,} people"),
        Figure("< 3 friends, above plain SALSA", 0, _gain(ndcg, "salsa", few), "%", at_least=True,
               detail=f"{int(few.sum()):,} people; {_interval(ndcg, 'salsa', few)}"),
    ]  # fmt: skip


def _gain(ndcg: dict[str, F64], other: str, who: np.ndarray) -> float:
    """Percent by which ours is better than the other for these people."""
    base = float(ndcg[other][:, who].mean()) if who.any() else 0.0
    return 100 * (float(ndcg["grapevine"][:, who].mean()) / base - 1) if base else 0.0


def _interval(ndcg: dict[str, F64], other: str, who: np.ndarray | None = None) -> str:
    chosen = slice(None) if who is None else who
    paired = of_people_and_seeds((ndcg["grapevine"] - ndcg[other])[:, chosen])
    low, high = (value or 0.0 for value in (paired.low, paired.high))
    return f"ours - {other}: {paired.mean:+.4f} [{low:+.4f}, {high:+.4f}]"
