"""similar: items like one, as the people whom a person trusts see them."""

from typing import Any

from node.core.events import Asked, Computed, Effect, Event
from node.core.methods import params
from node.core.methods.recommending import (
    ITEMS_MAX,
    REASONS_MAX,
    UNPROTECTED,
    failed,
    no_such_person,
    reasons,
    walking,
    with_titles,
)
from node.core.naming import item_names, item_rows
from node.core.state import PeerState, refuse
from ranking.reasons import Reasons
from ranking.similar import Near, shared_people
from ranking.snapshot import GraphSnapshot
from ranking.trust_vector import TrustVector


def on_similar(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """The items most like one, whether the person knows them or not."""
    person = state.person(asked)
    if person is None:
        return no_such_person(asked)
    item = params.item(asked.params)
    n = int(params.number(asked.params, "n", 1, ITEMS_MAX, 20))
    row = state.graph.item_row(item.encode())
    if row < 0:
        return refuse(asked, "not_found", f"nobody heard here knows {item}")
    blocked = state.trust.refused
    blocked_items = item_rows(state, state.blocked_items)
    walked, names = walking(state, person), state.similar.names()
    paths_max = max(1, REASONS_MAX // n)

    def work(snapshot: GraphSnapshot) -> tuple[TrustVector, list[Near], list[Reasons]]:
        trust = walked.walk()
        view = state.views.view(snapshot, trust, blocked)
        near = state.similar.items(view, names).near(row, n, blocked_items)
        return trust, near, shared_people(view, row, near, paths_max)

    def on_found(event: Event, _now: float) -> list[Effect]:
        if not isinstance(event, Computed):
            return failed(asked, event)
        trust, near, why = event.result
        walked.keep(state)
        items = item_names(state, [one.item for one in near])
        entries: list[dict[str, Any]] = [
            {"item": name, "likeness": one.likeness} | reasons(state, made, paths_max)
            for name, one, made in zip(items, near, why, strict=True)
        ]
        data = {
            "asked": {"item": item},
            "items": entries,
            "unprotected": trust.unprotected,
            "answered_by": "exact",
        }
        warnings = (UNPROTECTED,) if trust.unprotected else ()
        named = [data["asked"], *entries]
        return with_titles(state, person, trust, asked, data, named, warnings)

    return state.compute_on_snapshot(work, on_found, now)
