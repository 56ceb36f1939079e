"""A process whose children are nodes to be killed: everything is imported once, then it forks.

`python -m tests.node.shell.crash_driver ROOT` reads one line a cycle from stdin, `SEED RECORD`,
forks a child that runs the real daemon (over the in-memory network) on the directory ROOT, and
prints the child's pid. The child appends what it acknowledges to the file RECORD, one line of JSON
each, written before anybody else could know: `done` when a command was answered, `told` with a
bundle's header before gossip hears of it, `ready` when it answers.
"""

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import trio

from node.core.peer import Peer
from node.paths import DataPaths, data_paths
from node.query.schema import QueryError
from node.shell import daemon
from node.shell.memory_network import MemorySwitch
from node.store.lock import DirectoryLock
from protocol import events as gossip
from ranking.warm_up import warm_up
from tests.node.shell.daemons import Node, Watched

FORGET_ONE_IN = 8
TICK_S = 0.02
"""Short lives publish often."""


class Recorder:
    """One line a write, straight to the file: a kill cuts at most the last one."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def __call__(self, kind: str, **what: Any) -> None:
        os.write(self._descriptor, json.dumps({"kind": kind} | what).encode() + b"\n")


class Recorded(Watched):
    """Notes every own bundle before gossip may tell of it."""

    record: Recorder

    def _build(self) -> Peer:
        peer = super()._build()
        tell = peer.state.tell_gossip

        def noting(event: gossip.Event, now: float) -> list[Any]:
            if isinstance(event, gossip.Published):
                for bundle in event.bundles:
                    feed = [part.hex() for part in bundle.feed[:2]] + [int(bundle.feed.lane)]
                    prev = bundle.header.prev.hex()
                    self.record("told", feed=feed, seq=bundle.seq, prev=prev, id=bundle.id.hex())
            return tell(event, now)

        peer.state.tell_gossip = noting
        peer.state.config = replace(peer.state.config, publish_interval_s=TICK_S)
        return peer


class Life:
    """One life of the node: as many commands as it gets to."""

    def __init__(self, node: Node, rng: Random, record: Recorder) -> None:
        self.node, self.rng, self.record = node, rng, record

    async def run(self) -> None:
        async with trio.open_nursery() as nursery:
            await self.node.start(nursery)
            self.record("ready")
            await self.ask("share_set", taste=True, vouches=True)
            for _ in range(3):  # so that commits wait together
                nursery.start_soon(self.live)

    async def live(self) -> None:
        mine: list[str] = []
        while True:
            item = f"text:{self.rng.getrandbits(48):x}"
            match self.rng.randrange(FORGET_ONE_IN):
                case 0 if mine:
                    gone = mine.pop(self.rng.randrange(len(mine)))
                    await self.ask("forget", item=gone)
                case 1:
                    rows = [[None, f"{item}-{n}", 0.8, 20_000, None, []] for n in range(20)]
                    await self.ask("import_rows", rows=rows)
                case 2:
                    await self.ask("trust", peer=self.rng.randbytes(32).hex(), weight=0.5)
                case _:
                    if await self.ask("like", item=item):
                        mine.append(item)

    async def ask(self, method: str, **params: Any) -> bool:
        """Ask, and note the answer; `meant` comes first, since a kill may fall between."""
        if method == "forget":
            self.record("meant", method=method, params=params)
        try:
            await self.node.ask(method, **params)
        except QueryError as error:
            if error.code != "busy":  # bundles are being written just now
                raise
            return False
        self.record("done", method=method, params=params)
        return True


def live_and_die(paths: DataPaths, seed: int, record: Path) -> None:
    """What a forked child does until it is killed."""
    node = Node(paths, MemorySwitch())
    recorder = Recorder(record)
    Recorded.record = recorder
    node.kind = Recorded
    daemon.TICK_S = TICK_S
    with DirectoryLock(paths.lock, now=0.0):
        trio.run(Life(node, Random(seed), recorder).run)


def main(root: str) -> None:
    paths = data_paths(root, environ={})
    paths.root.mkdir(mode=0o700, exist_ok=True)
    warm_up()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    print("warm", flush=True)
    for line in sys.stdin:
        seed, record = line.split()
        pid = os.fork()
        if pid == 0:
            live_and_die(paths, int(seed), Path(record))
            os._exit(3)  # only a kill ends it
        print(pid, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
