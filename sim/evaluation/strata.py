"""Groups of people whose results are told apart: few friends, small profiles, small components."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.data.interactions import I32, I64, Bool, Interactions, Vouches

PROFILE_BOUNDS = (10, 20, 40, 80)
"""Training items at which one group of profiles ends and the next begins, the bound included."""

Strata = Mapping[str, Mapping[str, Bool]]
"""What is looked at -> group -> bool[people]. Groups of one kind are disjoint and complete."""


def strata_of(train: Interactions, trust: Vouches | None) -> Strata:
    """All groups. Friends are people vouched for; components those of all vouches, undirected."""
    made: dict[str, dict[str, Bool]] = {"profile": _profiles(train.sizes)}
    if trust is not None:
        positive = trust.take(trust.weight > 0)
        friends = np.bincount(positive.source, minlength=train.n_users)
        made["friends"] = {
            "0": friends == 0,
            "1-2": (friends >= 1) & (friends <= 2),
            ">=3": friends >= 3,
        }
        label = components(train.n_users, positive.source, positive.target)
        largest = label == np.bincount(label).argmax()
        made["component"] = {"largest": largest, "other": ~largest}
    return made


def _profiles(sizes: I64) -> dict[str, Bool]:
    made: dict[str, Bool] = {}
    low = 0
    for high in PROFILE_BOUNDS:
        made[f"{low}-{high}"] = (sizes >= low) & (sizes <= high)
        low = high + 1
    made[f">={low}"] = sizes >= low
    return made


def components(n: int, a: I32, b: I32) -> I64:
    """int64[n]: the lowest row of everybody's component over edges a—b.

    Labels fall to the lowest neighbour's, with pointers halved between: O(edges log n) in practice.
    """
    label = np.arange(n, dtype=np.int64)
    while True:
        before = label.copy()
        lowest = np.minimum(label[a], label[b])
        np.minimum.at(label, label[a], lowest)
        np.minimum.at(label, label[b], lowest)
        np.minimum.at(label, a, lowest)
        np.minimum.at(label, b, lowest)
        label = label[label]
        if np.array_equal(label, before):
            return label
