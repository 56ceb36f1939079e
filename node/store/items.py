"""What items are called, by whom."""

import secrets
from collections.abc import Iterable, Sequence

from node.store.database import Database, Row
from node.store.persons import SEPARATOR
from node.store.rows import ItemInfoRow
from node.store.word_breaks import apart

ITEM_INFO_MAX = 1_000_000
"""Rows kept, about 250 MB on disk; at the cap others' new names are refused, our own never are."""

_UPSERT_INFO = """
INSERT INTO item_info (item, source, title, tags, seq, device) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (item, source) DO UPDATE SET
    title = excluded.title, tags = excluded.tags, seq = excluded.seq, device = excluded.device
WHERE (excluded.seq, excluded.device) >= (seq, device)
    AND (excluded.title, excluded.tags, excluded.seq, excluded.device)
        IS NOT (title, tags, seq, device)
"""

AT_ONCE = 64
"""Items read with one statement."""

_INFO = f"""
SELECT item, source, title, tags, seq, device FROM item_info
WHERE item IN ({", ".join("?" * AT_ONCE)})
"""

SOURCES_MAX = 100
"""Sources of one item that a search reads; popular items have many hundreds."""

_COLUMNS = "item, source, title, tags, seq, device"

_SOME_INFO = f"""
SELECT {_COLUMNS} FROM item_info WHERE item = ? AND source = x''
UNION ALL SELECT * FROM (
    SELECT {_COLUMNS} FROM item_info WHERE item = ? AND source >= ?
    ORDER BY source LIMIT {SOURCES_MAX}
)
UNION ALL SELECT * FROM (
    SELECT {_COLUMNS} FROM item_info WHERE item = ? AND source < ? AND source > x''
    ORDER BY source LIMIT {SOURCES_MAX}
)
"""

_ADD_TEXT = """
INSERT INTO item_texts (item, title, tags, title_words, tag_words) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
"""


class ItemTables(Database):
    """Tables `item_info` and `item_texts`."""

    _first = secrets.token_bytes(32)
    """From which source on those of one item are read where they are too many."""

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
            said = [
                (*row[:3], SEPARATOR.join(row.tags), row.seq, row.device)
                for row in rows
                if not (full and row.source)
            ]
            texts = dict.fromkeys((item, title, tags) for item, _, title, tags, _, _ in said)
            self._executemany(
                _ADD_TEXT, ((*text, _set_apart(text[1]), _set_apart(text[2])) for text in texts)
            )
            self._executemany(_UPSERT_INFO, said)
            self._execute("DELETE FROM item_texts WHERE sources = 0")

    def item_info(self, items: Iterable[str]) -> list[ItemInfoRow]:
        """What is known of these items, by every source, in the order of the items."""
        wanted = {item: place for place, item in enumerate(items)}
        names, found = list(wanted), list[Row]()
        for start in range(0, len(names), AT_ONCE):
            part = names[start : start + AT_ONCE]
            found += self._rows(_INFO, (*part, *[None] * (AT_ONCE - len(part))))
        found.sort(key=lambda row: wanted[row[0]])
        return _infos(found)

    def some_item_info(self, items: Iterable[str]) -> list[ItemInfoRow]:
        """The same, of each item by ourselves and at most `SOURCES_MAX` others.

        Of more sources those count whose keys follow a number drawn at the start, so that nobody
        can make keys that always do.
        """
        found = list[Row]()
        for item in items:
            rows = self._rows(_SOME_INFO, (item, item, self._first, item, self._first))
            found += rows[: SOURCES_MAX + (not rows[0][1] if rows else 0)]
        return _infos(found)


def _infos(rows: Sequence[Row]) -> list[ItemInfoRow]:
    told = {row[3]: () if not row[3] else tuple(row[3].split(SEPARATOR)) for row in rows}
    return [ItemInfoRow(i, s, t, told[tags], seq, d) for i, s, t, tags, seq, d in rows]


def _set_apart(text: str) -> str | None:
    spaced = apart(text)
    return spaced if spaced != text else None
