"""From private facts to signed bundles: what leaves, when, and how it is taken back.

Publishing runs at ticks, so that likes within one tick share a bundle and an imported history
leaves in many bundles over many ticks without stalling anything. A bundle is committed durably
(with the mark on each fact that it carries) before gossip hears of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from node.core.config import SECONDS_PER_DAY
from node.core.events import DeleteFact, MarkShared, PutOwnBundle, VoidOwn, Write
from node.core.persons import ClickFact, Fact, Person, SharePolicy, VouchFact
from protocol.author import FeedWriter
from protocol.bundle import Bundle
from protocol.claims import (
    Claim,
    Click,
    Endpoint,
    Interaction,
    InteractionKind,
    ItemInfo,
    Retract,
    Vouch,
    encode_claims,
)
from protocol.ids import AuthorKey, BundleId, FeedId, Lane
from protocol.limits import CLAIMS_BYTES_MAX

CLAIMS_PER_BUNDLE = 64
"""Small enough that voiding one bundle re-states little, large enough to pay for a signature."""

BUNDLES_PER_TICK = 48
"""Own bundles signed at one tick, whoever they are by: about 10 ms of work."""

QUANTUM = 20
"""Shared weights are multiples of this many percent: five levels of liking, five of disliking."""


def quantised(weight: int) -> int:
    """The weight as it is shared: rounded to `QUANTUM`, never to zero unless it was zero."""
    if weight == 0:
        return 0
    level = max(1, (abs(weight) + QUANTUM // 2) // QUANTUM)
    return min(100, level * QUANTUM) * (1 if weight > 0 else -1)


@dataclass(frozen=True, slots=True)
class Statement:
    """Claims that stand or fall together, and the key of the private fact behind them."""

    lane: Lane
    key: Any
    kept: Fact | VouchFact | ClickFact
    claims: tuple[Claim, ...]


def statements(person: Person, policy: SharePolicy | None = None) -> Iterator[Statement]:
    """Everything that the person's policy (or the one given) lets out and no bundle carries yet."""
    policy = policy or person.policy
    if policy.taste:
        for item, fact in person.facts.items():
            if fact.seq is None:
                yield taste_statement(item, fact)
    if policy.vouches:
        for target, vouch in person.vouches.items():
            # Taking back is news only to those who were told before.
            public = quantised(vouch.weight if vouch.weight > 0 or policy.negative_vouches else 0)
            if public != person.said.vouches.get(target, 0):
                yield Statement(Lane.VOUCHES, target, vouch, (Vouch(target, public),))
    if policy.clicks:
        for (terms, item), click in person.clicks.items():
            if click.seq is None:
                claim = Click(terms, item, click.position)
                yield Statement(Lane.CLICKS, (terms, item), click, (claim,))


def taste_statement(item: str, fact: Fact) -> Statement:
    """The interaction, and the item's title and tags where known."""
    interaction = Interaction(item, InteractionKind[fact.kind], quantised(fact.weight), fact.day)
    if not fact.title:
        return Statement(Lane.TASTE, item, fact, (interaction,))
    info = ItemInfo(item, fact.title, fact.tags)
    return Statement(Lane.TASTE, item, fact, (interaction, info))


def chunks(pending: Iterable[Statement]) -> Iterator[list[Statement]]:
    """Cut statements of one lane into bundles, by count and by encoded size."""
    chunk: list[Statement] = []
    count = size = 0
    for statement in pending:
        weight = len(encode_claims(list(statement.claims)))
        full = count + len(statement.claims) > CLAIMS_PER_BUNDLE
        if chunk and (full or size + weight > CLAIMS_BYTES_MAX - 16):
            yield chunk
            chunk, count, size = [], 0, 0
        chunk.append(statement)
        count += len(statement.claims)
        size += weight
    if chunk:
        yield chunk


@dataclass(slots=True)
class Publication:
    """Bundles written but not yet durable, with the writes that make them so."""

    person: Person
    writes: list[Write]
    bundles: list[Bundle]
    marks: list[tuple[list[Statement], int]]
    before: dict[Lane, tuple[BundleId, int, tuple[int, ...]]]
    """What each lane's writer chained to, its floor and void marks, to return to if the writes
    fail."""


def publish(
    person: Person, *, now: float, bundles_max: int = BUNDLES_PER_TICK
) -> Publication | None:
    """Sign what is pending, at most `bundles_max` bundles. None when nothing is."""
    publication = Publication(person, [], [], [], {})
    by_lane: dict[Lane, list[Statement]] = {}
    for statement in islice(statements(person), bundles_max * CLAIMS_PER_BUNDLE):
        by_lane.setdefault(statement.lane, []).append(statement)
    for lane, pending in by_lane.items():
        for chunk in islice(chunks(pending), bundles_max - len(publication.bundles)):
            _write(publication, lane, chunk, now)
    return publication if publication.bundles else None


def publish_endpoints(person: Person, addresses: tuple[str, ...], *, now: float) -> Publication:
    """Say where the person's node can be reached, instead of what was said before."""
    publication = Publication(person, [], [], [], {})
    _sign(publication, Lane.IDENTITY, [Endpoint(addresses)], now)
    return publication


def forget(person: Person, item: str, *, now: float) -> Publication:
    """Delete the fact; void every bundle that states the item, re-state what else they carried.

    What another device of hers has said cannot be voided here: it is taken back by weight 0.
    """
    publication = Publication(person, [DeleteFact(person.name, item)], [], [], {})
    last = person.facts[item].seq
    earlier = person.said.items.get(item, [])
    voided = sorted({*earlier} if last is None else {*earlier, last})
    claims: list[Claim] = []
    if item in person.said.elsewhere:
        claims.append(Interaction(item, InteractionKind.LIKE, 0, int(now) // SECONDS_PER_DAY))
    if not voided and not claims:
        return publication
    _remember_writer(publication, Lane.TASTE)
    floor = _void(person.writers[Lane.TASTE], voided)
    survivors = [
        taste_statement(other, kept)
        for other, kept in person.facts.items()
        if other != item and kept.seq is not None and (kept.seq in voided or kept.seq < floor)
    ]
    # What the floor has voided already needs no mark; one Retract says that something has gone.
    claims += [Retract(seq) for seq in voided if seq >= floor or seq == voided[-1]]
    _sign(publication, Lane.TASTE, claims, now)
    for chunk in chunks(survivors):
        _write(publication, Lane.TASTE, chunk, now)
    feed = FeedId(person.author, person.device, Lane.TASTE)
    publication.writes.append(VoidOwn(feed, tuple(seq for seq in voided if seq >= floor)))
    return publication


def _void(writer: FeedWriter, voided: list[int]) -> int:
    """Mark the bundles void; the floor below which all others are void now, too (0: none)."""
    floor = 0
    for seq in voided:
        writer.void(seq)
        if writer.voids_full:
            floor = writer.raise_floor()
    return floor


def _write(publication: Publication, lane: Lane, chunk: list[Statement], now: float) -> None:
    claims = [claim for statement in chunk for claim in statement.claims]
    bundle = _sign(publication, lane, claims, now)
    keys = tuple(statement.key for statement in chunk)
    name = publication.person.name
    publication.writes.append(MarkShared(name, lane, keys, bundle.header.seq))
    publication.marks.append((chunk, bundle.header.seq))


def _sign(publication: Publication, lane: Lane, claims: list[Claim], now: float) -> Bundle:
    writer = publication.person.writers[lane]
    _remember_writer(publication, lane)
    bundle = writer.write(claims, time=int(now))
    publication.bundles.append(bundle)
    publication.writes.append(PutOwnBundle(bundle))
    return bundle


def _remember_writer(publication: Publication, lane: Lane) -> None:
    writer = publication.person.writers[lane]
    publication.before.setdefault(lane, (writer.head[1], *writer.marks))


def settle(publication: Publication) -> None:
    """The writes are durable: each fact now knows which bundle carries it.

    A fact that was replaced meanwhile is another object, stays unshared, and is published next.
    """
    person, said = publication.person, publication.person.said
    for chunk, seq in publication.marks:
        for statement in chunk:
            statement.kept.seq = seq
            match statement.claims[0]:
                case Vouch(author=target, weight=weight):
                    said.vouches[AuthorKey(target)] = weight
                case Interaction(item=item):
                    if person.facts.get(item) is not statement.kept:
                        said.items.setdefault(item, []).append(seq)
    for bundle in publication.bundles:
        for claim in bundle.claims():
            if type(claim) is Endpoint:
                said.addresses = claim.addresses


def rewind(publication: Publication) -> None:
    """The bundles were not stored: the next ones chain to the last that was, with new numbers."""
    for lane, (prev, floor, voids) in publication.before.items():
        writer = publication.person.writers[lane]
        writer.resume(writer.head[0], prev, floor, voids)
