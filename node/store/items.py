"""What items are called, by whom, and finding them by words."""

import re
from collections.abc import Iterable, Sequence

from node.store.database import Database
from node.store.persons import SEPARATOR
from node.store.rows import ItemInfoRow

ITEM_INFO_MAX = 1_000_000
"""Rows kept, about 250 MB on disk; at the cap others' new names are refused, our own never are."""

WORDS_MAX = 16
"""Words of one search that are looked at."""

_WORD = re.compile(r"\w+")

_UPSERT_INFO = """
INSERT INTO item_info (item, source, title, tags, seq, device) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (item, source) DO UPDATE SET
    title = excluded.title, tags = excluded.tags, seq = excluded.seq, device = excluded.device
WHERE (excluded.seq, excluded.device) >= (seq, device)
    AND (excluded.title, excluded.tags, excluded.seq, excluded.device)
        IS NOT (title, tags, seq, device)
"""


class ItemTables(Database):
    """Table `item_info` and its full-text index."""

    _room = 0
    """Rows that may be added before the table must be counted again."""

    def put_item_info(self, rows: Sequence[ItemInfoRow]) -> None:
        """Take in what sources call items. Relaxed.

        Of what a source says of an item the highest (seq, device) stands, in whatever order it
        comes; the later of two alike. At `ITEM_INFO_MAX` the rows of other people are left out.
        """
        with self.transaction(durable=False):
            if self._room < len(rows):
                count = self._row("SELECT count(*) FROM item_info")
                self._room = ITEM_INFO_MAX - (count[0] if count else 0)
            full = self._room < len(rows)
            self._room -= len(rows)
            self._executemany(
                _UPSERT_INFO,
                (
                    (*row[:3], SEPARATOR.join(row.tags), row.seq, row.device)
                    for row in rows
                    if not (full and row.source)
                ),
            )

    def item_info(self, items: Iterable[str]) -> list[ItemInfoRow]:
        """What is known of these items, by every source."""
        found: list[ItemInfoRow] = []
        sql = "SELECT item, source, title, tags, seq, device FROM item_info WHERE item = ?"
        for item in items:
            found.extend(_info(*row) for row in self._rows(sql, (item,)))
        return found

    def search_items(self, words: Iterable[str], limit: int) -> list[ItemInfoRow]:
        """Rows of at most `limit` items whose title or tags hold all the words, best match first.

        Case, accents and punctuation do not matter; the last word may be the beginning of one.
        Nothing is found for no words.
        """
        terms = _WORD.findall(" ".join(words))[:WORDS_MAX]
        if not terms:
            return []
        query = " ".join(f'"{term}"' for term in terms) + "*"
        rows = self._rows(
            "SELECT DISTINCT item FROM item_words JOIN item_info ON info = item_words.rowid"
            " WHERE item_words MATCH ? ORDER BY rank LIMIT ?",
            (query, limit),
        )
        return self.item_info(row[0] for row in rows)


def _info(item: str, source: bytes, title: str, tags: str, seq: int, device: bytes) -> ItemInfoRow:
    told = tuple(tags.split(SEPARATOR)) if tags else ()
    return ItemInfoRow(item, source, title, told, seq, device)
