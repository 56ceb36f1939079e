"""Copies of a node, and coming back from one without ever contradicting oneself.

A backup is one SQLite file: the store, with the owner's secret seed put where the other hosted
people's seeds already are. Whoever holds the file is these people, so it is written with mode 0600.

A restored node must not go on with the feeds of the backup: it cannot know what was published after
the copy was made, and two bundles with one number are an equivocation that costs the author all
trust. So a restore draws a new device for every person. Her old feeds stay as they are, new
statements go into new feeds with numbers above all known ones, and every fact counts as not yet
shared, so that it is stated again there. Settings in `config.toml` and the transport key are not in
a backup.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import apsw

from node.durable_file import write_atomically
from node.errors import NodeError
from node.identity import author_key, new_device, read_seed
from node.paths import DataPaths, prepare
from node.store import migrations
from node.store.changes import FORGET_CHECKPOINTS
from node.store.checkpoint_file import discard_checkpoint
from node.store.database import Row
from node.store.errors import SchemaTooNew, translated
from node.store.lock import DirectoryLock

RESTORED = "restored_at"
"""Setting that remembers when the node came back from a backup, Unix seconds in digits."""


class BackupRefused(NodeError):
    """It would overwrite something. Nothing was changed."""

    code = "backup_refused"
    exit_code = 2


class BackupMissing(NodeError):
    """There is no such file, or it cannot be opened. Nothing was changed."""

    code = "not_found"
    exit_code = 4


class BackupDamaged(NodeError):
    """The file is no whole backup of ours. Nothing was changed."""

    code = "backup_damaged"
    exit_code = 13


class BackupSummary(NamedTuple):
    """What a backup holds."""

    schema: int
    persons: tuple[str, ...]
    """Names, the owner first."""
    facts: int
    bundles: int


def create(connection: apsw.Connection, destination: Path, owner_seed: bytes) -> None:
    """Write a backup of the open store to a file that does not exist yet.

    Raises `BackupRefused` when it does, or where nothing can be written.
    """
    if destination.exists():
        raise BackupRefused(f"{destination} exists already", hint="choose another file name")

    def add_owner_key(copy: apsw.Connection) -> None:
        owner = copy.execute("SELECT person, author FROM persons ORDER BY person").fetchone()
        if owner is None or owner[1] != author_key(owner_seed):
            raise BackupRefused("the key file is not the key of this store's owner")
        copy.execute("UPDATE persons SET seed = ? WHERE person = ?", (owner_seed, owner[0]))

    try:
        migrations.copy_database(connection, destination, add_owner_key)
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise BackupRefused(
            f"cannot write {destination}: {error.strerror}", hint="choose another directory"
        ) from error


def verify(path: Path) -> BackupSummary:
    """Read the whole backup and check it. Raises `BackupDamaged` or `SchemaTooNew`."""
    connection = _open(path)
    try:
        return _verified(connection, path)
    finally:
        connection.close()


def restore(
    path: Path,
    paths: DataPaths,
    *,
    now: float,
    entropy: Callable[[int], bytes] = os.urandom,
    steps: Mapping[int, str] = migrations.STEPS,
) -> BackupSummary:
    """Make a node out of a backup, in a data directory that holds none.

    The store takes its name last, so an interrupted restore is simply run again. Raises
    `BackupRefused` when there is a node already, `LockedError` when a daemon runs there,
    `BackupMissing`, `BackupDamaged`, `SchemaTooNew`, `StoreFull`.
    """
    connection = _open(path)
    try:
        summary = _verified(connection, path, steps)
        people: list[Row] = connection.execute(_PEOPLE).fetchall()
        seed: bytes = people[0][2]
        prepare(paths)
        with DirectoryLock(paths.lock, now=now), translated(paths.store):
            _refuse_to_overwrite(paths, seed)
            if not paths.author_key.exists():
                write_atomically(paths.author_key, seed, replace=False)

            def make_new(copy: apsw.Connection) -> None:
                migrations.run_steps(copy, steps)
                _become_another_device(copy, int(now), entropy)

            discard_checkpoint(paths.checkpoint)
            migrations.copy_database(connection, paths.store, make_new)
    finally:
        connection.close()
    return summary


def _open(path: Path) -> apsw.Connection:
    try:
        with path.open("rb"):
            pass
        connection = apsw.Connection(f"{path.absolute().as_uri()}?immutable=1", flags=_READ_ONLY)
        connection.pragma("application_id")  # reads the header
    except OSError as error:
        raise BackupMissing(f"cannot read the backup {path}: {error.strerror}") from error
    except apsw.Error as error:
        raise BackupDamaged(f"{path} is no backup: {error}", hint="choose another file") from error
    return connection


_READ_ONLY = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI


def _verified(
    connection: apsw.Connection, path: Path, steps: Mapping[int, str] = migrations.STEPS
) -> BackupSummary:
    if connection.pragma("application_id") != migrations.APPLICATION_ID:
        raise BackupDamaged(f"{path} was not written by Grapevine", hint="choose another file")
    schema: int = connection.pragma("user_version")
    if schema > migrations.schema_version(steps):
        raise SchemaTooNew(path, schema, migrations.schema_version(steps))
    try:
        findings = connection.execute("PRAGMA quick_check(1)").fetchall()
        if findings != [("ok",)]:
            raise BackupDamaged(f"the backup {path} is damaged: {findings[0][0]}", hint=_OTHER)
        people: list[Row] = connection.execute(_PEOPLE).fetchall()
        [(facts, bundles)] = list[Row](
            connection.execute(
                "SELECT (SELECT count(*) FROM facts), (SELECT count(*) FROM bundles)"
            )
        )
    except apsw.Error as error:
        raise BackupDamaged(f"the backup {path} is damaged: {error}", hint=_OTHER) from error
    if not people:
        raise BackupDamaged(f"the backup {path} holds nobody", hint=_OTHER)
    for name, author, seed in people:
        if seed is None or author_key(seed) != author:
            raise BackupDamaged(f"the backup {path} lacks the key of {name!r}", hint=_OTHER)
    return BackupSummary(schema, tuple(name for name, _, _ in people), facts, bundles)


_OTHER = "choose an older backup"
_PEOPLE = "SELECT name, author, seed FROM persons ORDER BY person"


def _refuse_to_overwrite(paths: DataPaths, seed: bytes) -> None:
    if paths.store.exists():
        raise BackupRefused(
            f"{paths.root} holds a node already",
            hint="restore into another place with --data-dir or --profile",
        )
    if paths.author_key.exists() and read_seed(paths.author_key) != seed:
        raise BackupRefused(
            f"{paths.author_key} is the key of somebody else",
            hint="restore into another place with --data-dir or --profile",
        )


def _become_another_device(
    copy: apsw.Connection, now: int, entropy: Callable[[int], bytes]
) -> None:
    """Draw every person's device anew and forget which bundles carry which facts.

    No checkpoint of what is rebuilt at a start fits the copy.
    """
    with copy:
        people = copy.execute("SELECT person FROM persons ORDER BY person").fetchall()
        for order, (person,) in enumerate(people):
            copy.execute(
                "UPDATE persons SET device = ? WHERE person = ?",
                (new_device(entropy=entropy), person),
            )
            if order == 0:  # the owner's seed lives in the key file
                copy.execute("UPDATE persons SET seed = NULL WHERE person = ?", (person,))
        for table in ("facts", "vouch_facts", "click_facts"):
            copy.execute(f"UPDATE {table} SET seq = NULL")
        copy.execute(FORGET_CHECKPOINTS)
        copy.execute(
            "INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)",
            (RESTORED, str(now).encode()),
        )
