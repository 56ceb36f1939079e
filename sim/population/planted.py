"""Taste clusters with ground truth: a world that needs no file, and whose answer is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.data.interactions import Interactions, Vouches
from sim.scenario.schema import Planted

I32 = NDArray[np.int32]
F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """likes: everything people like, nothing held out yet. cluster, item_cluster: whose is what."""

    likes: Interactions
    vouches: Vouches
    cluster: I32
    item_cluster: I32


def planted(plan: Planted, n_people: int, rng: np.random.Generator) -> Plan:
    """People and items spread evenly over the clusters, in random order.

    Everybody draws `likes` distinct items: of each, with chance `taste`, from her own cluster, else
    from all items, popular ones first. O(people * items).
    """
    cluster = _spread(n_people, plan.clusters, rng)
    item_cluster = _spread(plan.items, plan.clusters, rng)
    popularity = np.arange(1, plan.items + 1, dtype=np.float64) ** -plan.zipf
    chances = [_chances(popularity, item_cluster == c, plan.taste) for c in range(plan.clusters)]
    each = min(plan.likes, plan.items)
    items = [np.sort(_distinct(chances[c], each, rng)) for c in cluster.tolist()]
    user = np.repeat(np.arange(n_people, dtype=np.int32), each)
    item = np.concatenate(items).astype(np.int32) if items else np.empty(0, np.int32)
    ones = np.ones(item.size, np.float32)
    likes = Interactions(user, item, ones, None, n_people, plan.items)
    return Plan(likes, _friends(plan, cluster, rng), cluster, item_cluster)


def _spread(n: int, clusters: int, rng: np.random.Generator) -> I32:
    """n rows over the clusters, as evenly as can be, in random order."""
    return rng.permutation(np.arange(n, dtype=np.int32) % clusters).astype(np.int32)


def _chances(popularity: F64, own: NDArray[np.bool_], taste: float) -> F64:
    """Of every item, for somebody whose own items these are."""
    mixed = (1 - taste) * popularity / popularity.sum()
    if own.any():
        mixed = mixed + taste * np.where(own, popularity, 0.0) / popularity[own].sum()
    whole: F64 = mixed / mixed.sum()
    return whole


def _distinct(chance: F64, n: int, rng: np.random.Generator) -> I32:
    """n distinct rows, likelier ones first: the n smallest of exponential times (Efraimidis)."""
    with np.errstate(divide="ignore"):
        times = rng.exponential(size=chance.size) / chance
    return np.argpartition(times, n - 1)[:n].astype(np.int32)


def _friends(plan: Planted, cluster: I32, rng: np.random.Generator) -> Vouches:
    """Everybody vouches for `friends` others, a part `homophily` of them from her own cluster."""
    n = cluster.size
    each = min(plan.friends, n - 1)
    source, target = [], []
    everybody = np.arange(n)
    for person in range(n):
        alike = np.flatnonzero((cluster == cluster[person]) & (everybody != person))
        near = rng.permutation(alike)[: rng.binomial(each, plan.homophily)]
        rest = np.setdiff1d(everybody, np.append(near, person))
        chosen = np.append(near, rng.choice(rest, each - near.size, replace=False))
        source.append(np.full(each, person, np.int32))
        target.append(np.sort(chosen).astype(np.int32))
    return Vouches(
        np.concatenate(source), np.concatenate(target), np.ones(n * each, np.float32), None
    )
