"""The file of rows that an import could not take: for a person to read, mend and import again."""

import os
import re
from pathlib import Path
from types import TracebackType
from typing import TextIO

from node.errors import NodeError
from node.importing.rows import Reject

WRITTEN_MAX = 10_000
"""Rejects written; more are counted only."""

TEXT_CHARS_MAX = 4096
"""Of a longer line only the beginning is written."""

FILES_MAX = 1000
"""Rejects files of one source; then an old one must go first."""


class RejectsUnwritable(NodeError):
    """Rows that cannot be taken have nowhere to go. Nothing was imported."""

    code = "rejects_unwritable"


class RejectsFile:
    """Made at the first reject, `<name of the source>.<number>.rejects` with mode 0600.

    One line a reject: line number, reason, original line, separated by tabs.
    """

    def __init__(self, directory: Path, source: str) -> None:
        self._directory = directory
        self._stem = re.sub(r"[^A-Za-z0-9._-]", "_", source)[:64] or "import"
        self._file: TextIO | None = None
        self.path: Path | None = None
        """Where the rejects are; None while there are none."""
        self.count = 0

    def add(self, reject: Reject) -> None:
        """Write one reject down; beyond `WRITTEN_MAX` only count it."""
        self.count += 1
        if self.count > WRITTEN_MAX:
            return
        if self._file is None:
            self._file = self._create()
            self._file.write("# line\treason\toriginal\n")
        text = reject.text[:TEXT_CHARS_MAX].replace("\r", "\\r").replace("\n", "\\n")
        self._file.write(f"{reject.file}:{reject.line}\t{reject.reason}\t{text}\n")

    def _create(self) -> TextIO:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        for number in range(1, FILES_MAX + 1):
            path = self._directory / f"{self._stem}.{number}.rejects"
            try:
                descriptor = os.open(path, flags, 0o600)
            except FileExistsError:
                continue
            except OSError as error:
                raise RejectsUnwritable(
                    f"cannot write the rejected rows to {path}: {error.strerror}"
                ) from error
            self.path = path
            return open(descriptor, "w", encoding="utf-8", errors="backslashreplace")
        raise RejectsUnwritable(
            f"{self._directory} holds {FILES_MAX} files of {self._stem} already",
            hint="remove those that are dealt with",
        )

    def close(self) -> None:
        """Finish the file. Safe to repeat."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> "RejectsFile":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
