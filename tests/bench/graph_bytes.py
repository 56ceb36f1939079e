"""What the graph costs an edge, and whether the accounting tells the truth.

A process of its own restores a peer from the store with a million edges, exactly as the daemon
does, and takes a snapshot, which is where the direction from items to authors exists. Counted for
an edge: edges with weights and times, both directions, interner, author and item rows, heads,
quotas and void marks of every feed (`FeedTable.nbytes`) and gossip's index of them; not the names
themselves. Then everything the node accounts for, names, vouches and clicks included, is held
against the growth of the process's resident memory. SQLite's own cache, which has a cap of its own,
is filled before.
"""

import gc
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from tests.bench.figures import Figure
from tests.bench.nodes import ROOT
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch

ASKED_BYTES, ASKED_SHARE = 24.0, 0.9


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes; `graph` without the names, `grown` is the growth of resident memory."""

    edges: int
    graph: int
    names: int
    snapshot: int
    heads: int
    vouches: int
    clicks: int
    grown: int

    @property
    def per_edge(self) -> float:
        return (self.graph + self.snapshot + self.heads) / self.edges

    @property
    def accounted(self) -> int:
        return sum((self.graph, self.names, self.snapshot, self.heads, self.vouches, self.clicks))


def measure(scratch: Scratch, scale: Scale) -> list[Figure]:
    """Bytes for an edge, and how much of the growth is accounted for."""
    node = scratch.world(scale)
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.graph_bytes", node.home],
        cwd=ROOT,
        env=node.environment(),
        check=True,
        stdout=subprocess.PIPE,
        timeout=120,
    )
    sizes = Sizes(**json.loads(done.stdout))
    parts = {
        "blocks, rows and interner": sizes.graph,
        "snapshot": sizes.snapshot,
        "heads": sizes.heads,
        "(names": sizes.names,
        "vouches": sizes.vouches,
    }
    detail = ", ".join(f"{name} {part / sizes.edges:.1f}" for name, part in parts.items())
    return [
        Figure("graph, bytes an edge", ASKED_BYTES, sizes.per_edge, "B", detail=f"{detail})"),
        Figure(
            "graph, accounted part of RSS growth",
            ASKED_SHARE,
            sizes.accounted / sizes.grown,
            "",
            at_least=True,
            detail=f"{sizes.accounted / 1e6:.1f} of {sizes.grown / 1e6:.1f} MB",
        ),
    ]


def restored(home: Path) -> Sizes:
    """Restore the node's peer in this process, and weigh it."""
    from node.config import load_config
    from node.core.building import build
    from node.identity import read_or_create_seed
    from node.paths import data_paths
    from node.shell.clock import Clock
    from node.shell.remembering import remembered
    from node.shell.settings import peer_config
    from node.store.store import Store
    from protocol.bundle import verify
    from ranking.warm_up import warm_up

    paths = data_paths(home)
    config = peer_config(load_config(paths.config))
    now = Clock().now()
    warm_up()
    with Store.open(paths.store) as store:
        sum(len(batch) for batch in store.replay())
        before = _resident()
        peer = build(
            config,
            remembered(store, read_or_create_seed(paths.author_key)),
            rng=Random(1),
            new_seed=lambda: bytes(32),
            verify=verify,
            now=now,
        )
        state = peer.state
        snapshot = state.graph.snapshot(today=state.today(now))
        grown = _resident() - before
    graph = state.graph.statistics()
    return Sizes(
        edges=graph.edges,
        graph=graph.nbytes - graph.names_nbytes - graph.snapshot_nbytes,
        names=graph.names_nbytes,
        snapshot=snapshot.nbytes,
        heads=state.feeds.nbytes + state.gossip.nbytes,
        vouches=state.trust.nbytes,
        clicks=state.clicks.nbytes,
        grown=grown,
    )


def _resident() -> int:
    """Bytes of resident memory of this process."""
    gc.collect()
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ValueError("no VmRSS")


if __name__ == "__main__":
    print(json.dumps(asdict(restored(Path(sys.argv[1])))))
