"""What goes into the store and comes out: plain rows, in the units of schema.sql."""

from typing import NamedTuple

from protocol.ids import AuthorKey, BundleId, DeviceId, FeedId


class WriterState(NamedTuple):
    """Where an own feed goes on; the arguments of `FeedWriter.resume`."""

    seq: int
    """The highest ever given out by this author in this lane, on whatever device."""
    prev: BundleId
    floor: int
    voids: tuple[int, ...]


class StoredClaims(NamedTuple):
    """The claims of one bundle, for the rebuild of the graph."""

    feed: FeedId
    seq: int
    seen: int
    """When the bundle first arrived, Unix seconds of our clock."""
    claims: bytes


class PersonRow(NamedTuple):
    """A hosted person. `seed` is None for the owner, whose seed is in the key file."""

    name: str
    author: AuthorKey
    device: DeviceId
    seed: bytes | None = None
    taste: bool = False
    vouches: bool = False
    negative_vouches: bool = False
    clicks: bool = False


class FactRow(NamedTuple):
    """One private fact: `weight` percent, `day` since 1970-01-01, `seq` None while unshared."""

    item: str
    kind: str
    weight: int
    day: int
    title: str = ""
    tags: tuple[str, ...] = ()
    seq: int | None = None


class VouchRow(NamedTuple):
    """Trust in an author, percent; 0 is a vouch taken back."""

    target: AuthorKey
    weight: int
    seq: int | None = None


class ClickRow(NamedTuple):
    """The item at `position` of the answer to `terms` was opened."""

    terms: tuple[str, ...]
    item: str
    position: int
    seq: int | None = None


class ShownRow(NamedTuple):
    """An item at its first showing: (author key, percent) of those because of whom it was there,
    and what became of it, percent, None for nothing yet."""

    item: str
    day: int
    authors: tuple[tuple[bytes, int], ...]
    outcome: int | None = None


class ItemInfoRow(NamedTuple):
    """What one source calls an item; `source` is an author key, empty for our own knowledge.

    `seq` and `device` are those of the author's bundle in the taste lane that says so.
    """

    item: str
    source: bytes
    title: str
    tags: tuple[str, ...] = ()
    seq: int = 0
    device: bytes = b""


class PeerRow(NamedTuple):
    """An address and what became of dialling it; `last_ok` Unix seconds, 0 for never."""

    address: str
    peer_id: str = ""
    last_ok: int = 0
    failures: int = 0
    score: float = 0.0
    anchor: bool = False


class LedgerRow(NamedTuple):
    """What a peer has been charged with, in points as of `updated`; times are Unix seconds."""

    peer_id: str
    points: float
    updated: float
    banned_until: float = 0.0
