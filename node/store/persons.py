"""The people who live on this node, and the private facts of each.

Every write here answers somebody's command, so every write is durable when it returns; but for
what a person was shown, since no list should wait for the disk.
"""

from collections.abc import Iterable, Sequence

from node.store.database import Database
from node.store.errors import StoreError
from node.store.rows import ClickRow, FactRow, PersonRow, ShownRow, VouchRow
from protocol.ids import AuthorKey, DeviceId, Lane

SEPARATOR = "\x1f"
"""Between tags and between terms; an importer and the wire schema both refuse it inside one."""


class UnknownPerson(StoreError):
    """A row was written for a name that is not hosted here. Nothing was changed."""

    code = "unknown_person"
    exit_code = 4


class PersonTables(Database):
    """Tables `persons`, `facts`, `vouch_facts`, `click_facts`, `shown`."""

    # ------------------------------------------------------------------------------ people

    def add_person(self, person: PersonRow) -> None:
        """Host one more person; the first ever is the owner. Name and author must be new."""
        with self.transaction(durable=True):
            self._execute(
                "INSERT INTO persons (name, author, device, seed, taste, vouches,"
                " negative_vouches, clicks) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                person,
            )

    def persons(self) -> list[PersonRow]:
        """Everybody hosted, the owner first."""
        rows = self._rows(
            "SELECT name, author, device, seed, taste, vouches, negative_vouches, clicks"
            " FROM persons ORDER BY person"
        )
        return [
            PersonRow(name, AuthorKey(author), DeviceId(device), seed, *map(bool, policy))
            for name, author, device, seed, *policy in rows
        ]

    def set_policy(
        self, name: str, *, taste: bool, vouches: bool, negative_vouches: bool, clicks: bool
    ) -> None:
        """What leaves this node for one person."""
        with self.transaction(durable=True):
            changed = self._execute(
                "UPDATE persons SET taste = ?, vouches = ?, negative_vouches = ?, clicks = ?"
                " WHERE name = ?",
                (taste, vouches, negative_vouches, clicks, name),
            )
            if not changed:
                raise UnknownPerson(f"nobody called {name!r} lives on this node")

    def _person(self, name: str) -> int:
        row = self._row("SELECT person FROM persons WHERE name = ?", (name,))
        if row is None:
            raise UnknownPerson(f"nobody called {name!r} lives on this node")
        person: int = row[0]
        return person

    # ------------------------------------------------------------------------------- taste

    def upsert_facts(self, person: str, facts: Iterable[FactRow]) -> tuple[int, int]:
        """Take facts in; returns (new or changed, identical to what was held).

        A changed fact is unshared again (its `seq` becomes the row's, usually None) and replaces
        the old one. `seq` does not make two facts different. One transaction for all rows.
        """
        rows = list(facts)
        with self.transaction(durable=True):
            who = self._person(person)
            changed = self._executemany(
                "INSERT INTO facts (person, item, kind, weight, day, title, tags, seq)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (person, item) DO UPDATE SET"
                " kind = excluded.kind, weight = excluded.weight, day = excluded.day,"
                " title = excluded.title, tags = excluded.tags, seq = excluded.seq"
                " WHERE (kind, weight, day, title, tags) IS NOT (excluded.kind, excluded.weight,"
                " excluded.day, excluded.title, excluded.tags)",
                (
                    (who, f.item, f.kind, f.weight, f.day, f.title, SEPARATOR.join(f.tags), f.seq)
                    for f in rows
                ),
            )
        return changed, len(rows) - changed

    def facts(self, person: str) -> list[FactRow]:
        """All private facts of a person, by item; about 300 bytes each."""
        rows = self._rows(
            "SELECT item, kind, weight, day, title, tags, seq FROM facts WHERE person = ?",
            (self._person(person),),
        )
        return [
            FactRow(item, kind, weight, day, title, _split(tags), seq)
            for item, kind, weight, day, title, tags, seq in rows
        ]

    def delete_fact(self, person: str, item: str) -> bool:
        """Forget one item; False when it was not known."""
        with self.transaction(durable=True):
            sql = "DELETE FROM facts WHERE person = ? AND item = ?"
            return self._execute(sql, (self._person(person), item)) > 0

    # --------------------------------------------------------------------- vouches, clicks

    def put_vouch(self, person: str, vouch: VouchRow) -> None:
        """Keep or replace the person's trust in one author."""
        with self.transaction(durable=True):
            self._execute(
                "INSERT OR REPLACE INTO vouch_facts (person, target, weight, seq)"
                " VALUES (?, ?, ?, ?)",
                (self._person(person), *vouch),
            )

    def vouches(self, person: str) -> list[VouchRow]:
        """Whom the person trusts or distrusts, by key."""
        rows = self._rows(
            "SELECT target, weight, seq FROM vouch_facts WHERE person = ?", (self._person(person),)
        )
        return [VouchRow(AuthorKey(target), weight, seq) for target, weight, seq in rows]

    def put_click(self, person: str, click: ClickRow) -> None:
        """Keep or replace the click on an item for these terms."""
        with self.transaction(durable=True):
            self._execute(
                "INSERT OR REPLACE INTO click_facts (person, terms, item, position, seq)"
                " VALUES (?, ?, ?, ?, ?)",
                (self._person(person), SEPARATOR.join(click.terms), *click[1:]),
            )

    def clicks(self, person: str) -> list[ClickRow]:
        """All clicks of the person, by terms and item."""
        rows = self._rows(
            "SELECT terms, item, position, seq FROM click_facts WHERE person = ?",
            (self._person(person),),
        )
        return [ClickRow(_split(terms), *rest) for terms, *rest in rows]

    # ------------------------------------------------------------------- what she was shown

    def keep_shown(self, person: str, shown: Iterable[ShownRow], gone: Iterable[str] = ()) -> None:
        """Remember first showings, forget others. Not durable before something else is."""
        with self.transaction(durable=False):
            who = self._person(person)
            self._executemany(
                "INSERT OR REPLACE INTO shown (person, item, day, authors, outcome)"
                " VALUES (?, ?, ?, ?, ?)",
                ((who, s.item, s.day, _joined(s.authors), s.outcome) for s in shown),
            )
            self._executemany(
                "DELETE FROM shown WHERE person = ? AND item = ?", ((who, item) for item in gone)
            )

    def set_outcome(self, person: str, item: str, outcome: int | None) -> None:
        """What became of a shown item; nothing happens when it is not remembered."""
        with self.transaction(durable=True):
            sql = "UPDATE shown SET outcome = ? WHERE person = ? AND item = ?"
            self._execute(sql, (outcome, self._person(person), item))

    def shown(self, person: str) -> list[ShownRow]:
        """What the person was shown, the oldest first."""
        rows = self._rows(
            "SELECT item, day, authors, outcome FROM shown WHERE person = ? ORDER BY showing",
            (self._person(person),),
        )
        return [
            ShownRow(item, day, _parted(authors), outcome) for item, day, authors, outcome in rows
        ]

    # ---------------------------------------------------------------------------- sharing

    def mark_shared(
        self,
        person: str,
        lane: Lane,
        keys: Sequence[str | AuthorKey | tuple[tuple[str, ...], str]],
        seq: int,
    ) -> None:
        """These facts now stand in the own bundle `seq` of `lane`.

        Keys are items in the taste lane, author keys in the vouch lane, (terms, item) in the
        click lane. Commit it together with the bundle: `transaction(durable=True)`.
        """
        with self.transaction(durable=True):
            who = self._person(person)
            self._executemany(_MARK[lane], ((seq, who, *_key(lane, key)) for key in keys))


_MARK = {
    Lane.TASTE: "UPDATE facts SET seq = ? WHERE person = ? AND item = ?",
    Lane.VOUCHES: "UPDATE vouch_facts SET seq = ? WHERE person = ? AND target = ?",
    Lane.CLICKS: "UPDATE click_facts SET seq = ? WHERE person = ? AND terms = ? AND item = ?",
}


def _key(lane: Lane, key: str | AuthorKey | tuple[tuple[str, ...], str]) -> tuple[str | bytes, ...]:
    if lane is Lane.CLICKS and isinstance(key, tuple):
        terms, item = key
        return SEPARATOR.join(terms), item
    if isinstance(key, str | bytes):
        return (key,)
    raise TypeError(f"not a key of lane {lane.name}: {key!r}")


def _joined(authors: Iterable[tuple[bytes, int]]) -> bytes:
    return b"".join(author + bytes([percent]) for author, percent in authors)


def _parted(joined: bytes) -> tuple[tuple[bytes, int], ...]:
    pieces = (joined[at : at + 33] for at in range(0, len(joined), 33))
    return tuple((piece[:32], piece[32]) for piece in pieces)


def _split(joined: str) -> tuple[str, ...]:
    return tuple(joined.split(SEPARATOR)) if joined else ()
