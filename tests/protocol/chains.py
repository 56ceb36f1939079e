"""Signed feeds to offer, made once for all tests that need them."""

from functools import cache
from random import Random

from protocol.bundle import Bundle, sign_bundle
from protocol.claims import Claim, Retract
from protocol.ids import NO_BUNDLE, BundleId, DeviceId, FeedId, Lane
from tests.protocol.gossip_world import NETWORK, START, play, signer_of


def feed_of(author: int = 1, *, device: int = 1, lane: Lane = Lane.TASTE) -> FeedId:
    return FeedId(signer_of(author).public_key, DeviceId(bytes([device]) * 8), lane)


def bundle_of(
    feed: FeedId,
    author: int,
    seq: int,
    claims: list[Claim],
    *,
    prev: BundleId = NO_BUNDLE,
    floor: int = 0,
    time: float = START,
) -> Bundle:
    return sign_bundle(
        signer_of(author),
        feed,
        claims,
        network=NETWORK,
        seq=seq,
        time=int(time),
        prev=prev,
        floor=floor,
    )


@cache
def chain(length: int, *, author: int = 1, device: int = 1, claims: int = 2) -> tuple[Bundle, ...]:
    """Bundles 1..length without gaps, retractions or floors."""
    feed, made = feed_of(author, device=device), list[Bundle]()
    for seq in range(1, length + 1):
        said: list[Claim] = [play(seq * 1_000 + n) for n in range(claims)]
        prev = made[-1].id if made else NO_BUNDLE
        made.append(bundle_of(feed, author, seq, said, prev=prev))
    return tuple(made)


def fork_of(bundle: Bundle, author: int = 1) -> Bundle:
    """Another bundle of the same seq behind the same one."""
    prev = BundleId(bundle.header.prev)
    return bundle_of(bundle.feed, author, bundle.seq, [play(77)], prev=prev)


@cache
def wild_chain(seed: int, length: int, *, author: int = 1, device: int = 1) -> tuple[Bundle, ...]:
    """A legal feed with gaps, rising floors, and retractions (void ones of later bundles, too)."""
    rng = Random(f"{seed}/{author}/{device}")
    feed, made = feed_of(author, device=device), list[Bundle]()
    seq = floor = 0
    for _ in range(length):
        seq += rng.choice((1, 1, 1, 2, 5))
        said: list[Claim] = [play(seq * 1_000 + n) for n in range(rng.randrange(4))]
        if rng.random() < 0.3:
            said.append(Retract(rng.randrange(1, seq + 4)))
        if rng.random() < 0.15:
            floor = max(floor, seq - rng.randrange(6))
        prev = made[-1].id if made else NO_BUNDLE
        made.append(bundle_of(feed, author, seq, said, prev=prev, floor=max(0, min(floor, seq))))
    return tuple(made)
