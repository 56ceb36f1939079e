"""Making an author's part of the graph anew from her stored bundles.

Deleting one body can bring back an older statement that it had replaced, and edges remember only
the latest. So when bodies are voided the author's feeds are read again and her edges replaced at
once; what arrives meanwhile makes it start over, so nothing is lost between reading and replacing.
"""

from collections import deque
from dataclasses import dataclass, field

from node.core.admission import Admission
from node.core.events import Effect
from protocol.bundle import Bundle, decode_bundle
from protocol.errors import ProtocolError
from protocol.events import BundlesRead, ReadBundles
from protocol.feedtable import FeedTable
from protocol.ids import AuthorKey, FeedId
from protocol.limits import SEQ_MAX

READ_BYTES_MAX = 64 * 1024 * 1024
"""More than the quotas of one author's feeds hold."""

QUEUED_MAX = 4_096
"""Authors waiting; a further one is left as she is until the restart."""


@dataclass(slots=True)
class _Current:
    author: AuthorKey
    feeds: deque[FeedId]
    read: list[Bundle] = field(default_factory=list)
    stale: bool = False


class Rebuilder:
    """One author at a time. Its read tokens are negative, gossip's are not."""

    def __init__(self, feeds: FeedTable, admission: Admission) -> None:
        self._feeds = feeds
        self._admission = admission
        self._queue: dict[AuthorKey, None] = {}
        self._current: _Current | None = None
        self._token = -1

    def request(self, author: AuthorKey) -> list[Effect]:
        """Bodies of the author were voided."""
        if self._current is not None and self._current.author == author:
            self._current.stale = True
        elif len(self._queue) < QUEUED_MAX:
            self._queue[author] = None
        return self._next() if self._current is None else []

    def heard(self, author: AuthorKey) -> None:
        """A bundle of hers was admitted: what has been read of her may lack it."""
        if self._current is not None and self._current.author == author:
            self._current.stale = True

    def on_read(self, event: BundlesRead) -> list[Effect]:
        """One feed is read: read the next one, or put the author together."""
        current = self._current
        if current is None or event.token != self._token:
            return []
        for wire in event.bundles:
            try:
                current.read.append(decode_bundle(wire))
            except ProtocolError:  # damaged on disk: its claims are lost, the others are not
                continue
        if current.feeds:
            return [self._read(current.feeds.popleft())]
        self._current = None
        if current.stale:
            self._queue[current.author] = None
        else:
            self._replace(current)
        return self._next()

    def _replace(self, current: _Current) -> None:
        self._admission.forget(current.author)
        for bundle in current.read:
            self._admission.admit(bundle.feed, bundle.seq, bundle.claims())

    def _next(self) -> list[Effect]:
        while self._queue:
            author = next(iter(self._queue))
            del self._queue[author]
            feeds = deque(self._feeds.feeds_of(author))
            if feeds:
                self._current = _Current(author, feeds)
                return [self._read(feeds.popleft())]
        return []

    def _read(self, feed: FeedId) -> ReadBundles:
        self._token -= 1
        return ReadBundles(self._token, feed, 1, SEQ_MAX, READ_BYTES_MAX)
