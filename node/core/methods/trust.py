"""trust, trust_get, block, allow, peers: whom the person listens to, and whom the node talks to."""

from typing import Any

import numpy as np

from node.core.earning import outcomes, refresh, refresh_daily, settle
from node.core.events import (
    Answer,
    Asked,
    CommitFailed,
    Computed,
    Effect,
    Event,
    PutAllowed,
    PutBlock,
    PutOutcome,
    PutVouch,
    Write,
)
from node.core.methods import params
from node.core.methods.recommending import failed, no_such_person, walking
from node.core.methods.whom import author_key, known_author
from node.core.naming import person_named
from node.core.persons import Person, VouchFact
from node.core.state import PeerState, refuse
from node.core.trusting import LOCAL
from protocol.limits import VOUCHES_LIVE_MAX

POLICY_MAX = 65_536
"""Blocked authors, blocked items and allowed authors, each."""

VOUCHES_KEPT_MAX = 4_096
"""Vouches of one person, those taken back included; a further one is refused."""

TRUSTED_SHOWN = 200


def endpoints(state: PeerState, name: str) -> tuple[str, ...]:
    """The addresses in an id string."""
    named = params.author(name) if state.persons.named(name) is None else None
    return named.addresses if named is not None else ()


def on_trust(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Vouch for an author, weight in [-1, 1]; 0 takes it back. Steers walks at once."""
    person = state.person(asked)
    if person is None:
        return no_such_person(asked)
    name = params.text(asked.params, "peer")
    target = author_key(state, name)
    if target is None:
        return refuse(
            asked,
            "usage",
            f"{name[:80]!r} is neither an author key nor known here",
            "ask your friend for the output of: grapevine id",
        )
    if target == person.author:
        return refuse(asked, "usage", "everybody trusts herself already")
    weight = params.percent(params.number(asked.params, "weight", -1, 1, 1.0))
    live = sum(1 for key, vouch in person.vouches.items() if vouch.weight and key != target)
    if weight and live >= VOUCHES_LIVE_MAX:
        return refuse(
            asked, "usage", f"at most {VOUCHES_LIVE_MAX} vouches", "take one back with weight 0"
        )
    if target not in person.vouches and len(person.vouches) >= VOUCHES_KEPT_MAX:
        return refuse(asked, "store", f"at most {VOUCHES_KEPT_MAX} vouches, taken back or not")
    if state.graph.author_row(target) < 0:
        return refuse(asked, "store", "the graph has no room for another author")
    addresses = endpoints(state, name)
    policy = person.policy
    shared = policy.negative_vouches if weight < 0 else policy.vouches
    data = {"author": target.hex(), "weight": weight / 100, "shared": policy.vouches and shared}

    def on_done(event: Event, then: float) -> list[Effect]:
        if isinstance(event, CommitFailed):
            return refuse(asked, "store", f"not saved: {event.reason}")
        person.vouches[target] = VouchFact(weight)
        person.dirty = True
        state.trust.vouch(person.row, target, weight, LOCAL)
        if weight > 0:
            state.protect(target)
            state.addresses.heard(addresses, friend=True, own_word=True)
        if person.earned:
            refresh(state, person, then)  # her own word counts now
        return [Answer(asked.token, data)]

    return [state.commit([PutVouch(person.name, target, weight)], on_done)]


def on_trust_get(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Whom the person's walks trust most, with their parts of all trust, and who earned it."""
    person = state.person(asked)
    if person is None:
        return no_such_person(asked)
    refresh_daily(state, person, now)
    walked = walking(state, person)

    def on_walked(event: Event, _now: float) -> list[Effect]:
        if not isinstance(event, Computed):
            return failed(asked, event)
        walked.keep(state)
        t, unprotected = event.result.t, event.result.unprotected
        best = np.argsort(-t, kind="stable")[: 0 if unprotected else TRUSTED_SHOWN]
        trusted: list[dict[str, Any]] = [
            person_named(state, row) | {"t": float(t[row])} for row in best.tolist() if t[row] > 0
        ]
        data: dict[str, Any] = {"trusted": trusted, "unprotected": unprotected}
        if asked.caller.owner:
            data["earned"] = earned(state, person)
        return [Answer(asked.token, data)]

    return [state.compute(walked.walk, on_walked)]


def earned(state: PeerState, person: Person) -> list[dict[str, Any]]:
    """Who has earned trust that steers the person's walks, the most first, and by what."""
    granted = state.trust.earned_by(person.row)
    if granted is None:
        return []
    entries = []
    for row in granted[0][:TRUSTED_SHOWN].tolist():
        found = person.earned[state.graph.authors.name(row)]
        entries.append(person_named(state, row) | found._asdict())
    return entries


def on_block(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Hear nothing of an author, or see an item never again; `unblock` undoes it."""
    target = params.text(asked.params, "target")
    blocked = asked.method == "block"
    author = known_author(state, target)
    item = None if author is not None else params.item({"item": target})
    target = author.hex() if author is not None else target
    held: Any = state.blocked_authors if author is not None else state.blocked_items
    if blocked and len(held) >= POLICY_MAX and (author or item) not in held:
        return refuse(asked, "usage", f"at most {POLICY_MAX} can be blocked")
    person, said = state.person(asked), list[PutOutcome]()
    if person is not None and item is not None:
        fact = person.facts.get(item)
        standing = fact.weight if fact is not None else None
        said = outcomes(person, {item: (-100 if blocked else standing, state.today(now))})

    def on_done(event: Event, then: float) -> list[Effect]:
        if isinstance(event, CommitFailed):
            return refuse(asked, "store", f"not saved: {event.reason}")
        if author is not None:
            _set(state.blocked_authors, author, blocked)
            state.trust.block(author, blocked)
        else:
            _set(state.blocked_items, item, blocked)
        kind = "author" if author is not None else "item"
        settled = settle(state, person, said, then) if person is not None and said else []
        return [*settled, Answer(asked.token, {"target": target, "kind": kind, "blocked": blocked})]

    writes: list[Write] = [PutBlock(author, item, blocked), *said]
    return [state.commit(writes, on_done)]


def on_allow(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Let an author query this node over the network; `disallow` undoes it."""
    name = params.text(asked.params, "author")
    author = author_key(state, name)
    if author is None:
        return refuse(asked, "usage", f"{name[:80]!r} is not an author key")
    allowed = asked.method == "allow"
    if allowed and len(state.allowed) >= POLICY_MAX and author not in state.allowed:
        return refuse(asked, "usage", f"at most {POLICY_MAX} can be allowed")

    def on_done(event: Event, _now: float) -> list[Effect]:
        if isinstance(event, CommitFailed):
            return refuse(asked, "store", f"not saved: {event.reason}")
        _set(state.allowed, author, allowed)
        return [Answer(asked.token, {"author": author.hex(), "allowed": allowed})]

    return [state.commit([PutAllowed(author, allowed)], on_done)]


def on_peers(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Open links, whom each speaks for, and what each has been charged with."""
    links = [
        {
            "link": link,
            "peer_id": info.peer_id,
            "direction": "out" if info.outbound else "in",
            "address": info.address,
            "age_s": round(now - info.since, 1),
            "authors": [author.hex() for author in info.authors[:8]],
            "authors_total": len(info.authors),
            "points": round(state.ledger.points(info.peer_id, now=now), 2),
        }
        for link, info in state.links.items()
    ]
    return [Answer(asked.token, {"links": links})]


def _set(held: dict[Any, None], key: Any, present: bool) -> None:
    if present:
        held[key] = None
    else:
        held.pop(key, None)
