"""The simulator's store in memory, strict about what a peer orders, and with disks that fill up."""

from node.core import events as ev
from protocol.ids import AuthorKey
from sim.virtual import store
from sim.virtual.shared import Blobs
from tests.protocol.gossip_world import signer_of


class MemoryStore(store.MemoryStore):
    """As `sim.virtual.store.MemoryStore`, with contents of its own."""

    def __init__(self) -> None:
        super().__init__(Blobs())
        self.failing = False
        """Commits fail, as on a full disk."""

    def write(self, write: ev.Write, now: float) -> None:
        match write:
            case ev.PutOwnBundle(bundle=bundle):
                held = self.feeds.get(bundle.feed)
                assert held is None or bundle.seq not in held.blobs, "a number is used once"
            case ev.PutPerson(name=name):
                assert name not in self.people, "a name is unique"
        super().write(write, now)


def signer_key(seed: bytes) -> AuthorKey:
    return signer_of(int.from_bytes(seed, "big")).public_key
