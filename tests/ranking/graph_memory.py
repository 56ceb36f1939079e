"""Run as a process of its own: what two million edges cost, by the graph's accounts and by the
system's. Prints one line of JSON."""

import ctypes
import gc
import json
import os
import sys
from pathlib import Path

import numpy as np

from ranking.graph import BoundedGraph, GraphConfig
from ranking.warm_up import warm_up

EDGES, ITEMS, AUTHORS, BUNDLE = 2_000_000, 100_000, 20_000, 64
TODAY = 20_000


def resident() -> int:
    """Bytes of this process in memory now, without what the allocator keeps for the next taker."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def state(graph: BoundedGraph, author: int, names: list[bytes], rng: np.random.Generator) -> None:
    """A hundred items of hers, popular ones more often, in bundles."""
    rows = np.unique((ITEMS * rng.random(EDGES // AUTHORS + 30) ** 1.3).astype(np.int64))
    items = rng.permutation(rows)[: EDGES // AUTHORS]
    for seq, start in enumerate(range(0, len(items), BUNDLE), 1):
        chosen = [names[k] for k in items[start : start + BUNDLE].tolist()]
        days = rng.integers(TODAY - 700, TODAY, len(chosen)).astype(np.uint16)
        weights = rng.integers(-20, 101, len(chosen)).astype(np.int8)
        graph.put(author, chosen, weights, days, seq=seq)


def main() -> None:
    rng = np.random.default_rng(1)
    names = [b"mbid:%08x-0000-4000-8000-%012x" % (k, k) for k in range(ITEMS)]
    warm_up()
    graph = BoundedGraph(GraphConfig(), hash_key=1)
    before = resident()
    for author in rng.permutation(AUTHORS).tolist():
        state(graph, graph.author_row(b"%032d" % author), names, rng)
    grown = resident() - before
    alone = graph.statistics()
    graph.snapshot(today=TODAY)
    both = resident() - before
    counted = graph.statistics()
    json.dump(
        {
            "edges": alone.edges,
            "items": alone.items,
            "authors": alone.authors,
            "names": alone.names_nbytes,
            "graph": alone.nbytes - alone.snapshot_nbytes,
            "snapshot": counted.snapshot_nbytes,
            "grown": grown,
            "grown_with_snapshot": both,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
