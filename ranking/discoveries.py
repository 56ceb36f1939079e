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

NEGLIGIBLE = 1e-3
"""Trust below this part of the most trusted author's counts as none here: for whom one person
vouches keeps a ten-thousandth of what came to her, too little for any list, and would otherwise be
neither trusted nor a newcomer."""


class Discovery(StrEnum):
    """Why an item is shown although its evidence is thin."""

    RARE = "rare"
    """Few trusted people have it: among the least heard quarter of what could be recommended."""
    NEWCOMER = "newcomer"
    """Nobody trusted has it; someone not trusted yet does."""
    UNPLAYED = "unplayed"
    """Nobody trusted has played it; tags that they say of it fit (`ranking.unplayed`)."""


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
    """An item that nobody trusted has, of an author without trust: of somebody whom trust walks
    reached, if there are such, the oftener the likelier, so that identities behind one vouch share
    what flows over it; author first, then one of her items, so that a long feed weighs no more than
    a short."""
    snapshot, trust = scores.snapshot, scores.trust
    little = NEGLIGIBLE * float(trust.t.max(initial=0.0))
    strangers = (trust.t <= little) & ~barred & (np.diff(snapshot.author_ptr) > 0)
    strangers[trust.owner] = False
    reached = np.where(strangers, trust.hits, 0)
    for weights in (reached, strangers):
        pool = np.flatnonzero(weights)
        if not pool.size:
            continue
        chance = weights[pool] / weights[pool].sum()
        drawn = rng.choice(pool, min(TRIES, pool.size), replace=False, p=chance)
        for author in drawn.tolist():
            items = snapshot.liked(author)
            fresh = items[~excluded[items] & (scores.mass[items] <= little)]
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
