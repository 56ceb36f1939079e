"""Finding items by words, in bounded time however common the words are.

Each different text of an item is indexed once, whoever and however many say it. A word that is in
very many texts says little, and ranking all of them would take longer than anybody waits: of the
matches only the first and the last `SCORED_MAX` to have come are ranked, so that a flood of new
titles cannot displace the old ones, nor the old ones what is new.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from node.store.items import ItemTables
from node.store.word_breaks import folded, phrases

WORDS_MAX = 64
"""Words of one search that are looked at."""

SCORED_MAX = 4_000
"""Texts ranked at either end, .5 µs each for one word and 1 µs for two."""

BEGINNINGS_MAX = 64
"""Words that the last one may be the beginning of: the first ones of the alphabet."""

SAID_MAX = 4
"""Times that a word counts which is said again in a long question; repeated, it weighs more."""

COMMON_MAX = 2 * SCORED_MAX
"""Texts that all the words looked for together may be in, unless one alone is in more."""

AMONG_MAX = 50
"""Clicked items that are looked at one by one, 40 µs each, where more match than are ranked."""

_RANKED = """
SELECT item, score FROM (
    SELECT text, score FROM (
        SELECT rowid AS text, rank AS score FROM item_words WHERE item_words MATCH ?
        ORDER BY rowid {} LIMIT ?
    ) ORDER BY score, text LIMIT ?
) JOIN item_texts USING (text) ORDER BY score, text
"""
_FIRST, _LAST = _RANKED.format("ASC"), _RANKED.format("DESC")

_AMONG = """
SELECT 1 FROM item_words WHERE item_words MATCH ? AND rowid IN (
    SELECT text FROM item_texts WHERE item = ?
) LIMIT 1
"""


class Matches(NamedTuple):
    """Items by how well their texts match, best first. full: all words; partial: some, and these
    items are not in `full`."""

    full: list[str]
    partial: list[str]


class WordSearch(ItemTables):
    """Full-text search over `item_texts`."""

    def match_items(
        self, words: Iterable[str], limit: int, *, enough: int = 0, clicked: Sequence[str] = ()
    ) -> Matches:
        """At most `limit` items in whose title or tags all the words are, by BM25; behind them
        those of the items `clicked` that match too, where there are more matches than `limit`.

        Case, accents and punctuation do not matter; the last word may be the beginning of one.
        Nothing is found for no words. Items with some of the words are looked for only where
        these and the clicked ones are fewer than `enough`. Some milliseconds for common words.
        """
        said = phrases(" ".join(words))
        wanted = list(said)[:WORDS_MAX]
        if not wanted:
            return Matches([], [])
        quoted = [f'"{word}"' for word in wanted]
        every = " AND ".join(quoted)
        full = self._ranked(every, limit)
        if len(full) >= limit:
            others = [item for item in dict.fromkeys(clicked) if item not in full][:AMONG_MAX]
            more = [item for item in others if self._rows(_AMONG, (every, item))]
            return Matches([*full, *more], [])
        longer = self._longer(wanted[-1])
        if longer:
            begun = " AND ".join((*quoted[:-1], f"({' OR '.join(longer)})"))
            full |= self._ranked(begun, limit)
            full = dict.fromkeys(list(full)[:limit])
        partial: list[str] = []
        if len(wanted) > 1 and len(full.keys() | set(clicked)) < enough:
            some = " OR ".join(
                f'"{word}"' for word in self._rare(wanted) for _ in range(min(said[word], SAID_MAX))
            )
            partial = [item for item in self._ranked(some, limit) if item not in full]
        return Matches(list(full), partial)

    def _ranked(self, query: str, limit: int) -> dict[str, None]:
        """Items by score; each may have several texts."""
        found = self._rows(_FIRST, (query, SCORED_MAX, 2 * limit))
        counted = self._row(
            "SELECT count(*) FROM (SELECT 1 FROM item_words WHERE item_words MATCH ? LIMIT ?)",
            (query, SCORED_MAX + 1),
        )
        if counted and counted[0] > SCORED_MAX:
            found += self._rows(_LAST, (query, SCORED_MAX, 2 * limit))
            found.sort(key=lambda row: row[1])
        return dict.fromkeys(list(dict.fromkeys(item for item, _ in found))[:limit])

    def _longer(self, word: str) -> list[str]:
        """Indexed words that begin with this one, quoted."""
        start = folded(word)
        if " " in start or not start:
            return []
        rows = self._rows(
            "SELECT term, doc FROM item_terms WHERE term > ? AND term < ? LIMIT ?",
            (start, start + "\U0010ffff", BEGINNINGS_MAX),
        )
        longer, texts = list[str](), 0
        for term, count in rows:
            texts += count
            if longer and texts > COMMON_MAX:
                break
            longer.append(f'"{term}"')
        return longer

    def _rare(self, words: Sequence[str]) -> list[str]:
        """The rarest of the words, which tell most, in their order."""
        count = {word: self._count(word) for word in words}
        rare, texts = set[str](), 0
        for word in sorted(words, key=count.__getitem__):
            texts += count[word]
            if rare and texts > COMMON_MAX:
                break
            rare.add(word)
        return [word for word in words if word in rare]

    def _count(self, word: str) -> int:
        """In how many texts the word is; of a phrase, its rarest letter."""
        sql = "SELECT doc FROM item_terms WHERE term = ?"
        rows = [self._row(sql, (folded(part),)) for part in word.split()]
        return min((row[0] if row else 0 for row in rows), default=0)
