"""Where a node keeps its things on disk, and who may enter.

One directory holds a whole node, so that "what do I back up, what do I delete" has one answer:

    config.toml      what the user set                       (hers to edit)
    author.key       the owner's secret seed, 0600           (back up)
    transport.key    the network child's secret, 0600        (can be drawn anew)
    store.sqlite     feeds, private facts, hosted people     (back up)
    checkpoint       what a start would rebuild from them    (can be made anew)
    similar          the owner's index of similar items      (can be made anew)
    lock             held by the running daemon
    run/node.sock    where the command line asks the daemon
    rejects/         rows that an import could not read
    logs/            the daemon's own log

A profile is another such directory, `profiles/NAME`, under the same base.
"""

import contextlib
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from node.errors import NodeError

SOCKET_PATH_BYTES_MAX = 100
"""Longest path bound as a Unix socket; the kernel's own limit is 107 bytes (103 on BSD)."""

PROFILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


class BadProfileName(NodeError):
    """A profile's name is also a directory's name, so it is short and plain."""

    code = "bad_profile"
    exit_code = 2


class DirectoryExposed(NodeError):
    """Somebody else owns the directory or may write in it, and so could swap our files."""

    code = "directory_exposed"
    exit_code = 8


class DirectoryUnusable(NodeError):
    """The directory cannot be made or entered."""

    code = "directory_unusable"
    exit_code = 8


@dataclass(frozen=True, slots=True)
class DataPaths:
    """Every file of one node. Holding one touches nothing on disk; `prepare` makes directories."""

    root: Path
    runtime_dir: Path
    """Where the socket goes when `root` is too deep for a Unix socket."""

    @property
    def config(self) -> Path:
        """Settings, TOML."""
        return self.root / "config.toml"

    @property
    def author_key(self) -> Path:
        """The owner's signing seed, 32 raw bytes."""
        return self.root / "author.key"

    @property
    def transport_key(self) -> Path:
        """The network child's seed, 32 raw bytes."""
        return self.root / "transport.key"

    @property
    def store(self) -> Path:
        """The SQLite file; its `-wal` and `-shm` companions lie beside it while open."""
        return self.root / "store.sqlite"

    @property
    def checkpoint(self) -> Path:
        """What a start would rebuild from the store, 0600; delete it at will."""
        return self.root / "checkpoint"

    @property
    def similar(self) -> Path:
        """The owner's index of similar items, 0600; delete it at will."""
        return self.root / "similar"

    @property
    def lock(self) -> Path:
        """Locked by the process that owns this directory."""
        return self.root / "lock"

    @property
    def rejects(self) -> Path:
        """One file an import that met unreadable rows."""
        return self.root / "rejects"

    @property
    def logs(self) -> Path:
        """The daemon's log files."""
        return self.root / "logs"

    @property
    def socket(self) -> Path:
        """The daemon's Unix socket; a hashed name in `runtime_dir` when the path is too long."""
        usual = self.root / "run" / "node.sock"
        if len(os.fsencode(usual)) <= SOCKET_PATH_BYTES_MAX:
            return usual
        digest = blake2b(os.fsencode(self.root), digest_size=8).hexdigest()
        return self.runtime_dir / f"{digest}.sock"


def data_paths(
    data_dir: str | Path | None = None,
    profile: str | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
) -> DataPaths:
    """Choose the node: `data_dir`, else `GRAPEVINE_HOME`, else the platform's data directory.

    `profile` (else `GRAPEVINE_PROFILE`) selects `profiles/NAME` below it. Raises `BadProfileName`.
    """
    chosen = data_dir or environ.get("GRAPEVINE_HOME")
    base = Path(chosen).expanduser() if chosen else _platform_data_dir()
    base = base.absolute()
    name = profile or environ.get("GRAPEVINE_PROFILE")
    if name:
        if not PROFILE_NAME.fullmatch(name):
            raise BadProfileName(
                f"profile name {name!r} is not usable",
                hint="use 1 to 32 letters, digits, '-' or '_', starting with a letter or digit",
            )
        base = base / "profiles" / name
    return DataPaths(base, _runtime_dir(environ))


def prepare(paths: DataPaths) -> None:
    """Make the node's directories, private to this user; safe to repeat.

    A directory that exists is taken as it is unless others may write in it: that, or an owner
    other than us, raises `DirectoryExposed`. The socket's directory is always 0700.
    """
    _private_directory(paths.root, readable=True)
    for directory in (paths.rejects, paths.logs, paths.socket.parent):
        _private_directory(directory, readable=False)


def kernel_cache(paths: DataPaths, *, environ: Mapping[str, str] = os.environ) -> Path:
    """Where compiled walks are kept: the user's cache directory, else the node's own."""
    home = environ.get("XDG_CACHE_HOME") or environ.get("HOME")
    if home:
        cache = Path(home) if environ.get("XDG_CACHE_HOME") else Path(home) / ".cache"
        with contextlib.suppress(OSError):
            (cache / "grapevine").mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.access(cache / "grapevine", os.W_OK):
                return cache / "grapevine"
    return paths.root / "cache"


def _private_directory(directory: Path, *, readable: bool) -> None:
    """Make it 0700, or check what is there. `readable` tolerates readers, never writers."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = directory.stat()
        if status.st_uid != os.geteuid():
            raise DirectoryExposed(
                f"{directory} belongs to another user",
                hint="choose a directory of your own with --data-dir or GRAPEVINE_HOME",
            )
        mode = stat.S_IMODE(status.st_mode)
        if readable and mode & 0o022:
            raise DirectoryExposed(
                f"{directory} is writable by other users (mode {mode:04o})",
                hint=f"run: chmod 700 {directory}",
            )
        if not readable and mode != 0o700:
            directory.chmod(0o700)
    except OSError as error:
        raise DirectoryUnusable(
            f"cannot use the directory {directory}: {error.strerror}",
            hint="choose another one with --data-dir or GRAPEVINE_HOME",
        ) from error


def _platform_data_dir() -> Path:
    # Imported here because every command with an explicit directory can do without it.
    from platformdirs import user_data_path

    return user_data_path("grapevine", appauthor=False)


def _runtime_dir(environ: Mapping[str, str]) -> Path:
    """A short directory of this user's own; `prepare` checks that it is."""
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        return Path(runtime) / "grapevine"
    return Path("/tmp") / f"grapevine-{os.geteuid()}"
