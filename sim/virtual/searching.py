"""People click what they like for words, and search for those words: G-Rank among peers.

A word stands for every item whose row leaves the same remainder, so what is behind it has nothing
to do with taste. No title says so: what people have clicked is all that a search can know.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from protocol.ids import AuthorKey
from sim.adversaries.feeds import SEARCHED
from sim.evaluation.lists import list_of
from sim.measures.exposure import fakes_in
from sim.population.people import Population, item_name
from sim.scenario.schema import Hostile, Searches, Speaking
from sim.virtual.host import Host

I32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Results:
    """What somebody got for a word: int32[k] item rows as in `list_of`."""

    person: int
    word: int
    items: I32


class SearchDesk:
    """Has people click at the start, and search at the end. fakes: rows from the last honest item
    on."""

    def __init__(
        self,
        searches: Searches,
        adversaries: Sequence[Hostile],
        population: Population,
        n_fakes: int,
    ) -> None:
        self._searches, self._population = searches, population
        self._attacked = attacked_words(searches, adversaries)
        self._first_fake = population.train.n_items
        self._rows = {item_name(row): row for row in range(self._first_fake + n_fakes)}
        self.results: list[Results] = []

    def click(self, host: Host, person: int, rng: Random) -> None:
        """What she has opened so far: some of what she likes."""
        if not self._searches.words:
            return
        liked = self._population.world.snapshot.liked(person).tolist()
        for row in rng.sample(liked, min(self._searches.clicks, len(liked))):
            words = [SEARCHED.format(row % self._searches.words)]
            host.answer("click", item=item_name(row), words=words, position=1)

    def search(self, host: Host, person: int) -> None:
        """Once for every word."""
        for number in range(self._searches.words):
            words = [SEARCHED.format(number)]
            answer = host.answer("search", words=words, n=self._searches.k)
            found = [entry["item"] for entry in answer["items"]]
            items = list_of(found, self._rows, self._searches.k)
            self.results.append(Results(person, number, items))

    def metrics(self, people: Sequence[Host]) -> Mapping[str, float]:
        """Nothing without searches. people: the honest hosts.

        search_mrr: mean of 1 / place of the first item that the person is asked to find, among
        results that she does not know yet, over the words for which there is one to find.
        search_fakes: share of fakes among the k results for the words that are attacked (for all,
        where none is); search_first_fake: part of these searches with a fake on top.
        clicks_hostile: part of all clicks counted by honest nodes that are of nobody among them.
        """
        if not self.results:
            return {}
        attacked = np.stack([r.items for r in self.results if r.word < self._attacked])
        fakes = fakes_in(attacked, self._first_fake)
        ranks = [rank for r in self.results if not math.isnan(rank := self._rank(r))]
        return {
            "search_mrr": sum(ranks) / len(ranks) if ranks else math.nan,
            "search_fakes": float(fakes.mean()),
            "search_first_fake": float(fakes[:, 0].mean()),
            "clicks_hostile": _hostile_share(people),
        }

    def _rank(self, one: Results) -> float:
        """Reciprocal; NaN if the person wants nothing that this word finds."""
        wanted = self._population.wanted.of_person(one.person)
        wanted = wanted[wanted % self._searches.words == one.word]
        if not wanted.size:
            return math.nan
        known = self._population.world.snapshot.liked(one.person)
        new = one.items[~np.isin(one.items, known)]
        places = np.flatnonzero(np.isin(new, wanted))
        return 1 / (1 + int(places[0])) if places.size else 0.0


def attacked_words(searches: Searches, adversaries: Sequence[Hostile]) -> int:
    """Words 0..n-1 have hostile clicks; all of them where nobody clicks with bad intent."""
    said = [
        one.words or searches.words
        for one in adversaries
        if isinstance(one, Speaking) and one.how.startswith("click")
    ]
    return min(max(said, default=searches.words), searches.words)


def _hostile_share(people: Sequence[Host]) -> float:
    honest = {host.author for host in people}
    counted = hostile = 0
    for host in people:
        state = host.peer.state
        authors, clicks = np.unique(state.clicks.table().author, return_counts=True)
        for author, n in zip(authors.tolist(), clicks.tolist(), strict=True):
            counted += n
            hostile += n * (AuthorKey(state.graph.authors.name(author)) not in honest)
    return hostile / counted if counted else 0.0
