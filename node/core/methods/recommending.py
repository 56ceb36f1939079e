"""recommend and why: walks on the worker thread, then names and titles."""

from typing import Any

import numpy as np

from node.core.earning import NamedRows, named_rows, refresh_daily, remember
from node.core.events import Answer, Asked, Computed, ComputeFailed, Effect, Event, InfoFound
from node.core.indexing import build_index
from node.core.methods import params
from node.core.methods.whom import known_author
from node.core.naming import Titles, item_names, item_rows, person_named, titles
from node.core.persons import Person
from node.core.state import PeerState, refuse
from node.core.trusting import Walked, WalkJob
from node.core.unplayed import UnplayedJob
from ranking.config import RankConfig
from ranking.discoveries import Discovery
from ranking.reasons import Reasons
from ranking.recommend import (
    Explanation,
    Recommendation,
    Recommended,
    RecommendRequest,
    Why,
    recommend,
    why,
)
from ranking.snapshot import GraphSnapshot
from ranking.trust_vector import TrustVector
from trust.meritrank import without_author

ITEMS_MAX = 200
"""Longest list."""

REASONS_MAX = 200
"""Reasons named in one list, at least one for each item: with them it fits into one answer. The
shares of the others are summed up."""

UNPROTECTED = (
    "you trust nobody yet, so everybody counts the same and fake identities can fill this list: "
    "vouch for someone with: grapevine trust PEER 1"
)
UNDEFENDED = "undefended: everybody counts the same and no defence is on, for comparison only"


def on_recommend(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """A list for one person; `method="undefended"` shows what it would be without defences."""
    person = state.person(asked)
    if person is None:
        return no_such_person(asked)
    refresh_daily(state, person, now)
    undefended = params.text(asked.params, "method", default="grapevine") == "undefended"
    n = int(params.number(asked.params, "n", 1, min(ITEMS_MAX, state.config.rank.items_max), 20))
    request = request_for(state, person, n, undefended=undefended)
    walked, seed = walking(state, person), draw_seed(state)
    remembered = asked.caller.owner and not undefended and state.config.earned is not None
    unplayed = None if undefended else UnplayedJob.read(state, person, request, seed)

    def work(snapshot: GraphSnapshot) -> tuple[TrustVector, Recommendation, str, list[NamedRows]]:
        rng, name = np.random.default_rng(seed), ""
        if undefended:
            trust = TrustVector.everyone_equal(snapshot.n_authors, person.row)
            made = recommend(snapshot, trust, request, rng)
        else:
            trust = walked.walk()
            view = state.views.view(snapshot, trust, request.blocked_authors)
            made = recommend(view, trust, request, rng)
            if unplayed is not None:
                made, name = unplayed.added(view, made)
        # In an unprotected list anybody could be named: nobody earns by it.
        told = remembered and not made.unprotected
        barred = request.blocked_authors.tolist()
        return trust, made, name, named_rows(made, snapshot, trust, barred) if told else []

    def on_ranked(event: Event, then: float) -> list[Effect]:
        if not isinstance(event, Computed):
            return failed(asked, event)
        trust, made, name, places = event.result
        if not undefended:
            walked.keep(state)
        most = max(1, REASONS_MAX // n)
        entries = [shown(state, entry, most, unplayed=name) for entry in made.items]
        data = {
            "items": entries,
            "unprotected": made.unprotected,
            "answered_by": made.method.value,
            "people_heard": int((trust.t > 0).sum()),
            "edges": state.graph.statistics().edges,
        }
        warnings = (UNDEFENDED,) if undefended else (UNPROTECTED,) if made.unprotected else ()
        kept = remember(state, person, places, then)
        if unplayed is not None:
            kept += build_index(state, unplayed.kept, person, then)
        return kept + with_titles(state, person, trust, asked, data, entries, warnings)

    return state.compute_on_snapshot(work, on_ranked, now)


def on_why(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Why one item is recommended, and what would become of it without somebody."""
    person = state.person(asked)
    if person is None:
        return no_such_person(asked)
    item = params.item(asked.params)
    row = state.graph.item_row(item.encode())
    if row < 0:
        return refuse(asked, "not_found", f"nobody heard here knows {item}")
    left_out = None
    if asked.params.get("without") is not None:
        absent = params.text(asked.params, "without")
        left_out = author_row(state, absent)
        if left_out is None:
            return refuse(asked, "not_found", f"nobody here has heard of {absent[:80]}")
        if left_out == person.row:
            return refuse(asked, "usage", "nobody can be left out of her own list")
    request = request_for(state, person, 20, undefended=False)
    walked, seed = walking(state, person), draw_seed(state)
    vouches = state.trust.compiled()

    def work(snapshot: GraphSnapshot) -> tuple[TrustVector, Why]:
        trust = walked.walk()
        fewer = None
        if left_out is not None:
            fewer = without_author(vouches, trust, left_out, state.trust.config)
        rng = np.random.default_rng(seed)
        view = state.views.view(snapshot, trust, request.blocked_authors)
        return trust, why(view, trust, request, row, rng, without=fewer)

    def on_explained(event: Event, _now: float) -> list[Effect]:
        if not isinstance(event, Computed):
            return failed(asked, event)
        trust, made = event.result
        walked.keep(state)
        entry: dict[str, Any] = {"item": item, "known": made.known} | explanation(state, made.now)
        entries = [entry]
        if made.without is not None:
            entry["without"] = explanation(state, made.without)
            entry["without"]["person"] = person_named(state, left_out or 0)
            entries.append(entry["without"])
        warnings = (UNPROTECTED,) if made.unprotected else ()
        return with_titles(state, person, trust, asked, entry, entries, warnings)

    return state.compute_on_snapshot(work, on_explained, now)


# ------------------------------------------------------------------------------- shared parts
class Walking:
    """A person's trust as it is now: kept from her last question, or walked for on the worker."""

    def __init__(self, version: int, job: WalkJob, known: TrustVector | None) -> None:
        self._version = version
        self._job = job
        self._walked = Walked(known) if known is not None else None

    def walk(self) -> TrustVector:
        """Her trust; for the worker."""
        if self._walked is None:
            self._walked = self._job.run()
        return self._walked.vector

    def keep(self, state: PeerState) -> None:
        """Keep for the next question what `walk` found."""
        if self._walked is not None:
            state.keep_walked(self._version, self._walked)


def walking(state: PeerState, person: Person) -> Walking:
    """Read what the walks need. What `walk` finds is for `keep`."""
    job = state.walk_job(person, state.trust.config)
    return Walking(state.trust.version, job, state.vector(person.row))


def draw_seed(state: PeerState) -> int:
    """For one job's own generator."""
    return state.rng.getrandbits(63)


def request_for(state: PeerState, person: Person, n: int, *, undefended: bool) -> RecommendRequest:
    """What the ranking is asked for one person."""
    return RecommendRequest(
        n=n,
        seen_items=item_rows(state, person.facts),
        blocked_items=item_rows(state, state.blocked_items),
        blocked_authors=state.trust.refused,
        config=RankConfig.undefended() if undefended else state.config.rank,
    )


def with_titles(
    state: PeerState,
    person: Person,
    trust: TrustVector,
    asked: Asked,
    data: dict[str, Any],
    entries: list[dict[str, Any]],
    warnings: tuple[str, ...],
) -> list[Effect]:
    """Ask the store for the titles of everything named, then answer."""
    sources = [path["because"] for entry in entries for path in entry.get("reasons", ())]
    if asked.caller.owner:
        mark_earned(state, person, entries)
    items = [entry["item"] for entry in entries if "item" in entry]
    items += [source["item"] for source in sources if source["item"]]

    def on_info(event: Event, _now: float) -> list[Effect]:
        rows = event.rows if isinstance(event, InfoFound) else ()
        chosen: Titles = titles(state, person, trust, items, rows)
        for place in [*entries, *sources]:
            if place.get("item"):
                place.update(chosen[place["item"]])
        return [Answer(asked.token, data, warnings)]

    return [state.find_info(items, on_info)]


def shown(
    state: PeerState, entry: Recommended, reasons_max: int, *, unplayed: str = ""
) -> dict[str, Any]:
    """One place of a list. unplayed: the name of an unplayed item that the graph does not know."""
    name = unplayed if entry.discovery is Discovery.UNPLAYED else ""
    return {
        "item": name or item_names(state, [entry.item])[0],
        "score": entry.score,
        "standard_error": entry.standard_error,
        "discovery": entry.discovery.value if entry.discovery is not None else None,
        "depends_on": depends_on(state, entry.rests_on, entry.excess),
        **reasons(state, entry.reasons, reasons_max),
    }


def explanation(state: PeerState, made: Explanation) -> dict[str, Any]:
    """One item explained."""
    return {
        "score": made.score,
        "rank": made.rank,
        "standard_error": made.standard_error,
        "answered_by": made.method.value,
        "depends_on": depends_on(state, made.rests_on, made.excess),
        **reasons(state, made.reasons, len(made.reasons.paths)),
    }


def depends_on(state: PeerState, row: int, excess: float) -> dict[str, Any] | None:
    """The person on whom the evidence rests most."""
    if row < 0 or excess <= 0:
        return None
    return person_named(state, row) | {"excess": excess}


def reasons(state: PeerState, made: Reasons, paths_max: int) -> dict[str, Any]:
    """Paths with their shares, heaviest first; the shares and `other_share` add up to 1."""
    paths = []
    other_share = made.other_share + sum(path.share for path in made.paths[paths_max:])
    for path in made.paths[:paths_max]:
        source = item_names(state, [path.source])[0] if path.source >= 0 else ""
        paths.append(
            {
                "because": {"item": source},
                "heard_from": person_named(state, path.author),
                "share": path.share,
                "trail": [person_named(state, row) for row in path.trail],
            }
        )
    return {"reasons": paths, "other_share": other_share, "paths": made.n_paths}


def mark_earned(state: PeerState, person: Person, entries: list[dict[str, Any]]) -> None:
    """Mark each path whose walk of trust starts with an earned edge. Only for who lives here: what
    was earned leaves this node with no answer."""
    earned = state.trust.earned_by(person.row)
    rows = earned[0].tolist() if earned is not None else []
    names = {person_named(state, row)["author"] for row in rows}
    for entry in entries:
        for path in entry.get("reasons", ()):
            if any(step["author"] in names for step in path["trail"][1:2]):
                path["earned"] = True


def author_row(state: PeerState, name: str) -> int | None:
    """Row of an author known here, by whatever names her."""
    key = known_author(state, name)
    row = state.graph.author_row(key, create=False) if key is not None else -1
    return row if row >= 0 else None


def failed(asked: Asked, event: Event) -> list[Effect]:
    """The worker raised: our own bug, said plainly to whoever asked."""
    reason = event.reason if isinstance(event, ComputeFailed) else "no result"
    return refuse(asked, "internal", f"the ranking failed: {reason}")


def no_such_person(asked: Asked) -> list[Effect]:
    """The query names nobody who lives here."""
    name = str(asked.params.get("person"))[:64]
    return refuse(asked, "not_found", f"nobody called {name!r} lives here", "see: grapevine people")
