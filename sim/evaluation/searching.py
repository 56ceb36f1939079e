"""Searches measured on tags: whoever gives an item a tag has searched for it, and clicked.

Clicks before a month are known; each (person, tag) after it is a query whose new items are to be
found among all items. What the person has clicked for the tag already is left out of every list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranking.click_table import ClickTable
from ranking.published_similarity import published_similarity
from ranking.search import SearchConfig, Similarity, click_scores, interest, search
from ranking.snapshot import GraphSnapshot
from ranking.trust_vector import TrustVector
from ranking.votes import trusted_voices
from sim.data.click_logs import Tagging
from sim.data.interactions import I32, I64, Vouches
from sim.evaluation.clustered import of_clusters
from sim.evaluation.intervals import Interval
from sim.measures.places import recall, reciprocal_rank
from sim.methods.method import F64
from trust.config import TrustConfig
from trust.meritrank import trust_from
from trust.vouches import CompiledVouches

LENGTH = 100
"""Places looked at for the reciprocal rank ..."""

SHORT = 10
"""... and for recall."""

NO_TEXT = np.empty(0, np.int32), np.empty(0, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """What one person looks for, and what she has found already for the same words."""

    person: int
    term: int
    wanted: I32
    known: I32


@dataclass(frozen=True, slots=True, eq=False)
class ClickWorld:
    """All that is known before the cut: clicks, likes made of them, vouches; and the queries."""

    table: ClickTable
    likes: GraphSnapshot
    vouches: CompiledVouches
    queries: tuple[Query, ...]

    @property
    def n_people(self) -> int:
        """Author rows."""
        return self.vouches.n_authors


def click_world(tags: Tagging, friends: Vouches, cut: int, rng: np.random.Generator) -> ClickWorld:
    """Clicks before month `cut`, queries from it on. Whoever tags an item likes it.

    friends: in the file's numbers. Rows of items are drawn at random, because scores that are equal
    are ordered by row. O(tags log tags).
    """
    people = np.unique(np.concatenate((tags.user, friends.source, friends.target)))
    terms, term = np.unique(tags.term, return_inverse=True)
    items, item = np.unique(tags.item, return_inverse=True)
    person = np.searchsorted(people, tags.user)
    item = rng.permutation(items.size)[item]
    rows = np.stack((person, term, item)).astype(np.int32)
    past, later = (np.unique(rows[:, which], axis=1) for which in _sides(tags.month, cut))
    pair = np.unique(past[[0, 2]], axis=1)
    likes = GraphSnapshot.from_triples(
        pair[0], pair[1], np.ones(pair.shape[1], np.float32), people.size, items.size
    )
    vouches = CompiledVouches.from_triples(
        people.size,
        np.searchsorted(people, friends.source).astype(np.int32),
        np.searchsorted(people, friends.target).astype(np.int32),
        friends.weight,
    )
    queries = tuple(_queries(past, later, terms.size, items.size))
    return ClickWorld(ClickTable.of(*past), likes, vouches, queries)


def _sides(month: I32, cut: int) -> tuple[I64, I64]:
    return np.flatnonzero(month < cut), np.flatnonzero(month >= cut)


def _queries(past: I32, later: I32, n_terms: int, n_items: int) -> Iterator[Query]:
    """(person, term) in ascending order, of those with something new to find."""
    asked_before = past[0].astype(np.int64) * n_terms + past[1]
    asked = later[0].astype(np.int64) * n_terms + later[1]
    told = np.isin(asked * n_items + later[2], asked_before * n_items + past[2])
    asked, wanted = asked[~told], later[2][~told]
    for number in np.unique(asked).tolist():
        low, high = np.searchsorted(asked, (number, number + 1))
        first, last = np.searchsorted(asked_before, (number, number + 1))
        person, term = divmod(number, n_terms)
        yield Query(person, term, wanted[low:high], past[2][first:last])


# --- the ways to answer --------------------------------------------------------------------------

Answering = Callable[[int, int], I32]
"""(term, n) -> at least the best n items, best first, if there are so many."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a search is answered. what: one line for people; prepare: world and person -> answers."""

    what: str
    prepare: Callable[[ClickWorld, int], Answering]


def _everybody(world: ClickWorld, person: int) -> TrustVector:
    return TrustVector.everyone_equal(world.n_people, person)


def trust_in(world: ClickWorld, person: int, config: TrustConfig | None = None) -> TrustVector:
    """As the person's node computes it, by walks that depend on who she is alone."""
    rng = np.random.default_rng((0, person))
    return trust_from(world.vouches, person, config or TrustConfig(), rng)


def _most_liked(mass: NDArray[Any]) -> I32:
    order = np.argsort(-mass, kind="stable").astype(np.int32)
    return order[mass[order] > 0]


def _popular(world: ClickWorld, person: int) -> Answering:
    mass = np.bincount(world.table.item, minlength=world.likes.n_items)
    best = _most_liked(mass)
    return lambda _term, _n: best


def _counted(fill: bool) -> Callable[[ClickWorld, int], Answering]:
    def prepare(world: ClickWorld, person: int) -> Answering:
        config = SearchConfig.published(similarity=Similarity.TRUST)
        trust = _everybody(world, person)
        behind = _popular(world, person)(0, 0) if fill else np.empty(0, np.int32)

        def answer(term: int, n: int) -> I32:
            found = click_scores(world.table, np.array([term], np.int32), trust, config)[0]
            rest = behind[: n + found.size]
            return np.concatenate((found, rest[~np.isin(rest, found)]))

        return answer

    return prepare


def _as_written(isolation: float) -> Callable[[ClickWorld, int], Answering]:
    """R with the published S. S is the same for all terms, so that it is computed once here."""

    def prepare(world: ClickWorld, person: int) -> Answering:
        table, k = world.table, SearchConfig().top_terms
        weight = published_similarity(table, person, world.n_people, k)
        weight[person] = 1.0
        weight += isolation
        behind = _popular(world, person)(0, 0)

        def answer(term: int, n: int) -> I32:
            window = table.of_term(term)
            found = _most_liked(np.bincount(table.item[window], weight[table.author[window]]))
            return found if found.size else behind[:n]

        return answer

    return prepare


def liked_mass(world: ClickWorld, trust: TrustVector, config: SearchConfig) -> F64:
    """float64[items]: the voices of those who like each item."""
    likes = world.likes
    liker = np.repeat(np.arange(likes.n_authors), np.diff(likes.author_ptr))
    voices = trusted_voices(trust, config.vote_power)[liker]
    return np.bincount(likes.author_item, voices, likes.n_items).astype(np.float64)


def ranked_by(config: SearchConfig) -> Callable[[ClickWorld, int], Answering]:
    """As a node answers that is set like that."""

    def prepare(world: ClickWorld, person: int) -> Answering:
        trust = trust_in(world, person)
        told = interest(liked_mass(world, trust, config), world.likes.liked(person), config)
        popular = _most_liked(told)

        def answer(term: int, n: int) -> I32:
            terms = np.array([term], np.int32)
            clicked = click_scores(world.table, terms, trust, config, told)
            found = search(NO_TEXT, clicked, popular, min(n, config.results_max), config)
            return np.array([one.item for one in found], np.int32)

        return answer

    return prepare


WAYS = {
    "clicks": Way("everybody's clicks for the word, counted", _counted(fill=False)),
    "popular": Way("everybody's clicks for any word", _popular),
    "clicks-popular": Way("everybody's clicks for the word, then for any", _counted(fill=True)),
    "written-f0": Way("G-Rank as written, S published, F = 0", _as_written(0.0)),
    "written-f1": Way("G-Rank as written, S published, F = 1", _as_written(1.0)),
    "trust": Way(
        "G-Rank with S = t, the sum",
        ranked_by(SearchConfig.published(similarity=Similarity.TRUST)),
    ),
    "grapevine": Way("as a node answers", ranked_by(SearchConfig())),
}
"""By name; the first is what others are compared with."""


# --- what comes out ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answered:
    """One way's. better: its MRR less that of the first way, of the same queries, and in parts of
    the latter."""

    mrr: Interval
    recall: Interval
    better: Interval
    relative: Interval


def answered(
    world: ClickWorld, ways: list[str], progress: Callable[[int], None] = lambda _n: None
) -> dict[str, Answered]:
    """Ask every query in every way; bounds are over people. A world's walks for each person, and
    some milliseconds a query."""
    shape = len(ways), len(world.queries)
    ranks, recalls = np.zeros(shape), np.zeros(shape)
    person = np.array([query.person for query in world.queries])
    for number, name in enumerate(ways):
        before, answer = -1, WAYS[name].prepare(world, 0)
        for at, query in enumerate(world.queries):
            if query.person != before:
                before, answer = query.person, WAYS[name].prepare(world, query.person)
            found = answer(query.term, LENGTH + query.known.size)
            found = found[~np.isin(found, query.known)]
            ranks[number, at] = reciprocal_rank(found[:LENGTH], query.wanted)
            recalls[number, at] = recall(found[:SHORT], query.wanted)
        progress(len(world.queries))
    base = ranks[0].mean()
    return {
        name: Answered(
            of_clusters(ranks[number], person),
            of_clusters(recalls[number], person),
            of_clusters(ranks[number] - ranks[0], person),
            of_clusters((ranks[number] - ranks[0]) / base, person),
        )
        for number, name in enumerate(ways)
    }
