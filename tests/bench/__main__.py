"""`make bench`: every figure that was asked for, measured on this machine.

    python -m tests.bench [NAME ...] [--small] [--json FILE]

Works in a scratch directory, on loopback alone, and leaves nothing behind. Exits with 1 when a
figure is missed. Quiet machines give the truth: nothing else should run beside it.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from subprocess import CalledProcessError

from node.query.schema import QueryError
from sim.demo.fleet import DemoFailed
from tests.bench import (
    ablation,
    alike,
    capped,
    commands,
    curves,
    exposure,
    friends,
    graph_bytes,
    graph_cells,
    graph_scale,
    lured,
    memory,
    per_peer,
    propagation,
    public,
    robustness,
    searching,
    similar,
    stalls,
    start_up,
    sync,
    trust_walks,
    virtual,
    walks,
)
from tests.bench.figures import Figure, Series, table
from tests.bench.nodes import BenchFailed
from tests.bench.scale import FULL, SMALL, Scale
from tests.bench.scratch import Scratch, scratch

BENCHMARKS: dict[str, Callable[[Scratch, Scale], Sequence[Figure | Series]]] = {
    "commands": commands.measure,
    "start_up": start_up.measure,
    "memory": memory.measure,
    "graph_bytes": graph_bytes.measure,
    "graph_scale": graph_scale.measure,
    "searching": searching.measure,
    "sync": sync.measure,
    "propagation": propagation.measure,
    "stalls": stalls.measure,
    "similar": similar.measure,
    "alike": alike.measure,
    "lured": lured.measure,
    "walks": walks.measure,
    "trust_walks": trust_walks.measure,
    "public": public.measure,
    "friends": friends.measure,
    "exposure": exposure.measure,
    "robustness": robustness.measure,
    "capped": capped.measure,
    "curves": curves.measure,
    "ablation": ablation.measure,
    "virtual": virtual.measure,
    "per_peer": per_peer.measure,
    "graph_cells": graph_cells.measure,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the chosen benchmarks, all by default, and show the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"one of: {', '.join(BENCHMARKS)}")
    parser.add_argument("--small", action="store_true", help="tiny sizes: shows that they run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.name if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}: one of {', '.join(BENCHMARKS)}")
    found, failed = measured(options.name or list(BENCHMARKS), SMALL if options.small else FULL)
    figures = [one for one in found if isinstance(one, Figure)]
    print(f"\n{machine()}{'  (SMALL: no figures)' if options.small else ''}\n\n{table(figures)}")
    for name, reason in failed.items():
        print(f"\n{name} FAILED: {reason}")
    if options.json:
        shown = [asdict(figure) | {"ok": figure.ok} for figure in figures]
        lines = [asdict(one) for one in found if isinstance(one, Series)]
        whole = {"machine": machine(), "small": options.small, "figures": shown}
        whole |= {"series": lines, "failed": failed}
        options.json.write_text(json.dumps(whole, indent=2) + "\n", "utf-8")
    return 0 if not failed and all(figure.ok for figure in figures) else 1


def measured(names: list[str], scale: Scale) -> tuple[list[Figure | Series], dict[str, str]]:
    """Figures and lines of these benchmarks, and why others gave none."""
    found: list[Figure | Series] = []
    failed: dict[str, str] = {}
    with scratch() as place:
        for name in names:
            began = time.monotonic()
            print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
            try:
                found += BENCHMARKS[name](place, scale)
            except (BenchFailed, DemoFailed, QueryError, CalledProcessError) as error:
                failed[name] = f"{error}\n{last_words(place)}"
            print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    return found, failed


def last_words(place: Scratch) -> str:
    """The ends of all daemons' logs."""
    logs = sorted(place.directory.rglob("*.log"))
    return "\n".join(f"{log.stem}: {log.read_text('utf-8')[-2000:]}" for log in logs)


def machine() -> str:
    """What the figures came from."""
    cpu = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    return f"{cores} cores of {cpu}, Python {platform.python_version()}, load {load:.1f}"


if __name__ == "__main__":
    sys.exit(main())
