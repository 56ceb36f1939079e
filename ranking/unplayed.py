"""Items that nobody trusted has played yet, for a place among the discoveries.

Only their tags place them: an item's vector is the mean of the profiles of tags that trusted people
said of it, and is compared with the mean of the owner's own items. How often one takes a place
follows from the trust of who tagged it: chance * m / (m + 1), m its trusted mass in likes by a
person of the mean trust. So an identity with a hundredth of a person's trust takes it a hundredth
as often at most, however many items she tags.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ranking.discoveries import Discovery, places
from ranking.embedding import Embedding
from ranking.reasons import Path, Reasons, trails
from ranking.recommend import Recommendation, Recommended
from ranking.similar import CHUNK, one_like
from ranking.tag_contexts import Tagged
from ranking.view import TrustView

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]

BEST = 10
"""One of so many is drawn, in proportion to how well it fits."""

UNPLAYED_MAX = 5_000
"""Items looked at, those of most trust first."""


@dataclass(frozen=True, slots=True)
class Unplayed:
    """One such item. item: its row in the neighbourhood; chance: how often it is to be shown where
    there is a place, in [0, 1]."""

    item: int
    chance: float
    reasons: Reasons
    tagger: int
    excess: float


def unplayed_rows(tagged: Tagged, view: TrustView, excluded: I32) -> I32:
    """Items with tags of trusted people that none of them likes, without those excluded and those
    that every tagger dislikes; the most trusted first, at most `UNPLAYED_MAX`."""
    around = tagged.around
    liked = np.zeros(around.n_items, np.float32)
    liked[: len(view.mass)] = view.mass
    said = replace(around, kinds=around.kinds[-1:], identities=around.identities[-1:]).mass()
    fresh = (said > 0) & (liked == 0)
    fresh[excluded[excluded < len(fresh)]] = False
    rows = np.flatnonzero(fresh)
    rows = rows[np.argsort(-said[rows], kind="stable")[:UNPLAYED_MAX]]
    return rows[np.isin(rows, _recommending(tagged, view)[:, 1])].astype(np.int32)


def _recommending(tagged: Tagged, view: TrustView) -> I32:
    """The trusted statements about items that whoever makes them does not dislike."""
    snapshot, stated, n = view.snapshot, tagged.stated, tagged.around.n_items
    disliked = [
        v * n + snapshot.disliked(v).astype(np.int64) for v in np.unique(stated[:, 0]).tolist()
    ]
    if not disliked:
        return stated
    return stated[
        ~np.isin(stated[:, 0].astype(np.int64) * n + stated[:, 1], np.concatenate(disliked))
    ]


def _taggers(tagged: Tagged, view: TrustView, item: int) -> I32:
    """Who says tags of the item and does not dislike it, the most trusted first."""
    stated = _recommending(tagged, view)
    who = np.unique(stated[stated[:, 1] == item, 0])
    return who[np.argsort(-view.trust.t[who], kind="stable")]


def draw_unplayed(
    embedding: Embedding,
    tagged: Tagged,
    view: TrustView,
    excluded: I32,
    rng: np.random.Generator,
    *,
    chance: float,
) -> Unplayed | None:
    """One of the unplayed items that are most like what the owner likes; None if there is none.

    O(statements + contexts of her items and of the unplayed).
    """
    rows = unplayed_rows(tagged, view, excluded)
    snapshot, owner = view.snapshot, view.trust.owner
    own = snapshot.liked(owner) if owner < snapshot.n_authors else np.empty(0, np.int32)
    if not rows.size or not own.size:
        return None
    placed = tagged.around.placed(embedding.identity)
    mine, _ = embedding.vectors(placed, own[:CHUNK])
    theirs, mass = embedding.vectors(placed, rows)
    weight = mass / (mass + np.float32(max(tagged.around.floor, 1e-30)))
    shown = mass / (mass + np.float32(one_like(view)))
    fit = (theirs @ mine.sum(axis=0)) * weight
    best = np.argsort(-fit, kind="stable")[:BEST]
    best = best[fit[best] > 0]
    if not best.size:
        return None
    one = int(rng.choice(best, p=fit[best] / fit[best].sum(dtype=np.float64)))
    source = int(own[np.argmax(mine @ theirs[one])])
    return _explained(tagged, view, int(rows[one]), source, chance * float(shown[one]))


def _explained(tagged: Tagged, view: TrustView, item: int, source: int, chance: float) -> Unplayed:
    who = _taggers(tagged, view, item)
    trust = view.trust.t[who].astype(np.float64)
    share = trust / trust.sum()
    ways = trails(view.trust, who[:5].tolist())
    paths = tuple(
        Path(source, v, part, ways.get(v, ()))
        for v, part in zip(who[:5].tolist(), share[:5].tolist(), strict=True)
    )
    rest = max(0.0, 1.0 - float(share[:5].sum())) if len(who) > 5 else 0.0
    prior = float(view.trust.prior[who[0]])
    excess = max(0.0, (float(share[0]) - prior) / (1 - prior)) if prior < 1 else 0.0
    return Unplayed(item, chance, Reasons(paths, rest, len(who)), int(who[0]), excess)


def with_unplayed(
    made: Recommendation, found: Unplayed, n: int, every: int, rng: np.random.Generator
) -> Recommendation:
    """The list with the item in the first place for a discovery, if its chance comes up: a rare
    item there makes way, a newcomer's stays in the other one. Unchanged where there is no place.
    """
    spots = places(n, every)
    if not spots or made.unprotected or rng.random() >= found.chance:
        return made
    entry = Recommended(
        found.item, 0.0, 0.0, found.reasons, found.tagger, found.excess, Discovery.UNPLAYED
    )
    items = list(made.items)
    rare = [k for k, one in enumerate(items) if one.discovery is Discovery.RARE]
    if rare:
        items[rare[0]] = entry
    elif len(items) < n:
        items.insert(min(spots[0], len(items)), entry)
    else:
        return made
    return replace(made, items=tuple(items))
