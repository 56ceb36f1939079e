"""What the hostile have got of honest peers: room in stores and graphs, traffic, trust, links."""

from __future__ import annotations

import math
from collections.abc import Sequence

from protocol.ids import AuthorKey
from protocol.limits import FUTURE_SECONDS_MAX
from sim.virtual.host import Host
from sim.virtual.world import World


def spoils_of(world: World) -> dict[str, float]:
    """Shares in [0, 1] unless said otherwise, of the honest peers together, NaN where there is
    nothing to share. Hostile is whatever no honest person has signed.

    hostile_bytes: of all bytes sent, by hostile peers. held_bytes_per_peer: bytes of bundles of
    others that an honest peer holds at the end. hostile_held: of those bytes. hostile_edges: of the
    edges in graphs that others have stated. hostile_trust: of a person's trust, mean over those
    whose node has walked. hostile_earned: the mean part of a person's out-weight that hostile
    authors have earned. hostile_links: of the open links of those who joined late, or of everybody
    where nobody did; hostile_addresses: of the addresses known to them, where no honest peer is.
    held_ahead_per_peer: bundles that an honest peer holds and that are dated more than ten minutes
    ahead of its clock; edges_ahead_per_peer: edges in its graph of a day that has not come, which
    do not age until then.

    O(what is held).
    """
    honest = world.hosts[: world.people]
    people = {host.author: host.number for host in honest}
    sent = sum(host.uplink.bytes for host in world.hosts[world.people :])
    there = [host for host in honest if host.up]
    joined = [host for host in world.late if host.up] or there
    return {
        "hostile_bytes": _share(sent, world.wires.bytes),
        **_held(honest, people),
        **_edges(there, people),
        "hostile_trust": _trust(there, people),
        "hostile_earned": _earned(there, people),
        **_links(joined, {host.place for host in honest}),
    }


def _held(honest: Sequence[Host], people: dict[AuthorKey, int]) -> dict[str, float]:
    held = hostile = ahead = 0
    for host in honest:
        late = host.now + FUTURE_SECONDS_MAX
        for feed, stored in host.store.feeds.items():
            if feed.author == host.author:
                continue
            size = sum(len(blob.wire) for blob in stored.blobs.values())
            held += size
            hostile += size if feed.author not in people else 0
            ahead += sum(blob.bundle.header.time > late for blob in stored.blobs.values())
    return {
        "held_bytes_per_peer": held / len(honest),
        "hostile_held": _share(hostile, held),
        "held_ahead_per_peer": ahead / len(honest),
    }


def _edges(there: Sequence[Host], people: dict[AuthorKey, int]) -> dict[str, float]:
    edges = hostile = ahead = 0
    for host in there:
        state = host.peer.state
        today = state.today(host.now)
        for author in {feed.author: None for feed in host.store.feeds}:
            row = state.graph.author_row(author, create=False)
            if row < 0 or author == host.author:
                continue
            days = state.graph.edges_of(row)[2]
            edges += days.size
            hostile += days.size if author not in people else 0
            ahead += int((days > today).sum())
    return {
        "hostile_edges": _share(hostile, edges),
        "edges_ahead_per_peer": _share(ahead, len(there)),
    }


def _trust(there: Sequence[Host], people: dict[AuthorKey, int]) -> float:
    """Of the trust with which people were last answered, mean over them, as in graph runs."""
    parts = []
    for host in there:
        state = host.peer.state
        vector = state.vector(state.persons.owner.row)
        if vector is None or not vector.t.any():
            continue
        rows = vector.t.nonzero()[0]
        strange = [AuthorKey(state.graph.authors.name(row)) not in people for row in rows.tolist()]
        parts.append(float(vector.t[rows][strange].sum() / vector.t.sum()))
    return _share(sum(parts), len(parts))


def _earned(there: Sequence[Host], people: dict[AuthorKey, int]) -> float:
    parts = [
        sum(
            e.part
            for author, e in host.peer.state.persons.owner.earned.items()
            if author not in people
        )
        for host in there
    ]
    return _share(sum(parts), len(parts))


def _links(joined: Sequence[Host], places: set[str]) -> dict[str, float]:
    ends = [end for host in joined for end in host.ends.values()]
    known = [address for host in joined for address in host.peer.state.addresses.known()]
    strange = sum(address.rpartition("/p2p/")[0] not in places for address in known)
    return {
        "hostile_links": _share(sum(end.other.hostile for end in ends), len(ends)),
        "hostile_addresses": _share(strange, len(known)),
    }


def _share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
