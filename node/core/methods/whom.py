"""Whom a text names: a name of somebody hosted here, an author key, an id string, a key's start."""

import re

from node.core.methods import params
from node.core.state import PeerState
from protocol.ids import AuthorKey

KEY_START = re.compile(r"[0-9a-f]{12,63}")
"""Lists print the first 12 digits of whoever has no name. More may be given, fewer never."""


def author_key(state: PeerState, name: str) -> AuthorKey | None:
    """Whom a hex key, an id string, or the name of somebody hosted here, stands for."""
    hosted = state.persons.named(name)
    if hosted is not None:
        return hosted.author
    named = params.author(name)
    return named.author if named is not None else None


def known_author(state: PeerState, name: str) -> AuthorKey | None:
    """The same, also by the start of a key that only one author known here has.

    Never to be asked for whom to trust: anybody can draw keys until one starts as a friend's.
    """
    exact = author_key(state, name)
    start = name.strip().lower()
    if exact is not None or not KEY_START.fullmatch(start):
        return exact
    authors = state.graph.authors
    rows = authors.starting_with(bytes.fromhex(start[: len(start) // 2 * 2]))
    keys = [AuthorKey(authors.name(row)) for row in rows.tolist()]
    keys += [key for key in state.blocked_authors if key not in keys]
    found = [key for key in keys if key.hex().startswith(start)]
    if len(found) > 1:
        raise params.BadParameter(
            f"{len(found)} authors known here have keys that start with {start}: give more digits"
        )
    return found[0] if found else None
