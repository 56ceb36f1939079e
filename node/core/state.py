"""Everything one peer knows, and the continuations of what it has asked the shell to do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, TypeAlias

import numpy as np

from node.core.admission import Admission
from node.core.clicks import ClickLog, Said
from node.core.config import SECONDS_PER_DAY, PeerConfig
from node.core.dialing import AddressBook
from node.core.events import (
    Asked,
    Commit,
    Compute,
    Computed,
    Effect,
    Event,
    FindInfo,
    Provide,
    Refuse,
    Write,
)
from node.core.last_search import LastSearches
from node.core.persons import Person, Persons
from node.core.similar import SimilarDesk
from node.core.tags import TagLog, TagStatements
from node.core.trusting import LOCAL, TrustDesk, Walked, WalkJob
from protocol.events import Event as GossipEvent
from protocol.feedtable import FeedTable
from protocol.gossip import Gossip
from protocol.ids import AuthorKey
from protocol.limits import SEQ_MAX
from ranking.begun_snapshot import BegunSnapshot
from ranking.graph import PROTECTED, BoundedGraph
from ranking.snapshot import GraphSnapshot
from ranking.trust_vector import TrustVector
from ranking.view import KeptViews
from trust.config import TrustConfig
from trust.kept_walks import KeptWalks
from trust.ledger import PeerLedger

Continuation: TypeAlias = Callable[[Event, float], list[Effect]]

WAITING_MAX = 1024
"""Continuations waiting for the shell; a query that would need one more is refused as busy."""

OWN_CLAIMS_MAX = 2**31 - 1
"""Claims held of an own feed: `PeerConfig.facts_max` bounds them."""

LOCAL_RANK = 65_535
"""Device rank of what is said here: above all of her devices."""

VECTORS_MAX = 8
"""People whose walks are kept, up to 10 MB each."""


@dataclass(slots=True)
class LinkInfo:
    """One open gossip link."""

    peer_id: str
    outbound: bool
    address: str
    since: float
    authors: list[AuthorKey] = field(default_factory=list)


@dataclass(slots=True)
class PeerState:
    """The parts that queries and gossip act on. Only `Peer` and its method modules touch it."""

    config: PeerConfig
    persons: Persons
    graph: BoundedGraph
    feeds: FeedTable
    gossip: Gossip
    trust: TrustDesk
    clicks: ClickLog
    tags: TagLog
    admission: Admission
    ledger: PeerLedger
    addresses: AddressBook
    similar: SimilarDesk
    rng: Random
    new_seed: Callable[[], bytes]
    blocked_items: dict[str, None] = field(default_factory=dict)
    blocked_authors: dict[AuthorKey, None] = field(default_factory=dict)
    allowed: dict[AuthorKey, None] = field(default_factory=dict)
    own_addresses: tuple[str, ...] = ()
    peer_id: str = ""
    links: dict[int, LinkInfo] = field(default_factory=dict)
    vectors: dict[int, tuple[int, TrustVector]] = field(default_factory=dict)
    """Person's row -> (version of the trust desk, her trust), at most `VECTORS_MAX`."""
    walks: dict[int, KeptWalks] = field(default_factory=dict)
    """Person's row -> her walks, to be mended; of those with a vector."""
    last_searches: LastSearches = field(default_factory=LastSearches)
    views: KeptViews = field(default_factory=KeptViews)
    """The graph as the last askers heard it; read and replaced on the worker."""
    finishing: dict[BegunSnapshot, list[int]] = field(default_factory=dict)
    """Snapshots that the worker finishes now -> tokens of the continuations that wait for them."""
    tell_gossip: Callable[[GossipEvent, float], list[Effect]] = lambda _event, _now: []
    """Hands an event to gossip and translates what comes out; the `Peer` sets it."""
    moving_in: dict[str, None] = field(default_factory=dict)
    """Names of people who are being made durable; each belongs to a continuation."""
    waiting: dict[int, Continuation] = field(default_factory=dict)
    next_token: int = 1
    received_claims: int = 0
    last_received: float = 0.0

    def then(self, continuation: Continuation) -> int:
        """Remember what to do when the shell reports on the token returned."""
        token = self.next_token
        self.next_token += 1
        self.waiting[token] = continuation
        return token

    def commit(self, writes: list[Write], continuation: Continuation) -> Effect:
        """Make writes durable in one transaction, then continue."""
        return Commit(self.then(continuation), tuple(writes))

    def compute(self, job: Callable[[], Any], continuation: Continuation) -> Effect:
        """Run the job on the worker; rows of the graph stay what they are until it is done."""
        self.graph.hold()

        def release(event: Event, now: float) -> list[Effect]:
            try:
                return continuation(event, now)
            finally:
                self.graph.unhold()

        return Compute(self.then(release), job)

    def compute_on_snapshot(
        self, job: Callable[[GraphSnapshot], Any], continuation: Continuation, now: float
    ) -> list[Effect]:
        """`compute` a job of the graph as it is today. Read what else it needs before: rows only
        grow.

        Here edges are only copied; the worker finishes the snapshot first, once for everybody who
        asks before the graph changes. An older snapshot never answers, however short ago it was
        made: rows that nobody has held since may stand for other items by now.
        """
        self.graph.hold()  # lest making room for that recycle rows of the snapshot
        try:
            begun = self.graph.begin_snapshot(today=self.today(now))
            if begun.ready:
                return [self.compute(partial(job, begun.finish()), continuation)]
            self.views.clear()
            self.similar.forget_pictures()
            return self._when_finished(begun, job, continuation)
        finally:
            self.graph.unhold()

    def _when_finished(
        self,
        begun: BegunSnapshot,
        job: Callable[[GraphSnapshot], Any],
        continuation: Continuation,
    ) -> list[Effect]:
        def start(event: Event, now: float) -> list[Effect]:
            if not isinstance(event, Computed):
                return continuation(event, now)
            return [self.compute(partial(job, event.result), continuation)]

        def on_finished(event: Event, now: float) -> list[Effect]:
            started = [self.waiting.pop(token) for token in self.finishing.pop(begun)]
            return [effect for start in started for effect in start(event, now)]

        waiting = self.finishing.setdefault(begun, [])
        waiting.append(self.then(start))
        return [] if len(waiting) > 1 else [self.compute(begun.finish, on_finished)]

    def find_info(self, items: list[str], continuation: Continuation) -> Effect:
        """Ask the store what items are called."""
        return FindInfo(self.then(continuation), items=tuple(dict.fromkeys(items)))

    def speak(self) -> list[Effect]:
        """Tell the network whom this node speaks for: those of its people who share something."""
        speaking = [person for person in self.persons if person.policy.any]
        self.gossip.speak_for(person.signer for person in speaking)
        return [Provide(person.author) for person in speaking]

    def protect(self, author: AuthorKey) -> None:
        """Keep what she likes whole from now on, not only from the next walk on."""
        row = self.graph.author_row(author)
        if row >= 0:
            self.graph.set_priority(row, PROTECTED)

    def state_facts(self, person: Person, items: Sequence[str]) -> None:
        """Put these facts of hers into graph and tags, above what her feeds say."""
        names = [item.encode() for item in items]
        facts = [person.facts[item] for item in items]
        if names:
            weights = np.array([fact.weight for fact in facts], np.int8)
            days = np.array([fact.day for fact in facts], np.uint16)
            rank = LOCAL_RANK
            self.graph.put(person.row, names, weights, days, seq=SEQ_MAX, device=rank)
            self.tags.remove(person.row, names)
            tags = TagStatements()
            for item, fact in zip(items, facts, strict=True):
                tags.say(person.row, item, fact.tags)
            self.tags.add(tags)

    def restate(self, author: AuthorKey) -> None:
        """Say again what somebody who lives here says here; nothing for others."""
        person = self.persons.with_key(author)
        if person is None:
            return
        self.state_facts(person, list(person.facts))
        targets = list(person.vouches)
        weights = [vouch.weight for vouch in person.vouches.values()]
        count = len(targets)
        self.trust.vouch_many([person.row] * count, targets, weights, [LOCAL] * count)
        self.clicks.add_many(
            [
                Said(person.row, terms, item, click.position)
                for (terms, item), click in person.clicks.items()
            ]
        )

    def person(self, asked: Asked) -> Person | None:
        """The hosted person whom a query is about: `person`, else the owner."""
        name = asked.params.get("person")
        return self.persons.named(name) if name is None or isinstance(name, str) else None

    def walk_job(self, person: Person, config: TrustConfig) -> WalkJob:
        """Read what her walks need, the walks kept from the last time included."""
        trust = self.trust
        earlier = self.walks.get(person.row) if config is trust.config else None
        return WalkJob(
            trust.compiled(),
            person.row,
            config,
            trust.refused,
            person.walk_seed,
            trust.version,
            trust.earned_by(person.row),
            earlier,
        )

    def keep_walked(self, version: int, walked: Walked) -> None:
        """Keep a person's walks for her next question, in place of the longest unused ones."""
        row = walked.vector.owner
        self.vectors.pop(row, None)
        self.vectors[row] = (version, walked.vector)
        if walked.kept is not None:
            self.walks[row] = walked.kept
        if len(self.vectors) > VECTORS_MAX:
            unused = next(iter(self.vectors))
            del self.vectors[unused]
            self.walks.pop(unused, None)

    def vector(self, row: int) -> TrustVector | None:
        """A person's trust if it has seen every vouch."""
        kept = self.vectors.get(row)
        if kept is None or kept[0] != self.trust.version:
            return None
        return kept[1]

    def today(self, now: float) -> int:
        """Days since 1970-01-01."""
        return int(now) // SECONDS_PER_DAY


def refuse(asked: Asked, code: str, message: str, hint: str = "") -> list[Effect]:
    """The one effect of a query that cannot be answered."""
    return [Refuse(asked.token, code, message, hint)]
