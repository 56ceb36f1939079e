"""click: the person opened an item that she had searched for. Stays here until clicks are shared.

What she says by it is worth most with the place where the item stood, which nobody should have to
count: it is that of her last search, as long as the item was in it.
"""

from node.core.events import Answer, Asked, CommitFailed, Effect, Event, PutClick
from node.core.last_search import Shown
from node.core.methods import params
from node.core.methods.recommending import no_such_person
from node.core.persons import ClickFact, Person
from node.core.state import PeerState, refuse
from protocol.limits import POSITION_MAX

CLICKS_MAX = 10_000
"""Clicks kept of one hosted person; more are refused."""


def on_click(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Note a click, by default on a result of the last search and for its words."""
    person = state.person(asked)
    if person is None:
        return no_such_person(asked)
    item = params.item(asked.params)
    last = state.last_searches.place(person.name, item, now=now)
    if asked.params.get("words") is not None:
        words = params.terms(asked.params["words"])
        if last is None or last.terms != words:
            last = Shown(words, 0)
    elif last is None:
        return refuse(
            asked,
            "not_found",
            f"{item} is not among what your last search showed, or that was over an hour ago",
            "say for which words: --for WORDS",
        )
    if asked.params.get("position") is not None:
        position = int(params.number(asked.params, "position", 0, POSITION_MAX, 0))
        last = last._replace(position=position)
    clicked = last
    if not has_room(person, item, clicked):
        return refuse(asked, "store", f"at most {CLICKS_MAX} clicks are kept")
    data = {
        "item": item,
        "terms": list(clicked.terms),
        "position": clicked.position,
        "shared": person.policy.clicks,
    }

    def on_done(event: Event, _now: float) -> list[Effect]:
        if isinstance(event, CommitFailed):
            return refuse(asked, "store", f"not saved: {event.reason}")
        keep(state, person, item, clicked)
        return [Answer(asked.token, data)]

    return [state.commit([write(person, item, clicked)], on_done)]


def implied(state: PeerState, person: Person, item: str, now: float) -> Shown | None:
    """The click that her liking an item means: it was in her last search, and is not noted yet."""
    shown = state.last_searches.place(person.name, item, now=now)
    if shown is None or (shown.terms, item) in person.clicks or not has_room(person, item, shown):
        return None
    return shown


def has_room(person: Person, item: str, clicked: Shown) -> bool:
    """Whether one click more of hers may be kept."""
    return len(person.clicks) < CLICKS_MAX or (clicked.terms, item) in person.clicks


def write(person: Person, item: str, clicked: Shown) -> PutClick:
    """What makes it durable."""
    return PutClick(person.name, clicked.terms, item, clicked.position)


def keep(state: PeerState, person: Person, item: str, clicked: Shown) -> None:
    """It is durable: count it."""
    person.clicks[clicked.terms, item] = ClickFact(clicked.position)
    person.dirty = True
    state.clicks.add(person.row, clicked.terms, item, clicked.position)
