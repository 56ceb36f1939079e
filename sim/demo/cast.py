"""Everybody in the demo: who they are, what they tell, whom they vouch for, what they want.

Made from one seed; which daemon hosts whom is part of it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.demo.dataset import Dataset
from sim.demo.feeds import (
    Feed,
    film_item,
    honest_feeds,
    person_name,
    sybil_feeds,
    sybil_name,
    titles,
)
from sim.demo.split import LIKED_PERCENT, split_by_person, weights_percent
from sim.demo.sybil import (
    ATTACK_EDGES,
    FAKE_FILMS,
    IDENTITIES_PER_EDGE,
    POPULAR_FILMS,
    attack,
    most_rated,
)
from sim.demo.vouches import most_similar, same_degrees_at_random

VOUCHES_EACH = 10

Vouches = tuple[tuple[str, str], ...]
"""(who, whom), by name."""


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """The honest people of the demo, by name."""

    feeds: Mapping[str, Feed]
    wanted: Mapping[str, frozenset[str]]
    """Held-out films that each liked: the network has not seen them."""
    vouches: Vouches
    vouches_at_random: Vouches
    title_of: Mapping[str, str]

    @property
    def names(self) -> list[str]:
        return list(self.feeds)

    @property
    def ratings(self) -> int:
        return sum(len(feed.items) for feed in self.feeds.values())


@dataclass(frozen=True, slots=True, eq=False)
class Attackers:
    """The hostile identities, by name. fooled[k] vouches for heads[k]."""

    feeds: Mapping[str, Feed]
    vouches: Vouches
    fooled: tuple[str, ...]
    heads: tuple[str, ...]

    def pretended(self, films: Iterable[str]) -> str:
        """The one of these films that most identities say they like."""
        liked = Counter(item for feed in self.feeds.values() for item in feed.items)
        return max(films, key=lambda item: liked[item])


def make_cast(data: Dataset, *, seed: int, today: int) -> Cast:
    """The honest people. today: days since 1970."""
    split_rng, swap_rng = (np.random.default_rng((seed, stream)) for stream in (1, 2))
    split = split_by_person(data, split_rng)
    rows = split.shared[weights_percent(data.stars[split.shared]) >= LIKED_PERCENT]
    pairs = most_similar(
        data.person[rows], data.film[rows], data.n_people, data.n_films, VOUCHES_EACH
    )
    mixed = same_degrees_at_random(pairs, swap_rng)
    names = [person_name(data, person) for person in range(data.n_people)]
    wanted = {
        name: frozenset(film_item(data, film) for film in films)
        for name, films in zip(names, split.wanted, strict=True)
    }
    return Cast(
        feeds=honest_feeds(data, split, today=today),
        wanted=wanted,
        vouches=tuple((names[who], names[whom]) for who, whom in pairs.tolist()),
        vouches_at_random=tuple((names[who], names[whom]) for who, whom in mixed.tolist()),
        title_of=titles(data, FAKE_FILMS),
    )


def make_attackers(data: Dataset, *, seed: int, today: int) -> Attackers:
    """The hostile region, grown against all ratings there are: an attacker may know them."""
    rng = np.random.default_rng((seed, 3))
    popular = most_rated(data.film, data.n_films, POPULAR_FILMS)
    region = attack(data.n_people, popular, rng, edges=ATTACK_EDGES, each=IDENTITIES_PER_EDGE)
    return Attackers(
        feeds=sybil_feeds(data, region, FAKE_FILMS, today=today),
        vouches=tuple((sybil_name(who), sybil_name(whom)) for who, whom in region.vouches),
        fooled=tuple(person_name(data, person) for person in region.fooled),
        heads=tuple(sybil_name(head) for head in region.heads),
    )


def hosted(names: Sequence[str], daemons: int) -> list[list[str]]:
    """Who lives on which daemon: dealt out in turn, so that neighbours in the data are apart."""
    return [list(names[first::daemons]) for first in range(daemons)]
