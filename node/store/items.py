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


class ItemTables(Database):
    """Table `item_info` and its full-text index."""

    _room = 0
    """Rows that may be added before the table must be counted again."""

    def put_item_info(self, rows: Sequence[ItemInfoRow]) -> None:
        """Take in or replace what sources call items. Relaxed.

        At `ITEM_INFO_MAX` the rows of other people are left out.
        """
        with self.transaction(durable=False):
            if self._room < len(rows):
                count = self._row("SELECT count(*) FROM item_info")
                self._room = ITEM_INFO_MAX - (count[0] if count else 0)
            full = self._room < len(rows)
            self._room -= len(rows)
            self._executemany(
                "INSERT INTO item_info (item, source, title, tags) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (item, source) DO UPDATE"
                " SET title = excluded.title, tags = excluded.tags"
                " WHERE (title, tags) IS NOT (excluded.title, excluded.tags)",
                (
                    (row.item, row.source, row.title, SEPARATOR.join(row.tags))
                    for row in rows
                    if not (full and row.source)
                ),
            )

    def item_info(self, items: Iterable[str]) -> list[ItemInfoRow]:
        """What is known of these items, by every source."""
        found: list[ItemInfoRow] = []
        sql = "SELECT item, source, title, tags FROM item_info WHERE item = ?"
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


def _info(item: str, source: bytes, title: str, tags: str) -> ItemInfoRow:
    return ItemInfoRow(item, source, title, tuple(tags.split(SEPARATOR)) if tags else ())
