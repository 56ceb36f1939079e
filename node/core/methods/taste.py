"""like, import_rows, forget: what a person says of items. Private until shared."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from node.core.earning import outcomes, settle
from node.core.events import (
    Answer,
    Asked,
    CommitFailed,
    Effect,
    Event,
    PutFacts,
    PutOutcome,
    StoreBundles,
    Write,
)
from node.core.methods import clicking, params
from node.core.methods.people import NAME_CHARS_MAX, Newcomer, is_name, move_in, refusal_of
from node.core.methods.recommending import no_such_person
from node.core.persons import Fact, Person
from node.core.publishing import Publication, forget, rewind
from node.core.publishing import settle as settle_facts
from node.core.state import OWN_CLAIMS_MAX, PeerState, refuse
from node.query.methods import IMPORT_ROWS_MAX
from protocol.claims import InteractionKind
from protocol.events import Published
from protocol.ids import FeedId

FACTS_FULL = "this node keeps no more items of its people"
MORE_FACTS = "raise node.facts_max in config.toml"

FactRow = tuple[str, str, int, int, str, tuple[str, ...]]


def on_like(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """One item in the person's taste; a new statement replaces the old one."""
    person = state.person(asked)
    if person is None:
        return no_such_person(asked)
    item = params.item(asked.params)
    kind = params.text(asked.params, "kind", default="like").upper()
    if kind not in InteractionKind.__members__:
        names = ", ".join(k.lower() for k in InteractionKind.__members__)
        return refuse(asked, "usage", f"kind {kind.lower()!r} is not known", f"one of: {names}")
    default = -1.0 if kind == "SKIP" else 1.0
    weight = params.percent(params.number(asked.params, "weight", -1, 1, default))
    title = params.title(asked.params.get("title"))
    tags = params.tags(asked.params.get("tags"))
    row = (item, kind, weight, state.today(now), title, tags)
    if state.persons.facts_total() >= state.config.facts_max and item not in person.facts:
        return refuse(asked, "store", FACTS_FULL, MORE_FACTS)
    data: dict[str, Any] = {"item": item, "weight": weight / 100, "shared": person.policy.taste}
    data["clicked"] = []
    clicked = clicking.implied(state, person, item, now) if weight > 0 else None
    if clicked is None:
        return [commit_facts(state, asked, {person.name: (row,)}, data)]
    data["clicked"] = list(clicked.terms)

    def also() -> None:
        clicking.keep(state, person, item, clicked)

    put = clicking.write(person, item, clicked)
    return [commit_facts(state, asked, {person.name: (row,)}, data, also=(put, also))]


def on_import_rows(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Rows [user|None, item, weight, day, title|None, tags]; with `people` each user is a person.

    Answers how many were new and how many were held already; a second import finds 0 new.
    """
    rows = asked.params.get("rows")
    if not isinstance(rows, list) or len(rows) > IMPORT_ROWS_MAX:
        return refuse(asked, "usage", f"rows must be a list of at most {IMPORT_ROWS_MAX}")
    hosting = bool(asked.params.get("people"))
    default = state.person(asked)
    if default is None:
        return no_such_person(asked)
    batches: dict[str, dict[str, FactRow]] = {}
    duplicates = 0
    for number, row in enumerate(rows):
        user, fact = _import_row(row, number)
        name = user if hosting and user is not None else default.name
        held = batches.setdefault(name, {})
        duplicates += fact[0] in held
        held[fact[0]] = fact
    strangers = [name for name in batches if state.persons.named(name) is None]
    refusal = refusal_of(state, strangers)
    if refusal is not None:
        return refuse(asked, *refusal)
    facts: dict[str, tuple[FactRow, ...]] = {}
    for name, held in batches.items():
        person = state.persons.named(name)
        known = person.facts if person is not None else {}
        facts[name] = tuple(f for f in held.values() if not _same(known.get(f[0]), f))
        duplicates += len(held) - len(facts[name])
    imported = sum(map(len, facts.values()))
    if state.persons.facts_total() + imported > state.config.facts_max:
        return refuse(asked, "store", FACTS_FULL, MORE_FACTS)
    newcomers = [Newcomer.drawn(state, name) for name in strangers]
    data = {"imported": imported, "duplicate": duplicates, "people": strangers}
    return [commit_facts(state, asked, facts, data, newcomers)]


def _import_row(row: Any, number: int) -> tuple[str | None, FactRow]:
    if not isinstance(row, list | tuple) or len(row) != 6:
        raise params.BadParameter(f"row {number} is not [user, item, weight, day, title, tags]")
    user, item, weight, day, title, tags = row
    if user is not None and not (isinstance(user, str) and is_name(user.strip())):
        raise params.BadParameter(
            f"row {number}: a user is 1 to {NAME_CHARS_MAX} printable characters"
        )
    if not isinstance(item, str):
        raise params.BadParameter(f"row {number}: the item must be text")
    valid = params.valid_item(item)
    percent = params.percent(params.number({"weight": weight}, "weight", -1, 1, 0))
    whole = int(params.number({"day": day}, "day", 0, 65_535, 0))
    name = user.strip() if user is not None else None
    return name, (valid, "RATE", percent, whole, params.cut_title(title), params.tags(tags))


def _same(fact: Fact | None, row: FactRow) -> bool:
    if fact is None:
        return False
    return (fact.kind, fact.weight, fact.day, fact.title, fact.tags) == row[1:]


def commit_facts(
    state: PeerState,
    asked: Asked,
    facts: dict[str, tuple[FactRow, ...]],
    data: dict[str, Any],
    newcomers: Sequence[Newcomer] = (),
    also: tuple[Write, Callable[[], None]] | None = None,
) -> Effect:
    """Make facts (by person's name) durable, then put them into the graph and answer.

    also: one more write, and what to do when it is durable.
    """
    writes: list[Write] = [newcomer.write for newcomer in newcomers]
    if also is not None:
        writes.append(also[0])
    writes += [PutFacts(name, rows) for name, rows in facts.items() if rows]
    said = _outcomes(state, facts)
    writes += [write for found in said.values() for write in found]
    arriving = {newcomer.name: None for newcomer in newcomers}
    state.moving_in |= arriving

    def on_done(event: Event, now: float) -> list[Effect]:
        for name in arriving:
            del state.moving_in[name]
        if isinstance(event, CommitFailed):
            return refuse(asked, "store", f"not saved: {event.reason}")
        move_in(state, newcomers)
        for name, rows in facts.items():
            person = state.persons.named(name)
            assert person is not None
            _replace_facts(person, rows)
            state.state_facts(person, [row[0] for row in rows])
        if also is not None:
            also[1]()
        out: list[Effect] = []
        for name, found in said.items():
            person = state.persons.named(name)
            assert person is not None
            out += settle(state, person, found, now)
        return [*out, Answer(asked.token, data)]

    return state.commit(writes, on_done)


def _outcomes(
    state: PeerState, facts: dict[str, tuple[FactRow, ...]]
) -> dict[str, list[PutOutcome]]:
    """What the facts say of items that their people were shown."""
    found: dict[str, list[PutOutcome]] = {}
    for name, rows in facts.items():
        person = state.persons.named(name)
        if person is not None and len(person.shown):
            writes = outcomes(person, {row[0]: (row[2], row[3]) for row in rows})
            if writes:
                found[name] = writes
    return found


def _replace_facts(person: Person, rows: Iterable[FactRow]) -> None:
    """What a bundle says in a form replaced now is to be found again when it is forgotten."""
    for item, kind, weight, day, title, tags in rows:
        replaced = person.facts.get(item)
        if replaced is not None and replaced.seq is not None:
            person.said.items.setdefault(item, []).append(replaced.seq)
        person.facts[item] = Fact(kind, weight, day, title, tags)
        person.dirty = True


def on_forget(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Delete an item from the person's taste, here and (by a retraction) wherever it went."""
    person = state.person(asked)
    if person is None:
        return no_such_person(asked)
    item = params.item(asked.params)
    if item not in person.facts:
        return refuse(asked, "not_found", f"{person.name} has said nothing of {item}")
    if person.publishing:
        return refuse(asked, "busy", "bundles are being written just now", "try again in a second")
    publication = forget(person, item, now=now)
    said = outcomes(person, {item: (None, state.today(now))})
    person.publishing = True
    data = {"item": item, "retracted": bool(publication.bundles)}

    def on_done(event: Event, then: float) -> list[Effect]:
        person.publishing = False
        if isinstance(event, CommitFailed):
            rewind(publication)
            return refuse(asked, "store", f"not forgotten: {event.reason}")
        del person.facts[item]
        person.said.items.pop(item, None)
        state.graph.remove(person.row, [item.encode()])
        state.tags.remove(person.row, [item.encode()])
        settled = settle(state, person, said, then) if said else []
        return [*announce(state, publication, then), *settled, Answer(asked.token, data)]

    return [state.commit([*publication.writes, *said], on_done)]


def announce(state: PeerState, publication: Publication, now: float) -> list[Effect]:
    """The bundles are durable: facts know them, the feed table holds them, gossip tells them."""
    settle_facts(publication)
    if not publication.bundles:
        return []
    raised: list[tuple[FeedId, int]] = []
    for bundle in publication.bundles:
        raised += state.feeds.offer(bundle, now=now).raised
        raised += state.feeds.set_quota(bundle.feed, OWN_CLAIMS_MAX)
    out: list[Effect] = [StoreBundles((), (), tuple(raised))] if raised else []
    return out + state.tell_gossip(Published(tuple(publication.bundles)), now)
