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

Texts = dict[tuple[str, tuple[str, ...]], float]
"""(title, tags) of one item -> trust in those who say so."""

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
    rows = list(rows)
    weights = _weights(state, trust, [row.author for row in rows])
    named: dict[str, Texts] = {}
    for item, author, title, tags, _, _ in rows:
        weight = weights[author]
        if weight is not None:
            texts = named.setdefault(item, {})
            texts[title, tags] = texts.get((title, tags), 0.0) + weight
    return {item: _chosen(person, item, named.get(item)) for item in items}


def _chosen(person: Person, item: str, texts: Texts | None) -> dict[str, Any]:
    fact = person.facts.get(item)
    if fact is not None and fact.title:
        return _shown(item, fact.title, fact.tags, "own")
    if not texts:
        return _shown(item, "", (), "none")
    (title, tags), best = max(texts.items(), key=lambda kv: (kv[1], kv[0]))
    return _shown(item, title, tags, "trusted" if best > 0 else "stranger")


def _weights(
    state: PeerState, trust: TrustVector | None, authors: Iterable[bytes]
) -> dict[bytes, float | None]:
    """What each author's word weighs, 1 for ours and for people here; None for the refused."""
    each = list(dict.fromkeys(authors))
    known = dict(zip(each, state.graph.authors.lookup_many(each).tolist(), strict=True))
    weights: dict[bytes, float | None] = {}
    for author, row in known.items():
        key = AuthorKey(author)
        if state.trust.refuses(key):
            weights[author] = None
        elif not author or state.persons.with_key(key) is not None:
            weights[author] = 1.0
        elif trust is not None and 0 <= row < trust.n_authors:
            weights[author] = float(trust.t[row])
        else:
            weights[author] = 0.0
    return weights


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
