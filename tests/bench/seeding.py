"""Stores filled with signed feeds, without waiting for a network to bring them.

Every author has a key of her own and every bundle is signed and stored as if it had been received,
so a daemon that starts on such a store cannot tell the difference.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from uuid import UUID

import numpy as np

from node.identity import author_key, new_device, read_or_create_seed
from node.paths import data_paths
from node.store.rows import FactRow, ItemInfoRow, PersonRow, VouchRow
from node.store.store import Store
from protocol.author import FeedWriter
from protocol.bundle import Bundle
from protocol.claims import Claim, Interaction, InteractionKind, ItemInfo, Vouch
from protocol.ids import AuthorKey, DeviceId, Lane
from protocol.signing import Signer
from tests.bench.scale import Scale

NETWORK = "bench"
CLAIMS_PER_BUNDLE = 64
SECONDS_PER_DAY = 86_400
OWNER_ITEMS, OWNER_VOUCHES, VOUCHES_PER_AUTHOR = 200, 20, 10
CLAIMS_PER_LARGE_BUNDLE, VOUCHES_PER_LARGE_AUTHOR = 256, 2
AUTHORS_AT_ONCE = 500
"""Whose bundles are mixed in the order of arrival."""


def today() -> int:
    """Days since 1970-01-01."""
    return int(time.time()) // SECONDS_PER_DAY


def mbid(number: int) -> str:
    """An item name of the usual form and length, 41 bytes."""
    return f"mbid:{UUID(bytes=_digest('item', number)[:16])}"


def _digest(what: str, number: int) -> bytes:
    return blake2b(f"{what} {number}".encode(), digest_size=32).digest()


class SeededAuthor:
    """A person who exists as a key and the feeds signed with it."""

    def __init__(self, kind: str, number: int) -> None:
        self._signer = Signer(_digest(kind, number))
        self._device = DeviceId(_digest("device", number)[:8])
        self.key = AuthorKey(self._signer.public_key)

    def say(self, lane: Lane, claims: Sequence[Claim], per_bundle: int) -> list[Bundle]:
        """All of a feed, in bundles of so many claims."""
        writer = FeedWriter(self._signer, NETWORK.encode(), self._device, lane)
        now = int(time.time())
        return [
            writer.write(list(claims[at : at + per_bundle]), time=now)
            for at in range(0, len(claims), per_bundle)
        ]


@contextmanager
def store_of(home: Path) -> Iterator[Store]:
    """The store of an initialised node that is not running, its owner in it."""
    paths = data_paths(home)
    with Store.open(paths.store) as store:
        if not store.persons():
            key = author_key(read_or_create_seed(paths.author_key))
            store.add_person(PersonRow("me", key, new_device()))
        yield store


def seed_world(home: Path, scale: Scale) -> None:
    """A node that has heard of everybody: `world_edges` likes and ten vouches of each author.

    Few authors say most of it and few items are most popular, as in life. The owner has taste of
    her own and vouches for some.
    """
    rng = np.random.default_rng(1)
    authors = [SeededAuthor("world", number) for number in range(scale.world_authors)]
    items = [mbid(number) for number in range(scale.world_items)]
    taste = _tastes(scale, rng)
    named: set[int] = set()
    with store_of(home) as store:
        for start in range(0, len(authors), AUTHORS_AT_ONCE):
            bundles: list[Bundle] = []
            infos: list[ItemInfoRow] = []
            for at in range(start, min(start + AUTHORS_AT_ONCE, len(authors))):
                author = authors[at]
                new = [int(item) for item in taste[at] if item not in named]
                named.update(new)
                titles = [ItemInfo(items[item], f"Recording {item}") for item in new]
                infos += [ItemInfoRow(t.item, author.key, t.title) for t in titles]
                claims = _likes([items[item] for item in taste[at]], rng)
                bundles += author.say(Lane.TASTE, [*claims, *titles], CLAIMS_PER_BUNDLE)
                vouches = [Vouch(authors[k].key, 100) for k in _friends(at, len(authors), rng)]
                bundles += author.say(Lane.VOUCHES, vouches, CLAIMS_PER_BUNDLE)
            mixed = [bundles[k] for k in rng.permutation(len(bundles))]
            store.add_bundles(mixed, seen=int(time.time()))
            store.put_item_info(infos)
        _settle_owner(store, items, authors, rng)


def _settle_owner(
    store: Store,
    items: Sequence[str],
    authors: Sequence[SeededAuthor],
    rng: np.random.Generator,
) -> None:
    """Give the owner some taste, and vouches for some authors."""
    liked = rng.permutation(len(items))[:OWNER_ITEMS]
    facts = [FactRow(items[item], "LIKE", 100, today()) for item in liked]
    store.upsert_facts("me", facts)
    for number in rng.permutation(len(authors))[:OWNER_VOUCHES]:
        store.put_vouch("me", VouchRow(authors[number].key, 100))


def seed_large(home: Path, authors: int, items: int, edges: int) -> None:
    """A node that has heard of very many people, in as few bundles as claims allow.

    Each author has a feed of likes (256 to a bundle) and one of two vouches, which is what the
    vouch graph has room for; a tenth of the items have titles. Every bundle is signed. About a
    minute of processor time and .7 GB of disk for ten million likes of 100,000 authors.
    """
    rng = np.random.default_rng(3)
    seeded = [SeededAuthor("large", number) for number in range(authors)]
    names = [mbid(number) for number in range(items)]
    size = rng.lognormal(0, 1, authors)
    bounds = np.round(np.cumsum(size) * (edges / size.sum())).astype(int)
    counts = np.diff(bounds, prepend=0).clip(1, items // 4)
    counts[: edges - int(counts.sum())] += 1
    popularity = np.cumsum(np.arange(1, items + 1) ** -0.8)
    with store_of(home) as store:
        for start in range(0, authors, AUTHORS_AT_ONCE):
            bundles: list[Bundle] = []
            for at in range(start, min(start + AUTHORS_AT_ONCE, authors)):
                own = np.zeros(0, int)
                while own.size < counts[at]:
                    drawn = rng.random(2 * int(counts[at])) * popularity[-1]
                    own = np.unique(np.append(own, np.searchsorted(popularity, drawn)))
                liked = [names[item] for item in rng.permutation(own)[: counts[at]].tolist()]
                bundles += seeded[at].say(Lane.TASTE, _likes(liked, rng), CLAIMS_PER_LARGE_BUNDLE)
                friends = _friends(at, authors, rng)[-VOUCHES_PER_LARGE_AUTHOR:]
                vouches = [Vouch(seeded[friend].key, 100) for friend in friends]
                bundles += seeded[at].say(Lane.VOUCHES, vouches, CLAIMS_PER_LARGE_BUNDLE)
            mixed = [bundles[k] for k in rng.permutation(len(bundles))]
            store.add_bundles(mixed, seen=int(time.time()))
        titled = range(0, items, 10)
        store.put_item_info([ItemInfoRow(names[k], b"", f"Recording {k}") for k in titled])
        _settle_owner(store, names, seeded, rng)


def _tastes(scale: Scale, rng: np.random.Generator) -> "list[np.ndarray]":
    """Distinct items of each author, `world_edges` in all; every item is somebody's."""
    n_authors, n_items = scale.world_authors, scale.world_items
    size = rng.lognormal(0, 1, n_authors)
    most = n_items // 4
    wanted = np.clip(size / size.sum() * scale.world_edges, 1, most).astype(int)
    while (missing := scale.world_edges - int(wanted.sum())) != 0:
        grown = rng.integers(0, n_authors, abs(missing))
        np.add.at(wanted, grown, np.sign(missing))
        wanted = np.clip(wanted, 1, most)
    popularity = np.cumsum(np.arange(1, n_items + 1) ** -0.8)
    orphans = iter(range(n_items - 1, -1, -1))  # the rarest first: each goes to somebody
    tastes = []
    for count in wanted.tolist():
        own = {item for item, _ in zip(orphans, range(n_items // n_authors), strict=False)}
        own = set(sorted(own)[:count])
        while len(own) < count:
            drawn = np.searchsorted(popularity, rng.random(count) * popularity[-1])
            own.update(drawn[: count - len(own)].tolist())
        tastes.append(np.array(sorted(own)))
    return tastes


def _likes(items: Sequence[str], rng: np.random.Generator) -> list[Claim]:
    weights = (20 * rng.integers(1, 6, len(items))).tolist()
    days = (today() - rng.exponential(200, len(items)).astype(int).clip(0, 3000)).tolist()
    return [
        Interaction(item, InteractionKind.RATE, weight, day)
        for item, weight, day in zip(items, weights, days, strict=True)
    ]


def _friends(at: int, n: int, rng: np.random.Generator) -> list[int]:
    """Most of one's friends are near, one is anywhere."""
    near = (at + rng.choice(np.arange(1, min(n, 50)), VOUCHES_PER_AUTHOR - 1, replace=False)) % n
    far = (at + rng.integers(min(n, 50), n)) % n if n > 50 else at + 1
    return [int(friend) % n for friend in (*near, far)]


def seed_bulk(home: Path, authors: int, bundles: int, claims: int) -> list[AuthorKey]:
    """A node that holds so many feeds of `bundles` times `claims` likes; returns their authors.

    No two of an author's likes are for the same item, so each ends as an edge of its own.
    """
    rng = np.random.default_rng(2)
    pool = max(100_000, bundles * claims)
    names = [mbid(number) for number in range(pool)]
    seeded = [SeededAuthor("bulk", number) for number in range(authors)]
    with store_of(home) as store:
        for author in seeded:
            picked = rng.choice(pool, bundles * claims, replace=False)
            likes = _likes([names[item] for item in picked], rng)
            store.add_bundles(author.say(Lane.TASTE, likes, claims), seen=int(time.time()))
    return [author.key for author in seeded]


def claims_stored(home: Path, authors: Sequence[AuthorKey]) -> int:
    """How many claims of these authors lie in the store of a node that has stopped."""
    wanted = dict.fromkeys(authors)
    with store_of(home) as store:
        records = [record for record in store.feed_records() if record.feed.author in wanted]
    return sum(count for record in records for _, count in record.held)
