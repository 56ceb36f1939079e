"""Whom the node follows: what the people here trust, turned into gossip's interest."""

from collections.abc import Iterable
from dataclasses import replace

from node.core.state import OWN_CLAIMS_MAX, PeerState
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


def kept_whole(state: PeerState) -> dict[AuthorKey, Quotas]:
    """The people here and whom they vouch for, with the quotas that keep their data complete."""
    taste = state.config.claims_per_vouched_author
    whole: dict[AuthorKey, Quotas] = {}
    for person in state.persons:
        for target, vouch in person.vouches.items():
            if vouch.weight > 0:
                whole[target] = (64, 4_096, taste, 2_000)
    for person in state.persons:
        whole[person.author] = (OWN_CLAIMS_MAX,) * 4
    return whole


def interest(state: PeerState, vectors: Iterable[TrustVector]) -> Interest:
    """Hosted people and whom they vouch for first, then the most trusted of all.

    Of these the part of walks that comes by says how much she is wanted, not the trust that ends
    with her: walks end with whoever's vouches are unknown and go on as soon as they are known, so
    that to follow somebody would be to want her less, and the list would never settle.
    """
    wanted: dict[AuthorKey, Wanted] = {}
    weights: dict[AuthorKey, int] = {}
    for person in state.persons:
        for target, vouch in person.vouches.items():
            weights[target] = max(weights.get(target, 0), vouch.weight)
    for author, quotas in kept_whole(state).items():
        if state.persons.with_key(author) is not None:
            wanted[author] = Wanted(1.0, quotas, vouched=True, hosted=True)
        elif author not in state.blocked_authors:
            wanted[author] = Wanted(weights[author] / 100, quotas, vouched=True)
    best: dict[int, float] = {}
    for vector in vectors:
        if vector.unprotected:
            continue
        for row in vector.t.nonzero()[0].tolist():
            best[row] = max(best.get(row, 0.0), int(vector.hits[row]) / len(vector.walks))
    order = sorted(best, key=lambda row: (-best[row], row))[:WANTED_MAX]
    known: Quotas = (64, 4_096, state.config.claims_per_followed_author, 2_000)
    for row in order:
        key = AuthorKey(state.graph.authors.name(row))
        if key not in wanted and key not in state.blocked_authors:
            wanted[key] = Wanted(best[row], known)
    return Interest(wanted)


def may_ask_for(state: PeerState, author: AuthorKey) -> bool:
    """Whether strangers may learn that this node looks for the author.

    Asking the network for somebody says that she is trusted here. So only those are asked for whom
    a person who shares vouches trusts, and nobody before anyone does.
    """
    private = [p for p in state.persons if not p.policy.vouches]
    if len(private) == len(state.persons):
        return False
    public = [p for p in state.persons if p.policy.vouches]
    if any(author in p.vouches and p.vouches[author].weight > 0 for p in public):
        return True
    return not any(author in p.vouches for p in private)
