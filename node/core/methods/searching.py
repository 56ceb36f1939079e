"""search and click: words to items, text first, then what trusted people opened for those words."""

from typing import Any

import numpy as np

from node.core.events import (
    Answer,
    Asked,
    CommitFailed,
    Effect,
    Event,
    FindInfo,
    InfoFound,
    PutClick,
)
from node.core.methods import params
from node.core.methods.recommending import no_such_person
from node.core.naming import titles
from node.core.persons import ClickFact
from node.core.state import PeerState, refuse

CANDIDATES = 200
"""Items with a text match that are ranked."""

CLICKS_MAX = 10_000
"""Clicks kept of one hosted person; more are refused."""


def on_search(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Items whose title or tags match, ordered by trusted clicks, then those known from clicks."""
    person = state.person(asked)
    if person is None:
        return no_such_person(asked)
    words = params.terms(asked.params.get("words"))
    n = int(params.number(asked.params, "n", 1, CANDIDATES, 20))
    kept = state.vectors.get(person.row)
    trust = kept[1] if kept is not None else None

    def on_matched(event: Event, _now: float) -> list[Effect]:
        rows = event.rows if isinstance(event, InfoFound) else ()
        matched = list(dict.fromkeys(row.item for row in rows))
        clicked = click_scores(state, person.row, words, None if trust is None else trust.t)
        order = {item: place for place, item in enumerate(matched)}
        found = sorted(matched, key=lambda item: (-clicked.get(item, 0.0), order[item]))
        found += sorted((i for i in clicked if i not in order), key=lambda i: (-clicked[i], i))
        shown = [item for item in found if item not in state.blocked_items][:n]

        def on_info(event: Event, _now: float) -> list[Effect]:
            infos = event.rows if isinstance(event, InfoFound) else ()
            named = titles(state, person, trust, shown, infos)
            items: list[dict[str, Any]] = [
                named[item]
                | {
                    "score": clicked.get(item, 0.0),
                    "matched": "text" if item in order else "clicks",
                }
                for item in shown
            ]
            by = "text" if matched else "clicks" if clicked else "nothing"
            return [Answer(asked.token, {"items": items, "matched_by": by, "terms": list(words)})]

        return [state.find_info(shown, on_info)]

    return [FindInfo(state.then(on_matched), words=words, limit=CANDIDATES)]


def click_scores(state: PeerState, owner: int, words: tuple[str, ...], t: Any) -> dict[str, float]:
    """R(i) of G-Rank with S replaced by the person's own trust: item -> sum of t of its clickers.

    Each author counts once per term and item; the person's own clicks count as one whole author.
    """
    table = state.clicks.table()
    terms = state.clicks.terms.lookup_many([word.encode() for word in words])
    chosen = np.isin(table.term, terms[terms >= 0])
    if not chosen.any():
        return {}
    weight = np.zeros(state.graph.authors.rows, np.float64)
    if t is not None:
        weight[: len(t)] = t
    weight[owner] = 1.0
    items, inverse = np.unique(table.item[chosen], return_inverse=True)
    score = np.bincount(inverse, weights=weight[table.author[chosen]])
    return {
        state.graph.items.name(int(item)).decode(): float(value)
        for item, value in zip(items, score, strict=True)
        if value > 0
    }


def on_click(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """The person opened an item that she had searched for. Stays here until clicks are shared."""
    person = state.person(asked)
    if person is None:
        return no_such_person(asked)
    item = params.item(asked.params)
    words = params.terms(asked.params.get("words"))
    position = int(params.number(asked.params, "position", 0, 1000, 0))
    if len(person.clicks) >= CLICKS_MAX and (words, item) not in person.clicks:
        return refuse(asked, "store", f"at most {CLICKS_MAX} clicks are kept")
    data = {"item": item, "terms": list(words), "shared": person.policy.clicks}

    def on_done(event: Event, _now: float) -> list[Effect]:
        if isinstance(event, CommitFailed):
            return refuse(asked, "store", f"not saved: {event.reason}")
        person.clicks[words, item] = ClickFact(position)
        person.dirty = True
        state.clicks.add(person.row, words, item)
        return [Answer(asked.token, data)]

    return [state.commit([PutClick(person.name, words, item, position)], on_done)]
