"""Making an author's part of the graph anew from her stored bundles.

Deleting one body can bring back an older statement that it had replaced, and edges and titles
remember only the latest. So when bodies are voided the author's feeds are read again, a slice at a
time, and her edges replaced at once. What is admitted or goes meanwhile counts as read or as not
read: nothing is lost or brought back between reading and replacing.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from node.core.admission import Admission, Heard
from node.core.events import Effect, StoreBundles
from protocol.bundle import decode_bundle
from protocol.errors import ProtocolError
from protocol.events import BundlesRead, ReadBundles
from protocol.feedtable import FeedTable
from protocol.ids import AuthorKey, FeedId
from protocol.limits import SEQ_MAX

READ_BYTES_MAX = 256 * 1024
"""Of one slice: some 10 ms of decoding."""

QUEUED_MAX = 4_096
"""Authors waiting; a further one is left as she is until the restart."""

FLOORS_MAX = 65_536
"""Feeds whose floor is remembered; an author of one forgotten is read once more than need be."""


@dataclass(slots=True)
class _Current:
    author: AuthorKey
    feed: FeedId
    left: deque[FeedId]
    read: list[Heard] = field(default_factory=list)


class Rebuilder:
    """One author at a time. Its read tokens are negative, gossip's are not.

    `restate` puts back what only this node knows of an author who lives here.
    """

    def __init__(
        self, feeds: FeedTable, admission: Admission, restate: Callable[[AuthorKey], None]
    ) -> None:
        self._feeds = feeds
        self._admission = admission
        self._restate = restate
        self._queue: dict[AuthorKey, None] = {}
        self._current: _Current | None = None
        self._token = -1
        self._floors: dict[FeedId, int] = {}
        self._unlike: dict[AuthorKey, None] = {}

    @property
    def unlike(self) -> list[AuthorKey]:
        """Authors whose part of the graph is not what their stored bundles say: those waiting to be
        made anew, and those cut by a quota. At most as many as feeds are held."""
        return list(self._unlike)

    def request(self, author: AuthorKey) -> list[Effect]:
        """Bodies of the author were voided, or her devices have changed."""
        self._unlike[author] = None
        current = self._current
        if (current is None or current.author != author) and len(self._queue) < QUEUED_MAX:
            self._queue[author] = None
        return self._next() if current is None else []

    def cut(self, feeds: Iterable[FeedId]) -> list[Effect]:
        """The feeds were cut from below: where a floor has risen, what was said below it is void.

        What only a quota has cut still counts, within the caps of the graph.
        """
        out: list[Effect] = []
        for feed in dict.fromkeys(feeds):
            self._unlike[feed.author] = None
            replica = self._feeds.replica(feed)
            if replica is None or replica.floor <= self._floors.get(feed, 0):
                continue
            self._floors[feed] = replica.floor
            if len(self._floors) > FLOORS_MAX:
                del self._floors[next(iter(self._floors))]
            out += self.request(feed.author)
        return out

    def heard(self, bundles: Iterable[Heard]) -> None:
        """These were admitted: the author being read may have been read without them."""
        current = self._current
        if current is not None:
            current.read += [heard for heard in bundles if heard.feed.author == current.author]

    def cancel(self, author: AuthorKey) -> list[Effect]:
        """She is dropped: what has been read of her must not come back."""
        self._queue.pop(author, None)
        self._unlike.pop(author, None)
        if self._current is None or self._current.author != author:
            return []
        self._current = None
        return self._next()

    def on_read(self, event: BundlesRead) -> list[Effect]:
        """A slice of a feed is read: read the next one, or put the author together."""
        current = self._current
        if current is None or event.token != self._token:
            return []
        last = 0
        for wire in event.bundles:
            try:
                bundle = decode_bundle(wire)
                last = bundle.seq
                # When it was first seen is not read back; its time is hardly after that.
                heard = Heard(bundle.feed, last, bundle.claims(), bundle.header.time)
            except ProtocolError:  # damaged on disk: its claims are lost, the others are not
                continue
            current.read.append(heard)
        if 0 < last < SEQ_MAX:
            return [self._read(current.feed, last + 1)]
        if current.left:
            current.feed = current.left.popleft()
            return [self._read(current.feed, 1)]
        self._current = None
        if current.author not in self._queue:
            self._unlike.pop(current.author, None)
        self._admission.forget(current.author)
        infos = tuple(self._admission.admit(self._standing(current.read)).infos)
        self._restate(current.author)
        stored: list[Effect] = [StoreBundles((), infos=infos)] if infos else []
        return stored + self._next()

    def _standing(self, read: list[Heard]) -> list[Heard]:
        """What is still held, claims and all: the rest went after it had been read."""
        gone: dict[FeedId, tuple[int, frozenset[int]]] = {}
        for feed in {heard.feed: None for heard in read}:
            replica = self._feeds.replica(feed)
            lo = replica.lo if replica is not None else SEQ_MAX + 1
            gone[feed] = lo, frozenset(self._feeds.voided(feed))
        return [h for h in read if h.seq >= gone[h.feed][0] and h.seq not in gone[h.feed][1]]

    def _next(self) -> list[Effect]:
        while self._queue:
            author = next(iter(self._queue))
            del self._queue[author]
            feeds = deque(self._feeds.feeds_of(author))
            if feeds:
                feed = feeds.popleft()
                self._current = _Current(author, feed, feeds)
                return [self._read(feed, 1)]
        return []

    def _read(self, feed: FeedId, lo: int) -> ReadBundles:
        self._token -= 1
        return ReadBundles(self._token, feed, lo, SEQ_MAX, READ_BYTES_MAX)
