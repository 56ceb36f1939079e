"""People elsewhere whose feeds the tests write: signed bundles without a peer around them."""

from protocol.author import FeedWriter
from protocol.bundle import Bundle, sign_bundle
from protocol.claims import Claim, Interaction
from protocol.ids import AuthorKey, DeviceId, FeedId, Lane
from tests.node.core.peer_world import DAY, NETWORK
from tests.protocol.gossip_world import START, signer_of


def rates(item: str, weight: int = 100, day: int = DAY) -> Interaction:
    return Interaction(item, 0, weight, day)


class Scribe:
    """One author with any number of devices; sequence numbers go on by themselves."""

    def __init__(self, number: int) -> None:
        self.signer = signer_of(1_000_000 + number)
        self._writers: dict[tuple[Lane, bytes], FeedWriter] = {}

    @property
    def author(self) -> AuthorKey:
        return self.signer.public_key

    def writer(self, lane: Lane = Lane.TASTE, device: bytes = b"\x01" * 8) -> FeedWriter:
        key = lane, device
        if key not in self._writers:
            self._writers[key] = FeedWriter(self.signer, NETWORK, DeviceId(device), lane)
        return self._writers[key]

    def says(
        self,
        *claims: Claim,
        lane: Lane = Lane.TASTE,
        device: bytes = b"\x01" * 8,
        time: float = START,
    ) -> Bundle:
        """The next bundle of one of her feeds."""
        return self.writer(lane, device).write(list(claims), time=int(time))

    def forks(self, bundle: Bundle, *claims: Claim) -> Bundle:
        """Another bundle in the place of one: half of an equivocation."""
        header = bundle.header
        return sign_bundle(
            self.signer,
            FeedId(self.author, DeviceId(header.device), Lane(header.lane)),
            list(claims),
            network=NETWORK,
            seq=header.seq,
            time=header.time,
            prev=header.prev,
            floor=header.floor,
        )
