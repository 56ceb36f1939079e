"""An honest world with hostile regions added to it.

Honest rows keep their numbers; identities are the author rows after them, fakes the item rows
after the honest items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranking.snapshot import GraphSnapshot
from sim.attacks.regions import (
    SLANDERED,
    Attack,
    Entrance,
    Strategy,
    all_inner_vouches,
    entries_of,
)
from sim.methods.method import World
from trust.vouches import CompiledVouches

I32 = NDArray[np.int32]
F32 = NDArray[np.float32]

POPULAR_ITEMS = 200
"""The items that a hijacker pretends to like are drawn among so many of the most popular."""
CAMOUFLAGE = 50
"""Items of hers beside the fakes, for POPULAR; other strategies copy what there is."""


@dataclass(frozen=True, slots=True, eq=False)
class AttackedWorld:
    """The world as honest nodes see it, and what the attacker knows of it.

    fooled: the honest person behind each attack edge. first_fake: fakes are item rows from here
    on. near[v]: whether v is fooled herself or vouches for somebody who is.
    """

    world: World
    fooled: I32
    first_identity: int
    first_fake: int
    near: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What was drawn for one cell. Identities are numbered from 0, region by region.

    fooled: the honest person behind each attack edge. masks[i]: honest items that identity i claims
    to like. (slanderer, slandered): identity against honest person.
    """

    fooled: I32
    masks: list[I32]
    slanderer: I32
    slandered: I32


def said(
    world: World, plan: Attack, rng: np.random.Generator, *, fooled: I32 | None = None
) -> Said:
    """Who is fooled, and what the identities of one cell say.

    The world must know vouches. fooled: who vouches over each attack edge; drawn as the plan says
    if not given. O(people + vouches + claims).
    """
    vouches = _vouches_of(world)
    fooled = _fooled(vouches, plan, rng) if fooled is None else fooled
    identities = plan.regions * plan.identities if plan.slander else 0
    slanderer = np.repeat(np.arange(identities, dtype=np.int32), SLANDERED)
    slandered = rng.integers(0, vouches.n_authors, slanderer.size, np.int32)
    masks = _masks(world.snapshot, vouches, fooled, plan, rng)
    if most := plan.profile:
        masks = [m if m.size <= most else rng.choice(m, most, replace=False) for m in masks]
    return Said(fooled, masks, slanderer, slandered)


def attack(
    world: World, plan: Attack, rng: np.random.Generator, *, fooled: I32 | None = None
) -> AttackedWorld:
    """Add the regions of one cell, see `said`. Of honest vouches only positive ones are kept."""
    vouches = _vouches_of(world)
    n_people, n_items = world.snapshot.n_authors, world.snapshot.n_items
    told = said(world, plan, rng, fooled=fooled)
    caster = _casters(vouches)
    near = np.zeros(n_people, np.bool_)
    near[told.fooled] = True
    near[caster[near[vouches.target]]] = True
    compiled = _with_vouches(vouches, caster, told, plan)
    snapshot = _with_claims(world.snapshot, told.masks, plan)
    return AttackedWorld(World(snapshot, compiled), told.fooled, n_people, n_items, near)


def _vouches_of(world: World) -> CompiledVouches:
    if world.vouches is None:
        raise ValueError("an attack over vouches needs a world with vouches")
    return world.vouches


def _casters(vouches: CompiledVouches) -> I32:
    """Who gives each positive vouch."""
    rows: I32 = np.arange(vouches.n_authors, dtype=np.int32)
    return np.repeat(rows, np.diff(vouches.ptr))


def _fooled(vouches: CompiledVouches, plan: Attack, rng: np.random.Generator) -> I32:
    """The honest person behind each edge: different ones while there are enough."""
    n_people = vouches.n_authors
    order = rng.permutation(n_people).astype(np.int32)
    if plan.entrance is Entrance.FRIENDS:
        degree = np.diff(vouches.ptr)
        some = order[degree[order] > 0]
        around = [vouches.out(int(person))[0] for person in some[: plan.edges]]
        order = np.array(list(dict.fromkeys(np.concatenate(around).tolist())), np.int32)
    return np.resize(order, plan.edges)


def _with_vouches(
    vouches: CompiledVouches, caster: I32, told: Said, plan: Attack
) -> CompiledVouches:
    n_people = np.int32(vouches.n_authors)
    source, target = all_inner_vouches(plan)
    n_authors = vouches.n_authors + plan.regions * plan.identities
    pairs = np.stack(
        [
            np.concatenate([caster, told.fooled, source + n_people, told.slanderer + n_people]),
            np.concatenate(
                [vouches.target, entries_of(plan) + n_people, target + n_people, told.slandered]
            ),
        ]
    )
    ones = np.ones(told.fooled.size + source.size, np.float32)
    against = np.full(told.slandered.size, -1, np.float32)
    weight = np.concatenate([vouches.weight, ones, against])
    # One person may be fooled twice for the same identity; that is one vouch.
    _, first = np.unique(pairs[0].astype(np.int64) << 32 | pairs[1], return_index=True)
    return CompiledVouches.from_triples(n_authors, pairs[0, first], pairs[1, first], weight[first])


def _masks(
    snapshot: GraphSnapshot,
    vouches: CompiledVouches,
    fooled: I32,
    plan: Attack,
    rng: np.random.Generator,
) -> list[I32]:
    """The honest items that each identity claims to like."""
    caster = _casters(vouches)
    identities = plan.regions * plan.identities
    if plan.strategy is Strategy.OWN:
        return [np.empty(0, np.int32)] * identities
    degree = np.diff(snapshot.item_ptr)
    if plan.strategy is Strategy.POPULAR:
        pool = np.argsort(-degree, kind="stable")[:POPULAR_ITEMS].astype(np.int32)
        size = min(CAMOUFLAGE, pool.size)
        return [rng.choice(pool, size, replace=False) for _ in range(identities)]
    copied: list[I32] = []
    for region in range(plan.regions):
        entered = fooled[region * plan.entries : (region + 1) * plan.entries]
        if not entered.size:  # strangers copy whomever they like
            entered = np.arange(snapshot.n_authors, dtype=np.int32)
        if plan.strategy is not Strategy.TWIN:
            entered = np.union1d(entered, caster[np.isin(vouches.target, entered)])
        for person in rng.choice(entered, plan.identities):
            items = snapshot.liked(int(person))
            if plan.strategy is Strategy.RARE:
                rarest = np.argsort(degree[items], kind="stable")[: -(-items.size // 2)]
                items = items[rarest]
            copied.append(items)
    return copied


def _with_claims(snapshot: GraphSnapshot, masks: list[I32], plan: Attack) -> GraphSnapshot:
    """Every identity likes its mask and its region's fakes, all of them fully."""
    n_people, n_items = snapshot.n_authors, snapshot.n_items
    identities = plan.regions * plan.identities
    region = np.arange(identities, dtype=np.int32) // plan.identities
    first = np.zeros_like(region) if plan.shared else region * plan.fakes
    fakes = n_items + first[:, None] + np.arange(plan.fakes, dtype=np.int32)
    rows = np.arange(identities, dtype=np.int32) + n_people
    sizes = [mask.size for mask in masks]
    honest = np.repeat(np.arange(n_people, dtype=np.int32), np.diff(snapshot.author_ptr))
    added = int(np.sum(sizes)) + fakes.size
    return GraphSnapshot.from_triples(
        np.concatenate([honest, np.repeat(rows, sizes), np.repeat(rows, plan.fakes)]),
        np.concatenate([snapshot.author_item, *masks, fakes.ravel().astype(np.int32)]),
        np.concatenate([snapshot.author_affinity, np.ones(added, np.float32)]),
        n_people + identities,
        n_items + (plan.fakes if plan.shared else plan.fakes * plan.regions),
    )
