"""Writing one's own feed."""

from protocol import limits
from protocol.bundle import Bundle, sign_bundle
from protocol.claims import Claim
from protocol.errors import LocalProtocolError
from protocol.ids import NO_BUNDLE, AuthorKey, BundleId, DeviceId, FeedId, Lane
from protocol.signing import Signer


class FeedWriter:
    """The next bundle of one own feed. A sequence number is never given out twice.

    A bundle returned must be durable before anyone else sees it; one that could not be stored
    leaves a gap, and `rewind` re-joins the chain behind it.
    """

    def __init__(self, signer: Signer, network: bytes, device: DeviceId, lane: Lane) -> None:
        self._signer = signer
        self._network = network
        self.feed = FeedId(AuthorKey(signer.public_key), device, lane)
        self._last_seq = 0
        self._prev: BundleId = NO_BUNDLE
        self._floor = 0
        self._voids: list[int] = []

    def resume(self, seq: int, prev: BundleId, floor: int, voids: tuple[int, ...] = ()) -> None:
        """Go on behind the stored head. `LocalProtocolError` if that would reuse a number."""
        if seq < self._last_seq:
            raise LocalProtocolError(f"seq {seq} is behind {self._last_seq}")
        self._last_seq, self._prev, self._floor = seq, prev, floor
        self._voids = sorted(voids)

    def rewind(self, prev: BundleId) -> None:
        """The bundles since `prev` were not stored: chain to it again, with fresh numbers."""
        self._prev = prev

    @property
    def marks(self) -> tuple[int, tuple[int, ...]]:
        """Floor and void marks, as `resume` takes them."""
        return self._floor, tuple(self._voids)

    @property
    def head(self) -> tuple[int, BundleId]:
        """The last number given out, and the id that the next bundle chains to."""
        return self._last_seq, self._prev

    def write(self, claims: list[Claim], *, time: int) -> Bundle:
        """Sign the next bundle; about 100 µs. `LocalProtocolError` beyond a limit."""
        seq = self._last_seq + 1
        bundle = sign_bundle(
            self._signer,
            self.feed,
            claims,
            network=self._network,
            seq=seq,
            time=time,
            prev=self._prev,
            floor=self._floor,
        )
        self._last_seq, self._prev = seq, bundle.id
        return bundle

    def void(self, seq: int) -> None:
        """Remember a retraction; near the cap of marks the floor rises over the lowest ones.

        Raising the floor voids everything below it, so the caller re-states what must survive
        below `floor` first (`floor_after`).
        """
        if seq not in self._voids:
            self._voids.append(seq)
            self._voids.sort()

    @property
    def voids_full(self) -> bool:
        """Whether the next retraction would exceed the marks that receivers keep."""
        return len(self._voids) >= limits.VOID_MARKS_MAX - 1

    def raise_floor(self) -> int:
        """Void everything up to the median mark with one integer; returns the new floor."""
        cut = self._voids[len(self._voids) // 2] + 1
        self._floor = max(self._floor, cut)
        self._voids = [seq for seq in self._voids if seq >= self._floor]
        return self._floor
