"""What bundles and private facts have made of a peer, by names: equal peers have equal contents."""

from typing import Any

from node.core.peer import Peer
from protocol.ids import AuthorKey, FeedId


def contents(peer: Peer) -> dict[str, Any]:
    """All but what depends on rows and on when things came."""
    state, graph = peer.state, peer.state.graph
    rows = {AuthorKey(graph.authors.name(row)): row for row in graph.authors.used_rows().tolist()}
    edges = {author: found for author, row in rows.items() if (found := _edges(peer, row))}
    vouches = {author: found for author, row in rows.items() if (found := _vouches(peer, row))}
    endpoints, devices = state.admission.dump()
    heads = sorted(state.feeds.heads())
    return {
        "edges": edges,
        "counted": graph.statistics().edges,
        "items": {graph.items.name(row) for row in graph.items.used_rows()},
        "vouches": vouches,
        "withdrawals": state.trust._vouches.statements,
        "clicks": _clicks(peer),
        "endpoints": sorted(endpoints),
        "devices": {author: known for author, known in devices if author in edges},
        "heads": heads,
        "voids": {head.feed: _voided(peer, head.feed) for head in heads},
        "missing": {head.feed: state.feeds.missing(head.feed, 1, head.hi + 1) for head in heads},
        "gossip": state.gossip.dump_heads(),
        "people": [(p.name, p.facts, p.vouches, p.clicks, p.said) for p in state.persons],
    }


def _edges(peer: Peer, row: int) -> dict[bytes, tuple[int, ...]]:
    items, *columns = peer.state.graph.edges_of(row)
    names = [peer.state.graph.items.name(item) for item in items.tolist()]
    return dict(zip(names, zip(*(c.tolist() for c in columns), strict=True), strict=True))


def _vouches(peer: Peer, row: int) -> dict[bytes, int]:
    name = peer.state.graph.authors.name
    return {name(target): weight for target, weight in peer.state.trust.vouched_by(row).items()}


def _clicks(peer: Peer) -> set[tuple[bytes, bytes, bytes, int]]:
    graph, log = peer.state.graph, peer.state.clicks
    clicks, _ = log.dump()
    return {
        (graph.authors.name(author), log.terms.name(term), graph.items.name(item), position)
        for author, term, item, position in zip(*(c.tolist() for c in clicks[:4]), strict=True)
    }


def _voided(peer: Peer, feed: FeedId) -> list[int]:
    """Marks of bundles held; the store is not told of others before they come."""
    held = peer.state.feeds.held(feed)
    return [seq for seq in peer.state.feeds.voided(feed) if seq in held]
