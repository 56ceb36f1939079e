"""Names of people, devices, bundles and feeds, as the wire carries them.

Bytes outside, ints inside: graphs and walks never see these, they see rows.
"""

from enum import IntEnum
from typing import NamedTuple, NewType

AuthorKey = NewType("AuthorKey", bytes)
"""Ed25519 public key of a person, 32 bytes."""

DeviceId = NewType("DeviceId", bytes)
"""Eight random bytes, drawn at init on each machine and at each restore."""

BundleId = NewType("BundleId", bytes)
"""BLAKE2b-256 of a bundle's header bytes."""

NO_BUNDLE = BundleId(bytes(32))
"""`prev` of a feed's first bundle."""


class Lane(IntEnum):
    """What a feed is about; subscription, quota and eviction are per lane."""

    IDENTITY = 0
    VOUCHES = 1
    TASTE = 2
    CLICKS = 3


class FeedId(NamedTuple):
    """One append-only feed: a person speaks on one device in one lane."""

    author: AuthorKey
    device: DeviceId
    lane: Lane


def short(key: bytes) -> str:
    """First eight hex digits, for people and logs; never for lookup."""
    return key[:4].hex()
