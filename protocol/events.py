"""What happens to the gossip machine, and what it wants done about it.

Events are facts in the past, effects are orders; `Gossip.handle(event, now=...)` turns one into
the other. All are frozen. `link` is a number the shell gives to each open stream; it is never
used twice in one life of the process.
"""

from dataclasses import dataclass
from typing import TypeAlias

from protocol.bundle import Bundle
from protocol.errors import Offence
from protocol.ids import AuthorKey, FeedId


# ----------------------------------------------------------------------------------------- events
@dataclass(frozen=True, slots=True)
class LinkUp:
    """A stream to a peer is open. `peer_id` is what the transport has authenticated."""

    link: int
    peer_id: str
    outbound: bool
    address: str
    """The multiaddress of the other end as this side sees it; empty when unknown."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The stream is gone; nothing more arrives on it and nothing sent to it counts."""

    link: int


@dataclass(frozen=True, slots=True)
class FrameReceived:
    """One whole frame, at most `FRAME_BYTES_MAX` (the transport has checked the length prefix)."""

    link: int
    frame: bytes


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed. Sent every 250 ms; the machine itself decides when a round is due."""


@dataclass(frozen=True, slots=True)
class BundlesRead:
    """The answer to `ReadBundles(token)`: bundles in wire form, in the order asked for.

    Empty means that the range holds nothing (more). Exactly one answer per token.
    """

    token: int
    bundles: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """Own bundles, already durable and already in the feed table; announced at once."""

    bundles: tuple[Bundle, ...]


Event: TypeAlias = LinkUp | LinkDown | FrameReceived | Tick | BundlesRead | Published


# ---------------------------------------------------------------------------------------- effects
@dataclass(frozen=True, slots=True)
class Send:
    """Put this frame on the link, in the order of the effects."""

    link: int
    frame: bytes


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Close the link once what was sent before is out. The machine has already forgotten it."""

    link: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReadBundles:
    """Read stored bundles of a feed with lo <= seq <= hi, in wire form.

    At most `bytes_max` bytes in all, but always the first one when there is any (a bundle is
    smaller than a frame). `newest_first` reads downwards from `hi`, else upwards from `lo`.
    `headers_only` leaves the claims out. Answered by `BundlesRead(token)`.
    """

    token: int
    feed: FeedId
    lo: int
    hi: int
    bytes_max: int
    headers_only: bool = False
    newest_first: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """New bundles stand in the feed table and are to be stored; one effect per frame.

    `voided`: (feed, seq) whose claims are to be deleted while the header stays. `raised`:
    (feed, lo) below which everything of the feed was evicted and may be deleted.
    """

    link: int
    bundles: tuple[Bundle, ...]
    voided: tuple[tuple[FeedId, int], ...] = ()
    raised: tuple[tuple[FeedId, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Equivocated:
    """The author is proved to have signed two histories; `proof_bytes` is to be kept for ever."""

    author: AuthorKey
    proof_bytes: bytes


@dataclass(frozen=True, slots=True)
class Penalise:
    """The peer behind the link did something wrong; `offence` is an `errors.Offence`."""

    link: int
    offence: Offence


@dataclass(frozen=True, slots=True)
class Spoke:
    """The peer behind the link has proved that it speaks for the author."""

    link: int
    author: AuthorKey


@dataclass(frozen=True, slots=True)
class HeardPeers:
    """Addresses told by a partner; no private ones when the partner itself is public."""

    link: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FindAuthor:
    """No link serves this wanted author: look for its Endpoint record or its provider key."""

    author: AuthorKey


@dataclass(frozen=True, slots=True)
class Unfollowed:
    """A stranger's time on probation is over, or nobody has followed the author for long; what
    it said may be dropped."""

    author: AuthorKey


Effect: TypeAlias = (
    Send
    | Disconnect
    | ReadBundles
    | Accepted
    | Equivocated
    | Penalise
    | Spoke
    | HeardPeers
    | FindAuthor
    | Unfollowed
)
