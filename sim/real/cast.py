"""Who lives on which daemon, what each tells it, whom each vouches for: by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from protocol.limits import VOUCHES_LIVE_MAX
from sim.adversaries.regions import HostileFeeds
from sim.demo.feeds import Feed
from sim.population.people import Population, item_name

Weights = dict[tuple[str, str], float]
"""(who, whom) -> vouch in [-1, 1]."""


def person_name(row: int) -> str:
    """What the person in this row is called on her node."""
    return f"person-{row}"


def identity_name(adversary: int, identity: int) -> str:
    """What an identity is called on its node."""
    return f"identity-{adversary}-{identity}"


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a run. hosted: names on each daemon; vouches of the side's own people."""

    feeds: Mapping[str, Feed]
    hosted: Sequence[Sequence[str]]
    vouches: Weights

    @property
    def claims(self) -> int:
        """Items liked, over everybody."""
        return sum(len(feed.items) for feed in self.feeds.values())


def honest_side(population: Population, daemons: int, today: int) -> Side:
    """The people, dealt out in turn. today: days since 1970, for what has no day. O(n)."""
    train, vouches = population.train, population.vouches
    names = [person_name(row) for row in range(population.n_people)]
    feeds = {name: Feed() for name in names}
    days = np.full(train.item.size, today) if train.day is None else train.day
    for user, item, weight, day in zip(
        train.user.tolist(), train.item.tolist(), train.weight.tolist(), days.tolist(), strict=True
    ):
        feeds[names[user]].add(item_name(item), _percent(weight), int(day))
    told = {
        (names[who], names[whom]): float(weight)
        for who, whom, weight in zip(
            vouches.source.tolist(), vouches.target.tolist(), vouches.weight.tolist(), strict=True
        )
    }
    return Side(feeds, [names[k::daemons] for k in range(daemons)], told)


def hostile_side(said: Sequence[HostileFeeds], today: int) -> Side:
    """The identities of all adversaries, on the daemons that speak for them. O(claims)."""
    feeds: dict[str, Feed] = {}
    hosted: list[list[str]] = []
    told: Weights = {}
    for number, hostile in enumerate(said):
        for identity in range(hostile.identities):
            name = identity_name(number, identity)
            feed = feeds[name] = Feed()
            for row in [*hostile.liked[identity].tolist(), *hostile.fakes[identity].tolist()]:
                feed.add(item_name(row), 100, today)
            own = {(name, identity_name(number, o)): 1.0 for o in hostile.vouches_of(identity)}
            own |= {(name, person_name(row)): -1.0 for row in hostile.against(identity)}
            told |= dict(list(own.items())[:VOUCHES_LIVE_MAX])
        for peer in range(hostile.peers):
            hosted.append([identity_name(number, one) for one in hostile.of_peer(peer)])
    return Side(feeds, [names for names in hosted if names], told)


def attack_edges(said: Sequence[HostileFeeds]) -> Weights:
    """The vouches of the fooled."""
    return {
        (person_name(fooled), identity_name(number, entered)): 1.0
        for number, hostile in enumerate(said)
        for fooled, entered in zip(hostile.fooled.tolist(), hostile.entered.tolist(), strict=True)
    }


def _percent(weight: float) -> int:
    return max(1, min(100, round(100 * weight)))
