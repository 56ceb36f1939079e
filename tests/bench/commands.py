"""How long a person waits for `grapevine --help`, `status` and a warm `recommend`.

Measured is the whole process, from its start until it has ended and everything is printed, as a
shell sees it, against a daemon whose graph holds a million edges. The daemon has answered one
`recommend` before, so walks and snapshot are there: that is what warm means. Median and p95 are
both held to what was asked, since nobody waits for a median.
"""

import subprocess
import time

from sim.demo.fleet import GRAPEVINE
from tests.bench.figures import Figure, percentile
from tests.bench.nodes import Node, running
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch

ASKED_MS = {("--help",): 200.0, ("status",): 250.0, ("recommend",): 400.0}


def measure(scratch: Scratch, scale: Scale) -> list[Figure]:
    """Two figures a command."""
    node = scratch.world(scale)
    figures = []
    with running(node):
        for arguments, asked in ASKED_MS.items():
            _timed(node, arguments)
            took = [_timed(node, arguments) for _ in range(scale.command_runs)]
            name = " ".join(("grapevine", *arguments))
            for label, part in (("median", 0.5), ("p95", 0.95)):
                figures.append(Figure(f"{name}, {label}", asked, percentile(took, part), "ms"))
    return figures


def _timed(node: Node, arguments: tuple[str, ...]) -> float:
    began = time.perf_counter()
    subprocess.run(
        [GRAPEVINE, *arguments], env=node.environment(), check=True, capture_output=True, timeout=60
    )
    return 1000 * (time.perf_counter() - began)
