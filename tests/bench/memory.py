"""What a node costs in memory: both of its processes, after one `recommend`.

Measured is PSS of the daemon and its network process together, from /proc/PID/smaps_rollup: every
page counts once, shared ones by their share, which is what ending the node would give back. Once
on an almost empty node (one like), once on one with a million edges of 20,000 authors.
"""

from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.nodes import Node, made, running
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch
from tests.bench.seeding import mbid

ASKED_EMPTY_MB, ASKED_FULL_MB = 270.0, 370.0


def measure(scratch: Scratch, scale: Scale) -> list[Figure]:
    """The two nodes, one after the other."""
    empty = made(scratch.directory / "empty")
    return [
        _figure("memory, almost empty", ASKED_EMPTY_MB, empty),
        _figure(f"memory, {scale.world_edges:,} edges", ASKED_FULL_MB, scratch.world(scale)),
    ]


def _figure(what: str, asked: float, node: Node) -> Figure:
    with running(node):
        node.ask("like", item=mbid(0))
        node.ask("recommend")
        pids = node.pids
        daemon, child = (_kilobytes(pid, "Pss") for pid in pids)
    detail = f"daemon {daemon / 1e3:.0f}, network process {child / 1e3:.0f} MB"
    return Figure(what, asked, (daemon + child) / 1e3, "MB", detail=detail)


def _kilobytes(pid: int, field: str) -> float:
    """A line of smaps_rollup, in units of 1000 bytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1.024
    raise ValueError(f"no {field} of process {pid}")
