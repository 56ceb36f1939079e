"""kill -9 at any moment: nothing acknowledged is lost, no number is used twice."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import sleep
from typing import Any

import pytest

from node.paths import data_paths
from node.store.lock import DirectoryLock, LockedError
from node.store.store import Store
from protocol.bundle import decode_bundle
from protocol.ids import AuthorKey, DeviceId, FeedId, Lane
from protocol.limits import SEQ_MAX
from tests.node.shell.daemons import directory

KILLS = 200
EARLY_ONE_IN = 4
"""So many of the kills may fall before the node is ready."""
EARLY_S = 0.08
CHECK_EVERY = 5
"""In between the node alone opens its store: it must mend itself."""
LIFE_S = 0.15
"""How long after it is ready a node lives at most."""
LOOK_S, LOOKS = 0.002, 10_000
"""How often and how many times one looks at what another process does: 20 s in all."""


@dataclass
class Told:
    """What was acknowledged and announced over all lives."""

    facts: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)
    """Forgotten, but killed before the answer: either is right."""
    vouches: set[bytes] = field(default_factory=set)
    shares: bool = False
    headers: dict[tuple[FeedId, int], bytes] = field(default_factory=dict)
    prevs: dict[tuple[FeedId, str], int] = field(default_factory=dict)
    ready: int = 0
    done: int = 0

    def read(self, record: Path) -> None:
        """One life's record; its last line may be cut off."""
        if not record.exists():
            return
        for line in record.read_bytes().split(b"\n")[:-1]:
            entry = json.loads(line)
            match entry["kind"]:
                case "ready":
                    self.ready += 1
                case "told":
                    self.announced(entry)
                case "meant":
                    self.doubtful.add(entry["params"]["item"])
                case "done":
                    self.done += 1
                    self.acknowledged(entry["method"], entry["params"])

    def announced(self, header: dict[str, Any]) -> None:
        """No two headers of one feed share a number or a predecessor."""
        author, device, lane = header["feed"]
        feed = FeedId(AuthorKey(bytes.fromhex(author)), DeviceId(bytes.fromhex(device)), Lane(lane))
        seq = header["seq"]
        assert (feed, seq) not in self.headers, f"seq {seq} was used twice"
        self.headers[feed, seq] = bytes.fromhex(header["id"])
        other = self.prevs.setdefault((feed, header["prev"]), seq)
        assert other == seq, f"seq {other} and {seq} have one predecessor"

    def acknowledged(self, method: str, params: dict[str, Any]) -> None:
        match method:
            case "like":
                self.facts.add(params["item"])
            case "import_rows":
                self.facts.update(row[1] for row in params["rows"])
            case "forget":
                self.gone.add(params["item"])
            case "trust":
                self.vouches.add(bytes.fromhex(params["peer"]))
            case "share_set":
                self.shares = True

    def check(self, store: Store) -> None:
        """Everything said is there, and everything taken back is not."""
        held = {fact.item for fact in store.facts("me")}
        lost = self.facts - self.doubtful - held
        assert not lost, f"{len(lost)} acknowledged facts are lost"
        assert not self.gone & held
        assert self.vouches <= {vouch.target for vouch in store.vouches("me")}
        assert store.persons()[0].taste or not self.shares
        kept = {}
        for record in store.feed_records():
            wires = store.read_bundles(record.feed, 1, SEQ_MAX, 2**40, headers_only=True)
            kept |= {(record.feed, b.seq): b.id for b in map(decode_bundle, wires)}
        lost_bundles = self.headers.keys() - kept.keys()
        assert not lost_bundles, f"{len(lost_bundles)} announced bundles are lost"
        assert all(kept[place] == known for place, known in self.headers.items())
        assert store._rows("PRAGMA quick_check") == [("ok",)]


@contextmanager
def driver(
    root: Path, module: str = "tests.node.shell.crash_driver"
) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", module, str(root)]
    with (root.parent / "driver.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=Path(__file__).parents[3],
        )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until_dead(lock: Path) -> None:
    """A dying process holds its lock to the last; who comes next waits for nothing else."""
    for _ in range(LOOKS):
        try:
            DirectoryLock(lock, now=0.0).release()
            return
        except LockedError:
            sleep(LOOK_S)
    raise AssertionError("the killed process still holds its lock")


def wait_for(record: Path, kind: bytes) -> None:
    for _ in range(LOOKS):
        if record.exists() and kind in record.read_bytes():
            return
        sleep(LOOK_S)
    log = record.with_name("driver.log").read_text()
    raise AssertionError(f"not {kind!r} in time:\n{log[-4_000:]}")


@pytest.mark.slow
def test_two_hundred_kills_lose_nothing_acknowledged_and_reuse_no_number():
    rng, told, early = Random(2026), Told(), 0
    with directory() as top:
        paths = data_paths(top / "node", environ={})
        with driver(paths.root) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == "warm\n"
            for cycle in range(KILLS):
                record = top / f"{cycle}.record"
                process.stdin.write(f"{cycle} {record}\n")
                process.stdin.flush()
                child = int(process.stdout.readline())
                if rng.randrange(EARLY_ONE_IN) == 0:
                    sleep(rng.random() * EARLY_S)
                else:
                    wait_for(record, b'"ready"')
                    sleep(rng.random() * LIFE_S)
                os.kill(child, signal.SIGKILL)
                wait_until_dead(paths.lock)
                before = told.ready
                told.read(record)
                early += told.ready == before
                if cycle % CHECK_EVERY == CHECK_EVERY - 1:
                    with Store.open(paths.store) as store:
                        told.check(store)
        assert early >= 10
        assert told.ready >= KILLS // 2
        assert told.done > KILLS
        assert len(told.headers) > KILLS // 4
