"""Trust walks: what a changed vouch costs, and whether identities pay.

Kept walks are mended after one person changed one vouch, in a random graph whose in-degrees are
heavy-tailed; compared with compiling the vouches and drawing the walks anew. Chosen are vouches
out of the whole graph, and for the worse case those of casters by how often walks visit them.

A region's part of trust is fitted against its identities on the friends of HetRec Last.fm, see
`tests.trust.region_mass`; a small random graph stands for them at the tiny size.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from sim.attacks.regions import Topology
from tests.bench.figures import Figure, percentile
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch
from tests.bench.walk_worlds import DATA
from tests.trust.region_mass import Honest, masses, slope
from trust.config import Credit, TrustConfig
from trust.kept_walks import KeptWalks
from trust.meritrank import admitted_graph, draw_walks
from trust.vouches import CompiledVouches

I32 = NDArray[np.int32]
F32 = NDArray[np.float32]

MEND_MS, CHEAPER, GROWTH = 1.0, 50.0, 0.05
DEGREE = 10
OWNERS = 4


def measure(_scratch: Scratch, scale: Scale) -> list[Figure]:
    """Mending first, then growth behind 1 and 20 attack edges."""
    return [*_mending(scale), *(_growth(scale, edges) for edges in (1, 20))]


def _mending(scale: Scale) -> list[Figure]:
    rng, config = np.random.default_rng(1), TrustConfig()
    n = scale.trust_vouches // DEGREE
    triples = _heavy_tailed(n, scale.trust_vouches, rng)
    vouches = CompiledVouches.from_triples(n, *triples)
    owner = int(np.argmax(np.diff(vouches.ptr)))
    admit = np.ones(n, np.float32)
    walks = draw_walks(vouches, owner, admit, replace(config, edge_flow_max=1.0), rng)
    kept = KeptWalks(admitted_graph(vouches, admit), walks, config.alpha)
    anyone = triples[0][rng.integers(0, triples[0].size, scale.trust_changes)]
    _mend(kept, anyone[:2], rng)  # compiled now, if it was not
    anywhere = _mend(kept, anyone, rng)
    visits = kept.walks[kept.walks >= 0]
    visited = _mend(kept, visits[rng.integers(0, visits.size, scale.trust_changes)], rng)
    anew, node = [], []
    for _ in range(max(3, scale.trust_changes // 30)):
        began = perf_counter()
        vouches = CompiledVouches.from_triples(n, *triples)
        compiled = perf_counter()
        draw_walks(vouches, owner, admit, config, rng)
        anew.append(1e3 * (perf_counter() - began))
        before = perf_counter()
        kept.mended(admitted_graph(vouches, admit), rng)
        node.append(1e3 * (perf_counter() - before + compiled - began))
    once, again = percentile(anywhere, 0.5), percentile(anew, 0.5)
    worse = percentile(visited, 0.5)
    told = (
        f"p99 {percentile(anywhere, 0.99):.2g} ms; casters by visits p50 {worse:.2g} ms, p99 "
        f"{percentile(visited, 0.99):.2g} ms; compiling and drawing anew {again:.3g} ms; what a "
        f"node does, compiling and mending whatever differs, {percentile(node, 0.5):.3g} ms"
    )
    size = f"{scale.trust_vouches:,} vouches, {config.walks:,} walks"
    return [
        Figure(f"one vouch changed, p50, {size}", MEND_MS, once, "ms", detail=told),
        Figure("cheaper than drawing anew, any vouch", CHEAPER, again / once, "x", at_least=True),
        Figure("the same, casters by visits", CHEAPER, again / worse, "x", at_least=True),
    ]


def _heavy_tailed(n: int, n_edges: int, rng: np.random.Generator) -> tuple[I32, I32, F32]:
    """(caster, target, weight) of distinct vouches."""
    caster = rng.integers(0, n, 2 * n_edges)
    target = (n * rng.random(caster.size) ** 3).astype(np.int64)
    pairs = np.unique(caster * n + target)
    pairs = rng.permutation(pairs[pairs // n != pairs % n])[:n_edges]
    weight = rng.integers(1, 101, pairs.size).astype(np.float32) / np.float32(100)
    return (pairs // n).astype(np.int32), (pairs % n).astype(np.int32), weight


def _mend(kept: KeptWalks, casters: I32, rng: np.random.Generator) -> list[float]:
    """Milliseconds of each change: one vouch of the caster gets another weight, is taken back or
    leads to somebody new, in turn."""
    took = []
    for turn, caster in enumerate(casters.tolist()):
        target, weight = (part.copy() for part in kept.graph.out(caster))
        if target.size == 0:
            continue
        at = int(rng.integers(0, target.size))
        if turn % 3 == 0:
            weight[at] = rng.integers(1, 101) / 100
        elif turn % 3 == 1 and target.size > 1:
            target, weight = np.delete(target, at), np.delete(weight, at)
        else:
            someone = np.int32(rng.integers(0, kept.graph.n_nodes))
            target, weight = np.append(target, someone), np.append(weight, np.float32(0.5))
        began = perf_counter()
        kept.change(caster, target, weight, rng)
        took.append(1e3 * (perf_counter() - began))
    return took


def _growth(scale: Scale, edges: int) -> Figure:
    """The steepest of all shapes, by its upper bound."""
    full = scale.region_identities_max > 1_000
    honest = Honest.last_fm(DATA) if full else Honest.random(400, 4, np.random.default_rng(1))
    sizes = [10**power for power in range(len(str(scale.region_identities_max)))]
    ours, published = TrustConfig(), TrustConfig(credit=Credit.HITS)
    shapes = [(topology.value, topology, ours) for topology in Topology]
    shapes.append(("a chain credited by hits", Topology.CHAIN, published))
    told, steepest = [], 0.0
    for name, topology, config in shapes:
        seeds = range(scale.region_seeds)
        found = [
            masses(honest, topology, sizes, edges, config, owners=OWNERS, seed=s) for s in seeds
        ]
        fitted, upper = slope(sizes, found)
        told.append(f"{name} {fitted:.3f} (≤ {upper:.3f})")
        if config is ours:
            steepest = max(steepest, float(upper))
    what = f"slope of a region's trust, {edges} edges, 1 to {sizes[-1]:,} identities"
    return Figure(what, GROWTH, steepest, "", detail="upper 95 % bound of: " + ", ".join(told))
