"""The store: one SQLite file that holds all a node must not lose.

Synchronous, and used by one owner thread at a time. `Store` is one class because everything in it
shares one connection and its transactions; its parts live in modules by subject:

    bundles.py   feeds and bundles, void marks, dropped authors, proofs of equivocation
    persons.py   hosted people and their private facts, vouches and clicks
    changes.py   whose feeds have changed since the checkpoint
    items.py     titles and tags
    word_search.py  items by words
    peers.py     addresses, ledger, block and allow lists, settings
    backup.py    copies, and restoring one without ever equivocating

What a command acknowledges is durable before its method returns; what peers sent is kept with
fewer fsyncs, since it can be asked for again. To make several writes one, wrap them:

    with store.transaction(durable=True):
        store.add_own_bundles([bundle], seen=now)
        store.mark_shared("ada", Lane.TASTE, ["ml:movie:50"], bundle.seq)
"""

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from node.durable_file import sync_directory
from node.store import backup, migrations
from node.store.bundles import BundleTables
from node.store.changes import ChangeTables
from node.store.database import connect
from node.store.errors import StoreDamaged, StoreError, translated
from node.store.peers import PeerTables
from node.store.persons import PersonTables
from node.store.word_search import WordSearch

_CLEAN = "clean_shutdown"
_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100


class Store(BundleTables, ChangeTables, PersonTables, WordSearch, PeerTables):
    """An open store. Make one with `Store.open`; the caller holds the directory's lock."""

    @classmethod
    def open(cls, path: Path, *, steps: Mapping[int, str] = migrations.STEPS) -> "Store":
        """Open or create the store at `path`, bring its schema up to date.

        After an unclean end, SQLite recovers by itself and the whole file is checked (about 0.5 s
        a gigabyte); after a clean one only its header. Raises `StoreDamaged` (exit 13, the file
        is left as it is), `SchemaTooNew` (exit 9), `StoreFull`, `StoreError`.
        """
        with translated(path):
            if not path.exists():
                _create(path)
            suspicious = _check_file(path)
            connection = connect(path)
            try:
                migrations.migrate(connection, path, steps)
                store = cls(path, connection)
                if suspicious or store.setting(_CLEAN) != b"1":
                    store._check_whole()
                with store.transaction(durable=False):
                    store._execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (_CLEAN, b"0"))
            except BaseException:
                connection.close()
                raise
        return store

    def close(self) -> None:
        """Put everything into the one file and let go of it. Safe to repeat."""
        if self._closed:
            return
        self._closed = True
        with translated(self.path):
            try:
                self.set_setting(_CLEAN, b"1")
            finally:
                self._connection.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def backup(self, destination: Path, owner_seed: bytes) -> None:
        """Copy everything, secret keys included, into one new file with mode 0600.

        The store goes on working; `backup.restore` reads the file. Raises `BackupRefused`.
        """
        with translated(destination):
            backup.create(self._connection, destination, owner_seed)

    def bytes_on_disk(self) -> int:
        """Size of the store and its write-ahead log."""
        wal = self.path.with_name(f"{self.path.name}-wal")
        return sum(file.stat().st_size for file in (self.path, wal) if file.exists())

    def _check_whole(self) -> None:
        findings = self._rows("PRAGMA quick_check(1)")
        if findings != [("ok",)]:
            raise StoreDamaged(self.path, str(findings[0][0]))


def _create(path: Path) -> None:
    """Lay a whole, empty store at `path`, so that a file that is not whole is always damage."""
    fresh = path.with_name(f".{path.name}.new")
    for leftover in (
        fresh,
        path.with_name(f"{fresh.name}-wal"),
        path.with_name(f"{fresh.name}-shm"),
    ):
        leftover.unlink(missing_ok=True)
    try:
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreError(f"cannot create the store {path}: {error.strerror}") from error
    connection = connect(fresh)
    try:
        migrations.create_schema(connection)
    finally:
        connection.close()
    fresh.replace(path)
    sync_directory(path.parent)


def _check_file(path: Path) -> bool:
    """Look at the header before SQLite does; True when the file deserves a full check.

    Cheap: reads 100 bytes. A file shorter than its header says, with no write-ahead log that
    could hold the rest, has been cut off.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise StoreError(f"cannot read the store {path}: {error.strerror}") from error
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise StoreDamaged(
            path, "it is empty or cut off" if len(header) < 16 else "its header is bad"
        )
    page_bytes = int.from_bytes(header[16:18], "big")
    page_bytes = 65_536 if page_bytes == 1 else page_bytes
    pages = int.from_bytes(header[28:32], "big")
    has_wal = path.with_name(f"{path.name}-wal").exists()
    if not has_wal and size < pages * page_bytes:
        raise StoreDamaged(path, f"it has {size} bytes of {pages * page_bytes}")
    return has_wal
