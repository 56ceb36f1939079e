"""Telling a partner heads: by name the first time, by handle from then on."""

from collections.abc import Sequence

from protocol.context import Context
from protocol.heads import HEAD_BYTES, HEADS_PER_CHUNK, tag_of
from protocol.ids import FeedId
from protocol.messages import Head, Heads
from protocol.peerlink import PeerLink


def room_for_heads(link: PeerLink, now: float) -> int:
    """Heads that the partner may be told now."""
    return int(link.heads_out.level(now)) // HEAD_BYTES


def tell_heads(
    context: Context, link: PeerLink, feeds: Sequence[FeedId], *, answer: bool, now: float
) -> None:
    """Send the heads of these feeds, or none; `answer` asks for the partner's."""
    link.heads_out.take(len(feeds) * HEAD_BYTES, now=now)
    heads = [h for feed in feeds if (h := context.feeds.head(feed)) is not None]
    for at in range(0, max(1, len(heads)), HEADS_PER_CHUNK):
        named, told = [], []
        for head in heads[at : at + HEADS_PER_CHUNK]:
            handle, name = link.book.name(head.feed)
            if name is not None:
                named.append(name)
            tag = tag_of(head.id)
            told.append(Head(handle, head.lo, head.hi, tag))
            note(link.said, tag, head.lo, at_most=context.config.link.heard_max)
        last = at + HEADS_PER_CHUNK >= len(heads)
        context.send(link, Heads(named, told, answer and last))


def note(tags: dict[bytes, int], tag: bytes, lo: int, *, at_most: int) -> None:
    """Remember a head by its tag; the oldest is forgotten."""
    tags.pop(tag, None)
    tags[tag] = lo
    if len(tags) > at_most:
        del tags[next(iter(tags))]
