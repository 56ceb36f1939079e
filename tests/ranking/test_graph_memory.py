"""What two million edges cost, as the system sees it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SNAPSHOT_EDGE_BYTES = 10
"""Both directions of a liked edge: a row of four bytes and an affinity of one, twice."""


@pytest.fixture(scope="module")
def cost():
    told = subprocess.run(
        [sys.executable, "-m", "tests.ranking.graph_memory"],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
        timeout=120,
    )
    return json.loads(told.stdout)


pytestmark = [
    pytest.mark.slow,
    pytest.mark.compiled,
]


def test_all_the_edges_are_there(cost):
    assert (cost["edges"], cost["items"], cost["authors"]) == (2_000_000, 100_000, 20_000)
    assert cost["names"] > 100_000 * 41 + 20_000 * 32 - 1


def test_the_accounts_are_what_the_system_sees(cost):
    """Nothing the graph holds goes uncounted: at least 95 % of what the process grew by."""
    assert cost["graph"] >= 0.95 * cost["grown"]
    assert cost["graph"] + cost["snapshot"] >= 0.95 * cost["grown_with_snapshot"]


def test_an_edge_costs_at_most_24_bytes_beside_the_names(cost):
    """And the snapshot kept for the readers, with both directions, its 10 for each liked edge."""
    assert (cost["graph"] - cost["names"]) / cost["edges"] <= 24
    rows = 8 * (cost["items"] + 2 * cost["authors"] + 3) + 1024
    assert cost["snapshot"] <= SNAPSHOT_EDGE_BYTES * cost["edges"] + rows
