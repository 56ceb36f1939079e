"""Whose feeds have changed since the node's checkpoint, so that only they are read again.

Triggers note the author of every feed that is added to, voided in, cut or dropped; a later change
of the same author replaces her earlier one. A checkpoint fits the store that has its token: one
that came back from a backup, or was put in place of another, has not. What is noted goes only
when a newer checkpoint is on the disk, so that at any moment the file there is has all it needs.
"""

from typing import NamedTuple

from node.store.database import Database
from protocol.ids import AuthorKey

TOKEN_BYTES = 16

CHANGES_MAX = 262_144
"""Authors noted; beyond it reading everything again is as good, and no checkpoint fits any more."""

_DONE, _BEGUN = "checkpoint", "checkpoint_begun"

FORGET_CHECKPOINTS = f"""
DELETE FROM settings WHERE key IN ('{_DONE}', '{_BEGUN}');
DELETE FROM changes;
"""
"""SQL after which no checkpoint fits the store."""


class CheckpointMark(NamedTuple):
    """Up to where a checkpoint knows the store. `token`: 16 bytes, drawn for it alone."""

    token: bytes
    change: int


class ChangeTables(Database):
    """Table `changes`, and the settings that name the checkpoints that fit."""

    def begin_checkpoint(self, token: bytes) -> CheckpointMark:
        """Say that a checkpoint of the store as it is now will be written (durable).

        The checkpoint before it fits as well until `finish_checkpoint`.
        """
        with self.transaction(durable=True):
            [(noted,)] = self._rows("SELECT count(*) FROM changes")
            if noted > CHANGES_MAX:
                self._connection.execute(FORGET_CHECKPOINTS)
            self._execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (_BEGUN, token))
            return CheckpointMark(token, self._last_change())

    def finish_checkpoint(self, mark: CheckpointMark) -> None:
        """The checkpoint is on the disk: older ones are of no use any more (durable)."""
        with self.transaction(durable=True):
            self._execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (_DONE, mark.token))
            self._execute("DELETE FROM settings WHERE key = ? AND value = ?", (_BEGUN, mark.token))
            self._execute("DELETE FROM changes WHERE change <= ?", (mark.change,))

    def changed_since(self, mark: CheckpointMark) -> list[AuthorKey] | None:
        """Authors whose feeds have changed since; None when the checkpoint is not of this store."""
        known = self._rows("SELECT value FROM settings WHERE key IN (?, ?)", (_DONE, _BEGUN))
        if (mark.token,) not in known or mark.change > self._last_change():
            return None
        sql = "SELECT author FROM changes WHERE change > ? ORDER BY change"
        return [AuthorKey(author) for (author,) in self._rows(sql, (mark.change,))]

    def changes_since(self, change: int) -> int:
        """How many authors have changed since."""
        [(count,)] = self._rows("SELECT count(*) FROM changes WHERE change > ?", (change,))
        return int(count)

    def _last_change(self) -> int:
        row = self._row("SELECT seq FROM sqlite_sequence WHERE name = 'changes'")
        return int(row[0]) if row else 0
