"""From private facts to signed bundles: what leaves, when, and how it is taken back.

Publishing runs at ticks, so that likes within one tick share a bundle and an imported history
leaves in many bundles over many ticks without stalling anything. A bundle is committed durably
(with the mark on each fact that it carries) before gossip hears of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from node.core.events import DeleteFact, MarkShared, PutOwnBundle, VoidOwn, Write
from node.core.persons import ClickFact, Fact, Person, SharePolicy, VouchFact
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
from protocol.ids import BundleId, FeedId, Lane
from protocol.limits import CLAIMS_BYTES_MAX

CLAIMS_PER_BUNDLE = 64
"""Small enough that voiding one bundle re-states little, large enough to pay for a signature."""

BUNDLES_PER_TICK = 48
"""Own bundles signed in one go, about 10 ms of work."""

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
            if vouch.seq is None and (vouch.weight >= 0 or policy.negative_vouches):
                yield Statement(Lane.VOUCHES, target, vouch, (Vouch(target, vouch.weight),))
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
    before: dict[Lane, BundleId]
    """What each lane's writer chained to, to return to if the writes fail."""


def publish(person: Person, *, now: float) -> Publication | None:
    """Sign what is pending, at most `BUNDLES_PER_TICK` bundles. None when nothing is."""
    publication = Publication(person, [], [], [], {})
    by_lane: dict[Lane, list[Statement]] = {}
    limit = BUNDLES_PER_TICK * CLAIMS_PER_BUNDLE
    for count, statement in enumerate(statements(person)):
        if count >= limit:
            break
        by_lane.setdefault(statement.lane, []).append(statement)
    for lane, pending in by_lane.items():
        for chunk in chunks(pending):
            if len(publication.bundles) >= BUNDLES_PER_TICK:
                break
            _write(publication, lane, chunk, now)
    return publication if publication.bundles else None


def publish_endpoints(person: Person, addresses: tuple[str, ...], *, now: float) -> Publication:
    """Say where the person's node can be reached, instead of what was said before."""
    publication = Publication(person, [], [], [], {})
    _sign(publication, Lane.IDENTITY, [Endpoint(addresses)], now)
    return publication


def forget(person: Person, item: str, *, now: float) -> Publication:
    """Delete the fact; when shared, void its bundle and re-state the others that it carried."""
    fact = person.facts[item]
    publication = Publication(person, [DeleteFact(person.name, item)], [], [], {})
    if fact.seq is None:
        return publication
    voided = fact.seq
    writer = person.writers[Lane.TASTE]
    writer.void(voided)
    floor = writer.raise_floor() if writer.voids_full else 0
    survivors = [
        taste_statement(other, kept)
        for other, kept in person.facts.items()
        if other != item and kept.seq is not None and (kept.seq == voided or kept.seq < floor)
    ]
    _sign(publication, Lane.TASTE, [Retract(voided)], now)
    for chunk in chunks(survivors):
        _write(publication, Lane.TASTE, chunk, now)
    feed = FeedId(person.author, person.device, Lane.TASTE)
    publication.writes.append(VoidOwn(feed, (voided,)))
    return publication


def _write(publication: Publication, lane: Lane, chunk: list[Statement], now: float) -> None:
    claims = [claim for statement in chunk for claim in statement.claims]
    bundle = _sign(publication, lane, claims, now)
    keys = tuple(statement.key for statement in chunk)
    name = publication.person.name
    publication.writes.append(MarkShared(name, lane, keys, bundle.header.seq))
    publication.marks.append((chunk, bundle.header.seq))


def _sign(publication: Publication, lane: Lane, claims: list[Claim], now: float) -> Bundle:
    writer = publication.person.writers[lane]
    publication.before.setdefault(lane, writer.head[1])
    bundle = writer.write(claims, time=int(now))
    publication.bundles.append(bundle)
    publication.writes.append(PutOwnBundle(bundle))
    return bundle


def settle(publication: Publication) -> None:
    """The writes are durable: each fact now knows which bundle carries it.

    A fact that was replaced meanwhile is another object, stays unshared, and is published next.
    """
    for chunk, seq in publication.marks:
        for statement in chunk:
            statement.kept.seq = seq
