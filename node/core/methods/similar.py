"""similar: items like one, as the people whom a person trusts see them."""

from typing import Any

from node.core.events import Asked, Computed, Effect, Event
from node.core.indexing import build_index, ended, in_turn
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
from node.core.naming import item_names
from node.core.persons import Person
from node.core.similar import WAITING_MAX, Answered, Kept
from node.core.state import PeerState, refuse
from ranking.reasons import Reasons
from ranking.similar import shared_people
from ranking.snapshot import GraphSnapshot
from ranking.trust_vector import TrustVector


def on_similar(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """The items most like one, whether the person knows them or not."""
    person = state.person(asked)
    if person is None:
        return no_such_person(asked)
    item = params.item(asked.params)
    n = int(params.number(asked.params, "n", 1, ITEMS_MAX, 20))
    kept = state.similar.kept(person.row, owner=person is state.persons.owner)
    if len(kept.waiting) >= WAITING_MAX:
        return refuse(asked, "busy", "too many questions at once", "try again in a second")

    def start(then: float) -> list[Effect]:
        return _answer(state, person, asked, kept, item, n, then)

    return in_turn(kept, start, now)


def _answer(
    state: PeerState, person: Person, asked: Asked, kept: Kept, item: str, n: int, now: float
) -> list[Effect]:
    name = item.encode()
    if state.graph.item_row(name) < 0 and state.tags.items.lookup(name) < 0:
        missing = refuse(asked, "not_found", f"nobody heard here knows {item}")
        return missing + ended(kept, now)
    blocked = state.trust.refused
    question = state.similar.question(kept, state.tags, name, n, state.blocked_items)
    walked = walking(state, person)
    paths_max = max(1, REASONS_MAX // n)

    def work(snapshot: GraphSnapshot) -> tuple[TrustVector, Answered, list[Reasons]]:
        trust = walked.walk()
        view = state.views.view(snapshot, trust, blocked)
        made = state.similar.answer(kept, view, question)
        return trust, made, shared_people(view, made.item, made.near, paths_max)

    def on_found(event: Event, then: float) -> list[Effect]:
        after = ended(kept, then) + build_index(state, kept, person, then)
        if not isinstance(event, Computed):
            return failed(asked, event) + after
        trust, made, why = event.result
        walked.keep(state)
        entries: list[dict[str, Any]] = [
            {
                "item": cold or item_names(state, [one.item])[0],
                "likeness": one.likeness,
                "shared_tags": tags,
                **reasons(state, because, paths_max),
            }
            for one, cold, tags, because in zip(made.near, made.names, made.tags, why, strict=True)
        ]
        data = {
            "asked": {"item": item},
            "items": entries,
            "unprotected": trust.unprotected,
            "answered_by": made.by,
        }
        warnings = (UNPROTECTED,) if trust.unprotected else ()
        named = [data["asked"], *entries]
        return with_titles(state, person, trust, asked, data, named, warnings) + after

    return state.compute_on_snapshot(work, on_found, now)
