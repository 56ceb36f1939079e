"""One SQLite connection and its transactions: the ground on which the tables' modules stand.

WAL with two commit paths. A durable transaction (`synchronous=FULL`) is on the disk when it
returns: everything a person was told "done" about, and every own bundle before anybody sees it.
A relaxed one (`synchronous=NORMAL`) survives the death of the process at once and of the machine
from the next durable commit or checkpoint on: others' bundles, which can be fetched again.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from node.store.errors import translated

Row = tuple[Any, ...]

PAGE_BYTES = 8192
"""A 64-claim bundle (about 2.5 kB) wastes a third of a 4 KiB page and little of this one."""

WAL_BYTES_KEPT = 32 * 1024 * 1024
"""The write-ahead log is cut back to this size after it has grown."""

CACHE_KIB = 8 * 1024
STATEMENTS_CACHED = 128


class Database:
    """A connection of one owner thread. Not thread-safe, and never opened twice for writing."""

    def __init__(self, path: Path, connection: apsw.Connection) -> None:
        self.path = path
        self._connection = connection
        self._in_transaction = False
        self._durable = True
        self._closed = False

    @contextmanager
    def transaction(self, *, durable: bool) -> Iterator[None]:
        """All writes inside become visible together at the end, or not at all on an error.

        Inside another transaction it joins that one; a durable one cannot join a relaxed one
        (`ValueError`: it could not keep its promise). Cost: one fsync when durable.
        """
        if self._in_transaction:
            if durable and not self._durable:
                raise ValueError("a durable write inside a relaxed transaction")
            yield
            return
        with translated(self.path):
            if durable != self._durable:
                self._connection.pragma("synchronous", "FULL" if durable else "NORMAL")
                self._durable = durable
            self._connection.execute("BEGIN IMMEDIATE")
            self._in_transaction = True
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself after some failures (disk full, I/O error).
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._in_transaction = False

    def _execute(self, sql: str, bindings: Sequence[Any] = ()) -> int:
        """Run one statement, inside the current transaction; returns the rows changed."""
        self._connection.execute(sql, bindings)
        changed: int = self._connection.changes()
        return changed

    def _executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> int:
        """Run one statement for every row; returns the rows changed in all, by triggers too."""
        before: int = self._connection.total_changes()
        self._connection.executemany(sql, rows)
        after: int = self._connection.total_changes()
        return after - before

    def _rows(self, sql: str, bindings: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query whose result is known to be bounded."""
        with translated(self.path):
            rows: list[Row] = self._connection.execute(sql, bindings).fetchall()
            return rows

    def _row(self, sql: str, bindings: Sequence[Any] = ()) -> Row | None:
        """The first row of a query, if any."""
        with translated(self.path):
            row: Row | None = self._connection.execute(sql, bindings).fetchone()
            return row


def connect(path: Path, *, create: bool = False) -> apsw.Connection:
    """Open the file with the settings every connection of ours has; raises apsw's errors."""
    flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if create else 0)
    connection = apsw.Connection(str(path), flags=flags, statementcachesize=STATEMENTS_CACHED)
    connection.pragma("page_size", PAGE_BYTES)  # effective only while the file is empty
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "FULL")
    connection.pragma("journal_size_limit", WAL_BYTES_KEPT)
    connection.pragma("cache_size", -CACHE_KIB)
    connection.pragma("secure_delete", "FAST")  # what was forgotten is not left in free pages
    connection.pragma("trusted_schema", False)
    return connection
