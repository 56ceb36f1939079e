"""What an attacker knows of the world, and the authors whom he invents."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from protocol.author import FeedWriter
from protocol.bundle import Bundle
from protocol.claims import Claim, Interaction, InteractionKind
from protocol.ids import AuthorKey, DeviceId, FeedId, Lane
from protocol.signing import Signer, digest
from sim.adversaries.regions import HostileFeeds
from sim.population.people import item_name

CLAIMS_PER_BUNDLE = 128
"""Enough to pay for a signature, and below 16 KiB with any name of an item."""

SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Stage:
    """One adversary of a scenario, as all of its peers know it. The attacker may know the world.

    start: Unix seconds of the scenario's second 0. feeds: what his identities say. signer: the key
    of an identity. people: the honest people's keys, by row. addresses: of this adversary's peers
    (multiaddresses that end in `/p2p/PEER`). victim: where the joining peer of an eclipse can be
    dialled, empty where there is none. words: for how many of the people's words it clicks.
    """

    network: bytes
    start: float
    feeds: HostileFeeds
    signer: Callable[[int], Signer]
    people: tuple[AuthorKey, ...] = ()
    addresses: tuple[str, ...] = ()
    victim: str = ""
    words: int = 6


class Identity:
    """An author of the attacker: a key, and one writer for each lane and device."""

    def __init__(self, signer: Signer, network: bytes, device: bytes = b"\x01" * 8) -> None:
        self.signer = signer
        self._network = network
        self._device = DeviceId(device)
        self._writers: dict[Lane, FeedWriter] = {}

    @property
    def author(self) -> AuthorKey:
        """Her public key."""
        return self.signer.public_key

    def feed(self, lane: Lane) -> FeedId:
        """Her feed in a lane."""
        return FeedId(self.author, self._device, lane)

    def writer(self, lane: Lane) -> FeedWriter:
        """Whoever writes it."""
        if lane not in self._writers:
            self._writers[lane] = self.another_writer(lane)
        return self._writers[lane]

    def another_writer(self, lane: Lane) -> FeedWriter:
        """A second hand with the same key and device: what it writes contradicts the first."""
        return FeedWriter(self.signer, self._network, self._device, lane)

    def says(self, claims: Iterable[Claim], lane: Lane, *, now: float) -> list[Bundle]:
        """As few bundles as they fit into, dated now. 100 µs each."""
        rest, made = list(claims), list[Bundle]()
        while rest:
            chunk, rest = rest[:CLAIMS_PER_BUNDLE], rest[CLAIMS_PER_BUNDLE:]
            made.append(self.writer(lane).write(chunk, time=int(now)))
        return made

    def on_device(self, device: bytes) -> Identity:
        """The same author on another device: 8 bytes."""
        return Identity(self.signer, self._network, device)

    def another(self, number: int) -> Identity:
        """A new identity, whose key follows from this one's and the number."""
        return Identity(Signer(digest(self.author + number.to_bytes(8, "big"))), self._network)


def likes(items: Iterable[str], now: float) -> list[Claim]:
    """Full liking of each, today."""
    day = int(now) // SECONDS_PER_DAY
    return [Interaction(item, InteractionKind.LIKE, 100, day) for item in items]


def names(rows: Iterable[int]) -> list[str]:
    """What item rows are called on the wire."""
    return [item_name(int(row)) for row in rows]
