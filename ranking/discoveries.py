"""Labelled places for what the ranking cannot judge yet: newcomers' items and rare ones.

Strangers have no mass in the ranking, so this is the only way in, and its width is fixed: however
many identities there are, they share the same places.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ranking.salsa import ItemScores

I32 = NDArray[np.int32]

TRIES = 64
"""Authors drawn before a place for a newcomer stays an ordinary one."""


class Discovery(StrEnum):
    """Why an item is shown although its evidence is thin."""

    RARE = "rare"
    """Few trusted people have it: among the least heard quarter of what could be recommended."""
    NEWCOMER = "newcomer"
    """Nobody trusted has it; someone not trusted yet does."""


def places(n: int, every: int) -> list[int]:
    """Positions (from 0) of the discoveries in a list of n: the last of each `every`."""
    return list(range(every - 1, n, every)) if every > 0 else []


def rare_items(scores: ItemScores, excluded: NDArray[np.bool_]) -> I32:
    """The quarter of the scored items with the least trusted mass."""
    found = np.flatnonzero((scores.score > 0) & ~excluded)
    if found.size == 0:
        return np.empty(0, np.int32)
    thin = scores.mass[found] <= np.quantile(scores.mass[found], 0.25)
    return found[thin].astype(np.int32)


def draw_rare(
    scores: ItemScores, excluded: NDArray[np.bool_], n: int, rng: np.random.Generator
) -> list[int]:
    """Up to 2n different rare items, drawn in proportion to score: thin evidence, not none."""
    pool = rare_items(scores, excluded)
    if pool.size == 0:
        return []
    chance = scores.score[pool].astype(np.float64)
    drawn = rng.choice(pool, min(2 * n, pool.size), replace=False, p=chance / chance.sum())
    return [int(i) for i in drawn]


def newcomer_item(
    scores: ItemScores,
    excluded: NDArray[np.bool_],
    barred: NDArray[np.bool_],
    rng: np.random.Generator,
) -> int | None:
    """An item of an author without trust, whom trust walks reached at least once if there are
    such; author first, then one of her items, so that a long feed weighs no more than a short."""
    snapshot, trust = scores.snapshot, scores.trust
    strangers = (trust.t == 0) & ~barred & (np.diff(snapshot.author_ptr) > 0)
    strangers[trust.owner] = False
    near = strangers & (trust.hits > 0)
    for pool in (np.flatnonzero(near), np.flatnonzero(strangers)):
        for author in rng.choice(pool, min(TRIES, pool.size), replace=False).tolist():
            items = snapshot.liked(author)
            fresh = items[~excluded[items] & (scores.mass[items] == 0)]
            if fresh.size:
                return int(rng.choice(fresh))
    return None


def discover(
    scores: ItemScores,
    n: int,
    excluded: NDArray[np.bool_],
    barred: NDArray[np.bool_],
    rng: np.random.Generator,
) -> list[tuple[int, Discovery]]:
    """Up to n discoveries: a rare item, then a newcomer's (if the dice say so), and so on; fewer
    when there are none.

    excluded: items that must not appear (bool[n_items]); barred: authors (bool[n_authors]).
    """
    taken = excluded.copy()
    rare = draw_rare(scores, excluded, n, rng)
    found: list[tuple[int, Discovery]] = []
    for k in range(n):
        strange = k % 2 == 1 and rng.random() < scores.config.newcomer_chance
        item = newcomer_item(scores, taken, barred, rng) if strange else None
        kind = Discovery.NEWCOMER
        if item is None:
            item, kind = next((i for i in rare if not taken[i]), None), Discovery.RARE
        if item is None:
            break
        taken[item] = True
        found.append((item, kind))
    return found
