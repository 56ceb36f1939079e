"""Putting a peer together, empty or from what its store remembers."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from random import Random

from node.core.admission import Admission, Heard
from node.core.checkpoint import Claims, Saved, put_back, put_back_heads, saved_graph
from node.core.clicks import ClickLog
from node.core.config import PeerConfig
from node.core.dialing import AddressBook, KnownAddress
from node.core.earning import refresh
from node.core.interest import kept_whole
from node.core.methods.people import new_person
from node.core.peer import Peer
from node.core.persons import ClickFact, ClickKey, Fact, Persons, SharePolicy, VouchFact
from node.core.similar import IndexFile, SimilarDesk
from node.core.state import PeerState
from node.core.tags import TagLog
from node.core.trusting import TrustDesk
from protocol.bundle import Verifier
from protocol.claims import Endpoint, Interaction, ItemInfo, Vouch, decode_stored
from protocol.errors import RemoteProtocolError
from protocol.feedtable import DroppedMark, FeedConfig, FeedRecord, FeedTable
from protocol.gossip import Gossip
from protocol.ids import AuthorKey, BundleId, DeviceId, Lane
from protocol.signing import Signer
from ranking.graph import BoundedGraph
from trust.earned import Showing
from trust.ledger import LedgerRow, PeerLedger

BATCH = 128
"""Bundles admitted at a time."""


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
    shown: tuple[tuple[str, Showing], ...] = ()
    """(item, showing), the oldest first."""
    writers: tuple[WriterRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Remembered:
    """All that a restart brings back. `claims` are (feed, seq, claims, when first seen), the
    first seen first."""

    persons: tuple[PersonRecord, ...]
    feeds: Iterable[FeedRecord] = ()
    dropped: Iterable[DroppedMark] = ()
    claims: Iterable[Claims] = ()
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
    saved: Saved | None = None,
    similar_file: IndexFile | None = None,
) -> Peer:
    """A peer with everything it remembers in place; the first person is the owner.

    `new_seed` gives 32 secret random bytes. Costs about 2 s a million claims; with a checkpoint
    (`saved`) .06 s, and the 2 s for what has changed since. `CheckpointError` when it does not fit.
    """
    hash_key = rng.getrandbits(63)
    if saved is None:
        graph = BoundedGraph(config.graph, hash_key=hash_key)
    else:
        graph = saved_graph(saved, config, hash_key=hash_key)
    feeds = FeedTable(FeedConfig(future_s=config.future_s))
    trust = TrustDesk(graph, config.trust)
    clicks = ClickLog(graph, hash_key=rng.getrandbits(63), clicks_max=config.clicks_max)
    tags = TagLog(hash_key=hash_key)
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
        tags=tags,
        admission=Admission(graph, trust, clicks, tags, feeds),
        ledger=PeerLedger(),
        addresses=AddressBook(config.dial, Random(rng.getrandbits(64))),
        similar=SimilarDesk(
            graph, config.similar, new_key=lambda: rng.getrandbits(128), file=similar_file
        ),
        rng=rng,
        new_seed=new_seed,
    )
    restore(state, remembered, saved, now=now)
    return Peer(state)


def restore(state: PeerState, remembered: Remembered, saved: Saved | None, *, now: float) -> None:
    """Bring back people, policy, feeds, the graph and proofs."""
    unlike = put_back(saved, state) if saved else []
    for record in remembered.persons:
        _restore_person(state, record)
    state.feeds.restore_dropped(remembered.dropped)
    if saved is None:
        _read_again(state, remembered.feeds, remembered.claims)
        state.gossip.reload()
    else:
        again = _not_as_saved(state, unlike, saved.changed)
        state.admission.forget_all(again)
        for author in again:
            state.feeds.forget(author)
        _read_again(state, saved.feeds(again), saved.claims(again))
        put_back_heads(saved, state.gossip, again)
    state.gossip.restore_proofs(remembered.proofs)  # whose heads are told no more
    if state.config.disown_equivocators:
        state.admission.forget_all([author for author, _ in remembered.proofs])
        for author, _ in remembered.proofs:
            state.trust.disown(author)
    for author in remembered.blocked_authors:
        state.trust.block(author, True)
    for person in state.persons:
        state.restate(person.author)
        refresh(state, person, now)
    state.blocked_authors = dict.fromkeys(remembered.blocked_authors)
    state.blocked_items = dict.fromkeys(remembered.blocked_items)
    state.allowed = dict.fromkeys(remembered.allowed)
    state.ledger.restore(remembered.ledger, now=now)
    state.addresses.restore(remembered.addresses)
    state.speak()


def _read_again(state: PeerState, feeds: Iterable[FeedRecord], claims: Iterable[Claims]) -> None:
    """Take in feeds that the store holds and what they claim."""
    state.feeds.restore(feeds)
    for author, quotas in kept_whole(state).items():
        state.protect(author)
        for feed in state.feeds.feeds_of(author):
            state.feeds.set_quota(feed, quotas[feed.lane])
    decoded = iter(_decoded(claims))
    while batch := list(islice(decoded, BATCH)):
        state.admission.admit(batch)
        for heard in batch:
            _hear_oneself(state, heard)


def _not_as_saved(
    state: PeerState, unlike: Iterable[AuthorKey], changed: Iterable[AuthorKey]
) -> list[AuthorKey]:
    """Whose part of a checkpoint must be made anew from the store.

    Beside those who have changed: people who live here, whose bundles may have been stored just
    before and of whom more must be known; and whom they vouch for now, where a stranger's quota
    may have cut her.
    """
    hosted = [person.author for person in state.persons]
    quota = state.config.graph.edges_per_author_max
    whole = list(kept_whole(state))
    rows = state.graph.authors.lookup_many(whole).tolist()
    cut = [
        author
        for author, row in zip(whole, rows, strict=True)
        if row >= 0 and len(state.graph.edges_of(row)[0]) >= quota
    ]
    return list(dict.fromkeys((*hosted, *unlike, *changed, *cut)))


def _restore_person(state: PeerState, record: PersonRecord) -> None:
    person = new_person(state, record.name, Signer(record.seed), record.device)
    person.policy = record.policy
    person.facts.update(record.facts)
    person.vouches.update(record.vouches)
    person.clicks.update(record.clicks)
    person.shown.restore(record.shown)
    for writer in record.writers:
        person.writers[writer.lane].resume(writer.seq, writer.prev, writer.floor, writer.voids)


def _decoded(stored: Iterable[Claims]) -> Iterator[Heard]:
    for feed, seq, data, seen in stored:
        try:
            yield Heard(feed, seq, decode_stored(data), seen)
        except RemoteProtocolError:  # stored under older rules: not ours to judge at a start
            continue


def _hear_oneself(state: PeerState, heard: Heard) -> None:
    """A bundle by somebody who lives here says what she has said in public."""
    person = state.persons.with_key(heard.feed.author)
    if person is None:
        return
    said, here = person.said, heard.feed.device == person.device
    for claim in heard.claims:
        if isinstance(claim, Vouch):
            said.vouches[AuthorKey(claim.author)] = claim.weight
        elif isinstance(claim, Endpoint):
            said.addresses = claim.addresses
        elif isinstance(claim, Interaction | ItemInfo) and not here:
            said.elsewhere[claim.item] = None
        elif isinstance(claim, Interaction) and claim.weight:
            fact = person.facts.get(claim.item)
            if fact is None or fact.seq != heard.seq:
                said.items.setdefault(claim.item, []).append(heard.seq)
