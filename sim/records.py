"""Files that a run or a sweep leaves: one struct as JSON, whole or not at all, with a version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

Record = TypeVar("Record", bound=Struct)


def write(record: Struct, file: Path) -> Path:
    """Write it beside its place first, so that nobody ever reads a part of it. NaN becomes null."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".part")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(record)) + b"\n")
    draft.replace(file)
    return file


def read(
    file: Path,
    kind: type[Record],
    what: str,
    version: int,
    error: type[ValueError],
    mend: Callable[[Any], Any] = lambda tree: tree,
) -> Record:
    """The record in a file. mend: makes of the JSON what the struct expects.

    Raises `error`, with the file and why, for what is not there, no `what`, or of another version.
    """
    try:
        record = msgspec.convert(mend(msgspec.json.decode(file.read_bytes())), kind)
    except OSError as problem:
        raise error(f"{file}: {problem.strerror or problem}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise error(f"{file}: is no {what}: {problem}") from None
    found: Any = record
    if found.version != version:
        raise error(f"{file}: is of version {found.version}, this is {version}")
    return record
