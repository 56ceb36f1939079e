"""A store with titled items, likes and clicks; words are as unequal as those of a language."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from node.store.rows import FactRow, ItemInfoRow, VouchRow
from protocol.bundle import Bundle
from protocol.claims import Claim, Click, Interaction, InteractionKind, ItemInfo, Vouch
from protocol.ids import Lane
from tests.bench.scale import Scale
from tests.bench.seeding import AUTHORS_AT_ONCE, SeededAuthor, mbid, store_of, today

TITLE_WORDS, TAGS = 4, 3
COMMON = ("the", "of", "love", "night")
"""In two of five, one of five, one of ten and one of twenty titles."""
TITLED = 1 / 3
"""Part of the likes whose author says what the item is called."""
PER_BUNDLE = 256
OWNER_VOUCHES, FRIENDS = 30, 10


@dataclass(frozen=True, slots=True)
class Words:
    """Titles and tags of items by number."""

    titles: list[str]
    tags: list[tuple[str, ...]]

    @classmethod
    def drawn(cls, items: int, rng: np.random.Generator) -> "Words":
        """Zipf's law, and a few words that are nearly everywhere."""
        drawn = _zipf(rng, (items, TITLE_WORDS), items // 4 + 4)
        marks = _zipf(rng, (items, TAGS), items // 50 + 4)
        parts = [0.4, 0.2, 0.1, 0.05]
        titles = []
        for own in drawn.tolist():
            words = [word for word, part in zip(COMMON, parts, strict=True) if rng.random() < part]
            titles.append(" ".join((*words, *(f"{_syllables(k)}" for k in own))).title())
        tags = [tuple(f"{_syllables(k)}ish" for k in sorted(set(own))) for own in marks.tolist()]
        return cls(titles, tags)

    def of(self, item: int) -> list[str]:
        """Words that find the item."""
        return [*self.titles[item].lower().split(), *self.tags[item]]


def seed_clicks(home: Path, scale: Scale) -> Words:
    """A node that has heard `search_clicks` likes and as many clicks. About two minutes and 1 GB.

    An author clicks on what she likes, mostly for a word of its title or tags, sometimes for one
    that is in neither.
    """
    rng = np.random.default_rng(5)
    words = Words.drawn(scale.search_items, rng)
    authors = [SeededAuthor("clicks", number) for number in range(scale.search_authors)]
    names = [mbid(number) for number in range(scale.search_items)]
    each = scale.search_clicks // scale.search_authors
    popularity = np.cumsum(np.arange(1, scale.search_items + 1) ** -0.6)
    with store_of(home) as store:
        for start in range(0, len(authors), AUTHORS_AT_ONCE):
            bundles: list[Bundle] = []
            infos: list[ItemInfoRow] = []
            for at in range(start, min(start + AUTHORS_AT_ONCE, len(authors))):
                author = authors[at]
                own = np.searchsorted(popularity, rng.random(each) * popularity[-1]).tolist()
                likes: list[Claim] = [
                    Interaction(names[item], InteractionKind.LIKE, 100, today())
                    for item in dict.fromkeys(own)
                ]
                titles = [
                    ItemInfo(names[item], words.titles[item], words.tags[item])
                    for item in dict.fromkeys(own)
                    if rng.random() < TITLED
                ]
                clicks = _clicks(own, names, words, rng)
                friends = rng.integers(0, len(authors), FRIENDS)
                vouches: list[Claim] = [Vouch(authors[k].key, 100) for k in friends if k != at]
                said = author.say(Lane.TASTE, [*likes, *titles], PER_BUNDLE // 4)
                said += author.say(Lane.CLICKS, clicks, PER_BUNDLE // 2)
                said += author.say(Lane.VOUCHES, vouches, PER_BUNDLE)
                bundles += said
                infos += [ItemInfoRow(t.item, author.key, t.title, t.tags) for t in titles]
            store.add_bundles(bundles, seen=int(time.time()))
            store.put_item_info(infos)
        store.upsert_facts("me", [FactRow(name, "LIKE", 100, today()) for name in names[:100]])
        for number in rng.permutation(len(authors))[:OWNER_VOUCHES].tolist():
            store.put_vouch("me", VouchRow(authors[number].key, 100))
    return words


def _clicks(
    own: list[int], names: list[str], words: Words, rng: np.random.Generator
) -> list[Claim]:
    """One click for each, distinct by term and item."""
    found: dict[tuple[str, int], None] = {}
    for item in own:
        known = words.of(item)
        while True:
            other = item if rng.random() < 0.8 else int(rng.integers(0, len(names)))
            key = str(rng.choice(known)), other
            if key not in found:
                break
        found[key] = None
    return [
        Click((term,), names[item], int(place))
        for (term, item), place in zip(found, rng.integers(0, 10, len(found)), strict=True)
    ]


def _zipf(rng: np.random.Generator, shape: tuple[int, int], top: int) -> "np.ndarray":
    weight = np.cumsum(1 / np.arange(1, top + 1))
    return np.searchsorted(weight, rng.random(shape) * weight[-1])


def _syllables(number: int) -> str:
    """A word for a number; none is the beginning of very many others."""
    parts = ("ka", "lo", "mi", "ru", "se", "to", "va", "ne", "du", "pi")
    return "".join(parts[int(digit)] for digit in f"{number:04}")
