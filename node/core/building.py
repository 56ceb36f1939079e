"""Putting a peer together, empty or from what its store remembers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random

from node.core.admission import Admission
from node.core.clicks import ClickLog
from node.core.config import PeerConfig
from node.core.dialing import AddressBook, KnownAddress
from node.core.methods.people import new_person
from node.core.methods.taste import put_facts
from node.core.peer import Peer
from node.core.persons import ClickFact, ClickKey, Fact, Persons, SharePolicy, VouchFact
from node.core.state import PeerState
from node.core.trusting import LOCAL, TrustDesk
from protocol.bundle import Verifier
from protocol.claims import decode_claims
from protocol.errors import RemoteProtocolError
from protocol.feedtable import FeedRecord, FeedTable
from protocol.gossip import Gossip
from protocol.ids import AuthorKey, BundleId, DeviceId, FeedId, Lane
from protocol.signing import Signer
from ranking.graph import BoundedGraph
from trust.ledger import LedgerRow, PeerLedger


@dataclass(frozen=True, slots=True)
class WriterRecord:
    """Where the writer of an own lane goes on."""

    lane: Lane
    seq: int
    prev: BundleId
    floor: int
    voids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """One hosted person as the store remembers her."""

    name: str
    seed: bytes
    device: DeviceId
    policy: SharePolicy = field(default_factory=SharePolicy)
    facts: dict[str, Fact] = field(default_factory=dict)
    vouches: dict[AuthorKey, VouchFact] = field(default_factory=dict)
    clicks: dict[ClickKey, ClickFact] = field(default_factory=dict)
    writers: tuple[WriterRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Remembered:
    """All that a restart brings back. `claims` are (feed, seq, claims) in first-seen order."""

    persons: tuple[PersonRecord, ...]
    feeds: Iterable[FeedRecord] = ()
    claims: Iterable[tuple[FeedId, int, bytes]] = ()
    proofs: tuple[tuple[AuthorKey, bytes], ...] = ()
    blocked_authors: tuple[AuthorKey, ...] = ()
    blocked_items: tuple[str, ...] = ()
    allowed: tuple[AuthorKey, ...] = ()
    ledger: tuple[LedgerRow, ...] = ()
    addresses: tuple[KnownAddress, ...] = ()


def build(
    config: PeerConfig,
    remembered: Remembered,
    *,
    rng: Random,
    new_seed: Callable[[], bytes],
    verify: Verifier,
    now: float,
) -> Peer:
    """A peer with everything it remembers in place; the first person is the owner.

    `new_seed` gives 32 secret random bytes. Costs about 2 s a million claims.
    """
    graph = BoundedGraph(config.graph, hash_key=rng.getrandbits(63))
    feeds = FeedTable()
    trust = TrustDesk(graph, config.trust)
    clicks = ClickLog(graph, hash_key=rng.getrandbits(63))
    gossip = Gossip(
        config.gossip,
        network=config.network,
        feeds=feeds,
        verify=verify,
        rng=Random(rng.getrandbits(64)),
    )
    state = PeerState(
        config=config,
        persons=Persons(),
        graph=graph,
        feeds=feeds,
        gossip=gossip,
        trust=trust,
        clicks=clicks,
        admission=Admission(graph, trust, clicks),
        ledger=PeerLedger(),
        addresses=AddressBook(config.dial, Random(rng.getrandbits(64))),
        rng=rng,
        new_seed=new_seed,
    )
    restore(state, remembered, now=now)
    return Peer(state)


def restore(state: PeerState, remembered: Remembered, *, now: float) -> None:
    """Bring back people, policy, feeds, the graph and proofs."""
    for record in remembered.persons:
        _restore_person(state, record)
    state.feeds.restore(remembered.feeds)
    for feed, seq, data in remembered.claims:
        try:
            claims = decode_claims(data, feed.lane)
        except RemoteProtocolError:  # stored under older rules: not ours to judge at a start
            continue
        state.admission.admit(feed, seq, claims)
    for person in state.persons:
        put_facts(state, person, list(person.facts))
    state.gossip.restore_proofs(remembered.proofs)
    for author, _ in remembered.proofs:
        state.admission.forget(author)
    refused = [author for author, _ in remembered.proofs] + list(remembered.blocked_authors)
    for author in refused:
        row = state.graph.author_row(author)
        if row >= 0:
            state.trust.refuse(row, True)
    state.blocked_authors = dict.fromkeys(remembered.blocked_authors)
    state.blocked_items = dict.fromkeys(remembered.blocked_items)
    state.allowed = dict.fromkeys(remembered.allowed)
    state.ledger.restore(remembered.ledger, now=now)
    state.addresses.restore(remembered.addresses)
    state.speak()
    state.gossip.reload()


def _restore_person(state: PeerState, record: PersonRecord) -> None:
    person = new_person(state, record.name, Signer(record.seed), record.device)
    person.policy = record.policy
    person.facts.update(record.facts)
    person.vouches.update(record.vouches)
    person.clicks.update(record.clicks)
    for writer in record.writers:
        person.writers[writer.lane].resume(writer.seq, writer.prev, writer.floor, writer.voids)
    for target, vouch in record.vouches.items():
        row = state.graph.author_row(target)
        if row >= 0:
            state.trust.vouch(person.row, row, vouch.weight, LOCAL)
    for terms, item in record.clicks:
        state.clicks.add(person.row, terms, item)
