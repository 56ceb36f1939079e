"""Files that are either whole and on the disk, or not there at all."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path


def write_atomically(
    path: Path,
    content: bytes | Iterable[bytes | memoryview],
    *,
    mode: int = 0o600,
    replace: bool = True,
) -> None:
    """Write `content`, whole or in pieces, so that a crash leaves the old file or the new one.

    Temporary file, fsync, rename, fsync of the directory. With `replace=False` an existing file
    stays and `FileExistsError` is raised. Costs two fsyncs.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)  # the umask may have taken bits away
            for piece in (content,) if isinstance(content, bytes) else content:
                file.write(piece)
            file.flush()
            os.fsync(descriptor)
        if replace:
            os.replace(temporary, path)
        else:
            os.link(temporary, path)  # unlike rename, fails when the name is taken
    finally:
        temporary.unlink(missing_ok=True)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make renames and unlinks in the directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make what was written to the file by other means durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
