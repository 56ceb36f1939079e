"""Signed bundles for tests."""

from protocol.author import FeedWriter
from protocol.claims import Interaction, InteractionKind, Retract
from protocol.ids import DeviceId, Lane
from protocol.signing import Signer

NETWORK = b"test"
TIME = 1_767_225_600


def writer(number=1, lane=Lane.TASTE):
    return FeedWriter(Signer(number.to_bytes(32, "big")), NETWORK, DeviceId(bytes(8)), lane)


def likes(*items):
    return [Interaction(f"t:{item}", InteractionKind.LIKE, 100, 20_000) for item in items]


def feed_of_likes(chunks, number=1):
    """One bundle for each list of items."""
    hand = writer(number)
    return [hand.write(likes(*items), time=TIME) for items in chunks]


def retracting(hand, seq):
    """A bundle that takes an earlier one back."""
    return hand.write([Retract(seq)], time=TIME)
