"""From plays and stars to affinities in (0, 1], each person by her own measure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from sim.data.interactions import F32, I32, Interactions


def _by_rank(user: I32, weight: F32, n_users: int) -> F32:
    """Share of her items that she likes no more than this one; ties share the highest rank."""
    order = np.lexsort((weight, user))
    sizes = np.bincount(user, minlength=n_users)
    begin = np.concatenate(([0], np.cumsum(sizes)))[:-1]
    u, w = user[order], weight[order]
    last = np.append((u[1:] != u[:-1]) | (w[1:] != w[:-1]), True)
    ends = np.flatnonzero(last)
    end = ends[np.searchsorted(ends, np.arange(len(u)))]
    made = np.empty(len(u), np.float32)
    made[order] = (end + 1 - begin[u]) / sizes[u]
    return made


def _by_log(user: I32, weight: F32, n_users: int) -> F32:
    """log(1 + weight) against that of her highest weight."""
    high = np.zeros(n_users)
    np.maximum.at(high, user, weight.astype(np.float64))
    return (np.log1p(weight) / np.log1p(high[user])).astype(np.float32)


def _equal(user: I32, weight: F32, n_users: int) -> F32:
    """1 for everything: having it is what counts."""
    return np.ones(len(user), np.float32)


RULES: Mapping[str, Callable[[I32, F32, int], F32]] = MappingProxyType(
    {"log": _by_log, "rank": _by_rank, "equal": _equal}
)
"""Name -> rule. `log` is the default: it keeps what is played 1,000 times above what is played 100
times and lets neither drown the rest; where all weights of a person are equal, all rules give 1."""


def with_affinities(data: Interactions, rule: str) -> Interactions:
    """The same with weights turned into affinities. Only her own weights matter to a person's.

    Raises ValueError for a rule that is not in `RULES`.
    """
    if rule not in RULES:
        raise ValueError(f"there is no affinity rule {rule!r}; there are {', '.join(RULES)}")
    made = RULES[rule](data.user, data.weight, data.n_users)
    return replace(data, weight=np.clip(made, np.float32(1e-3), np.float32(1.0)))
