"""What a start would rebuild from every bundle there is, as named parts of bytes, and back.

Graph, vouches, clicks, tags, addresses and the feed table, as they are between two events. What the
store knows of an author may have changed since, and some things of the moment are in no bundle: so
the start reads those authors again from the store who have changed there, whose part here was not
what their bundles say, and who live here. What does not fit is refused whole, never taken in part.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from sys import byteorder
from typing import Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import DTypeLike, NDArray

from node.core.config import PeerConfig
from node.core.state import PeerState
from node.core.tags import DUMPED
from protocol.feedtable import FeedRecord
from protocol.gossip import Gossip
from protocol.ids import AuthorKey, DeviceId, FeedId, Lane
from protocol.replicas import ReplicaDump
from ranking.checkpoint import CheckpointError, dump, load
from ranking.graph import BoundedGraph
from ranking.kernels_clicks import ClickColumns
from trust.vouches import Statements

LAYOUT = 3
"""Goes up whenever a part means something else than before, or what is made of a bundle does."""

Buffer: TypeAlias = bytes | memoryview
Parts: TypeAlias = dict[str, Iterable[Buffer]]
"""Of each part its pieces, to be written one after the other; made as they are asked for."""

Claims: TypeAlias = tuple[FeedId, int, bytes, float]
"""(feed, seq, claims, when first seen)"""

_VOUCHES = {"pair": np.int64, "seq": np.uint32, "device": np.uint64, "weight": np.int8}

_CLICKS = {
    "author": np.int32,
    "term": np.int32,
    "item": np.int32,
    "position": np.uint16,
    "seen": np.uint32,
}

_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint that belongs to the store, and how to read from there what it is not good for.

    `changed`: whose feeds have changed in the store since. `feeds` and `claims` read authors' own.
    """

    parts: Mapping[str, memoryview]
    changed: Sequence[AuthorKey]
    feeds: Callable[[Sequence[AuthorKey]], Iterable[FeedRecord]]
    claims: Callable[[Sequence[AuthorKey]], Iterable[Claims]]


def captured(state: PeerState, unlike: Sequence[AuthorKey]) -> Parts:
    """Copies of everything as it is now; `unlike` as `Rebuilder` has it.

    Nobody may handle an event meanwhile: .1 s at ten million edges of 100,000 authors. Taking the
    pieces costs as much again, and may be done on any thread.
    """
    vouches, order = state.trust.dump()
    clicks, terms = state.clicks.dump()
    endpoints, devices = state.admission.dump()
    replicas, voids = state.feeds.dump()
    keys, prints = state.gossip.dump_heads()
    about = {
        "layout": LAYOUT,
        "byteorder": byteorder,
        "network": state.config.network,
        "limits": _limits(state.config),
        "unlike": list(unlike),
    }
    return {
        "about": _packed(about),
        "graph": dump(state.graph, copied=True),
        **{f"vouch_{name}": [_bytes(getattr(vouches, name))] for name in _VOUCHES},
        "vouch_order": [_bytes(order)],
        **{f"click_{name}": [_bytes(getattr(clicks, name))] for name in _CLICKS},
        "terms": _packed(terms),
        **{f"tag_{number}": [_bytes(part)] for number, part in enumerate(state.tags.dump())},
        "endpoints": _packed(endpoints),
        "devices": _packed(devices),
        "feeds": [replicas.records],
        "feed_sizes": [replicas.sizes],
        "feed_bundles": [replicas.held],
        "feed_voids": _packed(voids),
        "head_keys": [keys],
        "head_prints": [prints],
    }


def saved_graph(saved: Saved, config: PeerConfig, *, hash_key: int) -> BoundedGraph:
    """The graph, once it is sure that the checkpoint is of this network, layout and limits.

    `CheckpointError` says what is not as it should be.
    """
    with _refusing():
        about = _unpacked(saved.parts, "about", dict[str, Any])
        now = {
            "layout": LAYOUT,
            "byteorder": byteorder,
            "network": config.network,
            "limits": _limits(config),
        }
        for name, value in now.items():
            if about.get(name) != value:
                raise CheckpointError(f"it was made with another {name}")
    return load(_part(saved.parts, "graph"), config.graph, hash_key=hash_key)


def put_back(saved: Saved, state: PeerState) -> list[AuthorKey]:
    """Fill all but the graph, which are empty; returns whose part is not what their bundles say.

    `CheckpointError` when something does not fit: then they are void.
    """
    parts = saved.parts
    with _refusing():
        columns = (_array(parts, f"vouch_{name}", dtype) for name, dtype in _VOUCHES.items())
        state.trust.load(Statements(*columns), _array(parts, "vouch_order", np.uint64))
        heard = (_array(parts, f"click_{name}", dtype) for name, dtype in _CLICKS.items())
        state.clicks.load(ClickColumns(*heard), _unpacked(parts, "terms", list[bytes]))
        state.tags.load([_array(parts, f"tag_{n}", dtype) for n, dtype in enumerate(DUMPED)])
        state.admission.load(
            _unpacked(parts, "endpoints", list[tuple[bytes, int, bytes, tuple[str, ...]]]),
            _unpacked(parts, "devices", list[tuple[bytes, tuple[bytes, ...]]]),
        )
        voids = _unpacked(parts, "feed_voids", list[tuple[tuple[bytes, bytes, int], list[int]]])
        state.feeds.load(
            ReplicaDump(*(bytes(_part(parts, name)) for name in _FEEDS)),
            [(FeedId(AuthorKey(a), DeviceId(d), Lane(n)), marks) for (a, d, n), marks in voids],
        )
        about = _unpacked(parts, "about", dict[str, Any])
        return [AuthorKey(author) for author in about["unlike"]]


def put_back_heads(saved: Saved, gossip: Gossip, again: Sequence[AuthorKey]) -> None:
    """Gossip's heads, those of the authors `again` from the feed table. `CheckpointError`."""
    with _refusing():
        heads = (bytes(_part(saved.parts, name)) for name in ("head_keys", "head_prints"))
        keys, prints = heads
        gossip.reload_from((keys, prints), again)


_FEEDS = ("feeds", "feed_sizes", "feed_bundles")


def _limits(config: PeerConfig) -> list[int]:
    """What gives way at smaller limits does not come back with greater ones."""
    graph = config.graph
    return [
        graph.bytes_max,
        graph.edges_per_author_max,
        graph.edges_per_protected_max,
        config.clicks_max,
    ]


# ------------------------------------------------------------------------------------- encoding
def _bytes(array: NDArray[Any]) -> Buffer:
    return array.reshape(-1).view(np.uint8).data if array.size else b""


def _packed(value: Any) -> Iterator[bytes]:
    yield _encode(value)


class _refusing:
    """Turns whatever a part that is not as it should be raises into `CheckpointError`."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, CheckpointError):
            return
        if isinstance(error, ValueError | KeyError | TypeError | IndexError | OverflowError):
            raise CheckpointError(f"the checkpoint cannot be used: {error}") from error


def _part(parts: Mapping[str, memoryview], name: str) -> memoryview:
    part = parts.get(name)
    if part is None:
        raise CheckpointError(f"the checkpoint has no part {name!r}")
    return part


def _unpacked(parts: Mapping[str, memoryview], name: str, form: Any) -> Any:
    return msgspec.msgpack.decode(_part(parts, name), type=form)


def _array(parts: Mapping[str, memoryview], name: str, dtype: DTypeLike) -> NDArray[Any]:
    """A copy, to be written to."""
    return np.frombuffer(_part(parts, name), dtype).copy()
