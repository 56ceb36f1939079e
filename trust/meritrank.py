"""Whom the owner trusts: Monte-Carlo walks over the vouches, then the decays and the cap.

A walk starts at the owner and follows positive vouches in proportion to their weight; at every
step, the first included, it stops with probability alpha. An author's mass is the probability that
a walk ends at her, read off all visits; see `trust.config.Credit` for the published forms. See
THREATS.md for what each later step is there to bound.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ranking.kernels_walks import (
    bound_edge_flow,
    count_hits,
    count_visits,
    cut_before,
    passing_shares,
    step_walkers,
)
from ranking.trust_vector import Passing, TrustVector
from trust.config import Credit, Distrust, TrustConfig
from trust.decays import (
    accumulate_epochs,
    capped,
    decayed_by_connectivity,
    negative_mass,
    walk_penalty,
)
from trust.kept_walks import KeptWalks, WalkGraph
from trust.vouches import CompiledVouches

I32 = NDArray[np.int32]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


def admission_of(
    vouches: CompiledVouches,
    owner: int,
    refused: NDArray[np.int32] | None,
    distrust: Distrust = Distrust.BOUNDED,
) -> F32:
    """Probability that a walk may enter each author: 0 for the refused (blocked, equivocated),
    1 - distrust for those the owner distrusts. A walk turned away ends there, so distrusting one
    person praises nobody else, and whom only she vouched for is no longer reached."""
    admit = np.ones(vouches.n_authors, np.float32)
    if distrust is Distrust.BOUNDED:
        against, magnitude = vouches.distrusted_by(owner)
        admit[against] -= magnitude
    if refused is not None:
        admit[refused[refused < vouches.n_authors]] = 0.0
    return admit


def draw_walks(
    vouches: CompiledVouches,
    owner: int,
    admit: F32,
    config: TrustConfig,
    rng: np.random.Generator,
) -> I32:
    """int32[walks, steps_max + 1] from the owner, -1 after the end; edge flow bounded.

    About walks / alpha steps; 10,000 walks take a few milliseconds.
    """
    walks, slots = _drawn(vouches, owner, admit, config, rng)
    return _bounded(walks, slots, vouches.target.size, owner, config)


def _drawn(
    vouches: CompiledVouches,
    owner: int,
    admit: F32,
    config: TrustConfig,
    rng: np.random.Generator,
) -> tuple[I32, I32]:
    """(walks, slots): as `draw_walks`, not bounded, and the edge by which each step came."""
    steps = config.steps_max + 1
    rows = np.full((steps, config.walks), -1, np.int32)
    slots = np.full((steps, config.walks), -1, np.int32)
    rows[0] = owner
    active = np.arange(config.walks)
    at = rows[0]
    graph = (vouches.ptr, vouches.target, vouches.threshold, vouches.other)
    for step in range(1, steps):
        row, slot = step_walkers(at, rng.random(active.size), *graph, admit, config.alpha)
        on = row >= 0
        active, at = active[on], row[on]
        if active.size == 0:
            break
        rows[step, active] = at
        slots[step, active] = slot[on]
    return np.ascontiguousarray(rows.T), np.ascontiguousarray(slots.T)


def _bounded(walks: I32, slots: I32, n_edges: int, owner: int, config: TrustConfig) -> I32:
    """The walks, changed, with the flow over each edge held to `edge_flow_max`."""
    flow_max = max(1, round(config.edge_flow_max * config.walks))
    if flow_max < config.walks:
        bound_edge_flow(walks, slots, n_edges, flow_max, owner)
    return walks


def credited(vouches: CompiledVouches, walks: I32, hits: I32, config: TrustConfig) -> F64:
    """float64[n_authors]: each author's mass per walk, see `Credit`. O(walks * steps).

    A walk that was turned away or cut credits nobody for where it would have gone: the sum over
    all authors, the owner included, is 1 at most under ENDPOINT.
    """
    if config.credit is Credit.HITS:
        part: F64 = hits / np.float64(walks.shape[0])
        return part
    visits: F64 = count_visits(walks, vouches.n_authors) / np.float64(walks.shape[0])
    if config.credit is Credit.ENDPOINT:
        visits *= np.where(np.diff(vouches.ptr) > 0, config.alpha, 1.0)
    return visits


def trust_of_walks(
    vouches: CompiledVouches,
    walks: I32,
    owner: int,
    config: TrustConfig,
    earlier: TrustVector | None = None,
) -> TrustVector:
    """From walks to trust: too few walks, beta, distrust, gamma, cap. O(walks * steps^2).

    Distrust takes at most what its caster has after beta. Where all that is trusted would go, the
    distrust of others counts as not said: an empty trust would let everyone in.
    """
    n_authors = vouches.n_authors
    hits = count_hits(walks, n_authors)
    mass = credited(vouches, walks, hits, config)
    mass[owner] = 0.0
    if config.distrust is Distrust.MERITRANK:
        mass = np.maximum(mass - walk_penalty(vouches, walks, owner), 0.0)
    mass[hits < config.hits_min] = 0.0
    wanted = mass > 0
    if not wanted.any():
        return TrustVector.everyone_equal(n_authors, owner)
    passing = Passing(*passing_shares(walks, hits, wanted, owner, config.share_min))
    whole = mass / mass.sum()
    decayed = decayed_by_connectivity(passing, whole, config)
    mass = decayed if decayed.any() else whole
    if config.distrust is Distrust.BOUNDED:
        left = np.maximum(mass - negative_mass(vouches, mass, owner), 0.0)
        mass = left if left.any() else mass
    mass /= mass.sum()
    epochs = 1
    if config.gamma is not None and earlier is not None and not earlier.unprotected:
        before = earlier.t.astype(np.float64)
        mass = accumulate_epochs(before, mass, config.gamma, earlier.epochs)
        mass[~wanted] = 0.0
        epochs += earlier.epochs
    t = capped(mass, config.author_cap, config.cap_slack).astype(np.float32)
    return TrustVector(owner, t, hits, walks, passing, passing.prior(t), epochs=epochs)


def trust_from(
    vouches: CompiledVouches,
    owner: int,
    config: TrustConfig,
    rng: np.random.Generator,
    *,
    refused: NDArray[np.int32] | None = None,
    earned: tuple[I32, F32] | None = None,
    earlier: TrustVector | None = None,
) -> TrustVector:
    """The owner's trust in everybody, from walks drawn for this answer.

    refused: author rows that may never count (blocked, equivocated). earned: (targets, weights),
    edges that the owner has beside her vouches, on the scale of vouches, (0, 1]; see
    `CompiledVouches.with_edges`. earlier: the vector of the previous epoch, used only when
    `config.gamma` is set. When the walks reach nobody the result is `unprotected`: everyone but
    the refused counts the same.
    """
    vouches = _seen_by(vouches, owner, earned)
    admit = admission_of(vouches, owner, refused, config.distrust)
    walks = draw_walks(vouches, owner, admit, config, rng)
    return _trust_or_everyone(vouches, walks, owner, admit, config, earlier)


def trust_kept(
    vouches: CompiledVouches,
    owner: int,
    config: TrustConfig,
    rng: np.random.Generator,
    *,
    refused: NDArray[np.int32] | None = None,
    earned: tuple[I32, F32] | None = None,
    earlier: TrustVector | None = None,
    kept: KeptWalks | None = None,
) -> tuple[TrustVector, KeptWalks]:
    """As `trust_from`, and the walks themselves, to be handed in next time as `kept`.

    Then only what has changed since is drawn anew: trust in people whom no change concerns stays
    what it was, instead of varying with the draw, and the walks are distributed as fresh ones. They
    depend on what was asked when; without `kept` they depend on vouches and generator alone.
    The first ones are those of `trust_from`. `kept` itself stays what it is; it must be of the same
    owner and numbers, over the same rows or fewer.
    """
    vouches = _seen_by(vouches, owner, earned)
    admit = admission_of(vouches, owner, refused, config.distrust)
    graph = admitted_graph(vouches, admit)
    if kept is None:
        drawn, _ = _drawn(vouches, owner, admit, config, rng)
        kept = KeptWalks(graph, drawn, config.alpha)
    elif (kept.walks[:, 0] == owner).sum() != config.walks or kept.steps_max != config.steps_max:
        raise ValueError("the kept walks are another owner's, or of other numbers")
    else:
        kept = kept.mended(graph, rng)
    walks = _bounded(kept.walks.copy(), kept.slots(), kept.graph.size, owner, config)
    return _trust_or_everyone(vouches, walks, owner, admit, config, earlier), kept


def admitted_graph(vouches: CompiledVouches, admit: F32) -> WalkGraph:
    """The vouches as walks take them: what leads to somebody not admitted ends the walk."""
    caster = np.repeat(np.arange(vouches.n_authors), np.diff(vouches.ptr))
    weight = vouches.weight * admit[vouches.target]
    n = vouches.n_authors
    leak = np.bincount(caster, vouches.weight - weight, n).astype(np.float64)
    open_ = weight > 0
    ptr = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(caster[open_], minlength=n), out=ptr[1:])
    return WalkGraph(ptr, vouches.target[open_], weight[open_], leak)


def _seen_by(
    vouches: CompiledVouches, owner: int, earned: tuple[I32, F32] | None
) -> CompiledVouches:
    """With what the owner has earned in trust of others; checks the owner."""
    if not 0 <= owner < vouches.n_authors:
        raise ValueError(f"owner row {owner} is not among {vouches.n_authors} authors")
    return vouches if earned is None else vouches.with_edges(owner, *earned)


def _trust_or_everyone(
    vouches: CompiledVouches,
    walks: I32,
    owner: int,
    admit: F32,
    config: TrustConfig,
    earlier: TrustVector | None,
) -> TrustVector:
    """`trust_of_walks`; where they reach nobody, everyone but the refused counts the same."""
    trust = trust_of_walks(vouches, walks, owner, config, earlier)
    if trust.unprotected:
        left_out = frozenset(np.flatnonzero(admit == 0).tolist())
        return TrustVector.everyone_equal(vouches.n_authors, owner, without=left_out)
    return trust


def without_author(
    vouches: CompiledVouches, trust: TrustVector, author: int, config: TrustConfig
) -> TrustVector:
    """What the same walks say when `author` is not there: each ends before her first visit.

    She has no trust herself either, so the ranking hears nothing from her. Costs no new walks.
    """
    if author == trust.owner:
        raise ValueError("the owner cannot be left out of her own walks")
    if trust.unprotected:
        left_out = frozenset(np.flatnonzero(trust.t == 0).tolist()) | {author}
        return TrustVector.everyone_equal(trust.n_authors, trust.owner, without=left_out)
    walks = cut_before(trust.walks, author)
    fewer = trust_of_walks(vouches, walks, trust.owner, config)
    if fewer.unprotected:
        # Nobody else was reached: that is an empty trust, not a licence for everyone.
        return replace(fewer, t=np.zeros_like(fewer.t), unprotected=False)
    return fewer
