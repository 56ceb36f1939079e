"""Whom the node follows: what the people here trust, turned into gossip's interest."""

from collections.abc import Iterable
from dataclasses import replace

from node.core.state import PeerState
from protocol.gossip import Interest, Quotas, Wanted
from protocol.ids import AuthorKey
from ranking.trust_vector import TrustVector
from trust.config import TrustConfig

WANTED_MAX = 8_192
"""Authors named to gossip, which follows the best 4,096 of them."""


FINE_PEOPLE_MAX = 4
"""So many people are walked for in full; more share the effort."""

WALKS_MIN = 500


def interest_walks(config: TrustConfig, people: int) -> TrustConfig:
    """How to walk for gossip's interest: whom to follow needs less precision than a list.

    On a node of many people the walks of `FINE_PEOPLE_MAX` are shared out among them; what one
    person's few walks miss, her neighbours' find.
    """
    if people <= FINE_PEOPLE_MAX:
        return config
    walks = max(WALKS_MIN, config.walks * FINE_PEOPLE_MAX // people)
    return replace(config, walks=walks, hits_min=1)


def interest(state: PeerState, vectors: Iterable[TrustVector]) -> Interest:
    """Hosted people and whom they vouch for first, then the most trusted of all."""
    quotas: Quotas = (64, 4_096, state.config.claims_per_followed_author, 2_000)
    wanted: dict[AuthorKey, Wanted] = {}
    for person in state.persons:
        wanted[person.author] = Wanted(1.0, quotas, vouched=True)
        for target, vouch in person.vouches.items():
            if vouch.weight > 0 and target not in state.blocked_authors:
                wanted[target] = Wanted(vouch.weight / 100, quotas, vouched=True)
    best: dict[int, float] = {}
    for vector in vectors:
        if vector.unprotected:
            continue
        for row in vector.t.nonzero()[0].tolist():
            best[row] = max(best.get(row, 0.0), float(vector.t[row]))
    order = sorted(best, key=lambda row: (-best[row], row))[:WANTED_MAX]
    for row in order:
        key = AuthorKey(state.graph.authors.name(row))
        if key not in wanted and key not in state.blocked_authors:
            wanted[key] = Wanted(best[row], quotas)
    return Interest(wanted)
