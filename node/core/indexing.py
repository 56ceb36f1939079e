"""Whose turn it is with one person's index of similar items, and making it beside the questions."""

from typing import Any

from node.core.events import Compute, Computed, Effect, Event
from node.core.persons import Person
from node.core.similar import BUILD_REST, Kept
from node.core.state import PeerState
from ranking.similar_index import saved


def in_turn(kept: Kept, start: Any, now: float) -> list[Effect]:
    """Start now, or when those before have ended; what was started calls `_ended` once."""
    if kept.turn:
        kept.waiting.append(start)
        return []
    kept.turn = True
    begun: list[Effect] = start(now)
    return begun


def ended(kept: Kept, now: float) -> list[Effect]:
    kept.turn = False
    return in_turn(kept, kept.waiting.pop(0), now) if kept.waiting else []


def build_index(state: PeerState, kept: Kept, person: Person, now: float) -> list[Effect]:
    """Begin to make the index that is wanted, if it is time, a slice after the other. The graph is
    not held: a build reads a snapshot, and names as they were."""
    desk = state.similar
    if kept.wanted is None or desk.building or now < desk.build_at:
        return []
    desk.building = True
    slices = desk.build(*kept.wanted, kept.key)

    def next_slice() -> list[Effect]:
        return [Compute(state.then(on_slice), lambda: next(slices))]

    def on_slice(event: Event, then: float) -> list[Effect]:
        if isinstance(event, Computed) and not event.result.complete:
            return next_slice()
        desk.building, kept.wanted = False, None
        desk.build_at = then + BUILD_REST * (then - now)
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
        return ended(kept, then)

    return in_turn(kept, start, now)
