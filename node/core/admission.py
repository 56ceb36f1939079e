"""From accepted bundles to what the ranking uses: edges, vouches, clicks, titles, tags, addresses.

The order in which valid bundles arrive does not matter: within an author the highest
(seq, device, index) stands for each item and each target, clicks count once, titles go by source.
An edge has room for the rank of a device among its author's, not for the device: when an author's
devices change, her part of the graph must be made anew.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from node.core.clicks import ClickLog, Said
from node.core.config import SECONDS_PER_DAY
from node.core.events import InfoRow
from node.core.tags import TagLog, TagStatements
from node.core.trusting import Stamp, TrustDesk
from protocol.claims import Claim, Click, Endpoint, Interaction, ItemInfo, Vouch
from protocol.feedtable import FeedTable
from protocol.ids import AuthorKey, DeviceId, FeedId
from ranking.graph import BoundedGraph
from ranking.kernels_storage import EdgeColumns

ENDPOINTS_MAX = 8_192
"""Authors whose addresses are remembered; the longest unheard goes first."""

SEVERAL_DEVICES_MAX = 65_536
"""Authors known to have several devices; of one who was forgotten more is made anew than need be"""


class Heard(NamedTuple):
    """One bundle's claims. `seen` is when it was first seen, Unix seconds."""

    feed: FeedId
    seq: int
    claims: Sequence[Claim]
    seen: float


class Admitted(NamedTuple):
    """`infos`: titles that the store is to keep. `reordered`: authors with edges whose device rank
    has changed."""

    infos: list[InfoRow]
    reordered: list[AuthorKey]


class _Endpoint(NamedTuple):
    """The author's last word on where she can be reached."""

    seq: int
    device: DeviceId
    addresses: tuple[str, ...]


Endpoints = list[tuple[AuthorKey, int, DeviceId, tuple[str, ...]]]
"""(author, seq, device, addresses)"""

Devices = list[tuple[AuthorKey, tuple[DeviceId, ...]]]
"""(author, devices in their order)"""


class _Edges:
    """Statements about items, gathered for one call: what differs in each, and by bundle."""

    def __init__(self) -> None:
        self.items: list[bytes] = []
        self.days: list[int] = []
        self.weights: list[int] = []
        self._bundles: list[tuple[int, int, int, int, int]] = []

    def add(self, row: int, rank: int, heard: Heard, likes: Sequence[Interaction]) -> None:
        """One bundle's. `row`: of the author; `rank`: of the device."""
        self.items += [like.item.encode() for like in likes]
        self.days += [like.day for like in likes]
        self.weights += [like.weight for like in likes]
        seen_day = int(heard.seen) // SECONDS_PER_DAY
        self._bundles.append((len(likes), row, heard.seq, rank, seen_day))

    def put_into(self, graph: BoundedGraph) -> None:
        """State all of them."""
        bundles = np.array(self._bundles, np.int64).reshape(-1, 5)
        rows, seqs, ranks, seen_days = np.repeat(bundles[:, 1:], bundles[:, 0], axis=0).T
        # Nobody's taste may look fresher than the day on which it was first seen.
        days = np.minimum(self.days, seen_days)
        graph.put_many(
            rows.astype(np.int32),
            self.items,
            EdgeColumns(
                np.empty(0, np.int32),
                seqs.astype(np.uint32),
                days.astype(np.uint16),
                ranks.astype(np.uint16),
                np.array(self.weights, np.int8),
            ),
        )


@dataclass(slots=True)
class _Vouches:
    """Statements about people, gathered for one call."""

    casters: list[int] = field(default_factory=list)
    authors: list[AuthorKey] = field(default_factory=list)
    weights: list[int] = field(default_factory=list)
    stamps: list[Stamp] = field(default_factory=list)

    def add(self, row: int, vouch: Vouch, stamp: Stamp) -> None:
        """One vouch by the author with this row."""
        self.casters.append(row)
        self.authors.append(AuthorKey(vouch.author))
        self.weights.append(vouch.weight)
        self.stamps.append(stamp)

    def put_into(self, trust: TrustDesk) -> None:
        """State all of them."""
        trust.vouch_many(self.casters, self.authors, self.weights, self.stamps)


@dataclass(slots=True)
class Admission:
    """Puts claims where they belong. Knows nothing of signatures and feeds' rules."""

    graph: BoundedGraph
    trust: TrustDesk
    clicks: ClickLog
    tags: TagLog
    feeds: FeedTable
    _endpoints: dict[AuthorKey, _Endpoint] = field(default_factory=dict)
    _several: dict[AuthorKey, tuple[DeviceId, ...]] = field(default_factory=dict)

    def admit(self, bundles: Iterable[Heard]) -> Admitted:
        """Take the claims of bundles in, in whatever order."""
        edges, vouches, clicks, infos = _Edges(), _Vouches(), list[Said](), list[InfoRow]()
        tags = TagStatements()
        devices: dict[AuthorKey, tuple[DeviceId, ...]] = {}
        bundles = list(bundles)
        rows = self.graph.author_rows([heard.feed.author for heard in bundles]).tolist()
        for heard, row in zip(bundles, rows, strict=True):
            author = heard.feed.author
            if row < 0:
                continue
            if author not in devices:
                devices[author] = self._devices(heard.feed)
            likes = [claim for claim in heard.claims if type(claim) is Interaction]
            if likes:
                edges.add(row, devices[author].index(heard.feed.device), heard, likes)
            if len(likes) < len(heard.claims):
                told = len(infos)
                self._sort_out(heard, row, vouches, clicks, infos)
                for info in infos[told:]:
                    tags.say(row, info.item, info.tags)
        if edges.items:
            edges.put_into(self.graph)
        vouches.put_into(self.trust)
        self.clicks.add_many(clicks)
        self.tags.add(tags)
        return Admitted(infos, [a for a, known in devices.items() if self._reorders(a, known)])

    def _sort_out(
        self,
        heard: Heard,
        row: int,
        vouches: _Vouches,
        clicks: list[Said],
        infos: list[InfoRow],
    ) -> None:
        """Everything but statements about items."""
        feed, seq = heard.feed, heard.seq
        stamp = seq, feed.device
        for claim in heard.claims:
            if type(claim) is ItemInfo:
                infos.append(
                    InfoRow(claim.item, feed.author, claim.title, claim.tags, seq, feed.device)
                )
            elif type(claim) is Vouch:
                vouches.add(row, claim, stamp)
            elif type(claim) is Click:
                clicks.append(Said(row, claim.terms, claim.item, claim.position))
            elif type(claim) is Endpoint:
                self._remember(feed.author, _Endpoint(seq, feed.device, claim.addresses))

    def forget(self, author: AuthorKey) -> None:
        """Undo everything the author said."""
        row = self.graph.author_row(author, create=False)
        if row >= 0:
            self.graph.drop_author(row)
            self.trust.drop_caster(row)
            self.clicks.drop_author(row)
            self.tags.drop_author(row)
        self._endpoints.pop(author, None)

    def forget_all(self, authors: Sequence[AuthorKey]) -> None:
        """`forget` for all of these."""
        rows = self.graph.authors.lookup_many(authors)
        rows = rows[rows >= 0]
        gone = np.zeros(self.graph.authors.rows, np.bool_)
        gone[rows] = True
        for row in rows.tolist():
            self.graph.drop_author(row)
        self.trust.drop_casters(gone)
        self.clicks.forget_rows(gone)
        self.tags.forget_rows(gone)
        for author in authors:
            self._endpoints.pop(author, None)
            self._several.pop(author, None)

    def addresses_of(self, author: AuthorKey) -> tuple[str, ...]:
        """Where the author says that she can be reached."""
        said = self._endpoints.get(author)
        return said.addresses if said is not None else ()

    def dump(self) -> tuple[Endpoints, Devices]:
        """What is remembered here of addresses and devices, the longest unheard first: copies."""
        endpoints = [(author, *said) for author, said in self._endpoints.items()]
        return endpoints, list(self._several.items())

    def load(self, endpoints: Endpoints, devices: Devices) -> None:
        """Remember what gave this `dump`."""
        self._endpoints = {
            AuthorKey(author): _Endpoint(seq, DeviceId(device), tuple(addresses))
            for author, seq, device, addresses in endpoints
        }
        self._several = {
            AuthorKey(author): tuple(map(DeviceId, known)) for author, known in devices
        }

    def _devices(self, feed: FeedId) -> tuple[DeviceId, ...]:
        """The author's devices in their order, at most 8; that of `feed` is one of them."""
        return tuple(sorted(self.feeds.devices_of(feed.author) | {feed.device}))

    def _reorders(self, author: AuthorKey, devices: tuple[DeviceId, ...]) -> bool:
        """Whether edges of the author may bear other ranks than these devices give."""
        if len(devices) == 1:
            return self._several.pop(author, None) is not None
        if self._several.get(author) == devices:
            return False
        self._several[author] = devices
        if len(self._several) > SEVERAL_DEVICES_MAX:
            del self._several[next(iter(self._several))]
        return True

    def _remember(self, author: AuthorKey, said: _Endpoint) -> None:
        known = self._endpoints.pop(author, said)
        self._endpoints[author] = max(known, said)
        if len(self._endpoints) > ENDPOINTS_MAX:
            del self._endpoints[next(iter(self._endpoints))]
