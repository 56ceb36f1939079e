"""From accepted bundles to what the ranking uses: edges, vouches, clicks, titles, addresses.

The order in which valid bundles arrive does not matter: within an author the highest
(seq, device) stands for each item and each target, clicks count once, titles go by source.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from node.core.clicks import ClickLog
from node.core.events import InfoRow
from node.core.trusting import TrustDesk
from protocol.claims import Claim, Click, Endpoint, Interaction, ItemInfo, Vouch
from protocol.ids import AuthorKey, FeedId
from ranking.graph import BoundedGraph

ENDPOINTS_MAX = 8_192
"""Authors whose addresses are remembered; the longest unheard goes first."""


@dataclass(slots=True)
class Admission:
    """Puts claims where they belong. Knows nothing of signatures and feeds' rules."""

    graph: BoundedGraph
    trust: TrustDesk
    clicks: ClickLog
    endpoints: dict[AuthorKey, tuple[str, ...]] = field(default_factory=dict)

    def admit(self, feed: FeedId, seq: int, claims: Iterable[Claim]) -> list[InfoRow]:
        """Take one bundle's claims in; returns the titles that the store is to keep."""
        author = self.graph.author_row(feed.author)
        if author < 0:
            return []
        items: list[bytes] = []
        weights: list[int] = []
        days: list[int] = []
        infos: list[InfoRow] = []
        for claim in claims:
            if type(claim) is Interaction:
                items.append(claim.item.encode())
                weights.append(claim.weight)
                days.append(claim.day)
            elif type(claim) is ItemInfo:
                infos.append(InfoRow(claim.item, feed.author, claim.title, claim.tags))
            elif type(claim) is Vouch:
                target = self.graph.author_row(claim.author)
                if target >= 0:
                    self.trust.vouch(author, target, claim.weight, (seq, feed.device))
            elif type(claim) is Click:
                self.clicks.add(author, claim.terms, claim.item)
            elif type(claim) is Endpoint:
                self._remember(feed.author, claim.addresses)
        if items:
            self.graph.put(
                author,
                items,
                np.array(weights, np.int8),
                np.array(days, np.uint16),
                seq=seq,
                device=int.from_bytes(feed.device[:2], "big"),
            )
        return infos

    def forget(self, author: AuthorKey) -> None:
        """Undo everything the author said."""
        row = self.graph.author_row(author, create=False)
        if row >= 0:
            self.graph.drop_author(row)
            self.trust.drop_caster(row)
            self.clicks.drop_author(row)
        self.endpoints.pop(author, None)

    def _remember(self, author: AuthorKey, addresses: tuple[str, ...]) -> None:
        self.endpoints.pop(author, None)
        self.endpoints[author] = addresses
        if len(self.endpoints) > ENDPOINTS_MAX:
            del self.endpoints[next(iter(self.endpoints))]
