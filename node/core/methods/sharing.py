"""share_get, share_set, share_preview: what leaves this node. Nothing does until told to."""

from itertools import islice
from typing import Any

import msgspec

from node.core.events import Answer, Asked, CommitFailed, Effect, Event, PutPolicy
from node.core.methods import params
from node.core.methods.recommending import no_such_person
from node.core.persons import Person, SharePolicy
from node.core.publishing import Statement, statements
from node.core.state import PeerState, refuse

KINDS = ("taste", "vouches", "negative_vouches", "clicks")
PREVIEW_MAX = 1_000


def on_share_get(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """What one person shares, how many records have left, and how many wait."""
    person = state.person(asked)
    if person is None:
        return no_such_person(asked)
    return [Answer(asked.token, shared_by(person))]


def shared_by(person: Person) -> dict[str, Any]:
    """The policy with counts."""
    seqs: list[int | None] = [fact.seq for fact in person.facts.values()]
    seqs += [vouch.seq for vouch in person.vouches.values()]
    seqs += [click.seq for click in person.clicks.values()]
    private = seqs.count(None)
    return policy_dict(person.policy) | {
        "person": person.name,
        "shared": len(seqs) - private,
        "pending": sum(1 for _ in statements(person)),
        "private": private,
    }


def policy_dict(policy: SharePolicy) -> dict[str, bool]:
    """The four switches."""
    return {kind: getattr(policy, kind) for kind in KINDS}


def on_share_set(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Switch kinds on or off for one person, several, or everybody here (`people="*"`).

    Switching off stops what has not left yet; what has left is taken back with `forget`.
    """
    chosen = _chosen(state, asked)
    if chosen is None:
        return no_such_person(asked)
    changes = _switches(asked)
    new = {person.name: SharePolicy(**(policy_dict(person.policy) | changes)) for person in chosen}
    writes = [PutPolicy(name, **policy_dict(policy)) for name, policy in new.items()]

    def on_done(event: Event, _now: float) -> list[Effect]:
        if isinstance(event, CommitFailed):
            return refuse(asked, "store", f"not saved: {event.reason}")
        for person in chosen:
            person.policy = new[person.name]
            person.dirty = True
        effects = state.speak()
        shown = [{"name": p.name} | policy_dict(p.policy) for p in chosen[:100]]
        return [*effects, Answer(asked.token, {"people": shown, "changed": len(chosen)})]

    return [state.commit(list(writes), on_done)]


def _switches(asked: Asked) -> dict[str, bool]:
    """The kinds that the query names, each on or off."""
    given = {kind: asked.params[kind] for kind in KINDS if asked.params.get(kind) is not None}
    for kind, value in given.items():
        if not isinstance(value, bool):
            raise params.BadParameter(f"{kind} must be true or false")
    return given


def _chosen(state: PeerState, asked: Asked) -> list[Person] | None:
    names = asked.params.get("people")
    if names == "*":
        return list(state.persons)
    if names is None:
        person = state.person(asked)
        return None if person is None else [person]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise params.BadParameter('people must be a list of names, or "*"')
    people = [state.persons.named(name) for name in names]
    return None if None in people else [p for p in people if p is not None]


def on_share_preview(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """The exact records that would leave, or are about to: nothing else ever does.

    Switches in the query are tried out, not set; without any, somebody who shares nothing sees what
    would leave if everything were on.
    """
    person = state.person(asked)
    if person is None:
        return no_such_person(asked)
    limit = int(params.number(asked.params, "limit", 1, PREVIEW_MAX, 100))
    switches = _switches(asked)
    tried = SharePolicy(**(policy_dict(person.policy) | switches))
    if not switches and not person.policy.any:
        tried = SharePolicy(taste=True, vouches=True, negative_vouches=True, clicks=True)
    waiting = list(statements(person, tried))
    records = [record for s in islice(waiting, limit) for record in _records(s)]
    data = {
        "records": records[:limit],
        "total": sum(len(s.claims) for s in waiting),
        "would": tried != person.policy,
        "author": person.author.hex(),
    }
    return [Answer(asked.token, data)]


def _records(statement: Statement) -> list[dict[str, Any]]:
    """Claims as they travel, with their fields named."""
    return [
        {"lane": statement.lane.name.lower(), "kind": type(claim).__name__}
        | msgspec.to_builtins(msgspec.structs.asdict(claim), builtin_types=(bytes,))
        | _hex_author(claim)
        for claim in statement.claims
        if isinstance(claim, msgspec.Struct)
    ]


def _hex_author(claim: Any) -> dict[str, str]:
    author = getattr(claim, "author", None)
    return {"author": author.hex()} if isinstance(author, bytes) else {}
