"""Signed bundles and stores for the tests of node.store."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from node.store.store import Store
from protocol.bundle import Bundle, sign_bundle
from protocol.claims import Interaction, InteractionKind
from protocol.ids import NO_BUNDLE, DeviceId, FeedId, Lane
from protocol.signing import Signer

NOW = 1_760_000_000

MakeFeed = Callable[..., list[Bundle]]


def _make_feed(
    count: int,
    *,
    author: int = 1,
    device: bytes = b"device-1",
    first: int = 1,
    claims: int = 1,
    floors: dict[int, int] | None = None,
) -> list[Bundle]:
    """A chain of signed taste bundles, seq `first` upwards; `floors` by seq."""
    signer = Signer(author.to_bytes(32, "big"))
    feed = FeedId(signer.public_key, DeviceId(device), Lane.TASTE)
    bundles: list[Bundle] = []
    prev = NO_BUNDLE
    for seq in range(first, first + count):
        said = [
            Interaction(f"text:{author}-{seq}-{i}", InteractionKind.LIKE, 60, 20_000)
            for i in range(claims)
        ]
        floor = (floors or {}).get(seq, 0)
        bundle = sign_bundle(
            signer, feed, said, network=b"test", seq=seq, time=NOW, prev=prev, floor=floor
        )
        bundles.append(bundle)
        prev = bundle.id
    return bundles


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path) as opened:
        yield opened


@pytest.fixture
def make_feed() -> MakeFeed:
    return _make_feed
