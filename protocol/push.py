"""Announcing what is new: at once, to those who care.

Own bundles are pushed to every partner: the newest header of a feed, the receiver asks for all that
it lacks below. Others' bundles are announced by telling the head of their feed, which takes a tenth
of that: to partners that hold something of the author, and to all when the feed is new here (nobody
can have told us then who follows it), but not to who has told it. What a partner's bucket has no
room for waits in the link's outbox, and beyond its cap is left to the next round.
"""

from protocol.bundle import Bundle
from protocol.context import NO_LINK, Context
from protocol.heads import tag_of
from protocol.ids import FeedId
from protocol.limits import FRAME_BYTES_MAX
from protocol.messages import EVIDENCE_PER_FRAME_MAX, PUSHED_PER_FRAME_MAX, Evidence, Push
from protocol.peerlink import PeerLink
from protocol.telling import room_for_heads, tell_heads

FRESH_MAX = 8
"""A want over at most so many sequence numbers brings news; a longer one brings history."""

_HEADER_OVERHEAD = 5
_FRAME_OVERHEAD = 16


class Pusher:
    """The outgoing side of pushes and of proofs."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def announce(self, bundle: Bundle, *, source: int = NO_LINK, widely: bool) -> None:
        """Put the header into the outbox of every partner that should hear of it.

        `widely`: of all partners but the source, else of those that hold something of the author.
        """
        feed = bundle.feed
        wire = bundle.bare().wire() if source == NO_LINK else b""
        tag = tag_of(bundle.id)
        for link in self._context.links.values():
            if not link.open or link.link == source:
                continue
            if tag in link.heard:
                continue  # it has told us
            if widely or feed.author in link.serves:
                link.outbox.pop(feed, None)
                link.outbox[feed] = wire
                if len(link.outbox) > self._context.config.link.outbox_max:
                    del link.outbox[next(iter(link.outbox))]

    def flush(self, *, now: float) -> None:
        """Send what the buckets allow. O(links) when there is nothing to send."""
        for link in self._context.links.values():
            if link.outbox:
                self._flush_headers(link, now)
            if link.evidence:
                self._flush_evidence(link, now)

    def _flush_headers(self, link: PeerLink, now: float) -> None:
        """Latest first: what waits longest is told by a round anyhow."""
        granted = link.pushes_out.take(len(link.outbox), now=now)
        headers: list[bytes] = []
        told: list[FeedId] = []
        size = _FRAME_OVERHEAD
        for _ in range(granted):
            feed, wire = link.outbox.popitem()
            if not wire:
                told.append(feed)
                continue
            full = size + len(wire) + _HEADER_OVERHEAD > FRAME_BYTES_MAX
            if full or len(headers) == PUSHED_PER_FRAME_MAX:
                self._context.send(link, Push(headers))
                headers, size = [], _FRAME_OVERHEAD
            headers.append(wire)
            size += len(wire) + _HEADER_OVERHEAD
        if headers:
            self._context.send(link, Push(headers))
        self._context.counters.headers_pushed += granted - len(told)
        told = told[: room_for_heads(link, now)]
        if told:
            tell_heads(self._context, link, told, answer=False, now=now)

    def _flush_evidence(self, link: PeerLink, now: float) -> None:
        """One frame of proofs at a time, which keeps them far below 5 % of a round."""
        waiting = list(link.evidence)[:EVIDENCE_PER_FRAME_MAX]
        proofs: list[bytes] = []
        for author in waiting[: link.evidence_out.take(len(waiting), now=now)]:
            del link.evidence[author]
            proof = self._context.proofs.get(author)
            if proof is not None:
                proofs.append(proof)
        if proofs:
            self._context.send(link, Evidence(proofs))
