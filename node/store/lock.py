"""One process at a time owns a data directory.

The lock is the kernel's (`flock`) and dies with the process, so a crash leaves nothing to clean up.
What is written in the file only tells the next one who holds it.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType

from node.errors import NodeError


class LockedError(NodeError):
    """Another process owns the directory. `pid` and `since` are None when it did not say."""

    code = "locked"
    exit_code = 7

    def __init__(self, path: Path, pid: int | None, since: int | None) -> None:
        who = f"process {pid}" if pid else "another process"
        super().__init__(
            f"{path.parent} is in use by {who}",
            hint="run: grapevine stop, or choose another --data-dir or --profile",
        )
        self.pid = pid
        self.since = since


class DirectoryLock:
    """Holds the lock from construction until `release` or the end of the process."""

    def __init__(self, path: Path, *, now: float) -> None:
        """Take the lock file at `path`; raises `LockedError` at once when somebody holds it."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            written = os.pread(self._descriptor, 64, 0)
            os.close(self._descriptor)
            raise LockedError(path, *_holder(written)) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()} {int(now)}\n".encode(), 0)

    def release(self) -> None:
        """Let the next one in. The file stays: removing it would let two in at once."""
        if self._descriptor >= 0:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> "DirectoryLock":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def held_by(path: Path) -> int | None:
    """Process that holds the lock file at `path`; None when nobody does, or did not say.

    A lock is tried only where a living process has signed, so that who is about to take a free
    one does not meet us in it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        pid, _ = _holder(os.pread(descriptor, 64, 0))
        if pid is None or not _alive(pid):
            return None
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return pid
    finally:
        os.close(descriptor)
    return None  # a crash left the number, and somebody else has it now


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _holder(written: bytes) -> tuple[int | None, int | None]:
    words = written.split()
    if len(words) != 2 or not all(word.isdigit() for word in words):
        return None, None
    return int(words[0]), int(words[1])
