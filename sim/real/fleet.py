"""The processes of a real run: made, started, asked, and gone at its end, whatever ends it."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

from node.identity import create_seed
from node.paths import data_paths, kernel_cache, prepare
from sim.demo.fleet import Daemon
from sim.real.daemon import PART
from sim.real.part import Part, Play

ENDING = (signal.SIGTERM, signal.SIGINT)


@dataclass(slots=True)
class Actor(Daemon):
    """One peer's process. It ends when its standard input does, that is, with us."""

    number: int = 0

    def make(self, play: Play) -> None:
        """Its directory, with the keys that it has in every fidelity."""
        paths = data_paths(self.home)
        prepare(paths)
        create_seed(paths.author_key, entropy=lambda _size: play.secret(self.number))
        create_seed(paths.transport_key, entropy=lambda _size: play.transport_secret(self.number))
        part = Part(play.scenario, play.seed, self.number)
        (self.home / PART).write_bytes(msgspec.json.encode(part))

    def start(self) -> None:
        """Start the process; it answers a little later."""
        environment = self.environment()
        environment.setdefault("NUMBA_CACHE_DIR", str(kernel_cache(data_paths(self.home))))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sim.real.daemon", str(self.home)],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_stopped(self) -> None:
        """See `Daemon.wait_stopped`."""
        Daemon.wait_stopped(self)
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()

    def ask(self, method: str, /, **params: Any) -> Mapping[str, Any]:
        """One question on a connection of its own."""
        with self.client() as client:
            found: Mapping[str, Any] = client.ask(method, **params).data
        return found


@contextmanager
def stage() -> Iterator[tuple[Path, list[Actor]]]:
    """(a directory, who acts in it): the processes put into the list are ended and the directory
    removed at the end, be that an error, SIGINT or SIGTERM; what comes after the first signal
    changes nothing."""
    actors: list[Actor] = []
    with (
        _one_signal(),
        tempfile.TemporaryDirectory(prefix="grapevine-real-") as directory,
    ):
        try:
            yield Path(directory), actors
        finally:
            for actor in actors:
                actor.terminate()
            for actor in actors:
                actor.wait_stopped()


@contextmanager
def _one_signal() -> Iterator[None]:
    """The first SIGTERM or SIGINT unwinds the run; those behind it would stop the tidying up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def unwind(number: int, _frame: FrameType | None) -> None:
        for one in ENDING:
            signal.signal(one, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    before = {one: signal.signal(one, unwind) for one in ENDING}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
