"""kill -9 while checkpoints are written: each start is right, and most begin from a checkpoint."""

import os
import signal
from random import Random
from time import sleep

import pytest

from node.paths import data_paths
from node.store.checkpoint_file import read_checkpoint
from tests.node.shell.daemons import directory
from tests.node.shell.test_daemon_kills import driver, wait_for, wait_until_dead

KILLS = 40
LIFE_S = 0.2
"""How long a node lives at most after it has compared itself."""


@pytest.mark.slow
def test_kills_while_checkpoints_are_written_leave_a_node_that_starts_right():
    rng, told, cut_short = Random(2026), list[str](), 0
    with directory() as top:
        paths = data_paths(top / "node", environ={})
        partial = paths.checkpoint.with_name(".checkpoint.partial")
        with driver(paths.root, "tests.node.shell.checkpoint_driver") as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == "warm\n"
            for life in range(KILLS):
                record = top / f"{life}.record"
                process.stdin.write(f"{life} {record}\n")
                process.stdin.flush()
                child = int(process.stdout.readline())
                wait_for(record, b"authors\n")
                told.append(record.read_text())
                sleep(rng.random() * LIFE_S)
                os.kill(child, signal.SIGKILL)
                wait_until_dead(paths.lock)
                cut_short += partial.exists()
        assert read_checkpoint(paths.checkpoint) is not None
    assert [line for line in told if not line.startswith("same, ")] == []
    used = [line for line in told if " used, " in line]
    assert len(used) > KILLS // 2
    assert any("used, 0 authors" not in line for line in used), "some had changed since"
    assert cut_short >= 3, "kills fell into the writing"
