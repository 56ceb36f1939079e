"""From the store's rows to what a peer is built from."""

from collections.abc import Iterator, Sequence

from node.core.building import PersonRecord, Remembered, WriterRecord
from node.core.checkpoint import Claims
from node.core.dialing import KnownAddress
from node.core.persons import ClickFact, Fact, SharePolicy, VouchFact
from node.store.rows import PersonRow
from node.store.store import Store
from protocol.ids import AuthorKey, FeedId, Lane
from trust.earned import Showing
from trust.ledger import LedgerRow


def remembered(store: Store, owner_seed: bytes) -> Remembered:
    """Everything the store holds; feeds and claims are read while the peer is being built."""
    proofs = []
    for author in store.equivocators():
        proof = store.equivocation(author)
        if proof is not None:
            proofs.append((author, proof))
    return Remembered(
        persons=tuple(_person(store, row, owner_seed) for row in store.persons()),
        feeds=store.feed_records(),
        dropped=store.dropped_feeds(),
        claims=claims_of(store),
        proofs=tuple(proofs),
        blocked_authors=tuple(store.blocked_authors()),
        blocked_items=tuple(store.blocked_items()),
        allowed=tuple(store.allowed_authors()),
        ledger=tuple(LedgerRow(*row) for row in store.ledger()),
        addresses=tuple(
            KnownAddress(row.address, row.peer_id, row.last_ok, row.failures, row.anchor)
            for row in store.peers()
        ),
    )


def claims_of(store: Store, authors: Sequence[AuthorKey] | None = None) -> Iterator[Claims]:
    """All claims held, or those of some authors, read as they are asked for."""
    for batch in store.replay() if authors is None else store.replay_of(authors):
        for row in batch:
            yield row.feed, row.seq, row.claims, row.seen


def _person(store: Store, row: PersonRow, owner_seed: bytes) -> PersonRecord:
    writers = []
    for lane in Lane:
        state = store.writer_state(FeedId(row.author, row.device, lane))
        writers.append(WriterRecord(lane, state.seq, state.prev, state.floor, state.voids))
    return PersonRecord(
        name=row.name,
        seed=row.seed if row.seed is not None else owner_seed,
        device=row.device,
        policy=SharePolicy(row.taste, row.vouches, row.negative_vouches, row.clicks),
        facts={
            fact.item: Fact(fact.kind, fact.weight, fact.day, fact.title, fact.tags, fact.seq)
            for fact in store.facts(row.name)
        },
        vouches={v.target: VouchFact(v.weight, v.seq) for v in store.vouches(row.name)},
        clicks={(c.terms, c.item): ClickFact(c.position, c.seq) for c in store.clicks(row.name)},
        shown=tuple((s.item, Showing(s.day, s.authors, s.outcome)) for s in store.shown(row.name)),
        writers=tuple(writers),
    )
