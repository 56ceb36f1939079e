"""What a node costs in memory: both of its processes, after one `recommend`.

Measured is PSS of the daemon and its network process together, from /proc/PID/smaps_rollup: every
page counts once, shared ones by their share, which is what ending the node would give back. Once
on an almost empty node (one like), once on one with a million edges of 20,000 authors. Kernels come
from the cache: the very first start of a user compiles them, and is not counted.
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
    _figure("kernels are compiled now, if they were not", ASKED_EMPTY_MB, empty)
    return [
        _figure("memory, almost empty", ASKED_EMPTY_MB, empty),
        _figure(f"memory, {scale.world_edges:,} edges", ASKED_FULL_MB, scratch.world(scale)),
    ]


def _figure(what: str, asked: float, node: Node) -> Figure:
    with running(node):
        node.ask("like", item=mbid(0))
        node.ask("recommend")
        pids = node.pids
        daemon, child = (_pss(pid) for pid in pids)
        alone = _alone(pids)
    detail = (
        f"daemon {daemon / 1e6:.0f}, network process {child / 1e6:.0f} MB; "
        f"{alone / 1e6:.0f} MB if no other process shared a page with them"
    )
    return Figure(what, asked, (daemon + child) / 1e6, "MB", detail=detail)


def _pss(pid: int) -> int:
    """Bytes that the process accounts for."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"no Pss of process {pid}")


def _alone(pids: tuple[int, ...]) -> int:
    """An upper bound of the PSS of these processes on a machine without any other of its kind.

    What others map too (the interpreter, numpy) lowers PSS. Here pages of a file count once for
    all of `pids`: as many as that one of them has which has most.
    """
    private = 0
    of_files: dict[tuple[str, str], int] = {}
    for pid in pids:
        area = ("", "")
        for line in Path(f"/proc/{pid}/smaps").read_text("utf-8").splitlines():
            first, *rest = line.split()
            if not first.endswith(":"):
                area = (rest[4] if len(rest) > 4 else "", rest[1])
            elif first == "Rss:":
                size = int(rest[0]) * 1024
            elif first == "Anonymous:":
                anonymous = int(rest[0]) * 1024
                private += anonymous
                of_files[area] = max(of_files.get(area, 0), size - anonymous)
    return private + sum(of_files.values())
