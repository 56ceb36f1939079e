"""Everything known of one link, and what it may cost."""

from dataclasses import dataclass, field
from typing import TypeAlias

from protocol.buckets import TokenBucket
from protocol.config import GossipConfig
from protocol.events import LinkUp
from protocol.heads import HEAD_BYTES, HandleBook, HandleReader
from protocol.ids import AuthorKey, FeedId
from protocol.serve import Server
from protocol.session import Session

LINK_BYTES_MAX = 8_000_000
"""Memory of a link, its offers included, whose partner fills every table; a usual one has 1 %."""

Alike: TypeAlias = list[tuple[bytes, bytes]]
"""Ranges of feed keys: (lower, upper)."""

UNSURE = -1
"""In place of a version of the journal: it is not known what the partner knows."""


@dataclass(slots=True)
class PeerLink:
    """State of one link. Tables are capped as `LinkConfig` and `HANDLES_MAX` say."""

    link: int
    peer_id: str
    outbound: bool
    address: str
    up_at: float
    session: Session
    server: Server
    pushes_in: TokenBucket
    pushes_out: TokenBucket
    frames_in: TokenBucket
    frames_out: TokenBucket
    """Of wants: whatever else we send answers something, or goes out once a round."""
    evidence_in: TokenBucket
    evidence_out: TokenBucket
    heads_in: TokenBucket
    heads_out: TokenBucket
    """In bytes of heads and fingerprints."""
    addresses_in: TokenBucket
    book: HandleBook = field(default_factory=HandleBook)
    names: HandleReader = field(default_factory=HandleReader)
    serves: dict[AuthorKey, None] = field(default_factory=dict)
    """Authors we follow of whom the partner holds something."""
    strangers: dict[FeedId, tuple[int, int]] = field(default_factory=dict)
    """A sample of the feeds offered that we do not follow: (lo, hi)."""
    strangers_seen: int = 0
    outbox: dict[FeedId, bytes] = field(default_factory=dict)
    """Feeds that are to be announced, oldest first: the newest header where it is to be pushed,
    nothing where the head is to be told."""
    evidence: dict[AuthorKey, None] = field(default_factory=dict)
    """Equivocators whose proof is to be sent."""
    evidence_told: dict[AuthorKey, None] = field(default_factory=dict)
    equal: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Ranges that both hold alike and that are still to be gone through."""
    welcomed: dict[AuthorKey, None] = field(default_factory=dict)
    """Authors that the partner serves and of whom we want more than before."""
    alike: Alike = field(default_factory=list)
    """The ranges that both held alike at the last reconciliation: their heads were not told."""
    heard: dict[bytes, int] = field(default_factory=dict)
    """Tags and `lo` of the heads that the partner has told or pushed last: it is not told them."""
    said: dict[bytes, int] = field(default_factory=dict)
    """The same of those that we have told last."""
    sought: dict[AuthorKey, None] = field(default_factory=dict)
    """Authors whom nobody served and for whom the partner has been asked."""
    told: int = 0
    """Version of the journal up to which the partner was told our heads."""
    asked: int = UNSURE
    """`told` at the last exchange that we started; `UNSURE` if that was a reconciliation."""
    sure: int = UNSURE
    """Version of the journal up to which the partner has surely been told our heads."""
    unanswered: int = 0
    """Exchanges started whose `Peers` were not answered yet."""
    met: bool = False
    """Whether each knows what the other held, by a reconciliation here or on an earlier link."""
    addresses_told: dict[str, None] = field(default_factory=dict)
    """Addresses that the partner has been told."""
    rounds: int = 0
    """Exchanges started with this partner."""
    reconcile_due: bool = False

    @property
    def open(self) -> bool:
        """Whether both have said Hello."""
        return self.session.open

    @property
    def whole(self) -> bool:
        """Whether we remember all that the partner has told of what it holds."""
        return self.met and self.names.whole

    @property
    def busy(self) -> bool:
        """Whether something waits for the next tick, be it that a bucket had no room for it."""
        return bool(self.outbox or self.evidence or self.equal or self.welcomed)


def open_link(event: LinkUp, session: Session, config: GossipConfig, *, now: float) -> PeerLink:
    """A link as it is before Hello."""
    caps = config.link
    addresses = 16.0
    told_burst = min(float(config.reconcile_bytes), caps.heads_burst / 2 * HEAD_BYTES)
    told_per_s = min(config.reconcile_bytes / config.round_s, caps.heads_per_s / 2 * HEAD_BYTES)
    return PeerLink(
        event.link,
        event.peer_id,
        event.outbound,
        event.address,
        now,
        session,
        Server(queue_max=caps.served_wants_max, reads_max=caps.reads_max),
        TokenBucket(caps.pushes_per_s, caps.pushes_burst, now=now),
        TokenBucket(caps.pushes_per_s / 2, caps.pushes_burst / 2, now=now),
        TokenBucket(caps.frames_per_s, caps.frames_burst, now=now),
        TokenBucket(caps.frames_per_s / 2, caps.frames_burst / 2, now=now),
        TokenBucket(caps.evidence_per_s, caps.evidence_burst, now=now),
        TokenBucket(caps.evidence_per_s / 2, caps.evidence_burst / 2, now=now),
        TokenBucket(caps.heads_per_s, caps.heads_burst, now=now),
        TokenBucket(told_per_s, told_burst, now=now),
        TokenBucket(addresses / config.round_s, 2 * addresses, now=now),
    )
