"""How long the event loops of both processes stand still under bulk sync and 10 queries a second.

An empty node catches up with hundreds of feeds while it is asked `recommend` and `status` in turn,
ten times a second. In each of its two loops, the daemon's and the network process's, a task ticks
every millisecond; a stall is how much later than that it ran. Its p99 is over the ticks that were
due, not over those that happened: one stall of 100 ms makes a hundred ticks late, not one. Only
ticks between the link and the last claim count. The sender's two processes are measured as well.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tests.bench.figures import Figure
from tests.bench.nodes import BenchFailed, Node, running
from tests.bench.scale import Scale
from tests.bench.scratch import Scratch
from tests.bench.seeding import CLAIMS_PER_BUNDLE
from tests.bench.sync import paired
from tests.bench.ticking import TICK_S, ticks_file

ASKED_P99_MS, ASKED_MAX_MS = 50.0, 250.0
QUERIES_PER_S = 10
LONGEST_S = 45.0
"""A longer catch-up is left here."""


def measure(scratch: Scratch, scale: Scale) -> list[Figure]:
    """p99 and the longest, of each process."""
    pair = paired(scratch, "stalls", scale.bulk_authors, scale.bulk_bundles, CLAIMS_PER_BUNDLE)
    nodes = (pair.receiver, pair.source)
    for node in nodes:
        node.run = (sys.executable, "-m", "tests.bench.ticking", "daemon", str(node.home))
    with running(*nodes):
        began = pair.link()
        with _asking(pair.receiver) as answers:
            while (edges := pair.receiver.ask("status")["graph"]["edges"]) < pair.claims:
                if time.monotonic() > began + LONGEST_S:
                    break
                time.sleep(0.2)
        ended = time.monotonic()
    told = f"{edges:,} edges and {len(answers)} queries in {ended - began:.1f} s"
    slowest = f"slowest answer {1000 * max(answers, default=0):.0f} ms"
    figures = []
    for who, node in zip(("receiver", "sender"), nodes, strict=True):
        for role in ("daemon", "child"):
            late = lateness_ms(ticks_file(node.home, role), began, ended)
            name = f"stall, {who}'s {'daemon' if role == 'daemon' else 'network process'}"
            detail = f"{told}; {slowest}" if not figures else ""
            p99 = float(np.percentile(late, 99))
            figures.append(Figure(f"{name}, p99", ASKED_P99_MS, p99, "ms", detail=detail))
            figures.append(Figure(f"{name}, max", ASKED_MAX_MS, float(late.max()), "ms"))
    return figures


def lateness_ms(file: Path, began: float, ended: float) -> "np.ndarray":
    """How late each due tick was."""
    ticks = np.frombuffer(file.read_bytes(), np.float64)
    inside = ticks[(ticks >= began) & (ticks <= ended)]
    if len(inside) < 2:
        raise BenchFailed(f"{file.name}: {len(inside)} ticks")
    gaps = np.diff(inside)
    due = np.maximum(1, np.floor(gaps / TICK_S)).astype(int)
    nth = np.arange(due.sum()) - np.repeat(np.cumsum(due) - due, due)
    late = np.repeat(gaps, due) - TICK_S * (nth + 1)
    return 1000 * np.maximum(late, 0)


@contextmanager
def _asking(node: Node) -> Iterator[list[float]]:
    """Ask ten times a second until the end; yields the seconds each answer took."""
    took: list[float] = []
    done = threading.Event()

    def ask() -> None:
        with node.client() as client:
            due = time.monotonic()
            while not done.wait(max(0.0, due - time.monotonic())):
                began = time.monotonic()
                client.ask("recommend" if len(took) % 2 else "status")
                took.append(time.monotonic() - began)
                due = max(due + 1 / QUERIES_PER_S, time.monotonic())

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield took
    finally:
        done.set()
        asking.join()
