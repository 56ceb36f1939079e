"""Honest people and what hostile identities say, in one graph.

Honest rows keep their numbers; identities are the author rows after them, adversary by adversary,
fakes the item rows after the honest ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranking.snapshot import GraphSnapshot
from sim.adversaries.regions import HostileFeeds
from sim.evaluation.lists import stakes_of
from sim.measures.exposure import Stakes
from sim.methods.method import World
from sim.population.people import Population
from trust.vouches import CompiledVouches

I32 = NDArray[np.int32]
F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Attacked:
    """What everybody has heard. attackers: identities that somebody honest vouches for; sybils: the
    others."""

    world: World
    stakes: Stakes
    attackers: I32
    sybils: I32


def attacked(population: Population, hostile: Sequence[HostileFeeds]) -> Attacked:
    """Add the feeds of all identities, and the vouches of those who were fooled.

    O(edges + claims + vouches).
    """
    n_people, n_items = population.n_people, population.train.n_items
    first = np.cumsum([n_people, *(one.identities for one in hostile)])
    n_authors, n_fakes = int(first[-1]), sum(one.n_fakes for one in hostile)
    starts = first[:-1].tolist()
    entered = [one.entered + start for one, start in zip(hostile, starts, strict=True)]
    attackers = np.unique(np.concatenate([*entered, np.empty(0, np.int32)])).astype(np.int32)
    identities = np.arange(n_people, n_authors, dtype=np.int32)
    return Attacked(
        World(
            _claims(population, hostile, starts, (n_authors, n_items + n_fakes)),
            _vouches(population, hostile, starts, n_authors),
        ),
        stakes_of(population, hostile),
        attackers,
        np.setdiff1d(identities, attackers).astype(np.int32),
    )


def _pairs(hostile: Sequence[HostileFeeds], starts: Sequence[int]) -> NDArray[np.int64]:
    """(honest person, identity row) of every attack edge, some of them twice: int64[edges, 2]."""
    columns = [
        np.stack([one.fooled.astype(np.int64), one.entered.astype(np.int64) + start], axis=1)
        for one, start in zip(hostile, starts, strict=True)
    ]
    return np.concatenate([*columns, np.empty((0, 2), np.int64)])


def _claims(
    population: Population,
    hostile: Sequence[HostileFeeds],
    starts: Sequence[int],
    size: tuple[int, int],
) -> GraphSnapshot:
    """Identities like all that they claim fully."""
    train = population.train
    authors, items = [train.user], [train.item]
    for one, start in zip(hostile, starts, strict=True):
        for liked in (one.liked, one.fakes):
            sizes = [claimed.size for claimed in liked]
            authors.append(np.repeat(np.arange(one.identities, dtype=np.int32) + start, sizes))
            items += liked
    author = np.concatenate(authors).astype(np.int32)
    ones = np.ones(author.size - train.user.size, np.float32)
    affinity = np.concatenate([train.weight, ones])
    # Authors stand liked first, fakes after, and items likewise, adversary by adversary.
    item = np.concatenate(items).astype(np.int32)
    return GraphSnapshot.from_triples(author, item, affinity, *size)


def _vouches(
    population: Population,
    hostile: Sequence[HostileFeeds],
    starts: Sequence[int],
    n_authors: int,
) -> CompiledVouches:
    """Honest vouches, attack edges, what identities say of each other and against others."""
    honest = population.vouches
    fooled = _pairs(hostile, starts).astype(np.int32)
    source, target = [honest.source, fooled[:, 0]], [honest.target, fooled[:, 1]]
    weight = [honest.weight, np.ones(fooled.shape[0], np.float32)]
    for one, start in zip(hostile, starts, strict=True):
        source += [one.source + np.int32(start), one.caster + np.int32(start)]
        target += [one.target + np.int32(start), one.slandered]
        weight += [np.ones(one.source.size, np.float32), np.full(one.caster.size, -1, np.float32)]
    columns = np.concatenate(source), np.concatenate(target)
    pair = columns[0].astype(np.int64) << 32 | columns[1]
    _, first = np.unique(pair, return_index=True)  # being fooled twice is one vouch
    return CompiledVouches.from_triples(
        n_authors, columns[0][first], columns[1][first], np.concatenate(weight)[first]
    )
