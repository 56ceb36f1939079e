"""Earned trust of the people who live here: what each was shown, and what became of it.

All of it stays on this node: what was shown and why, and who has earned what, is in no bundle and
in no answer to anybody from elsewhere. See `trust.earned` for the rules.
"""

from collections.abc import Iterable, Mapping

from node.core.events import Effect, KeepShown, PutOutcome
from node.core.persons import Person
from node.core.state import PeerState
from protocol.ids import AuthorKey
from ranking.discoveries import Discovery
from ranking.recommend import Recommendation, Recommended
from ranking.snapshot import GraphSnapshot
from ranking.trust_vector import TrustVector
from trust.earned import Named, earned_parts

SHOWN_MAX = 1_000
"""Items that wait for an outcome, and items that have one, of one person; the oldest go first."""

SHOWN_TOTAL_MAX = 100_000
"""The same of everybody here, about 400 bytes each: beyond 50 people each has an equal part."""

PLACES_MAX = 50
"""Of a longer list the rest was hardly looked at."""

NEWCOMERS_MAX = 8
"""An item that more strangers have says nothing about any of them: it is what everybody has."""

NamedRows = tuple[int, tuple[tuple[int, int], ...]]
"""(item row, ((author row, percent), ...))"""


def named_rows(
    made: Recommendation, snapshot: GraphSnapshot, trust: TrustVector, refused: Iterable[int]
) -> list[NamedRows]:
    """For each place of a list, because of whom it is there. Pure; runs on the worker."""
    barred = {*refused, trust.owner}
    return [
        (entry.item, _newcomers(entry, snapshot, trust, barred) or _heard_from(entry))
        for entry in made.items[:PLACES_MAX]
        if entry.discovery is not Discovery.UNPLAYED  # the graph may not know it, nor any listener
    ]


def _heard_from(entry: Recommended) -> tuple[tuple[int, int], ...]:
    parts = ((row, int(100 * share)) for row, share in entry.reasons.authors)
    return tuple((row, percent) for row, percent in parts if percent)


def _newcomers(
    entry: Recommended, snapshot: GraphSnapshot, trust: TrustVector, barred: set[int]
) -> tuple[tuple[int, int], ...]:
    """The strangers who have a newcomer's item, in equal parts, while they are few."""
    if entry.discovery is not Discovery.NEWCOMER:
        return ()
    listeners = snapshot.item_author[
        snapshot.item_ptr[entry.item] : snapshot.item_ptr[entry.item + 1]
    ]
    rows = [row for row in listeners.tolist() if row not in barred]
    if len(rows) > NEWCOMERS_MAX:
        return ()
    return tuple((row, 100 // len(rows)) for row in rows)


def limit(state: PeerState) -> int:
    """How many items of each kind are remembered of one person."""
    return min(SHOWN_MAX, SHOWN_TOTAL_MAX // (2 * len(state.persons)))


def remember(
    state: PeerState, person: Person, places: Iterable[NamedRows], now: float
) -> list[Effect]:
    """The list is about to be shown to her. Nothing she was shown before counts anew."""
    day, most = state.today(now), limit(state)
    anew = state.config.earned is not None and not state.config.earned.first_seen
    rows: list[tuple[str, int, Named]] = []
    gone: list[str] = []
    for item_row, authors in places:
        item = state.graph.items.name(item_row).decode()
        showing = person.shown.of(item)
        if showing is None or (anew and showing.outcome is None):
            named = tuple((state.graph.authors.name(row), percent) for row, percent in authors)
            gone += person.shown.show(item, named, day, limit=most, anew=anew)
            rows.append((item, day, named))
    return [KeepShown(person.name, tuple(rows), tuple(gone))] if rows else []


def outcomes(person: Person, said: Mapping[str, tuple[int | None, int]]) -> list[PutOutcome]:
    """What is to be written of shown items: item -> (percent or None, day of the statement)."""
    writes = []
    for item, (percent, day) in said.items():
        showing = person.shown.of(item)
        if showing is not None:
            outcome = person.shown.outcome_of(item, percent, day)
            if outcome != showing.outcome:
                writes.append(PutOutcome(person.name, item, outcome))
    return writes


def settle(
    state: PeerState, person: Person, writes: Iterable[PutOutcome], now: float
) -> list[Effect]:
    """The outcomes are durable: they count."""
    gone: list[str] = []
    for write in writes:
        gone += person.shown.settle(write.item, write.outcome, limit=limit(state))
    refresh(state, person, now)
    return [KeepShown(person.name, (), tuple(gone))] if gone else []


def refresh(state: PeerState, person: Person, now: float) -> None:
    """Count anew what everybody has earned of her. About 20 ms when her memory is full."""
    person.earned_day = state.today(now)
    if state.config.earned is None:
        return
    person.earned = earned_parts(
        person.shown, person.earned_day, state.config.earned, without=person.vouches
    )
    state.trust.earn(person.row, {AuthorKey(a): e.part for a, e in person.earned.items()})


def refresh_daily(state: PeerState, person: Person, now: float) -> None:
    """What was earned fades: count anew when the day is another one."""
    if person.earned and person.earned_day != state.today(now):
        refresh(state, person, now)
