"""What is remembered of a partner whose link has ended, so that the next one begins where it stood.

Two peers that follow different people never hold the same, so that fingerprints would have them
list most of their heads on each new link. What a partner has surely been told, and what it has told
itself, is true still when it comes back: then only what has changed since is told.

Nothing is remembered of a reconciliation that has not come to its end. Whoever does not remember
says so by reconciling.
"""

from dataclasses import dataclass

from protocol.heads import HandleReader
from protocol.peerlink import UNSURE, Alike, PeerLink

NAMES_MAX = 4_096
"""A partner that has told of more feeds than that is not remembered."""


@dataclass(frozen=True, slots=True)
class _Memory:
    """Fields of a link, as they were."""

    told: int
    rounds: int
    names: HandleReader
    alike: Alike
    addresses_told: dict[str, None]


class Reunions:
    """Partners by PeerID. At most `partners_max`; who left first is forgotten first."""

    def __init__(self, partners_max: int) -> None:
        self._max = partners_max
        self._partners: dict[str, _Memory] = {}

    def __len__(self) -> int:
        return len(self._partners)

    @property
    def nbytes(self) -> int:
        """Memory of what is remembered, about."""
        return sum(500 + 250 * len(memory.names) for memory in self._partners.values())

    def part(self, link: PeerLink) -> None:
        """The link has ended."""
        self._partners.pop(link.peer_id, None)
        known = link.whole and link.sure != UNSURE and not link.reconcile_due
        if known and self._max and len(link.names) <= NAMES_MAX:
            self._partners[link.peer_id] = _Memory(
                link.sure, link.rounds, link.names, link.alike, link.addresses_told
            )
        if len(self._partners) > self._max:
            del self._partners[next(iter(self._partners))]

    def meet(self, link: PeerLink) -> bool:
        """A link to the partner is open. Whether it knows now what an earlier one knew."""
        memory = self._partners.pop(link.peer_id, None)
        if memory is None:
            return False
        link.told = link.sure = memory.told
        link.rounds, link.met = memory.rounds, True
        link.names, link.alike = HandleReader(memory.names), memory.alike
        link.addresses_told = memory.addresses_told
        if link.addresses_told:  # the first is our own, which every link is told
            del link.addresses_told[next(iter(link.addresses_told))]
        return True
