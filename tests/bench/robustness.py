"""Attacks outside the grid: vouched twins, floods of strangers, slander, demotion, many identities.

Everything is paired: the same people with the same random numbers, with and without the attack.
"""

import math
from collections.abc import Sequence

import numpy as np

from ranking.recommend import RecommendRequest, rank_items
from sim.attacks.attacked import AttackedWorld, attack
from sim.attacks.exposure import expose
from sim.attacks.regions import Attack, Strategy, Topology
from sim.evaluation.attacking import Honest, honest_splits
from sim.evaluation.intervals import student
from sim.measures.accuracy import measure as measured
from sim.methods.grapevine import Grapevine
from sim.methods.method import I32, Method
from sim.methods.registry import method
from tests.bench.exposure import setting_of
from tests.bench.figures import Figure
from tests.bench.hetrec import hetrec
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch
from trust.meritrank import trust_from

K = 20
DEPENDENT = 0.9
"""From this excess on an item rests on one person."""


def measure(scratch: Scratch, scale: Scale) -> list[Figure]:
    """Twins, strangers, regions that slander or demote, and the slope of fakes over identities."""
    honest = honest_splits(hetrec(scale.public_tables), setting_of(scale))[0]
    rng = np.random.default_rng(1)
    count = min(scale.twins, honest.people.size)
    people = np.sort(rng.choice(honest.people, count, replace=False)).astype(np.int32)
    return [
        *_twins(honest, people),
        *_strangers(honest, people, scale),
        *_disparaged(honest, people),
        _slope(honest, people, scale),
    ]


def _twins(honest: Honest, people: I32) -> list[Figure]:
    """Each of these people vouches for an attacker who copies her, alone or heading a chain."""
    fakes: dict[str, list[int]] = {"grapevine": [], "concave": []}
    resting = 0
    for name, shown in fakes.items():
        made = method(name)
        for number, person in enumerate(people.tolist()):
            plan = Attack(1, (1, 10)[number % 2], 1, Topology.CHAIN, Strategy.TWIN)
            rng = np.random.default_rng((2, person))
            hostile = attack(honest.world, plan, rng, fooled=np.array([person], np.int32))
            shown.append(_fakes_of(made, hostile, person))
            if name == "grapevine":
                resting = max(resting, _resting(hostile, person))
    share = {name: 100 * float(np.mean(shown)) / K for name, shown in fakes.items()}
    told = f"{people.size} people; undefended concave sum {share['concave']:.1f} %"
    return [
        Figure("owner vouches for her twin, share of fakes", 2, share["grapevine"], "%",
               detail=told),
        Figure("most of 20 items that rest on one person", 3, resting, "items"),
    ]  # fmt: skip


def _fakes_of(made: Method, hostile: AttackedWorld, person: int) -> int:
    seen = expose(made, hostile, np.array([person], np.int32), n=K, seed=(2,))
    return int(seen.fakes[0])


def _resting(hostile: AttackedWorld, person: int) -> int:
    """Most items of her list whose evidence depends on the same person, fake or not."""
    ours, world = Grapevine(), hostile.world
    assert world.vouches is not None
    rng = np.random.default_rng((2, person))
    trust = trust_from(world.vouches, person, ours.trust, rng)
    found = rank_items(world.snapshot, trust, RecommendRequest(n=K, config=ours.rank), rng)
    on = found.rests_on[(found.excess > DEPENDENT) & (found.rests_on >= 0)]
    return int(np.bincount(on).max(initial=0)) if on.size else 0


def _strangers(honest: Honest, people: I32, scale: Scale) -> list[Figure]:
    """Nobody vouches for them; they copy people, slander, and listen to what is popular."""
    changed = 0
    for plan in (
        Attack(0, scale.flood, 1, Topology.STAR, Strategy.CLONE, slander=True),
        Attack(0, scale.flood, 1, Topology.STAR, Strategy.POPULAR, fakes=0),
    ):
        calm, stormy = _pair(honest, plan, people)
        changed += sum(not np.array_equal(a, b) for a, b in zip(calm, stormy, strict=True))
    return [
        Figure("lists changed by unvouched identities", 0, changed, "lists",
               detail=f"{scale.flood:,} identities, {people.size} people, ranked places")
    ]  # fmt: skip


def _disparaged(honest: Honest, people: I32) -> list[Figure]:
    """Regions behind 20 edges that vouch against people, or make their items look popular."""
    figures = []
    for what, plan in (
        ("slander", Attack(20, 50, 1, Topology.STAR, Strategy.OWN, fakes=0, slander=True)),
        ("demotion", Attack(20, 50, 1, Topology.STAR, Strategy.CLONE, fakes=0)),
        ("demotion of popular items", Attack(20, 50, 1, Topology.STAR, Strategy.POPULAR, fakes=0)),
    ):
        calm, stormy = _pair(honest, plan, people)
        before, after = _ndcg(honest, people, calm), _ndcg(honest, people, stormy)
        kept = np.mean([np.isin(a, b).mean() for a, b in zip(calm, stormy, strict=True) if a.size])
        loss = 100 * (1 - after / before) if before else 0.0
        told = f"nDCG {before:.4f} -> {after:.4f}; {100 * kept:.1f} % of places keep their items"
        figures.append(Figure(f"nDCG lost to {what} through 20 edges", 1, loss, "%", detail=told))
    return figures


def _pair(honest: Honest, plan: Attack, people: I32) -> tuple[Sequence[I32], Sequence[I32]]:
    """Lists without and with the attack. Walks differ only where the attack touches them."""
    quiet = AttackedWorld(
        honest.world,
        np.empty(0, np.int32),
        honest.world.snapshot.n_authors,
        honest.world.snapshot.n_items,
        np.zeros(honest.world.snapshot.n_authors, np.bool_),
    )
    hostile = attack(honest.world, plan, np.random.default_rng(3))
    ours = method("grapevine")
    return (
        expose(ours, quiet, people, n=K, seed=(3,)).lists,
        expose(ours, hostile, people, n=K, seed=(3,)).lists,
    )


def _ndcg(honest: Honest, people: I32, lists: Sequence[I32]) -> float:
    made = np.full((people.size, K), -1, np.int32)
    for row, items in enumerate(lists):
        made[row, : items.size] = items
    listeners = np.ones(honest.wanted.n_items, np.int64)
    return float(measured(people, made, honest.wanted, listeners)["ndcg"].mean())


def _slope(honest: Honest, people: I32, scale: Scale) -> Figure:
    """Of log10(fakes in the list + 1) over log10(identities), 20 edges, worst of five shapes."""
    sizes = [n for n in (1, 10, 100, 1_000, 10_000, 100_000) if n <= scale.region_identities_max]
    bounds: dict[Topology, tuple[float, float]] = {}
    for topology in Topology:
        slopes = []
        for seed in range(scale.attack_draws):
            asked = np.random.default_rng((4, seed)).choice(people, min(40, people.size), False)
            y = [_log_fakes(honest, asked.astype(np.int32), n, topology, seed) for n in sizes]
            slopes.append(float(np.polyfit(np.log10(sizes), y, 1)[0]))
        spread = float(np.std(slopes, ddof=1)) / math.sqrt(len(slopes))
        mean = float(np.mean(slopes))
        bounds[topology] = mean, mean + student(len(slopes) - 1, 0.90) * spread
    worst = max(bounds, key=lambda shape: bounds[shape][1])
    told = ", ".join(f"{shape} {mean:.4f} <= {high:.4f}" for shape, (mean, high) in bounds.items())
    return Figure("slope of log fakes over log identities, bound", 0.05, bounds[worst][1], "",
                  detail=f"1 to {sizes[-1]:,} identities in 20 regions: {told}")  # fmt: skip


def _log_fakes(honest: Honest, people: I32, n: int, topology: Topology, seed: int) -> float:
    """Mean over people; n identities in all. Cliques of over 200 are cycles: n^2 vouches."""
    each = max(1, n // 20)
    shape = Topology.CYCLE if topology is Topology.CLIQUE and each > 200 else topology
    plan = Attack(min(20, n), each, 1, shape, Strategy.CLONE)
    hostile = attack(honest.world, plan, np.random.default_rng((5, seed)))
    seen = expose(method("grapevine"), hostile, people, n=K, seed=(5, seed))
    return float(np.log10(seen.fakes + 1).mean())
