"""Rows back to names, and whose title of an item is shown.

Shown is the person's own title, else the trust-weighted majority's; a stranger's only when nobody
trusted named the item, and then it is marked.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from node.core.events import InfoRow
from node.core.persons import Person
from node.core.state import PeerState
from protocol.ids import AuthorKey
from ranking.trust_vector import TrustVector

Titles = dict[str, dict[str, Any]]
"""Item -> {"item", "title", "tags", "title_by"}; title_by: own, trusted, stranger or none."""


def titles(
    state: PeerState,
    person: Person,
    trust: TrustVector | None,
    items: Iterable[str],
    rows: Iterable[InfoRow],
) -> Titles:
    """Choose a title for each item from what the store knows."""
    by_item: dict[str, list[InfoRow]] = {}
    for row in rows:
        if state.trust.refuses(AuthorKey(row.author)):
            continue
        by_item.setdefault(row.item, []).append(row)
    return {item: _chosen(state, person, trust, item, by_item.get(item, [])) for item in items}


def _chosen(
    state: PeerState,
    person: Person,
    trust: TrustVector | None,
    item: str,
    rows: list[InfoRow],
) -> dict[str, Any]:
    fact = person.facts.get(item)
    if fact is not None and fact.title:
        return _shown(item, fact.title, fact.tags, "own")
    weight: dict[tuple[str, tuple[str, ...]], float] = {}
    for row in rows:
        key = (row.title, row.tags)
        weight[key] = weight.get(key, 0.0) + _weight(state, trust, row.author)
    if not weight:
        return _shown(item, "", (), "none")
    (title, tags), best = max(weight.items(), key=lambda kv: (kv[1], kv[0]))
    return _shown(item, title, tags, "trusted" if best > 0 else "stranger")


def _weight(state: PeerState, trust: TrustVector | None, author: bytes) -> float:
    if not author or state.persons.with_key(AuthorKey(author)) is not None:
        return 1.0
    row = state.graph.author_row(author, create=False)
    if trust is None or not 0 <= row < trust.n_authors:
        return 0.0
    return float(trust.t[row])


def _shown(item: str, title: str, tags: tuple[str, ...], by: str) -> dict[str, Any]:
    return {"item": item, "title": title, "tags": list(tags), "title_by": by}


def item_names(state: PeerState, rows: Iterable[int]) -> list[str]:
    """Item names of rows in use."""
    return [state.graph.items.name(row).decode() for row in rows]


def person_named(state: PeerState, row: int) -> dict[str, Any]:
    """An author row as an answer shows it: key, and the name if she lives here."""
    key = AuthorKey(state.graph.authors.name(row))
    hosted = state.persons.with_key(key)
    return {"author": key.hex(), "name": hosted.name if hosted is not None else ""}


def item_rows(state: PeerState, items: Iterable[str]) -> "np.ndarray[Any, np.dtype[np.int32]]":
    """Rows of those items that the graph knows."""
    rows = state.graph.items.lookup_many([item.encode() for item in items])
    return rows[rows >= 0]
