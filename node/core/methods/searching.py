"""search: words to items, text first, then what trusted people opened for those words, then what is
liked among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from node.core.events import Answer, Asked, Computed, Effect, Event, FindInfo, InfoFound
from node.core.methods import params
from node.core.methods.recommending import Walking, draw_seed, failed, no_such_person, walking
from node.core.naming import Titles, item_names, item_rows, person_named, titles
from node.core.persons import Person
from node.core.state import PeerState
from ranking.click_table import ClickTable
from ranking.search import (
    Found,
    SearchConfig,
    Similarity,
    Source,
    click_scores,
    clicked_by,
    interest,
    search,
    swapped,
)
from ranking.snapshot import GraphSnapshot
from ranking.trust_vector import TrustVector

CANDIDATES = 200
"""Items known by clicks that are ranked, and the longest list."""

MATCHES = 50
"""Items with a text match that are ranked, or as many as asked for: all titles of each are read."""

WORDS_MAX = 64
"""Words that are looked for in titles and tags; a warning says that more were left out."""

CLICKED = 50
"""The most clicked items, at least, that are looked at where more match than candidates."""

CARRIERS_MAX = 5
"""People named for a result that clicks carry."""

TRUSTED_MATCH, STRANGER_MATCH = 1.0, 0.5
"""How well text matches: a title that only strangers give never stands above a trusted one."""

PARTIAL = "partial"
"""`matched` of an item with some of the words, below everything that matches or was clicked."""


@dataclass(slots=True)
class _Searching:
    """One search on its way through the worker and the store."""

    state: PeerState
    person: Person
    asked: Asked
    words: tuple[str, ...]
    n: int
    explain: bool
    walked: Walking
    table: ClickTable
    terms: NDArray[np.int32]
    trust: TrustVector | None = None
    clicks: dict[str, float] = field(default_factory=dict)
    """Score of the best of the clicked items, best first."""
    liked: list[str] = field(default_factory=list)
    """What the trusted like most, best first; likes fade, so it is recent."""
    scores: tuple[NDArray[np.int32], NDArray[np.float64]] | None = None
    """(item rows, scores) of all clicked items, by row."""

    @property
    def config(self) -> SearchConfig:
        """How the ranking is set."""
        return self.state.config.search


def on_search(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Items whose title or tags match, ordered by trusted clicks, then those known from clicks;
    with neither, what the person's trusted people like most."""
    person = state.person(asked)
    if person is None:
        return no_such_person(asked)
    words = params.words(asked.params.get("words"))
    n = int(params.number(asked.params, "n", 1, CANDIDATES, 20))
    explain = bool(asked.params.get("explain", False))
    known = [term.encode() for term in params.terms(words)]
    terms = state.clicks.terms.lookup_many(known)
    terms = terms[terms >= 0]
    whole = state.config.search.similarity is Similarity.PUBLISHED
    table = state.clicks.table() if whole else state.clicks.for_terms(terms)
    job = _Searching(state, person, asked, words, n, explain, walking(state, person), table, terms)
    hers = item_rows(state, dict.fromkeys((*person.facts, *(item for _, item in person.clicks))))
    blocked = state.trust.refused

    def work(
        snapshot: GraphSnapshot,
    ) -> tuple[TrustVector, tuple[NDArray[np.int32], NDArray[np.float64]], list[int]]:
        trust = job.walked.walk()
        view = state.views.view(snapshot, trust, blocked)
        liked = view.liked(job.config.vote_power)
        told = interest(liked, hers[hers < liked.size], job.config)
        scored = click_scores(table, terms, trust, job.config, told)
        return trust, scored, _most_interesting(told, CANDIDATES)

    return state.compute_on_snapshot(work, lambda event, _now: _on_scored(job, event), now)


def _on_scored(job: _Searching, event: Event) -> list[Effect]:
    """Clicks are scored: ask the store what matches the words, and for titles."""
    if not isinstance(event, Computed):
        return failed(job.asked, event)
    state = job.state
    job.trust, (rows, scores), liked = event.result
    job.walked.keep(state)
    best = rows[: CANDIDATES + len(state.blocked_items)]
    clicked = zip(item_names(state, best.tolist()), scores.tolist(), strict=False)
    job.clicks = dict([one for one in clicked if one[0] not in state.blocked_items][:CANDIDATES])
    job.liked = [name for name in item_names(state, liked) if name not in state.blocked_items]
    order = np.argsort(rows)
    job.scores = rows[order], scores[order]
    state.graph.hold()  # what matches is looked up among the scores, by row

    def on_matched(event: Event, now: float) -> list[Effect]:
        try:
            return _on_matched(job, event, now)
        finally:
            state.graph.unhold()

    return [_find(job, state.then(on_matched), list(job.clicks)[: max(job.n, CLICKED)])]


def _find(job: _Searching, token: int, others: Sequence[str]) -> FindInfo:
    """What matches the words, and of the others as many as are needed beside it."""
    return FindInfo(
        token,
        words=job.words[:WORDS_MAX],
        limit=max(job.n, MATCHES),
        enough=job.n,
        clicked=tuple(others),
    )


def _on_matched(job: _Searching, event: Event, now: float) -> list[Effect]:
    """Put the parts together; where there is nothing, fall back to what is liked."""
    state = job.state
    found = event if isinstance(event, InfoFound) else InfoFound(0, ())
    listed = [
        item
        for item in dict.fromkeys((*found.matched, *job.clicks, *found.partial))
        if item not in state.blocked_items
    ]
    named = titles(state, job.person, job.trust, listed, found.rows)
    told = {item for item in listed if named[item]["title_by"] != "none"}
    matched = [item for item in found.matched if item in told]
    partial = [item for item in found.partial if item in told]
    partial.sort(key=lambda item: named[item]["title_by"] == "stranger")
    if not matched and not partial:
        token = state.then(lambda event, then: _with_liked(job, found, event, then))
        return [_find(job, token, job.liked[: job.n])]
    _score_matched(job, matched)
    ordered = _ordered(job, matched, [], named)
    places = [named[item] | {"matched": source.value} for item, source in ordered]
    rest = [named[item] | {"matched": PARTIAL} for item in partial if item not in job.clicks]
    return _answer(job, [*places, *rest][: job.n], now)


def _score_matched(job: _Searching, matched: Sequence[str]) -> None:
    """What matches may have been clicked without being among the most clicked."""
    assert job.scores is not None
    rows, scores = job.scores
    if not rows.size:
        return
    wanted = job.state.graph.items.lookup_many([item.encode() for item in matched])
    at = np.searchsorted(rows, wanted).clip(max=rows.size - 1)
    for item, row, place in zip(matched, wanted.tolist(), at.tolist(), strict=True):
        if int(rows[place]) == row:
            job.clicks.setdefault(item, float(scores[place]))


def _with_liked(job: _Searching, found: InfoFound, event: Event, now: float) -> list[Effect]:
    """No text matches: what was clicked, then what interests her whatever the words."""
    liked = job.liked[: job.n]
    infos = event.rows if isinstance(event, InfoFound) else ()
    listed = dict.fromkeys((*job.clicks, *liked))
    named = titles(job.state, job.person, job.trust, listed, dict.fromkeys((*found.rows, *infos)))
    ordered = _ordered(job, [], liked, named)
    return _answer(job, [named[item] | {"matched": by.value} for item, by in ordered], now)


def _ordered(
    job: _Searching, matched: list[str], liked: list[str], named: Titles
) -> list[tuple[str, Source]]:
    """At most n items and why each is there."""
    clicked = sorted((i for i in job.clicks if i in named), key=lambda item: -job.clicks[item])
    items = list(dict.fromkeys((*matched, *clicked, *liked)))
    index = {item: place for place, item in enumerate(items)}
    match = [
        STRANGER_MATCH if named[item]["title_by"] == "stranger" else TRUSTED_MATCH
        for item in matched
    ]
    found: tuple[Found, ...] = search(
        (np.arange(len(matched), dtype=np.int32), np.array(match, np.float32)),
        (
            np.array([index[item] for item in clicked], np.int32),
            np.array([job.clicks[item] for item in clicked], np.float64),
        ),
        np.array([index[item] for item in liked], np.int32),
        job.n,
        job.config,
    )
    if job.config.swaps > 0:
        found = swapped(found, job.config, np.random.default_rng(draw_seed(job.state)))
    return [(items[place.item], place.source) for place in found]


def _most_interesting(mass: NDArray[np.float64], n: int) -> list[int]:
    """Item rows by how far they interest her whatever the words."""
    some = np.argpartition(-mass, n)[:n] if mass.size > n else np.arange(mass.size)
    best = some[np.lexsort((some, -mass[some]))]
    rows: list[int] = best[mass[best] > 0].tolist()
    return rows


def _answer(job: _Searching, places: list[dict[str, Any]], now: float) -> list[Effect]:
    """Remember what her list was, and show it."""
    terms = params.terms(job.words)
    if job.asked.caller.owner:
        shown = [place["item"] for place in places]
        job.state.last_searches.showed(job.person.name, terms, shown, now=now)
    for place in places:
        place["score"] = job.clicks.get(place["item"], 0.0)
        if job.explain:
            place["clicked_by"] = _carriers(job, place["item"])
    by = places[0]["matched"] if places else "nothing"
    left_out = len(job.words) - WORDS_MAX
    warnings = (f"{left_out} words beyond {WORDS_MAX} were left out",) if left_out > 0 else ()
    data = {"items": places, "matched_by": by, "terms": list(terms)}
    return [Answer(job.asked.token, data, warnings)]


def _carriers(job: _Searching, item: str) -> dict[str, Any]:
    """Whose clicks make up an item's score, the most first, in shares of it."""
    row = job.state.graph.item_row(item.encode())
    if row < 0 or job.trust is None or item not in job.clicks:
        return {"people": [], "count": 0}
    parts = clicked_by(job.table, job.terms, row, job.trust, job.config)
    total = sum(part for _, part in parts) or 1.0
    people = [
        person_named(job.state, author) | {"share": part / total}
        for author, part in parts[:CARRIERS_MAX]
    ]
    return {"people": people, "count": len(parts)}
