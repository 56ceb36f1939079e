"""similar: items like one, as the people whom a person trusts see them."""

from typing import Any

from node.core.events import Asked, Compute, Computed, Effect, Event
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
from node.core.persons import Person
from node.core.similar import BUILD_REST, WAITING_MAX, Kept
from node.core.state import PeerState, refuse
from ranking.reasons import Reasons
from ranking.similar import Near, shared_people
from ranking.similar_index import saved
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

    return _in_turn(kept, start, now)


def _in_turn(kept: Kept, start: Any, now: float) -> list[Effect]:
    """Start now, or when those before have ended; what was started calls `_ended` once."""
    if kept.turn:
        kept.waiting.append(start)
        return []
    kept.turn = True
    begun: list[Effect] = start(now)
    return begun


def _ended(kept: Kept, now: float) -> list[Effect]:
    kept.turn = False
    return _in_turn(kept, kept.waiting.pop(0), now) if kept.waiting else []


def _answer(
    state: PeerState, person: Person, asked: Asked, kept: Kept, item: str, n: int, now: float
) -> list[Effect]:
    row = state.graph.item_row(item.encode())
    if row < 0:
        missing = refuse(asked, "not_found", f"nobody heard here knows {item}")
        return missing + _ended(kept, now)
    blocked = state.trust.refused
    question = state.similar.question(kept, row, n, item_rows(state, state.blocked_items))
    walked = walking(state, person)
    paths_max = max(1, REASONS_MAX // n)

    def work(snapshot: GraphSnapshot) -> tuple[TrustVector, list[Near], list[Reasons], str]:
        trust = walked.walk()
        view = state.views.view(snapshot, trust, blocked)
        near = state.similar.answer(kept, view, question)
        by = "index" if kept.seen is not None and kept.seen.index is not None else "exact"
        return trust, near, shared_people(view, row, near, paths_max), by

    def on_found(event: Event, then: float) -> list[Effect]:
        after = _ended(kept, then) + _build(state, kept, person, then)
        if not isinstance(event, Computed):
            return failed(asked, event) + after
        trust, near, why, by = event.result
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
            "answered_by": by,
        }
        warnings = (UNPROTECTED,) if trust.unprotected else ()
        named = [data["asked"], *entries]
        return with_titles(state, person, trust, asked, data, named, warnings) + after

    return state.compute_on_snapshot(work, on_found, now)


# -------------------------------------------------------------------------------- the index
def _build(state: PeerState, kept: Kept, person: Person, now: float) -> list[Effect]:
    """Begin to make the index that is wanted, if it is time, a slice after the other. The graph is
    not held: a build reads a snapshot, and names as they were."""
    if kept.wanted is None or kept.building or now < kept.build_at:
        return []
    kept.building = True
    slices = state.similar.build(*kept.wanted, kept.key)

    def next_slice() -> list[Effect]:
        return [Compute(state.then(on_slice), lambda: next(slices))]

    def on_slice(event: Event, then: float) -> list[Effect]:
        if isinstance(event, Computed) and not event.result.complete:
            return next_slice()
        kept.building, kept.wanted = False, None
        kept.build_at = then + BUILD_REST * (then - now)
        if not isinstance(event, Computed):  # our own bug; questions go on without
            return []
        kept.index, kept.embedding = event.result, None
        return _keep(state, kept, then) if person is state.persons.owner else []

    return next_slice()


def _keep(state: PeerState, kept: Kept, now: float) -> list[Effect]:
    """Write the owner's new index to its file, if there is one."""
    file, index = state.similar.file, kept.index
    if file is None or index is None:
        return []

    def start(_then: float) -> list[Effect]:
        return [Compute(state.then(on_written), lambda: file.write(saved(index)))]

    def on_written(_event: Event, then: float) -> list[Effect]:
        return _ended(kept, then)

    return _in_turn(kept, start, now)
