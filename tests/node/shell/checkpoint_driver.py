"""A process whose children write checkpoints all the time, and are to be killed while they do.

`python -m tests.node.shell.checkpoint_driver ROOT` reads one line a life from stdin, `LIFE RECORD`,
forks a child that runs the real daemon (over the in-memory network) on the directory ROOT and
prints the child's pid. The child compares its Peer with one made of the store alone and appends
`same` or what differs to the file RECORD, with what status says of the checkpoint. Then it hears
people, some of whom take things back or are dropped, and writes a checkpoint at every third step.
"""

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import trio

from node.core import checkpoint
from node.paths import DataPaths, data_paths
from node.shell import checkpointing
from node.shell.memory_network import MemorySwitch
from node.store.lock import DirectoryLock
from protocol import events as gossip
from protocol.bundle import Bundle
from protocol.claims import Retract, Vouch
from protocol.ids import Lane
from ranking.warm_up import warm_up
from tests.node.core.contents import contents
from tests.node.core.scribe import Scribe, rates
from tests.node.shell.daemons import Node

PADDING = [bytes(1 << 16)] * 128
"""8 MB more in each checkpoint, so that kills fall into the writing."""

PEOPLE = 8


def padded(*arguments: Any) -> checkpoint.Parts:
    return {**checkpoint.captured(*arguments), "padding": PADDING}


@dataclass
class Life:
    """One life of the node."""

    node: Node
    number: int
    record: Path

    async def run(self) -> None:
        async with trio.open_nursery() as nursery:
            await self.node.start(nursery)
            daemon = self.node.daemon
            alone = await daemon._storage.call(lambda _store: daemon._built(None))
            mine, its = contents(daemon.peer), contents(alone)
            wrong = [part for part in mine if mine[part] != its[part]]
            told = (await self.node.ask("status"))["checkpoint"]
            self.record.write_text(f"{wrong or 'same'}, {told}, {len(mine['edges'])} authors\n")
            await self.live(Random(self.number))

    async def live(self, rng: Random) -> None:
        device = self.number.to_bytes(8, "big")  # of everybody's, in this life
        people = [Scribe(n) for n in range(PEOPLE)]
        step = 0
        while True:
            scribe = rng.choice(people)
            last = scribe.writer(Lane.TASTE, device).head[0]
            match rng.randrange(6):
                case 0 if last:
                    claim = Retract(rng.randrange(1, last + 1))
                    await self.hear(scribe.says(claim, device=device))
                case 1:
                    vouch = Vouch(rng.choice(people).author, rng.randrange(1, 100))
                    await self.hear(scribe.says(vouch, lane=Lane.VOUCHES, device=device))
                case 2:
                    await self.drop(scribe)
                case _:
                    await self.hear(scribe.says(rates(f"t:{rng.randrange(50)}"), device=device))
            step += 1
            if step % 3 == 0:
                await self.node.daemon._checkpoints.write(self.node.daemon.peer)

    async def hear(self, bundle: Bundle) -> None:
        """As if gossip had accepted it: in the turn of the one task that has the Peer."""
        daemon = self.node.daemon
        async with daemon._checkpoints.peer_rests:
            state, now = daemon.peer.state, daemon.clock.now()
            offered = state.feeds.offer(bundle, now=now)
            state.gossip.reload()
            self.order(gossip.Accepted(0, offered.accepted, offered.voided, offered.raised))

    async def drop(self, scribe: Scribe) -> None:
        async with self.node.daemon._checkpoints.peer_rests:
            self.order(gossip.Unfollowed(scribe.author))

    def order(self, effect: gossip.Effect) -> None:
        daemon = self.node.daemon
        for made in daemon.peer._translate([effect], daemon.clock.now()):
            daemon._perform(made)


def live_and_die(paths: DataPaths, life: int, record: Path) -> None:
    """What a forked child does until it is killed."""
    checkpointing.captured = padded  # type: ignore[attr-defined]
    with DirectoryLock(paths.lock, now=0.0):
        trio.run(Life(Node(paths, MemorySwitch()), life, record).run)


def main(root: str) -> None:
    paths = data_paths(root, environ={})
    paths.root.mkdir(mode=0o700, exist_ok=True)
    warm_up()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    print("warm", flush=True)
    for line in sys.stdin:
        life, record = line.split()
        pid = os.fork()
        if pid == 0:
            live_and_die(paths, int(life), Path(record))
            os._exit(3)  # only a kill ends it
        print(pid, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
