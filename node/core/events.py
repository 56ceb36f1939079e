"""What happens to a peer, and what it wants done about it.

Events are facts in the past, effects are orders. `Peer.handle(event, now=...)` turns one into the
other and touches nothing else; the daemon performs effects with trio, SQLite and libp2p, a
simulator with a heap. Gossip's own events and effects (`protocol.events`) pass through unchanged.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from node.core.dialing import KnownAddress
from protocol import events as gossip
from protocol.bundle import Bundle
from protocol.ids import AuthorKey, DeviceId, FeedId, Lane
from trust.earned import Named
from trust.ledger import LedgerRow


# ---------------------------------------------------------------------------------- who is asking
@dataclass(frozen=True, slots=True)
class Caller:
    """The one who asks: the owner over the Unix socket, or an author proved over libp2p."""

    owner: bool
    authors: tuple[AuthorKey, ...] = ()


OWNER = Caller(owner=True)


# ----------------------------------------------------------------------------------------- events
@dataclass(frozen=True, slots=True)
class Asked:
    """A query arrived; it is answered by exactly one `Answer` or `Refuse` with its token."""

    token: int
    method: str
    params: Mapping[str, Any]
    caller: Caller


@dataclass(frozen=True, slots=True)
class Committed:
    """The writes of `Commit(token)` are durable."""

    token: int


@dataclass(frozen=True, slots=True)
class CommitFailed:
    """Nothing of `Commit(token)` was written."""

    token: int
    reason: str


@dataclass(frozen=True, slots=True)
class Computed:
    """The worker finished the job of `Compute(token)`."""

    token: int
    result: Any


@dataclass(frozen=True, slots=True)
class ComputeFailed:
    """The job of `Compute(token)` raised; our own bug, told to whoever asked."""

    token: int
    reason: str


@dataclass(frozen=True, slots=True)
class InfoFound:
    """What the store knows of the items of `FindInfo(token)` and of those that match its words.

    rows: in no particular order. matched: items in whose title or tags all the words are, the most
    relevant first, at most as many as asked for and those of `items` that match. partial: items
    with some of the words, looked for only where there is not enough else.
    """

    token: int
    rows: tuple["InfoRow", ...]
    matched: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()


class InfoRow(NamedTuple):
    """One author's statement of an item's title and tags; `author` empty when local.

    `seq` and `device` are those of the bundle that says so: the highest stands, and goes with it.
    """

    item: str
    author: bytes
    title: str
    tags: tuple[str, ...]
    seq: int = 0
    device: bytes = b""


@dataclass(frozen=True, slots=True)
class OwnAddresses:
    """Where the network says that we can be reached now."""

    peer_id: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NetworkLost:
    """The network is gone for a while; its links were reported down before."""


@dataclass(frozen=True, slots=True)
class AddressesFound:
    """Somebody can be reached there, or so `source` says; `author` is whom we looked for."""

    source: str
    """mdns, bootstrap, kademlia or owner."""
    addresses: tuple[str, ...]
    author: AuthorKey | None = None


@dataclass(frozen=True, slots=True)
class DialEnded:
    """`Dial(address)` led to no link."""

    address: str


Event: TypeAlias = (
    gossip.Event
    | NetworkLost
    | AddressesFound
    | DialEnded
    | Asked
    | Committed
    | CommitFailed
    | Computed
    | ComputeFailed
    | InfoFound
    | OwnAddresses
)


# ------------------------------------------------------------------------------- durable writes
@dataclass(frozen=True, slots=True)
class PutFacts:
    """Private taste of one person. A row is (item, kind, weight percent, day, title, tags)."""

    person: str
    rows: tuple[tuple[str, str, int, int, str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class DeleteFact:
    """The person forgets the item."""

    person: str
    item: str


@dataclass(frozen=True, slots=True)
class PutVouch:
    """The person vouches for an author; weight in percent, 0 takes it back."""

    person: str
    target: AuthorKey
    weight: int


@dataclass(frozen=True, slots=True)
class PutClick:
    """The person opened `item` at `position` of the answer to `terms`."""

    person: str
    terms: tuple[str, ...]
    item: str
    position: int


@dataclass(frozen=True, slots=True)
class PutOutcome:
    """What the person has said of an item that she was shown: percent, None for nothing (again)."""

    person: str
    item: str
    outcome: int | None


@dataclass(frozen=True, slots=True)
class MarkShared:
    """These private facts now stand in the own bundle `seq` of `lane`."""

    person: str
    lane: Lane
    keys: tuple[Any, ...]
    seq: int


@dataclass(frozen=True, slots=True)
class PutOwnBundle:
    """A bundle that we signed; it must be fsynced before anybody sees it."""

    bundle: Bundle


@dataclass(frozen=True, slots=True)
class VoidOwn:
    """The claims of these own bundles are to be deleted, their headers kept."""

    feed: FeedId
    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PutPolicy:
    """What leaves this node for one person."""

    person: str
    taste: bool
    vouches: bool
    negative_vouches: bool
    clicks: bool


@dataclass(frozen=True, slots=True)
class PutPerson:
    """A new hosted person with her secret seed (32 B)."""

    name: str
    author: AuthorKey
    seed: bytes
    device: DeviceId


@dataclass(frozen=True, slots=True)
class PutBlock:
    """Block (or unblock) an author or an item."""

    author: AuthorKey | None
    item: str | None
    blocked: bool


@dataclass(frozen=True, slots=True)
class PutAllowed:
    """Let an author (no longer) query this node over the network."""

    author: AuthorKey
    allowed: bool


Write: TypeAlias = (
    PutFacts
    | DeleteFact
    | PutVouch
    | PutClick
    | PutOutcome
    | MarkShared
    | PutOwnBundle
    | VoidOwn
    | PutPolicy
    | PutPerson
    | PutBlock
    | PutAllowed
)


# ---------------------------------------------------------------------------------------- effects
@dataclass(frozen=True, slots=True)
class Commit:
    """Write all of it durably in one transaction, then say `Committed(token)`."""

    token: int
    writes: tuple[Write, ...]


@dataclass(frozen=True, slots=True)
class StoreBundles:
    """Keep others' bundles; losing the last moments of them in a crash costs a re-fetch only."""

    bundles: tuple[Bundle, ...]
    voided: tuple[tuple[FeedId, int], ...] = ()
    raised: tuple[tuple[FeedId, int], ...] = ()
    """(feed, lo): everything below lo goes."""
    infos: tuple["InfoRow", ...] = ()
    """Titles and tags that the bundles state."""


@dataclass(frozen=True, slots=True)
class KeepShown:
    """Keep what a person was shown for the first time, and forget what is out of memory. No fsync:
    losing the last moments of it in a power cut costs a little evidence only."""

    person: str
    rows: tuple[tuple[str, int, Named], ...]
    """(item, day, authors)."""
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DropAuthor:
    """Everything of the author goes but the marks that keep it from coming back."""

    author: AuthorKey


@dataclass(frozen=True, slots=True)
class StoreProof:
    """Keep the proof that the author equivocated, for ever."""

    author: AuthorKey
    proof: bytes


@dataclass(frozen=True, slots=True)
class Compute:
    """Run `job()` on the worker thread; it reads immutable snapshots only."""

    token: int
    job: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class FindInfo:
    """Look up titles: of `items`, and of what matches `words`: at most `limit` items with all of
    them and those of the items `clicked` that match and are not among these. Where these are fewer
    than `enough`, other clicked items make up for it, and then items with some of the words."""

    token: int
    items: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    limit: int = 200
    enough: int = 0
    clicked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to `Asked(token)`."""

    token: int
    data: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refuse:
    """The query of `token` cannot be answered; `code` is one of node.query.schema's."""

    token: int
    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Dial:
    """Open a gossip link to the address; ends in `LinkUp` or `DialEnded`."""

    address: str


@dataclass(frozen=True, slots=True)
class StoreAddresses:
    """Keep exactly these addresses over a restart."""

    rows: tuple[KnownAddress, ...]


@dataclass(frozen=True, slots=True)
class FindAuthor:
    """Look the author up in the Kademlia provider records."""

    author: AuthorKey


@dataclass(frozen=True, slots=True)
class Provide:
    """Announce in Kademlia that this node speaks for the author."""

    author: AuthorKey


@dataclass(frozen=True, slots=True)
class StoreLedger:
    """Keep what peers have been charged with (replaces what was kept)."""

    rows: tuple[LedgerRow, ...]


Effect: TypeAlias = (
    gossip.Send
    | gossip.Disconnect
    | gossip.ReadBundles
    | Commit
    | StoreBundles
    | KeepShown
    | DropAuthor
    | StoreProof
    | Compute
    | FindInfo
    | Answer
    | Refuse
    | Dial
    | StoreAddresses
    | FindAuthor
    | Provide
    | StoreLedger
)
