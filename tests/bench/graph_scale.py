"""How fast edges come into the graph, and what ten million of them cost.

Bundles of 64 claims arrive from authors in random order, of items drawn at random, as names of
eight bytes end to end (what GraphJet takes as long ids) or as rows known already; and the same one
bundle at a time, a Python object a name. Then all of it counted, with names as people have them,
`mbid:` and a UUID, with a snapshot and with the alias tables of weighted draws; and how long a
snapshot keeps the writer, a dump and a load take.

Times are the thread's own: what it takes on a core that it has for itself.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from ranking.checkpoint import dump, load
from ranking.graph import KEY_BYTES, BoundedGraph, GraphConfig
from ranking.kernels_bipartite import alias_side
from ranking.kernels_storage import EdgeColumns
from ranking.snapshot import GraphSnapshot
from ranking.warm_up import warm_up
from tests.bench.figures import Figure
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch

ASKED_EDGES, ASKED_RATIO = 4.0, 3.0
ASKED_TOTAL_MIB, ASKED_BYTES = 256.0, 24.0
ASKED_UNIFORM, ASKED_WEIGHTED = 16.0, 20.0
ASKED_BEGIN_S, ASKED_CHECKPOINT_S = 0.1, 1.5
CLAIMS, BATCH = 64, 1 << 18
TODAY = 20_000
GRAPHJET = "GraphJet on such a machine: .7 to .9 M/s, 27-46 bytes an edge, unweighted"


@dataclass(frozen=True, slots=True)
class Crowd:
    """`authors` with `each` edges to `items`, drawn at random."""

    authors: int
    each: int
    items: int

    @property
    def edges(self) -> int:
        return self.authors * self.each

    def batches(self) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int64], EdgeColumns]]:
        """Author and item numbers and the rest of the edges, bundle after bundle."""
        rng = np.random.default_rng(1)
        for seq, start in enumerate(range(0, self.each, CLAIMS), 1):
            claims = min(CLAIMS, self.each - start)
            order = rng.permutation(self.authors).astype(np.int32)
            for at in range(0, self.authors, BATCH // claims):
                authors = np.repeat(order[at : at + BATCH // claims], claims)
                n = len(authors)
                edges = EdgeColumns(
                    np.empty(0, np.int32),
                    np.full(n, seq, np.uint32),
                    rng.integers(TODAY - 700, TODAY, n).astype(np.uint16),
                    np.zeros(n, np.uint16),
                    rng.integers(1, 101, n).astype(np.int8),
                )
                yield authors, rng.integers(0, self.items, n), edges

    def graph(self) -> BoundedGraph:
        """An empty graph that knows the authors: author k has row k."""
        graph = BoundedGraph(GraphConfig(), hash_key=7)
        graph.author_rows([k.to_bytes(KEY_BYTES, "big") for k in range(self.authors)])
        return graph


def long_ids(items: int) -> NDArray[np.uint8]:
    """uint8[items, 8]: the numbers themselves."""
    return np.arange(items, dtype="<i8").view(np.uint8).reshape(items, -1)


def mbids(items: int) -> NDArray[np.uint8]:
    """uint8[items, 41]: MusicBrainz ids, one for each number."""
    ids = np.random.default_rng(2).bytes(16 * items)
    uuids = (UUID(bytes=ids[at : at + 16]) for at in range(0, len(ids), 16))
    text = "".join(f"mbid:{uuid}" for uuid in uuids)
    return np.frombuffer(text.encode(), np.uint8).reshape(items, -1)


def put_packed(graph: BoundedGraph, crowd: Crowd, names_of: NDArray[np.uint8]) -> float:
    """Seconds for all edges with packed names, a row of bytes for each item."""
    spent = 0.0
    for authors, items, edges in crowd.batches():
        names = names_of[items].reshape(-1)
        sizes = np.full(len(items), names_of.shape[1], np.int32)
        spent += timed(lambda: graph.put_packed(authors, names, sizes, edges))  # noqa: B023
    return spent


def put_rows(crowd: Crowd) -> float:
    """Seconds for all edges with rows that are known."""
    graph = crowd.graph()
    rows = graph.pin_many([k.to_bytes(8, "big") for k in range(crowd.items)])
    spent = 0.0
    for authors, items, edges in crowd.batches():
        known = edges._replace(item=rows[items])
        spent += timed(lambda: graph.put_rows(authors, known))  # noqa: B023
    return spent


def put_singly(crowd: Crowd) -> float:
    """Seconds for all edges, a bundle at a time."""
    graph = crowd.graph()
    spent = 0.0
    for authors, items, edges in crowd.batches():
        names = [item.to_bytes(8, "little") for item in items.tolist()]
        starts = [0, *(np.flatnonzero(np.diff(authors)) + 1).tolist(), len(authors)]

        def work() -> None:
            for start, end in pairwise(starts):  # noqa: B023
                part = slice(start, end)
                graph.put(
                    int(authors[start]),  # noqa: B023
                    names[part],  # noqa: B023
                    edges.weight[part],  # noqa: B023
                    edges.day[part],  # noqa: B023
                    seq=int(edges.seq[start]),  # noqa: B023
                )

        spent += timed(work)
    return spent


def timed(work: Callable[[], object]) -> float:
    """Seconds of this thread."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


def measure(_: Scratch, scale: Scale) -> list[Figure]:
    """Rates of a tenth of the edges, sizes of all of them in two shapes."""
    warm_up()
    edges = 10 * scale.world_edges
    items = max(1_000, edges // 20)
    figures = rates(Crowd(edges // 100, 100, items), Crowd(edges // 1_000, 100, items // 10))
    names = mbids(items)
    for each in (50, 100):
        crowd = Crowd(edges // each, each, items)
        graph = crowd.graph()
        spent = put_packed(graph, crowd, names)
        figures += sizes(graph, crowd, spent)
    return figures + checkpointed(graph)


def rates(all_of_it: Crowd, part: Crowd) -> list[Figure]:
    """Millions of edges a second; one bundle at a time a part of them only, in the same run."""
    ids = long_ids(all_of_it.items)
    packed = all_of_it.edges / put_packed(all_of_it.graph(), all_of_it, ids) / 1e6
    known = all_of_it.edges / put_rows(all_of_it) / 1e6
    fast = part.edges / put_packed(part.graph(), part, ids) / 1e6
    singly = part.edges / put_singly(part) / 1e6
    detail = f"{all_of_it.edges:,} edges, {all_of_it.items:,} items; {GRAPHJET}"
    ratio = f"{part.edges:,} edges, {part.items:,} items: {fast:.2f} and {singly:.2f} M/s"
    what = "edges in, packed over a bundle at a time"
    return [
        Figure("edges in, 8-byte names packed", ASKED_EDGES, packed, "M/s", True, detail),
        Figure("edges in, rows known", ASKED_EDGES, known, "M/s", True),
        Figure(what, ASKED_RATIO, fast / singly, "x", True, ratio),
    ]


def sizes(graph: BoundedGraph, crowd: Crowd, spent: float) -> list[Figure]:
    """Memory of graph and snapshot, and how long the snapshot takes."""
    alone = graph.statistics().nbytes
    graph.begin_snapshot(today=TODAY).finish()
    graph.put_rows(np.zeros(1, np.int32), one_edge())
    begin = timed(lambda: graph.begin_snapshot(today=TODAY))
    finish = timed(lambda: graph.snapshot(today=TODAY))
    snapshot, now = graph.snapshot(today=TODAY), graph.statistics()
    n = now.edges
    shape = f"{crowd.authors:,} x {crowd.each}"
    detail = (
        f"graph {alone / n:.2f} B an edge, {now.names_nbytes / n:.2f} of it names; snapshot "
        f"{now.snapshot_nbytes / n:.2f}; {n:,} edges in at {n / spent / 1e6:.1f} M/s, names "
        f"`mbid:` and a UUID; evicted {now.evicted}, refused {now.refused}"
    )
    total = f"{shape}: graph and snapshot"
    assert now.evicted == now.refused == 0
    return [
        Figure(total, ASKED_TOTAL_MIB, now.nbytes / 2**20, "MiB", detail=detail),
        Figure(
            f"{total}, an edge, beside the names",
            ASKED_BYTES,
            (now.nbytes - now.names_nbytes) / n,
            "B",
        ),
        Figure(f"{shape}: both directions, weights", ASKED_UNIFORM, snapshot.nbytes / n, "B"),
        Figure(
            f"{shape}: the same with weighted draws",
            ASKED_WEIGHTED,
            (snapshot.nbytes + weighted_nbytes(snapshot)) / n,
            "B",
        ),
        Figure(
            f"{shape}: snapshot, on the writer's thread",
            ASKED_BEGIN_S,
            begin,
            "s",
            detail=f"on a worker thread {finish:.2f} s",
        ),
    ]


def one_edge() -> EdgeColumns:
    """Something new, so that a snapshot is made anew."""
    return EdgeColumns(
        np.zeros(1, np.int32),
        np.full(1, 99, np.uint32),
        np.ones(1, np.uint16),
        np.zeros(1, np.uint16),
        np.ones(1, np.int8),
    )


def weighted_nbytes(snapshot: GraphSnapshot) -> int:
    """What draws by affinity need beside the snapshot: alias tables of both directions."""
    sides = snapshot.author_side, snapshot.item_side
    return sum(alias_side(side, np.empty(0, np.float32)).nbytes for side in sides)


def checkpointed(graph: BoundedGraph) -> list[Figure]:
    """Dump and load of everything."""
    whole = bytearray().join(dump(graph))
    out = timed(lambda: sum(map(len, dump(graph))))
    again = timed(lambda: load(whole, graph.config, hash_key=8))
    size = f"{len(whole) / 2**20:.0f} MiB"
    return [
        Figure("graph, dumped", ASKED_CHECKPOINT_S, out, "s", detail=size),
        Figure("graph, loaded and checked", ASKED_CHECKPOINT_S, again, "s"),
    ]
