"""What hypothesis draws for the protocol's tests, always the same for the same test."""

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st

from protocol import claims as c
from protocol import limits
from protocol import messages as m
from protocol.ids import AuthorKey, DeviceId, FeedId, Lane
from tests.protocol.gossip_world import signer_of


def examples(count: int = 100) -> Callable[[Any], Any]:
    """Settings of a property: no randomness from outside, no clock."""
    return settings(max_examples=count, derandomize=True, deadline=None)


def text(least: int, most: int) -> st.SearchStrategy[str]:
    """Text of least..most UTF-8 bytes, free of control characters."""
    alphabet = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))
    drawn = st.text(alphabet, min_size=least, max_size=most)
    return drawn.filter(lambda value: len(value.encode()) <= most)


weights = st.integers(-100, 100)
seqs = st.integers(1, limits.SEQ_MAX)
keys = st.binary(min_size=32, max_size=32)
devices = st.binary(min_size=8, max_size=8)
items = st.builds("{}:{}".format, text(1, 20).filter(lambda v: ":" not in v), text(1, 60)).filter(
    lambda item: len(item.encode()) <= limits.ITEM_BYTES_MAX
)

interactions = st.builds(
    c.Interaction, items, st.integers(0, 255), weights, st.integers(0, limits.DAY_MAX)
)
vouches = st.builds(c.Vouch, keys, weights)
infos = st.builds(
    c.ItemInfo,
    items,
    text(1, 60),
    st.lists(text(1, 32), max_size=4).map(tuple),
    text(0, 40),
)
clicks = st.builds(
    c.Click,
    st.lists(text(1, 32), min_size=1, max_size=4).map(tuple),
    items,
    st.integers(0, limits.POSITION_MAX),
)
retracts = st.builds(c.Retract, seqs)
endpoints = st.builds(c.Endpoint, st.lists(text(1, 60), max_size=4).map(tuple))
unknown = st.builds(
    lambda kind, rest: c.UnknownClaim(kind, msgspec.msgpack.encode([kind, *rest])),
    st.integers(7, 65_535),
    st.lists(st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=5))),
)
BY_LANE: dict[Lane, st.SearchStrategy[Any]] = {
    Lane.IDENTITY: st.one_of(endpoints, retracts, unknown),
    Lane.VOUCHES: st.one_of(vouches, retracts, unknown),
    Lane.TASTE: st.one_of(interactions, infos, retracts, unknown),
    Lane.CLICKS: st.one_of(clicks, retracts, unknown),
}
said = st.sampled_from(Lane).flatmap(
    lambda lane: st.tuples(st.just(lane), st.lists(BY_LANE[lane], max_size=8))
)
"""(lane, claims that may stand there)."""

feeds = st.builds(FeedId, keys.map(AuthorKey), devices.map(DeviceId), st.sampled_from([*Lane]))
own_feeds = st.builds(
    lambda number, device, lane: FeedId(signer_of(number).public_key, DeviceId(device), lane),
    st.integers(1, 5),
    devices,
    st.sampled_from([*Lane]),
)

tags = st.binary(min_size=8, max_size=8)
handles = st.integers(0, m.HANDLES_MAX - 1)
numbers = st.integers(0, 2**32 - 1)
bounds = st.binary(max_size=m.FEED_KEY_BYTES)
blobs = st.binary(max_size=200)
names = st.builds(m.Named, handles, keys, devices, st.integers(0, 255))
heads = st.builds(m.Head, handles, seqs, seqs, tags)
prints = st.builds(m.RangePrint, bounds, bounds, numbers, tags)
lists_ = st.builds(m.RangeList, bounds, bounds, st.lists(heads, max_size=3), st.booleans())
wants = st.builds(
    m.Want, numbers, keys, devices, st.integers(0, 255), seqs, seqs,
    st.integers(1, 2**31 - 1), st.booleans(),
)  # fmt: skip
parts = st.builds(m.Part, numbers, st.lists(blobs, max_size=3), st.booleans())
proofs = st.builds(m.AuthorProof, keys, st.binary(min_size=64, max_size=64))


def few(drawn: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(drawn, max_size=3)


messages = st.one_of(
    st.builds(
        m.Hello, st.just(1), st.binary(min_size=1, max_size=32), st.binary(min_size=32, max_size=32)
    ),
    st.builds(m.Proofs, few(proofs)),
    st.builds(m.Refused, st.text(max_size=200)),
    st.builds(m.Heads, few(names), few(heads), st.booleans()),
    st.builds(m.Ranges, few(names), few(prints), few(lists_), st.booleans()),
    st.builds(m.Wants, few(wants)),
    st.builds(m.Data, few(parts)),
    st.builds(m.Push, few(blobs)),
    st.builds(m.Evidence, few(blobs)),
    st.builds(m.Seek, few(keys)),
    st.builds(m.Peers, few(st.text(max_size=60)), st.booleans()),
)


@st.composite
def mutated(draw: st.DrawFn, valid: st.SearchStrategy[bytes]) -> bytes:
    """Valid bytes with a few bytes changed, cut out, or put in."""
    data = bytearray(draw(valid))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.integers(0, 3)):
            case 0 if data:
                data[at] = draw(st.integers(0, 255))
            case 1:
                del data[at : at + draw(st.integers(1, 8))]
            case 2:
                data[at:at] = draw(st.binary(min_size=1, max_size=8))
            case _:
                del data[at:]
    return bytes(data)
