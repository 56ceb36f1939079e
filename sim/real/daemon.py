"""The process of one peer in a real run: `python -m sim.real.daemon HOME`.

It is the daemon that users run, with the scenario's settings, its latency on every link, and around
a hostile peer what makes it hostile. It ends with the process that started it.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import trio

from node.config import Config, load_config
from node.core import events as ev
from node.core.config import PeerConfig
from node.core.peer import Peer
from node.paths import DataPaths, data_paths, prepare
from node.shell import about_node
from node.shell.clock import Clock
from node.shell.daemon import Daemon, Machine, main
from node.shell.network import Network
from node.store.lock import DirectoryLock
from node.store.store import Store
from protocol.claims import Interaction
from sim.cast.held import Claims
from sim.real.part import Part, Play, play_of

NEWS = "sim:news:"
"""Begins the names of items that news are about."""

PART = "part.json"
"""In the directory of a daemon, before it starts: what it plays."""


class Watched:
    """The Peer, or the adversary around it; and when news were said and stored here."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.machine: Machine = peer
        self.said: dict[str, float] = {}
        self.known: dict[str, float] = {}
        """Item -> Unix seconds."""

    def handle(self, event: ev.Event, *, now: float) -> list[ev.Effect]:
        """As `Peer.handle`."""
        if isinstance(event, ev.Asked) and event.method == "like":
            self.said.setdefault(str(event.params.get("item")), now)
        effects = self.machine.handle(event, now=now)
        for effect in effects:
            if isinstance(effect, ev.StoreBundles):
                self._note(effect, now)
        return effects

    def _note(self, stored: ev.StoreBundles, now: float) -> None:
        for bundle in stored.bundles:
            if bundle.claims_bytes is None:
                continue
            for claim in bundle.undecoded().claims():
                if isinstance(claim, Interaction) and claim.item.startswith(NEWS):
                    self.known.setdefault(claim.item, now)


class Player(Daemon):
    """A daemon that is told when the scenario begins, and tells what it has seen."""

    def __init__(
        self,
        play: Play,
        number: int,
        config: Config,
        paths: DataPaths,
        store: Store,
        owner_seed: bytes,
        network: Network,
        clock: Clock,
    ) -> None:
        from sim.real.wires import Delayed

        wanted = play.scenario.network
        rng = Random(f"{play.seed}/frames/{number}")
        slow = Delayed(network, wanted.latency_s, wanted.jitter_s, rng)
        self.play, self.number = play, number  # first: a daemon asks for its settings while made
        super().__init__(config, paths, store, owner_seed, slow, clock)
        self.claims = Claims(play.scenario.adversary, play.said, play.seed)
        self.watched: Watched | None = None
        self._rounds_before = 0
        """Of gossip, before second 0, when there was nobody to exchange with."""

    def settings(self) -> PeerConfig:
        """Those of the scenario."""
        return self.play.settings()

    def around(self, peer: Peer) -> Machine:
        """See `Daemon.around`."""
        self.watched = Watched(peer)
        return self.watched

    async def ask(
        self, method: str, params: Mapping[str, Any], caller: ev.Caller = ev.OWNER
    ) -> about_node.Answered:
        """As `Daemon.ask`; and `sim_begin`, `sim_report` of the run itself."""
        if caller.owner and method == "sim_begin":
            await self._begin(params)
            return {}, ()
        if caller.owner and method == "sim_report":
            return self._report(), ()
        return await super().ask(method, params, caller)

    async def _begin(self, told: Mapping[str, Any]) -> None:
        """At second 0 it links to whom it has chosen, and is hostile if it is."""
        assert self.watched is not None
        start: float = told["start"]
        await trio.sleep(max(start - self.clock.now(), 0.0))
        self._rounds_before = self.watched.peer.state.gossip.statistics().totals["rounds"]
        addresses = dict(enumerate(told["addresses"]))
        hostile = self.play.hostile(self.number, self.watched.peer, start, addresses)
        if hostile is not None:
            self.watched.machine = hostile
        chosen = tuple(addresses[number] for number in told["links"])
        await self.found(chosen)
        for address in chosen:
            await self.network.dial(address)

    def _report(self) -> dict[str, Any]:
        assert self.watched is not None
        watched, statistics = self.watched, self.network.statistics()
        totals = watched.peer.state.gossip.statistics().totals
        return {
            "said": watched.said,
            "known": watched.known,
            "held": self.claims.held(watched.peer, self.settings()),
            "rounds": totals["rounds"] - self._rounds_before,
            "offences": totals["offences"],
            "links": statistics.links,
            "frames": statistics.frames_out,
            "bytes": statistics.bytes_out,
            "cpu_s": time.process_time(),
        }


def run(home: Path) -> None:
    """Play until SIGTERM, or until whoever started this is gone, and then leave nothing."""
    paths = data_paths(home)
    prepare(paths)
    part = msgspec.json.decode((home / PART).read_bytes(), type=Part)
    orphaned = threading.Event()
    threading.Thread(target=_end_with_parent, args=(orphaned,), daemon=True).start()
    play = play_of(part.scenario, part.seed)

    def make(*parts: Any) -> Player:
        return Player(play, part.number, *parts)

    with DirectoryLock(paths.lock, now=time.time()):
        main(load_config(paths.config), paths, make, play.transport())
    if orphaned.is_set():
        _leave_nothing(home)


def _end_with_parent(orphaned: threading.Event) -> None:
    """Standard input is a pipe from there, into which nothing is ever written."""
    sys.stdin.buffer.read()
    orphaned.set()
    os.kill(os.getpid(), signal.SIGTERM)


def _leave_nothing(home: Path) -> None:
    """Nobody else will tidy up; the last one takes the directory of them all."""
    shutil.rmtree(home, ignore_errors=True)
    with suppress(OSError):
        home.with_suffix(".log").unlink()
        home.parent.rmdir()


if __name__ == "__main__":
    import logging

    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    run(Path(sys.argv[1]))
