"""What an attack gets: places in lists, against how common fakes are and what they cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

I32 = NDArray[np.int32]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Stakes:
    """What there is to win. people: honest ones in all; n_items, n_fakes: items of each kind;
    edges: attack edges, honest people's vouches for identities."""

    people: int
    n_items: int
    n_fakes: int
    edges: int


def fakes_in(lists: I32, n_items: int) -> Bool:
    """Which places hold fakes: item rows from n_items on. bool of the lists' shape."""
    return lists >= n_items


def fake_share(lists: I32, n_items: int) -> F64:
    """Part of the k places of each list that fakes hold. float64[lists]."""
    share: F64 = fakes_in(lists, n_items).mean(axis=1)
    return share


def adjusted(share: float, stakes: Stakes) -> float:
    """The share of fakes against their prevalence among all items: 1 is what lists drawn at random
    would have. NaN without fakes."""
    if not stakes.n_fakes:
        return math.nan
    return share * (stakes.n_items + stakes.n_fakes) / stakes.n_fakes


def gain_per_edge(share: float, k: int, stakes: Stakes) -> float:
    """Fake places in the lists of all honest people for each attack edge. NaN without edges."""
    return share * k * stakes.people / stakes.edges if stakes.edges else math.nan


def hostile_trust(reputation: F64, identities: I32) -> float:
    """Part of all trust that identities have, mean over those asked. reputation: float64[asked,
    authors], rows of sum 1."""
    return float(reputation[:, identities].sum(axis=1).mean())


def honest_loss(attacked: F64, calm: F64) -> float:
    """Part of the nDCG that the attack costs the same people; negative if lists got better. 0 where
    there was nothing to lose."""
    before = float(calm.mean()) if calm.size else 0.0
    return 1 - float(attacked.mean()) / before if before else 0.0


def niche_items(listeners: NDArray[np.int64]) -> Bool:
    """Which items are niche: the least heard, which together have half of all listens."""
    order = np.argsort(listeners, kind="stable")
    upto = np.cumsum(listeners[order])
    niche = np.zeros(listeners.size, np.bool_)
    niche[order[upto <= upto[-1] / 2]] = True
    return niche
