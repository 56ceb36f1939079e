"""like, import_rows, forget: what a person says of items. Private until shared."""

from typing import Any

import numpy as np

from node.core.events import Answer, Asked, CommitFailed, Effect, Event, PutFacts, Write
from node.core.methods import params
from node.core.methods.people import add_person
from node.core.methods.recommending import no_such_person
from node.core.persons import FACTS_MAX, PERSONS_MAX, Fact, Person
from node.core.publishing import Publication, forget, settle
from node.core.state import PeerState, refuse
from protocol.claims import InteractionKind
from protocol.events import Published

ROWS_PER_IMPORT_MAX = 2_000
"""Rows of one `import_rows` query; more are refused, the client sends another query."""

UNPUBLISHED_SEQ = 2**32 - 1
"""Stamp in the graph of a fact that no bundle carries yet: newer than anything of hers."""

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
    if state.persons.facts_total() >= FACTS_MAX and item not in person.facts:
        return refuse(asked, "store", f"this node keeps at most {FACTS_MAX} items of its people")
    data = {"item": item, "weight": weight / 100, "shared": person.policy.taste}
    return [commit_facts(state, asked, [(person, (row,))], data)]


def on_import_rows(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Rows [user|None, item, weight, day, title|None, tags]; with `people` each user is a person.

    Answers how many were new and how many were held already; a second import finds 0 new.
    """
    rows = asked.params.get("rows")
    if not isinstance(rows, list) or len(rows) > ROWS_PER_IMPORT_MAX:
        return refuse(asked, "usage", f"rows must be a list of at most {ROWS_PER_IMPORT_MAX}")
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
    made: list[str] = []
    writes: list[Write] = []
    for name in batches:
        if state.persons.named(name) is None:
            if len(state.persons) >= PERSONS_MAX:
                return refuse(asked, "usage", f"at most {PERSONS_MAX} people can live on a node")
            writes.append(add_person(state, name))
            made.append(name)
    facts: list[tuple[Person, tuple[FactRow, ...]]] = []
    for name, held in batches.items():
        person = state.persons.named(name)
        assert person is not None
        new = tuple(f for f in held.values() if not _same(person.facts.get(f[0]), f))
        duplicates += len(held) - len(new)
        facts.append((person, new))
    imported = sum(len(new) for _, new in facts)
    if state.persons.facts_total() + imported > FACTS_MAX:
        return refuse(asked, "store", f"this node keeps at most {FACTS_MAX} items of its people")
    data = {"imported": imported, "duplicate": duplicates, "people": made}
    return [commit_facts(state, asked, facts, data, writes)]


def _import_row(row: Any, number: int) -> tuple[str | None, FactRow]:
    if not isinstance(row, list | tuple) or len(row) != 6:
        raise params.BadParameter(f"row {number} is not [user, item, weight, day, title, tags]")
    user, item, weight, day, title, tags = row
    if user is not None and (not isinstance(user, str) or not 0 < len(user) <= 64):
        raise params.BadParameter(f"row {number}: a user is 1 to 64 characters of text")
    if not isinstance(item, str):
        raise params.BadParameter(f"row {number}: the item must be text")
    valid = params.valid_item(item)
    percent = params.percent(params.number({"weight": weight}, "weight", -1, 1, 0))
    whole = int(params.number({"day": day}, "day", 0, 65_535, 0))
    return user, (valid, "RATE", percent, whole, params.title(title), params.tags(tags))


def _same(fact: Fact | None, row: FactRow) -> bool:
    if fact is None:
        return False
    return (fact.kind, fact.weight, fact.day, fact.title, fact.tags) == row[1:]


def commit_facts(
    state: PeerState,
    asked: Asked,
    facts: list[tuple[Person, tuple[FactRow, ...]]],
    data: dict[str, Any],
    writes: list[Write] | None = None,
) -> Effect:
    """Make facts durable, then put them into the graph and answer."""
    writes = list(writes or [])
    writes += [PutFacts(person.name, rows) for person, rows in facts if rows]

    def on_done(event: Event, _now: float) -> list[Effect]:
        if isinstance(event, CommitFailed):
            return refuse(asked, "store", f"not saved: {event.reason}")
        for person, rows in facts:
            for item, kind, weight, day, title, tags in rows:
                person.facts[item] = Fact(kind, weight, day, title, tags)
            put_facts(state, person, [row[0] for row in rows])
            person.dirty = True
        return [Answer(asked.token, data)]

    return state.commit(writes, on_done)


def put_facts(state: PeerState, person: Person, items: list[str]) -> None:
    """State these facts of hers in the graph, above what her feeds say."""
    if not items:
        return
    facts = [person.facts[item] for item in items]
    state.graph.put(
        person.row,
        [item.encode() for item in items],
        np.array([fact.weight for fact in facts], np.int8),
        np.array([fact.day for fact in facts], np.uint16),
        seq=UNPUBLISHED_SEQ,
        device=int.from_bytes(person.device[:2], "big"),
    )


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
    person.publishing = True
    data = {"item": item, "retracted": bool(publication.bundles)}

    def on_done(event: Event, then: float) -> list[Effect]:
        person.publishing = False
        if isinstance(event, CommitFailed):
            rewind(publication)
            return refuse(asked, "store", f"not forgotten: {event.reason}")
        del person.facts[item]
        state.graph.remove(person.row, [item.encode()])
        return [*announce(state, publication, then), Answer(asked.token, data)]

    return [state.commit(publication.writes, on_done)]


def announce(state: PeerState, publication: Publication, now: float) -> list[Effect]:
    """The bundles are durable: facts know them, the feed table holds them, gossip tells them."""
    settle(publication)
    if not publication.bundles:
        return []
    for bundle in publication.bundles:
        state.feeds.offer(bundle, now=now)
    return state.tell_gossip(Published(tuple(publication.bundles)), now)


def rewind(publication: Publication) -> None:
    """The bundles were not stored: the next ones chain to the last that was."""
    for lane, head in publication.before.items():
        publication.person.writers[lane].rewind(head)
