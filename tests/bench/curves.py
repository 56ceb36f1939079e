"""Lines that a single figure cannot show: quality against walks, exposure against identities.

Walks: nDCG@20 of the sampled walk on Gowalla in percent of the exact one's, the same people and
parameters, with more and more walkers. Identities: the part of the list that is fakes when 20
honest people of HetRec Last.fm vouch into one region whose identities clone people nearby, a chain
of more and more of them; intervals over draws, each with other people fooled and asked.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ranking.config import Method as Way
from sim.attacks.attacked import attack
from sim.attacks.exposure import expose
from sim.attacks.regions import Attack, Strategy, Topology
from sim.evaluation.evaluate import Run, evaluate
from sim.evaluation.intervals import of_draws, of_people_and_seeds
from sim.methods.grapevine import Grapevine
from sim.methods.method import F64
from sim.methods.public import PUBLIC_SETS
from sim.methods.registry import method
from tests.bench.figures import Point, Series
from tests.bench.hetrec import friends_of, hetrec
from tests.bench.public import BENCHMARKS, drawn, split_of
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch

K, WORKERS, EDGES, GROUPS, SEED = 20, 2, 20, 5, 3
WALKERS = (100, 300, 1_000, 3_000, 10_000, 30_000)
IDENTITIES = (1, 10, 100, 1_000)
SHOWN = {
    "salsa": "plain SALSA",
    "concave": "concave sum by trust, no defences",
    "grapevine": "Grapevine",
}


def measure(_scratch: Scratch, scale: Scale) -> list[Series]:
    """One line of quality, and three of exposure."""
    return [_walks(scale), *_identities(scale)]


def _walks(scale: Scale) -> Series:
    gowalla = next(one for one in BENCHMARKS if one.parameters == "gowalla")
    task = split_of(gowalla) if scale.public_tables else drawn()
    people = np.flatnonzero(task.wanted.sizes).astype(np.int32)
    if people.size > scale.curve_people:
        chosen = np.random.default_rng(SEED).choice(people, scale.curve_people, replace=False)
        people = np.sort(chosen)
    config = PUBLIC_SETS[gowalla.parameters].config

    def ndcg(way: Way, walks: int) -> F64:
        node = Grapevine(rank=replace(config, method=way, walks=walks))
        return evaluate([node], [task], people, Run(K, 0, WORKERS)).by_person["ndcg"]

    exact = ndcg(Way.EXACT, 1)
    points = tuple(kept(walks, ndcg(Way.SAMPLED, walks), exact) for walks in WALKERS)
    labels = "walkers a question", f"nDCG@{K}, % of the exact walk's"
    return Series("quality-walks", f"Gowalla, {people.size:,} people", *labels, points)


def kept(x: float, some: F64, whole: F64) -> Point:
    """Percent of the whole's mean; the interval is that of the paired difference."""
    mean = float(whole.mean())
    lost = of_people_and_seeds(some - whole)
    low, high = (
        None if bound is None else 100 * (1 + bound / mean) for bound in (lost.low, lost.high)
    )
    return Point(x, 100 * float(some.mean()) / mean, low, high)


def _identities(scale: Scale) -> list[Series]:
    friends = friends_of(hetrec(scale.public_tables), 1, scale.curve_people)
    rng = np.random.default_rng(SEED)
    size = min(scale.curve_people // GROUPS, friends.people.size)
    groups = [np.sort(rng.choice(friends.people, size, replace=False)) for _ in range(GROUPS)]
    world = friends.tasks[0].world
    labels = f"identities behind {EDGES} attack edges", f"fakes in the top {K}, %"
    lines = []
    for name, title in SHOWN.items():
        points = []
        for identities in IDENTITIES:
            plan = Attack(EDGES, identities, EDGES, Topology.CHAIN, Strategy.CLONE)
            shares = []
            for draw, group in enumerate(groups):  # each time others are fooled
                seed = SEED, draw
                hostile = attack(world, plan, np.random.default_rng(seed))
                shown = expose(method(name), hostile, group, n=K, seed=seed)
                shares.append(100 * shown.fakes.mean() / K)
            found = of_draws(np.array(shares))
            low = None if found.low is None else max(0.0, found.low)
            points.append(Point(identities, found.mean, low, found.high))
        lines.append(Series("exposure-identities", title, *labels, tuple(points)))
    return lines
