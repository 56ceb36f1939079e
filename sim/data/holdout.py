"""A hold-out for tuning that asks for items as popular as the published test part does.

Some published test parts ask for more popular items than a random part of the training data would:
tuned on the latter, popularity is penalised too much. How popular they are is known without opening
them, from the published accuracy of the most popular items. So each person's items are drawn with
chances that grow as a power of their popularity, and the power is set until that recommender
is as accurate on the hold-out as published.
"""

from __future__ import annotations

import numpy as np

from sim.data.interactions import I32, I64, Interactions, Wanted
from sim.data.splits import HELD_OUT, Split

BISECTIONS = 8
BIAS_MAX = 1.0


def popular_hold_out(
    data: Interactions, bias: float, rng: np.random.Generator, part: float = HELD_OUT
) -> Split:
    """Keep `part` of every person's items back, rounded down, each drawn without replacement in
    proportion to (people who have it) ** bias.

    Bias 0 is a uniform draw. Who has fewer than 1 / part items keeps them all. O(n log n). Raises
    ValueError unless 0 < part < 1 and 0 <= bias <= 1.
    """
    if not 0 < part < 1:
        raise ValueError(f"the part held out must lie between 0 and 1, not {part}")
    if not 0 <= bias <= BIAS_MAX:
        raise ValueError(f"the bias must lie between 0 and {BIAS_MAX:g}, not {bias}")
    listeners = np.bincount(data.item, minlength=data.n_items)
    waiting = rng.standard_exponential(len(data)) / listeners[data.item] ** bias
    first = np.lexsort((waiting, data.user))
    begin = np.cumsum(data.sizes) - data.sizes
    place = np.empty(len(data), np.int64)
    place[first] = np.arange(len(data)) - begin[data.user[first]]
    held = place < np.floor(data.sizes * part + 1e-9)[data.user]
    return Split(data.take(~held), data.take(held))


def popularity_recall(split: Split, k: int) -> float:
    """recall@k of the most popular items of the training part that a person does not have yet.

    Mean over those who want something; equally popular items by row. 0 when nobody does.
    O(people * (k + most items a person has)).
    """
    known, wanted = Wanted.of(split.train), Wanted.of(split.test)
    order = np.argsort(-np.bincount(split.train.item, minlength=split.train.n_items), kind="stable")
    people = np.flatnonzero(wanted.sizes)
    found = [
        np.isin(_unknown(order, known.of_person(person), k), wanted.of_person(person)).sum()
        / wanted.sizes[person]
        for person in people.tolist()
    ]
    return float(np.mean(found)) if found else 0.0


def _unknown(order: I64, known: I32, k: int) -> I64:
    """The first k of `order` that are not known."""
    most = order[: k + known.size]
    unknown: I64 = most[~np.isin(most, known)][:k]
    return unknown


def bias_of(
    data: Interactions, recall: float, k: int, seed: int | list[int], part: float = HELD_OUT
) -> float:
    """The bias with which the most popular items have the published recall@k on the hold-out.

    By bisection, each time with the same draws; 0 or `BIAS_MAX` when it is out of reach.
    """
    low, high = 0.0, BIAS_MAX
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        split = popular_hold_out(data, middle, np.random.default_rng(seed), part)
        if popularity_recall(split, k) < recall:
            low = middle
        else:
            high = middle
    return (low + high) / 2
