"""What partners say they hold: who serves whom, what we lack of it, and the strangers among it."""

from collections.abc import Iterable

from protocol.context import Context
from protocol.ids import AuthorKey, FeedId
from protocol.peerlink import PeerLink


class Offers:
    """Notes offers on the links they came from; holds nothing itself."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def notice(self, link: PeerLink, feed: FeedId, lo: int, hi: int) -> bool:
        """The partner holds lo..hi of the feed. Whether we follow its author."""
        context = self._context
        if context.feeds.disowned(feed.author):
            context.tell_proof(link, feed.author)
            return False
        if feed.author in context.following:
            link.serves[feed.author] = None
            return True
        self._sample_stranger(link, feed, lo, hi)
        return False

    def want(self, link: PeerLink, feed: FeedId, lo: int, hi: int, now: float) -> None:
        """Have what we lack of it fetched, best first."""
        context = self._context
        if context.spans(feed, lo, hi, now=now):
            context.fetcher.offer(link.link, feed, (lo, hi), context.rank(feed))

    def want_now(self, link: PeerLink, feed: FeedId, lo: int, hi: int, now: float) -> None:
        """The same for what a push announced: before everything else."""
        if self._context.spans(feed, lo, hi, now=now):
            fetcher, rank = self._context.fetcher, self._context.rank
            fetcher.offer_urgent(link.link, feed, (lo, hi), rank)

    def welcome(self, authors: Iterable[AuthorKey], *, now: float) -> None:
        """They are followed from now on: use what partners have offered of them so far.

        Of who was on probation, the beginning that had no room then will be looked at as well.
        O(strangers on all links + authors x links).
        """
        new = dict.fromkeys(authors)
        for link in self._context.links.values():
            for feed in [feed for feed in link.strangers if feed.author in new]:
                lo, hi = link.strangers.pop(feed)
                link.serves[feed.author] = None
                self.want(link, feed, lo, hi, now)
            link.welcomed |= {author: None for author in new if author in link.serves}

    def look_back(self, link: PeerLink, *, room: int, now: float) -> int:
        """Ask for the beginnings of at most so many feeds; returns how many more there may be."""
        while link.welcomed and room > 0:
            author, _ = link.welcomed.popitem()
            for feed in self._context.feeds.feeds_of(author):
                head = self._context.feeds.head(feed)
                if head is not None:
                    self.want(link, feed, 1, head.hi, now)
                room -= 1
        return room

    def _sample_stranger(self, link: PeerLink, feed: FeedId, lo: int, hi: int) -> None:
        """Keep a uniform sample of the unfollowed feeds that the partner has offered, in the order
        in which they were told last."""
        if link.strangers.pop(feed, None) is not None:
            link.strangers[feed] = (lo, hi)
            return
        link.strangers_seen += 1
        room = self._context.config.link.strangers_max
        if len(link.strangers) >= room:
            if self._context.rng.randrange(link.strangers_seen) >= room:
                return
            victim = list(link.strangers)[self._context.rng.randrange(room)]
            del link.strangers[victim]
        link.strangers[feed] = (lo, hi)
