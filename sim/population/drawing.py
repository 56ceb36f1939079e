"""The population of a run, drawn from its scenario and seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.data.affinity import with_affinities
from sim.data.interactions import Interactions, Vouches, Wanted
from sim.data.splits import hold_out
from sim.population.people import Population
from sim.population.planted import planted
from sim.population.sources import SOURCES, dataset
from sim.scenario.schema import World

I32 = NDArray[np.int32]

PLANT, DRAW, SPLIT = range(3)
"""What a stream of random numbers is for: (seed, PEOPLE, purpose)."""
PEOPLE = 11


def population_of(world: World, seed: int) -> Population:
    """People, what they say they like, what is held out, whom they trust.

    The same world and seed give the same population in every fidelity. Raises MissingData, and
    ValueError for an unknown source or more people than the data have.
    """
    cluster = item_cluster = None
    if world.data == "planted":
        if not world.people:
            raise ValueError("a planted world needs to know how many people there are")
        made = planted(world.planted, world.people, _rng(seed, PLANT))
        likes, vouches = made.likes, made.vouches
        cluster, item_cluster = made.cluster, made.item_cluster
    else:
        likes, vouches = _from_file(world, seed)
    wanted = Wanted.of(likes.take(np.zeros(len(likes), np.bool_)))
    if world.held_out:
        split = hold_out(likes, world.held_out, _rng(seed, SPLIT))
        likes, wanted = split.train, Wanted.of(split.test)
    return Population(likes, wanted, vouches, cluster, item_cluster)


def _rng(seed: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng((seed, PEOPLE, purpose))


def _from_file(world: World, seed: int) -> tuple[Interactions, Vouches]:
    """Affinities and trust of the people drawn, in their own numbering."""
    if world.data not in SOURCES:
        raise ValueError(f"no data {world.data!r}: there are planted, {', '.join(SOURCES)}")
    data = dataset(world.data)
    likes = with_affinities(data.train, SOURCES[world.data].affinity)
    none = np.empty(0, np.int32)
    vouches = data.trust or Vouches(none, none, np.empty(0, np.float32), None)
    vouches = vouches.take(vouches.weight > 0)
    if not world.people:
        return likes, vouches
    if world.people > likes.n_users:
        raise ValueError(f"{world.data} has {likes.n_users:,} people, not {world.people:,}")
    kept = _acquainted(vouches, likes.n_users, world.people, _rng(seed, DRAW))
    return _of_people(likes, vouches, kept)


def _acquainted(vouches: Vouches, n_users: int, n: int, rng: np.random.Generator) -> I32:
    """n people, ascending: somebody drawn at random, all whom she vouches for or who vouch for her,
    and so on (a snowball sample); a random draw would leave hardly anybody a friend. Somebody else
    is drawn where it ends."""
    ends = np.concatenate([vouches.source, vouches.target])
    others = np.concatenate([vouches.target, vouches.source])
    order = np.argsort(ends, kind="stable")
    ptr = np.concatenate(([0], np.cumsum(np.bincount(ends, minlength=n_users))))
    near = others[order]
    kept = np.zeros(n_users, np.bool_)
    found: list[int] = []
    next_ = 0
    for start in rng.permutation(n_users).tolist():
        if len(found) >= n:
            break
        if not kept[start]:
            kept[start] = True
            found.append(start)
        while next_ < len(found) < n:
            person = found[next_]
            next_ += 1
            for friend in rng.permutation(near[ptr[person] : ptr[person + 1]]).tolist():
                if not kept[friend] and len(found) < n:
                    kept[friend] = True
                    found.append(friend)
    return np.sort(np.array(found, np.int32))


def _of_people(likes: Interactions, vouches: Vouches, kept: I32) -> tuple[Interactions, Vouches]:
    """Only these people, and the items that one of them likes, numbered anew in the same order."""
    row = np.full(likes.n_users, -1, np.int32)
    row[kept] = np.arange(kept.size, dtype=np.int32)
    some = likes.take(row[likes.user] >= 0)
    items, item = np.unique(some.item, return_inverse=True)
    renumbered = Interactions(
        row[some.user], item.astype(np.int32), some.weight, some.day, kept.size, items.size
    )
    among = vouches.take((row[vouches.source] >= 0) & (row[vouches.target] >= 0))
    return renumbered, Vouches(row[among.source], row[among.target], among.weight, among.day)
