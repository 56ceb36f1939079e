"""Who takes part: the people's keys, where each peer is, what she says when she first starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Protocol

import numpy as np

from node.core.config import SECONDS_PER_DAY
from node.query.methods import IMPORT_ROWS_MAX
from protocol.ids import AuthorKey
from protocol.signing import Signer, digest
from sim.adversaries import HostileFeeds, identity_key
from sim.data.interactions import Vouches
from sim.population.people import Population, item_name
from sim.scenario.schema import News

SPEAKERS_MAX = 8
"""People who say all that is new: whoever is to follow it vouches for each of them."""


def secret_of(seed: int, person: int) -> bytes:
    """The secret of the person in this row: the same in every run with this seed."""
    return digest(f"{seed}/person/{person}".encode())


def secret_of_peer(seed: int, adversary: int, number: int) -> bytes:
    """The secret of the owner of a hostile peer, who says nothing herself."""
    return digest(f"{seed}/hostile-peer/{adversary}/{number}".encode())


def address_of(number: int) -> str:
    """A public address, without the peer's name. The first 20,480 are in a /16 each."""
    far, group = divmod(number, 20_480)
    return f"/ip4/{20 + group // 256}.{group % 256}.{far % 250 + 1}.7/tcp/4001"


def name_of(number: int) -> str:
    """The peer id of a virtual peer: 52 characters, as real ones have, for addresses are a good
    part of what is sent where little is new."""
    return f"sim{number:049d}"


@dataclass(frozen=True, slots=True)
class Speakers:
    """Who says what is new, and who is to follow it.

    people: rows of those who say it, in turn. followers: for each of them, who vouches for her so
    as to follow her; herself not among them.
    """

    people: tuple[int, ...]
    followers: tuple[frozenset[int], ...]


def speakers(news: News, people: int, rng: Random) -> Speakers:
    """Drawn from all people; a part `interest` of all, drawn for each speaker, follows her."""
    count = min(news.items, SPEAKERS_MAX, people)
    chosen = rng.sample(range(people), count)
    wanted = round(news.interest * people)
    followers = []
    for speaker in chosen:
        others = [person for person in range(people) if person != speaker]
        followers.append(frozenset(rng.sample(others, min(wanted, len(others)))))
    return Speakers(tuple(chosen), tuple(followers))


def followed(population: Population, news: Speakers) -> Population:
    """The same people, who also vouch for those whose news they follow. O(vouches + followers)."""
    before = population.vouches
    rows = [
        (follower, speaker)
        for speaker, followers in zip(news.people, news.followers, strict=True)
        for follower in sorted(followers)
    ]
    if not rows:
        return population
    more = np.array(rows, np.int32)
    pairs = np.concatenate([np.stack([before.source, before.target], axis=1), more])
    weight = np.concatenate([before.weight, np.ones(len(rows), np.float32)])
    # Of two statements about the same person the later one stands.
    _, last = np.unique(pairs[::-1], axis=0, return_index=True)
    kept = len(pairs) - 1 - last
    made = Vouches(pairs[kept, 0], pairs[kept, 1], weight[kept], None)
    return replace(population, vouches=made)


class Owner(Protocol):
    """Somebody at her own node."""

    @property
    def now(self) -> float:
        """Unix seconds of her node's clock."""
        ...

    def answer(self, method: str, /, **params: Any) -> Mapping[str, Any]:
        """Ask the node; the data of its answer. Raises when it is refused."""
        ...


class Sayings:
    """What each person knows and whom she vouches for, ready to be told to her node."""

    def __init__(
        self,
        population: Population,
        keys: Sequence[AuthorKey],
        news: Speakers,
        feeds: Sequence[HostileFeeds],
        seed: int,
    ) -> None:
        self._population, self._keys = population, keys
        train, vouches = population.train, population.vouches
        self._by_user = np.argsort(train.user, kind="stable")
        self._of_user = np.concatenate(([0], np.cumsum(train.sizes)))
        self._by_source = np.argsort(vouches.source, kind="stable")
        sources = np.bincount(vouches.source, minlength=population.n_people)
        self._of_source = np.concatenate(([0], np.cumsum(sources)))
        self._more: dict[int, dict[AuthorKey, None]] = {}
        for speaker, followers in zip(news.people, news.followers, strict=True):
            for person in sorted(followers):
                self._more.setdefault(person, {})[keys[speaker]] = None
        for number, said in enumerate(feeds):
            for fooled, entered in zip(said.fooled.tolist(), said.entered.tolist(), strict=True):
                self._more.setdefault(fooled, {})[identity_key(seed, number, entered)] = None

    def tell(self, host: Owner, person: int) -> None:
        """Her first day: she shares everything, imports what she likes, vouches for her friends."""
        host.answer("share_set", taste=True, vouches=True, negative_vouches=True, clicks=True)
        rows = self._likes(person, int(host.now) // SECONDS_PER_DAY)
        for at in range(0, len(rows), IMPORT_ROWS_MAX):
            host.answer("import_rows", rows=rows[at : at + IMPORT_ROWS_MAX])
        for target, weight in self._vouches(person).items():
            host.answer("trust", peer=target.hex(), weight=weight)

    def _likes(self, person: int, today: int) -> list[list[object]]:
        """Rows of an import; what has no day is of today."""
        train = self._population.train
        which = self._by_user[self._of_user[person] : self._of_user[person + 1]]
        items, weights = train.item[which].tolist(), train.weight[which].tolist()
        days = [today] * len(items) if train.day is None else train.day[which].tolist()
        return [
            [None, item_name(item), min(float(weight), 1.0), int(day), None, []]
            for item, weight, day in zip(items, weights, days, strict=True)
        ]

    def _vouches(self, person: int) -> dict[AuthorKey, float]:
        vouches = self._population.vouches
        which = self._by_source[self._of_source[person] : self._of_source[person + 1]]
        told = dict.fromkeys(self._more.get(person, {}), 1.0)
        for target, weight in zip(
            vouches.target[which].tolist(), vouches.weight[which].tolist(), strict=True
        ):
            told.setdefault(self._keys[target], float(weight))
        return told


def keys_of(seed: int, people: int) -> tuple[AuthorKey, ...]:
    """The people's public keys, by row. 30 µs each."""
    return tuple(Signer(secret_of(seed, person)).public_key for person in range(people))
