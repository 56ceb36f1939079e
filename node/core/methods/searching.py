"""search and click: words to items, text first, then what trusted people opened for those words,
then what is liked among them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from node.core.events import (
    Answer,
    Asked,
    CommitFailed,
    Computed,
    Effect,
    Event,
    FindInfo,
    InfoFound,
    InfoRow,
    PutClick,
)
from node.core.methods import params
from node.core.methods.recommending import failed, no_such_person, walking
from node.core.naming import item_names, titles
from node.core.persons import ClickFact, Person
from node.core.state import PeerState, refuse
from protocol.ids import AuthorKey
from ranking.search import Found, SearchConfig, Similarity, click_scores, search
from ranking.snapshot import GraphSnapshot
from ranking.trust_vector import TrustVector
from ranking.view import TrustView

CANDIDATES = 200
"""Items with a text match that are ranked."""

CLICKS_MAX = 10_000
"""Clicks kept of one hosted person; more are refused."""

TRUSTED_MATCH, STRANGER_MATCH = 1.0, 0.5
"""How well text matches: a title that only strangers give never stands above a trusted one."""


def on_search(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Items whose title or tags match, ordered by trusted clicks, then those known from clicks;
    with neither, what the person's trusted people like most."""
    person = state.person(asked)
    if person is None:
        return no_such_person(asked)
    words = params.terms(asked.params.get("words"))
    n = int(params.number(asked.params, "n", 1, CANDIDATES, 20))

    def on_matched(event: Event, then: float) -> list[Effect]:
        rows = event.rows if isinstance(event, InfoFound) else ()
        return _rank(state, person, asked, words, n, rows, then)

    return [FindInfo(state.then(on_matched), words=words, limit=CANDIDATES)]


def _rank(
    state: PeerState,
    person: Person,
    asked: Asked,
    words: tuple[str, ...],
    n: int,
    rows: tuple[InfoRow, ...],
    now: float,
) -> list[Effect]:
    """Trust and clicks on the worker, then titles, then the answer."""
    heard = (row for row in rows if not state.trust.refuses(AuthorKey(row.author)))
    matched = list(dict.fromkeys(row.item for row in heard))
    walked = walking(state, person)
    blocked = state.trust.refused
    config = state.config.search
    terms = state.clicks.terms.lookup_many([word.encode() for word in words])
    terms = terms[terms >= 0]
    whole = config.similarity is Similarity.PUBLISHED
    table = state.clicks.table() if whole else state.clicks.for_terms(terms)

    def work(
        snapshot: GraphSnapshot,
    ) -> tuple[TrustVector, tuple[NDArray[np.int32], NDArray[np.float64]], list[int]]:
        trust = walked.walk()
        clicked = click_scores(table, terms, trust, config)
        nothing = not matched and not clicked[0].size
        if not nothing:
            return trust, clicked, []
        view = state.views.view(snapshot, trust, blocked)
        return trust, clicked, _popular(view, CANDIDATES)

    def on_ranked(event: Event, _now: float) -> list[Effect]:
        if not isinstance(event, Computed):
            return failed(asked, event)
        trust, (clicked, scores), popular = event.result
        walked.keep(state)
        names = dict.fromkeys((*matched, *item_names(state, (*clicked.tolist(), *popular))))
        shown = [name for name in names if name not in state.blocked_items]
        by_clicks = dict(zip(item_names(state, clicked.tolist()), scores.tolist(), strict=True))

        def on_info(event: Event, _now: float) -> list[Effect]:
            infos = event.rows if isinstance(event, InfoFound) else ()
            named = titles(state, person, trust, shown, infos)
            texts = {
                item: STRANGER_MATCH if named[item]["title_by"] == "stranger" else TRUSTED_MATCH
                for item in matched
                if item in named
            }
            found = _ordered(shown, texts, by_clicks, n, config)
            items: list[dict[str, Any]] = [
                named[shown[place.item]]
                | {"score": by_clicks.get(shown[place.item], 0.0), "matched": place.source.value}
                for place in found
            ]
            by = found[0].source.value if found else "nothing"
            return [Answer(asked.token, {"items": items, "matched_by": by, "terms": list(words)})]

        return [state.find_info(shown, on_info)]

    return state.compute_on_snapshot(work, on_ranked, now)


def _ordered(
    shown: list[str],
    texts: dict[str, float],
    clicks: dict[str, float],
    n: int,
    config: SearchConfig,
) -> tuple[Found, ...]:
    """The places, by index into `shown`, which stands in the order of the text's relevance."""
    index = {item: place for place, item in enumerate(shown)}
    by_text = [item for item in shown if item in texts]
    by_click = [item for item in clicks if item in index]
    popular = [] if by_text or by_click else shown
    return search(
        (
            np.array([index[item] for item in by_text], np.int32),
            np.array([texts[item] for item in by_text], np.float32),
        ),
        (
            np.array([index[item] for item in by_click], np.int32),
            np.array([clicks[item] for item in by_click], np.float64),
        ),
        np.array([index[item] for item in popular], np.int32),
        n,
        config,
    )


def _popular(view: TrustView, n: int) -> list[int]:
    """Item rows by the trust of those who like them; affinities fade, so it is recent, too."""
    best = np.argsort(-view.mass, kind="stable")[:n]
    rows: list[int] = best[view.mass[best] > 0].tolist()
    return rows


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
        state.clicks.add(person.row, words, item, position)
        return [Answer(asked.token, data)]

    return [state.commit([PutClick(person.name, words, item, position)], on_done)]
