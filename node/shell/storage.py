"""The one thread that owns the store, fed by a queue.

Effects are performed in the order in which they came; runs of others' bundles share a transaction.
What the Peer asked for comes back through the inbox as completions, which never wait.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar, cast

import trio

from node.core import events as ev
from node.errors import NodeError
from node.shell.clock import Clock
from node.shell.inbox import Inbox
from node.store.errors import StoreError
from node.store.rows import (
    ClickRow,
    FactRow,
    ItemInfoRow,
    LedgerRow,
    PeerRow,
    PersonRow,
    ShownRow,
    VouchRow,
)
from node.store.store import Store
from protocol.claims import ItemInfo
from protocol.events import BundlesRead, ReadBundles
from protocol.ids import FeedId

log = logging.getLogger(__name__)

BACKLOG_MAX = 2_000
"""Bundles waiting for the disk; beyond it arrivals are left waiting at the inbox."""

BATCH_MAX = 512
"""Effects handed to the thread at once."""

StoreEffect = (
    ev.Commit
    | ev.StoreBundles
    | ev.KeepShown
    | ev.DropAuthor
    | ev.StoreProof
    | ev.StoreLedger
    | ev.FindInfo
    | ev.StoreAddresses
    | ReadBundles
)
"""What the store performs."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Call:
    """Something that the daemon itself wants done with the store."""

    work: Callable[[Store], Any]
    done: Callable[[Any, NodeError | None], None]


class Storage:
    """Queue in front of the store's thread. `submit` never waits."""

    def __init__(self, store: Store, inbox: Inbox, clock: Clock) -> None:
        self._store = store
        self._inbox = inbox
        self._clock = clock
        self._queue: deque[StoreEffect | _Call] = deque()
        self._wake = trio.Event()
        self._backlog = 0
        self._limiter = trio.CapacityLimiter(1)
        self._torn: set[FeedId] = set()
        """Feeds of which a bundle could not be stored; what follows it is left out until a restart,
        so that what is stored stays one chain and the rest is asked for again."""
        self._finishing = False
        self.bugs = 0
        """Effects on which the store failed as no disk does; each is in the log."""
        self.failures = 0
        """Writes that were not made, for that or for another reason; each is in the log."""
        self.finished = trio.Event()
        """Set when everything submitted before `finish` is on disk."""

    def submit(self, effect: StoreEffect) -> None:
        """Perform it after everything submitted before."""
        self._queue.append(effect)
        if isinstance(effect, ev.StoreBundles):
            self._backlog += len(effect.bundles)
            self._inbox.pause_arrivals(self._backlog > BACKLOG_MAX)
        self._wake.set()

    async def call(self, work: Callable[[Store], T]) -> T:
        """Run `work(store)` on the store's thread, in its turn. Raises its `NodeError`."""
        finished = trio.Event()
        outcome: list[Any] = []
        token = trio.lowlevel.current_trio_token()

        def done(result: Any, error: NodeError | None) -> None:
            outcome[:] = [result, error]
            token.run_sync_soon(finished.set)

        self._queue.append(_Call(work, done))
        self._wake.set()
        await finished.wait()
        result, error = outcome
        if error is not None:
            raise error
        return cast("T", result)

    async def run(self) -> None:
        """Perform effects until `finish` and an empty queue."""
        while True:
            if not self._queue:
                if self._finishing:
                    self.finished.set()
                    return
                self._wake = trio.Event()
                await self._wake.wait()
                continue
            batch = [self._queue.popleft() for _ in range(min(BATCH_MAX, len(self._queue)))]
            results = await trio.to_thread.run_sync(
                self._perform_all, batch, self._clock.now(), limiter=self._limiter
            )
            stored = sum(len(e.bundles) for e in batch if isinstance(e, ev.StoreBundles))
            self._backlog -= stored
            self._inbox.pause_arrivals(self._backlog > BACKLOG_MAX)
            for event in results:
                self._inbox.complete(event)

    def finish(self) -> None:
        """No more effects will come: let `run` end once the queue is empty."""
        self._finishing = True
        self._wake.set()

    # --------------------------------------------------------------------- on the store's thread
    def _perform_all(self, batch: Sequence[StoreEffect | _Call], now: float) -> list[ev.Event]:
        """Perform effects in order; neighbours of one kind share a transaction."""
        out: list[ev.Event] = []
        for kind, group in groupby(batch, key=type):
            if kind is ev.StoreBundles:
                self._keep_bundles(cast("list[ev.StoreBundles]", list(group)), now)
            elif kind is ev.Commit:
                out += self._commit_all(cast("list[ev.Commit]", list(group)), now)
            else:
                for effect in group:
                    if isinstance(effect, _Call):
                        self._call(effect)
                    else:
                        out += self._perform(effect, now)
        return out

    @contextmanager
    def _contained(self) -> Iterator[None]:
        """Our own bug fails what was being done, as a full disk would, and nothing else."""
        try:
            yield
        except NodeError:
            raise
        except Exception as error:
            self.bugs += 1
            log.critical("bug %d of the store", self.bugs, exc_info=True)
            raise StoreError(f"an internal error: {error!r}") from error

    def _call(self, call: _Call) -> None:
        try:
            with self._contained():
                result = call.work(self._store)
        except NodeError as error:
            call.done(None, error)
        else:
            call.done(result, None)

    def _keep_bundles(self, run: Sequence[ev.StoreBundles], now: float) -> None:
        try:
            with self._contained(), self._store.transaction(durable=False):
                for effect in run:
                    self._keep_frame(effect, now)
        except NodeError as error:
            lost = [b.feed for effect in run for b in effect.bundles if b.feed not in self._torn]
            self._torn.update(lost)
            self.failures += 1
            log.error(
                "%d of others' bundles were not stored, the next start asks for them again: %s",
                len(lost),
                error,
            )

    def _keep_frame(self, effect: ev.StoreBundles, now: float) -> None:
        """What one frame brought, then what it took back of that or of what was there before."""
        bundles = [b for b in effect.bundles if b.feed not in self._torn]
        infos = [
            ItemInfoRow(i.item, i.author, i.title, i.tags, i.seq, i.device)
            for i in effect.infos
            if (i.author, i.device, ItemInfo.lane) not in self._torn
        ]
        if bundles:
            self._store.add_bundles(bundles, seen=int(now))
        if infos:
            self._store.put_item_info(infos)
        for feed, seq in effect.voided:
            self._store.void_bundles(feed, (seq,))
        for feed, lo in effect.raised:
            self._store.drop_below(feed, lo)

    def _perform(self, effect: StoreEffect, now: float) -> list[ev.Event]:
        match effect:
            case ReadBundles():
                return [self._read(effect)]
            case ev.FindInfo():
                return [self._find_info(effect)]
        try:
            with self._contained():
                self._keep(effect, now)
        except NodeError as error:
            self.failures += 1
            log.error("not stored: %s", error)
        return []

    def _keep(self, effect: StoreEffect, now: float) -> None:
        match effect:
            case ev.DropAuthor(author=author):
                self._store.drop_author(author, now=int(now))
            case ev.StoreProof(author=author, proof=proof):
                self._store.put_equivocation(author, proof, seen=int(now))
            case ev.KeepShown(person=person, rows=shown, gone=gone):
                self._store.keep_shown(person, [ShownRow(*row) for row in shown], gone)
            case ev.StoreLedger(rows=rows):
                self._store.put_ledger([LedgerRow(*row) for row in rows])
            case ev.StoreAddresses(rows=addresses):
                self._store.replace_peers(
                    [
                        PeerRow(a.address, a.peer_id, a.last_ok, a.failures, anchor=a.anchor)
                        for a in addresses
                    ]
                )

    def _commit_all(self, commits: Sequence[ev.Commit], now: float) -> list[ev.Event]:
        """Commits that wait together share one fsync; if that fails, each is tried alone."""
        try:
            with self._contained(), self._store.transaction(durable=True):
                for commit in commits:
                    for write in commit.writes:
                        self._write(write, now)
        except NodeError as error:
            if len(commits) == 1:
                self.failures += 1
                log.error("a write failed: %s", error)
                return [ev.CommitFailed(commits[0].token, str(error))]
            return [event for commit in commits for event in self._commit_all([commit], now)]
        return [ev.Committed(commit.token) for commit in commits]

    def _write(self, write: ev.Write, now: float) -> None:
        store = self._store
        match write:
            case ev.PutOwnBundle(bundle=bundle):
                store.add_own_bundles([bundle], seen=int(now))
            case ev.VoidOwn(feed=feed, seqs=seqs):
                store.void_bundles(feed, seqs)
            case ev.PutFacts(person=person, rows=rows):
                store.upsert_facts(person, [FactRow(*row) for row in rows])
                infos = [ItemInfoRow(r[0], b"", r[4], r[5]) for r in rows if r[4]]
                if infos:
                    store.put_item_info(infos)
            case ev.DeleteFact(person=person, item=item):
                store.delete_fact(person, item)
            case ev.PutVouch(person=person, target=target, weight=weight):
                store.put_vouch(person, VouchRow(target, weight))
            case ev.PutClick(person=person, terms=terms, item=item, position=position):
                store.put_click(person, ClickRow(terms, item, position))
            case ev.PutOutcome(person=person, item=item, outcome=outcome):
                store.set_outcome(person, item, outcome)
            case ev.MarkShared(person=person, lane=lane, keys=keys, seq=seq):
                store.mark_shared(person, lane, keys, seq)
            case _:
                self._write_policy(write)

    def _write_policy(self, write: ev.Write) -> None:
        store = self._store
        match write:
            case ev.PutPolicy():
                store.set_policy(
                    write.person,
                    taste=write.taste,
                    vouches=write.vouches,
                    negative_vouches=write.negative_vouches,
                    clicks=write.clicks,
                )
            case ev.PutPerson():
                store.add_person(PersonRow(write.name, write.author, write.device, write.seed))
            case ev.PutBlock(author=author, item=item, blocked=blocked):
                if author is not None:
                    store.set_author_blocked(author, blocked)
                if item is not None:
                    store.set_item_blocked(item, blocked)
            case ev.PutAllowed(author=author, allowed=allowed):
                store.set_author_allowed(author, allowed)

    def _read(self, effect: ReadBundles) -> ev.Event:
        try:
            with self._contained():
                found = self._store.read_bundles(
                    effect.feed,
                    effect.lo,
                    effect.hi,
                    effect.bytes_max,
                    headers_only=effect.headers_only,
                    newest_first=effect.newest_first,
                )
        except NodeError as error:
            log.error("a feed could not be read: %s", error)
            found = []
        return BundlesRead(effect.token, tuple(found))

    def _find_info(self, effect: ev.FindInfo) -> ev.Event:
        full, partial, rows = list[str](), list[str](), list[ItemInfoRow]()
        try:
            with self._contained():
                if effect.words:
                    full, partial = self._store.match_items(
                        effect.words, effect.limit, enough=effect.enough, clicked=effect.clicked
                    )
                    missing = max(0, effect.enough - len(full))
                    others = [item for item in effect.clicked if item not in full][:missing]
                    rows = self._store.some_item_info(dict.fromkeys((*full, *others, *partial)))
                rows += self._store.item_info(effect.items)
        except NodeError as error:
            log.error("titles could not be read: %s", error)
        infos = tuple(map(ev.InfoRow._make, rows))
        return ev.InfoFound(effect.token, infos, tuple(full), tuple(partial))
