"""Small graphs for the tests of the bounded graph, and what they hold, by name."""

import numpy as np

from ranking.graph import BoundedGraph, GraphConfig
from ranking.kernels_storage import EdgeColumns


def tiny(bytes_max, **settings):
    """A configuration below `BYTES_MIN`: caps that a test soon reaches, in the same proportions."""
    config = GraphConfig(**settings)
    object.__setattr__(config, "bytes_max", bytes_max)
    return config


def author_key(k):
    return b"%032d" % k


def put(graph, author, items, weights=50, days=100, *, seq=1, device=0):
    """`put` with lists, or one number for all."""
    graph.put(
        author,
        items,
        np.full(len(items), weights, np.int8),
        np.full(len(items), days, np.uint16),
        seq=seq,
        device=device,
    )


def put_many(graph, rows):
    """rows: (author row, item, seq, device, day, weight)."""
    author, items, seq, device, day, weight = zip(*rows, strict=True) if rows else [()] * 6
    edges = EdgeColumns(
        np.empty(0, np.int32),
        np.array(seq, np.uint32),
        np.array(day, np.uint16),
        np.array(device, np.uint16),
        np.array(weight, np.int8),
    )
    graph.put_many(np.array(author, np.int32), list(items), edges)


def edges_by_name(graph):
    """{author: {item: (seq, day, weight)}} of those who have edges."""
    found = {}
    for row in graph.authors.used_rows().tolist():
        items, weights, days, seqs = (column.tolist() for column in graph.edges_of(row))
        assert items == sorted(set(items))
        names = [graph.items.name(item) for item in items]
        assert all(names), "an edge to an item that has no name"
        if names:
            said = zip(seqs, days, weights, strict=True)
            found[graph.authors.name(row)] = dict(zip(names, said, strict=True))
    return found


def arrays_within(thing, seen):
    """Every array that hangs on a live object, the snapshot kept for the next reader included."""
    if id(thing) in seen or isinstance(thing, type):
        return
    seen[id(thing)] = thing
    if isinstance(thing, np.ndarray):
        assert not isinstance(thing.base, np.ndarray), "a view: its memory is somebody else's"
        yield thing
    elif isinstance(thing, dict):
        for part in thing.values():
            yield from arrays_within(part, seen)
    elif isinstance(thing, list | tuple):
        for part in thing:
            yield from arrays_within(part, seen)
    else:
        slots = getattr(type(thing), "__slots__", ())
        parts = {name: getattr(thing, name) for name in slots} | getattr(thing, "__dict__", {})
        yield from arrays_within(parts, seen)


def counted_bytes(graph):
    """The memory of the graph's arrays, found without asking it."""
    return sum(array.nbytes for array in arrays_within(graph, {}))


def check_accounts(graph: BoundedGraph):
    """What must hold after every step, whatever happened."""
    statistics = graph.statistics()
    assert counted_bytes(graph) == graph.nbytes == statistics.nbytes
    assert graph.nbytes <= graph.config.bytes_max
    edges = edges_by_name(graph)
    assert statistics.edges == sum(map(len, edges.values()))
    rows = [graph.edges_of(row)[0] for row in graph.authors.used_rows().tolist()]
    references = np.bincount(np.concatenate([np.empty(0, np.int64), *rows]).astype(np.int64))
    assert not np.any(graph._items.references[: len(references)] < references)
    return edges
