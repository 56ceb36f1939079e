"""G-Rank: search results ranked by gossiped clicks. Pure functions.

    R_i(k, Q) = sum over terms of Q, over authors j who clicked k for it, of S_i(j) + F
    score(k)  = (max(R - few, 0) + .05 min(R, few)) b(k) + prior_weight interest(k),  where R > 0
    few       = min(corroboration, crowd * all voices for Q)

S_i(j) is the votes of the owner's walks (`ranking.votes`), the owner's trust t(j) scaled to a
maximum of 1, or the published similarity of click logs; F lets everybody count a little. A click
counts once for each (author, term, item), so repeating it is worthless. b(k) in [1, position_max]
corrects for the places at which k was shown: the mean over those who clicked, by weight, of one by
the chance that somebody looks there. The thesis ends at R; see `SearchConfig.published`.

The first few voices say that an item belongs to the words, and hardly how well: among items that
few have clicked for them the order is that of the owner's interest, which whoever clicks cannot
change. Else one respected person, or twenty attack edges together, which walks cannot tell from
her, would reorder every list where few have clicked. Where the owner trusts nobody there is nothing
to guard, and every voice counts. Items matched by text always stand above the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ranking.click_table import ClickTable
from ranking.published_similarity import published_similarity
from ranking.trust_vector import TrustVector
from ranking.votes import vote_weights

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

POPULAR_SCALE = 30.0
"""How much of the log scale of popularity lies below a thirtieth of the most popular item."""


HARDLY = 0.05
"""What one of the first few voices counts: clicks order what interests the owner alike."""


class Similarity(StrEnum):
    """What S is."""

    VOTES = "votes"
    TRUST = "trust"
    PUBLISHED = "published"


class Source(StrEnum):
    """Why an item is among the results."""

    TEXT = "text"
    CLICKS = "clicks"
    POPULAR = "popular"


@dataclass(frozen=True, slots=True)
class SearchConfig:
    """Parameters of G-Rank."""

    similarity: Similarity = Similarity.VOTES
    vote_cap: float = 0.3
    """Part of a typical person's votes from which on a click counts fully, > 0. Whoever has more
    adds no more: one identity, one voice."""
    vote_power: float = 4.0
    """How little those below count: (votes / cap) ** vote_power, >= 1. Votes shared out over more
    identities are worth less in all."""
    corroboration: float = 3.0
    """Voices that say that an item belongs to the words, and hardly how well, at most; >= 0 ..."""
    crowd: float = 0.25
    """... and at most this part of all voices for the words, so that few people are heard, too."""
    prior_weight: float = 6.0
    """Voices that the owner's interest in an item is worth, >= 0."""
    known_interest: float = 0.6
    """Interest added for what the owner herself has liked or clicked, for whatever words."""
    votes_min: int = 3
    """Fewer votes of the owner's walks are noise and weigh nothing."""
    isolation: float = 0.0
    """F in [0, 1]: 0 counts only authors with S > 0, 1 gives everybody one more. It is Sybil-open:
    leave it 0 where strangers' clicks are heard."""
    position_power: float = 1.0
    """Somebody looks at place p (0 the top) with chance (1 + p) ** -position_power ..."""
    position_max: float = 5.0
    """... or one in so many where that is more, >= 1: anybody may claim any place."""
    text_weight: float = 1.0
    """Voices that a text match at place p loses for each factor of ten in 1 + p, >= 0."""
    swaps: float = 0.0
    """Part of the answers in which two places are swapped to explore; .5 as published."""
    top_terms: int = 10
    """K: terms of an author that are compared by the published similarity."""
    results_max: int = 1_000

    def __post_init__(self) -> None:
        if not 0 <= self.isolation <= 1 or self.top_terms < 1 or self.results_max < 1:
            raise ValueError("need isolation in [0, 1], top_terms >= 1 and results_max >= 1")
        if not self.vote_cap > 0 or self.votes_min < 0 or not 0 <= self.swaps <= 1:
            raise ValueError("need vote_cap > 0, votes_min >= 0 and swaps in [0, 1]")
        if self.vote_power < 1 or min(self.corroboration, self.prior_weight) < 0:
            raise ValueError("need vote_power >= 1, corroboration and prior_weight >= 0")
        if min(self.position_power, self.text_weight, self.crowd) < 0 or self.position_max < 1:
            raise ValueError("need position_power, text_weight, crowd >= 0, position_max >= 1")

    @classmethod
    def published(
        cls, isolation: float = 0.0, similarity: Similarity = Similarity.PUBLISHED
    ) -> Self:
        """G-Rank as the thesis writes it, for comparison: R alone, swaps included."""
        return cls(
            similarity,
            isolation=isolation,
            corroboration=0.0,
            prior_weight=0.0,
            position_max=1.0,
            text_weight=0.0,
            swaps=0.5,
        )


def interest(mass: NDArray[np.floating], known: I32, config: SearchConfig) -> F64:
    """float64[items]: how far an item interests the owner whatever the words, the most popular 1.

    mass: the voices of those who like each item (`TrustView.liked`); known: what she has liked or
    clicked herself. log(1 + 30 mass / largest) / log 31: ten times the mass is a step.
    """
    largest = float(mass.max(initial=0.0))
    share = mass / largest if largest > 0 else np.zeros(mass.size)
    told: F64 = np.log1p(POPULAR_SCALE * share.astype(np.float64)) / math.log1p(POPULAR_SCALE)
    told[known] += config.known_interest
    return told


def author_weights(table: ClickTable, term: int, trust: TrustVector, config: SearchConfig) -> F64:
    """S + F of every author for one term's clicks; the owner's own weigh 1 + F.

    Where the owner trusts nobody everyone known weighs the same. Votes cost O(cells of the walks),
    a millisecond or two; the published similarity O(clicks log clicks).
    """
    clicks = table.author[table.of_term(term)]
    n_authors = max(trust.n_authors, int(table.author.max(initial=-1)) + 1)
    weight = np.zeros(n_authors)
    if config.similarity is Similarity.PUBLISHED:
        weight = published_similarity(table, trust.owner, n_authors, config.top_terms)
    elif config.similarity is Similarity.TRUST or trust.unprotected:
        weight[: trust.n_authors] = trust.t
        weight /= weight.max(initial=0.0) or 1.0
    else:
        able = np.zeros(n_authors, np.bool_)
        able[clicks] = True
        able[: trust.n_authors] &= trust.t > 0
        able[trust.n_authors :] = False
        n_effective = trust.effective_authors()
        weight = vote_weights(trust.walks, able, n_effective, config.vote_cap, config.votes_min)
        weight **= config.vote_power
    weight[trust.owner] = 1.0
    return weight + config.isolation


def click_weights(
    table: ClickTable, term: int, trust: TrustVector, config: SearchConfig
) -> tuple[I32, I32, F64, F64]:
    """(author, item, S + F, one by the chance that the place is looked at) of each of the term's
    clicks that weighs anything."""
    window = table.of_term(term)
    author, item = table.author[window], table.item[window]
    if not author.size:
        return author, item, np.empty(0), np.empty(0)
    weight = author_weights(table, term, trust, config)[author]
    place = 1.0 + table.position[window].astype(np.float64)
    rarity = np.minimum(place**config.position_power, config.position_max)
    heard = weight > 0
    return author[heard], item[heard], weight[heard], rarity[heard]


def _corroborated(voices: F64, trust: TrustVector, config: SearchConfig) -> F64:
    """What is left of each item's voices beyond the first few, and a little of those."""
    if trust.unprotected:
        return voices
    few = min(config.corroboration, config.crowd * float(voices.sum()))
    left: F64 = np.maximum(voices - few, 0.0) + HARDLY * np.minimum(voices, few)
    return left


def click_scores(
    table: ClickTable,
    terms: I32,
    trust: TrustVector,
    config: SearchConfig,
    told: F64 | None = None,
) -> tuple[I32, F64]:
    """(items, score) of those clicked for any of the terms with R > 0, best first.

    told: `interest` of each item row, 0 for rows beyond it. Ties by item row, as published.
    O(walk cells + the terms' clicks) for each term.
    """
    parts = [click_weights(table, term, trust, config) for term in np.unique(terms).tolist()]
    if not parts:
        return np.empty(0, np.int32), np.empty(0)
    items, at = np.unique(np.concatenate([part[1] for part in parts]), return_inverse=True)
    weight = np.concatenate([part[2] for part in parts])
    rarity = np.concatenate([part[3] for part in parts])
    voices: F64 = np.bincount(at, weights=weight, minlength=items.size).astype(np.float64)
    corrected = np.bincount(at, weights=weight * rarity, minlength=items.size) / voices
    score: F64 = _corroborated(voices, trust, config) * corrected
    if told is not None:
        held = items < told.size
        score[held] += config.prior_weight * told[items[held]]
    order = np.lexsort((items, -score))
    return items[order].astype(np.int32), score[order].astype(np.float64)


def clicked_by(
    table: ClickTable, terms: I32, item: int, trust: TrustVector, config: SearchConfig
) -> list[tuple[int, float]]:
    """(author, part of R) of whoever carries an item, most first: the reasons for it."""
    parts: dict[int, float] = {}
    for term in np.unique(terms).tolist():
        author, items, weight, _ = click_weights(table, term, trust, config)
        here = items == item
        for who, part in zip(author[here].tolist(), weight[here].tolist(), strict=True):
            parts[who] = parts.get(who, 0.0) + part
    return sorted(parts.items(), key=lambda one: (-one[1], one[0]))


@dataclass(frozen=True, slots=True)
class Found:
    """One result. score is comparable within its source only."""

    item: int
    score: float
    source: Source


def search(
    text: tuple[I32, NDArray[np.float32]],
    clicked: tuple[I32, F64],
    popular: I32,
    n: int,
    config: SearchConfig,
) -> tuple[Found, ...]:
    """At most n results from what the text index, the clicks and popularity say.

    text: (items, match in (0, 1]), most relevant first. Items whose text matches come first, among
    equal matches by their score from clicks, less what their place in the text's order costs; then
    items known by clicks; and where no text matches, last what is popular or recent (`popular`,
    best first). So no number of clicks lifts an item over one that matches.
    """
    if not 1 <= n <= config.results_max:
        raise ValueError(f"n must be in 1..{config.results_max}, not {n}")
    clicks = dict(zip(clicked[0].tolist(), clicked[1].tolist(), strict=True))
    matches = dict(zip(text[0].tolist(), text[1].tolist(), strict=True))
    worth = {
        item: clicks.get(item, 0.0) - config.text_weight * math.log10(1 + place)
        for place, item in enumerate(matches)
    }
    by_text = sorted(matches, key=lambda item: (-matches[item], -worth[item]))
    found = [Found(item, matches[item], Source.TEXT) for item in by_text]
    found += [Found(i, r, Source.CLICKS) for i, r in clicks.items() if i not in matches]
    if not matches and len(found) < n:
        rest = (item for item in popular[: n + len(clicks)].tolist() if item not in clicks)
        found += [Found(item, 0.0, Source.POPULAR) for item in rest]
    return tuple(found[:n])


def swapped(
    found: tuple[Found, ...], config: SearchConfig, rng: np.random.Generator
) -> tuple[Found, ...]:
    """The published exploration: in a part `config.swaps` of the answers two random results change
    places. Two of the same source only, so that what matches stays above what is clicked."""
    if rng.random() >= config.swaps or len(found) < 2:
        return found
    first = int(rng.integers(len(found)))
    alike = [n for n, one in enumerate(found) if one.source is found[first].source and n != first]
    if not alike:
        return found
    second = alike[int(rng.integers(len(alike)))]
    places = list(found)
    places[first], places[second] = found[second], found[first]
    return tuple(places)
