"""What can go wrong with the store, as its user meets it."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from node.errors import NodeError


class StoreError(NodeError):
    """The store could not do it; the transaction in question left no trace."""

    code = "store_error"
    exit_code = 1


class StoreDamaged(StoreError):
    """The file is not a whole store of ours. It is left as it is."""

    code = "store_damaged"
    exit_code = 13

    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(
            f"the store {path} is damaged: {detail}",
            hint=f"move it away, then restore a backup: mv {path} {path}.damaged;"
            " grapevine backup restore FILE",
        )


class StoreFull(StoreError):
    """No room on the disk. What was acknowledged before is safe; this write left no trace."""

    code = "store_full"
    exit_code = 1

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"no room left on the disk of {path}",
            hint="free some space; the node goes on by itself",
        )


class SchemaTooNew(StoreError):
    """A newer Grapevine wrote the store. It is left as it is."""

    code = "schema_too_new"
    exit_code = 9

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"the store {path} has schema {found}, this program knows up to {known}",
            hint="install the newer grapevine-node that wrote it",
        )


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Let SQLite's failures out as ours; everything else passes unchanged."""
    try:
        yield
    except apsw.FullError as error:
        raise StoreFull(path) from error
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise StoreDamaged(path, str(error)) from error
    except (apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError, apsw.BusyError) as error:
        raise StoreError(
            f"the store {path} cannot be used: {error}",
            hint="check the disk and the file's permissions",
        ) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StoreFull(path) from error
        raise StoreError(
            f"{error.filename or path} cannot be used: {error.strerror}",
            hint="check the path, the disk and the file's permissions",
        ) from error
