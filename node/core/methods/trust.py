"""trust, trust_get, block, allow, peers: whom the person listens to, and whom the node talks to."""

from typing import Any

from node.core.events import (
    Answer,
    Asked,
    CommitFailed,
    Effect,
    Event,
    PutAllowed,
    PutBlock,
    PutVouch,
    Write,
)
from node.core.methods import params
from node.core.methods.recommending import no_such_person
from node.core.naming import person_named
from node.core.persons import VouchFact
from node.core.state import PeerState, refuse
from node.core.trusting import LOCAL
from protocol.ids import AuthorKey
from protocol.limits import VOUCHES_LIVE_MAX

POLICY_MAX = 65_536
"""Blocked authors, blocked items and allowed authors, each."""

TRUSTED_SHOWN = 200


def author_key(state: PeerState, name: str) -> AuthorKey | None:
    """Whom a hex key, an id string, or the name of somebody hosted here, stands for."""
    hosted = state.persons.named(name)
    if hosted is not None:
        return hosted.author
    named = params.author(name)
    return named.author if named is not None else None


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
    live = sum(1 for vouch in person.vouches.values() if vouch.weight)
    if weight and target not in person.vouches and live >= VOUCHES_LIVE_MAX:
        return refuse(
            asked, "usage", f"at most {VOUCHES_LIVE_MAX} vouches", "take one back with weight 0"
        )
    row = state.graph.author_row(target)
    if row < 0:
        return refuse(asked, "store", "the graph has no room for another author")
    policy = person.policy
    shared = policy.negative_vouches if weight < 0 else policy.vouches
    data = {"author": target.hex(), "weight": weight / 100, "shared": policy.vouches and shared}

    def on_done(event: Event, _now: float) -> list[Effect]:
        if isinstance(event, CommitFailed):
            return refuse(asked, "store", f"not saved: {event.reason}")
        person.vouches[target] = VouchFact(weight)
        person.dirty = True
        state.trust.vouch(person.row, target_row(), weight, LOCAL)
        if weight > 0:
            state.addresses.heard(endpoints(state, name), friend=True, own_word=True)
        return [Answer(asked.token, data)]

    def target_row() -> int:
        return state.graph.author_row(target)

    return [state.commit([PutVouch(person.name, target, weight)], on_done)]


def on_trust_get(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Whom the person's walks trust most, with their parts of all trust."""
    person = state.person(asked)
    if person is None:
        return no_such_person(asked)
    kept = state.vectors.get(person.row)
    trusted: list[dict[str, Any]] = []
    if kept is not None and not kept[1].unprotected:
        t = kept[1].t
        best = sorted(range(len(t)), key=lambda row: -t[row])[:TRUSTED_SHOWN]
        trusted = [person_named(state, row) | {"t": float(t[row])} for row in best if t[row] > 0]
    unprotected = kept is None or kept[1].unprotected
    return [Answer(asked.token, {"trusted": trusted, "unprotected": unprotected})]


def on_block(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Hear nothing of an author, or see an item never again; `unblock` undoes it."""
    target = params.text(asked.params, "target")
    blocked = asked.method == "block"
    author = author_key(state, target)
    item = None if author is not None else params.item({"item": target})
    held: Any = state.blocked_authors if author is not None else state.blocked_items
    if blocked and len(held) >= POLICY_MAX:
        return refuse(asked, "usage", f"at most {POLICY_MAX} can be blocked")

    def on_done(event: Event, _now: float) -> list[Effect]:
        if isinstance(event, CommitFailed):
            return refuse(asked, "store", f"not saved: {event.reason}")
        if author is not None:
            _set(state.blocked_authors, author, blocked)
            row = state.graph.author_row(author)
            if row >= 0:
                state.trust.refuse(row, blocked)
        else:
            _set(state.blocked_items, item, blocked)
        kind = "author" if author is not None else "item"
        return [Answer(asked.token, {"target": target, "kind": kind, "blocked": blocked})]

    write: Write = PutBlock(author, item, blocked)
    return [state.commit([write], on_done)]


def on_allow(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Let an author query this node over the network; `disallow` undoes it."""
    name = params.text(asked.params, "author")
    author = author_key(state, name)
    if author is None:
        return refuse(asked, "usage", f"{name[:80]!r} is not an author key")
    allowed = asked.method == "allow"
    if allowed and len(state.allowed) >= POLICY_MAX:
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
