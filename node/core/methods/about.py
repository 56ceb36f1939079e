"""status and id: what this node is, and how it is doing."""

from typing import Any

from node.core.events import Answer, Asked, Effect
from node.core.methods.recommending import no_such_person
from node.core.methods.sharing import policy_dict, shared_by
from node.core.state import PeerState


def on_status(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Counts and caps; a remote author sees only the public part."""
    public: dict[str, Any] = {"peers": len(state.links), "feeds": len(state.feeds)}
    if not asked.caller.owner:
        return [Answer(asked.token, public)]
    person = state.person(asked)
    if person is None:
        return no_such_person(asked)
    earned = state.trust.earned_by(person.row)
    graph, gossip = state.graph.statistics(), state.gossip.statistics()
    data = public | {
        "person": person.name,
        "author": person.author.hex(),
        "people": len(state.persons),
        "items": len(person.facts),
        "vouches": sum(1 for vouch in person.vouches.values() if vouch.weight),
        "earned": len(earned[0]) if earned is not None else 0,
        "sharing": shared_by(person),
        "sharing_any": any(any(policy_dict(p.policy).values()) for p in state.persons),
        "graph": {
            "edges": graph.edges,
            "authors": graph.authors,
            "items": graph.items,
            "bytes": memory(state),
            "bytes_max": state.config.graph.bytes_max,
            "names_bytes": graph.names_nbytes,
            "views_bytes": state.views.nbytes,
            "similar_bytes": state.similar.nbytes,
            "evicted": graph.evicted,
            "refused": graph.refused,
        },
        "gossip": {
            "followed": gossip.followed,
            "on_probation": gossip.on_probation,
            "wants_in_flight": gossip.wants_in_flight,
            "claims_received": state.received_claims,
            "last_received_s": round(now - state.last_received, 1) if state.last_received else None,
            "totals": gossip.totals,
        },
        "vouches_heard": len(state.trust),
        "clicks_heard": len(state.clicks),
        "peer_id": state.peer_id,
        "addresses": list(state.own_addresses),
    }
    # What is to leave is sent soon, or tried again: without this mark nobody would.
    stuck = data["sharing"]["pending"] and not person.dirty and not person.publishing
    data["faults"] = ["what is shared does not leave: restart the daemon"] if stuck else []
    warnings = []
    if not data["vouches"]:
        warnings.append("you trust nobody yet: lists are unprotected (grapevine trust PEER 1)")
    if not state.links:
        warnings.append("no peers are connected")
    return [Answer(asked.token, data, tuple(warnings))]


def memory(state: PeerState) -> int:
    """Bytes of everything that grows with what is heard: graph, heads, vouches, clicks, tags."""
    parts = (state.graph, state.feeds, state.gossip, state.trust, state.clicks, state.tags)
    return sum(part.nbytes for part in parts)


def on_id(state: PeerState, asked: Asked, now: float) -> list[Effect]:
    """Who the person is and where this node can be reached."""
    person = state.person(asked)
    if person is None:
        return no_such_person(asked)
    data = {
        "name": person.name,
        "author": person.author.hex(),
        "peer_id": state.peer_id,
        "addresses": list(state.own_addresses),
    }
    return [Answer(asked.token, data)]
