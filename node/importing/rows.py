"""What an import consists of, and its limits."""

from typing import NamedTuple

from node.errors import NodeError

LINE_CHARS_MAX = 4 * 1024 * 1024
"""A longer line is rejected and skipped without being held in memory."""

PAIRS_MAX = 1_000_000
"""Different (user, item) pairs of one import, about 300 MB; further pairs are rejected."""

USER_CHARS_MAX = 64
"""Users may become people, whose names are no longer."""

ITEM_BYTES_MAX = 128
TITLE_BYTES_MAX = 200
TAGS_MAX = 16
TAG_BYTES_MAX = 32


class ImportUnreadable(NodeError):
    """The file as a whole cannot be imported. Nothing was."""

    code = "import_unreadable"
    exit_code = 2


class BadRow(Exception):
    """One row cannot be taken; the text says why. Never leaves this package."""


class Entry(NamedTuple):
    """One line that could be read: a rating, a weight or some plays of an item."""

    user: str | None
    item: str
    weight: float | None
    """-1 to 1; None when the line counts plays instead."""
    plays: int
    time: float | None
    """Unix seconds; None when the file does not say."""
    title: str | None
    tags: tuple[str, ...]


class ImportRow(NamedTuple):
    """What one user thinks of one item, everything in the file about it taken together."""

    user: str | None
    item: str
    weight: float
    """-1 (dislike) to 1 (like)."""
    day: int
    """Days since 1970-01-01 of the last statement."""
    title: str | None
    tags: tuple[str, ...]


class Reject(NamedTuple):
    """A line that could not be taken. `line` counts from 1."""

    file: str
    line: int
    reason: str
    text: str
