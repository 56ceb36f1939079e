"""A fleet of real daemons on this machine, each with a data directory and a socket of its own.

They are started through the `grapevine` command and asked over their sockets, as a user would.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from node.paths import data_paths
from node.query.client import QueryClient
from node.query.schema import QueryError

GRAPEVINE = Path(sys.executable).with_name("grapevine")
"""The command that `make setup` installed beside this interpreter."""

START_TIMEOUT_S = 180.0
"""On a machine that others use as well, imports take their time."""

STOP_TIMEOUT_S = 10.0
COMMAND_TIMEOUT_S = 120.0
POLL_S = 0.2
LOG_LINES_SHOWN = 20

SETTINGS: Mapping[str, str] = {
    "GRAPEVINE_NETWORK_LISTEN": "/ip4/127.0.0.1/tcp/0",
    "GRAPEVINE_NETWORK_DIAL_PRIVATE_ADDRESSES": "true",
    "GRAPEVINE_NETWORK_MDNS": "false",
    "GRAPEVINE_NETWORK_AUTONAT": "false",
    "GRAPEVINE_NETWORK_RELAY": "false",
    "GRAPEVINE_NETWORK_DCUTR": "false",
    "GRAPEVINE_NETWORK_INBOUND_PER_ADDRESS_MAX": "64",
    "GRAPEVINE_GOSSIP_ROUND_S": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""Loopback only and in nobody's way: a demo network must not meet a real one."""

Result = TypeVar("Result")
One = TypeVar("One", bound="Daemon")


class DemoFailed(Exception):
    """The demo cannot go on: the text says what happened, and what the daemon said about it."""


@dataclass(slots=True)
class Daemon:
    """One node: made with `init`, running between `start` and `stop`."""

    name: str
    home: Path
    settings: Mapping[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    addresses: tuple[str, ...] = ()

    @property
    def log(self) -> Path:
        """What the daemon printed."""
        return self.home.with_suffix(".log")

    def environment(self) -> dict[str, str]:
        """This process's environment with the node's own settings and no other node's."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GRAPEVINE_")}
        return {**kept, **SETTINGS, **self.settings, "GRAPEVINE_HOME": str(self.home)}

    def command(self, *arguments: str) -> dict[str, Any]:
        """Run `grapevine ARGUMENTS --json` for this node; returns `data`. Raises DemoFailed."""
        done = subprocess.run(
            [GRAPEVINE, *arguments, "--json"],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
        if done.returncode:
            shown = " ".join(("grapevine", *arguments))
            raise DemoFailed(
                f"{self.name}: `{shown}` exited with {done.returncode}: {done.stdout}{done.stderr}"
            )
        data: dict[str, Any] = json.loads(done.stdout)["data"]
        return data

    def start(self) -> None:
        """Start the daemon; it answers a little later."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [GRAPEVINE, "daemon"],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_ready(self) -> None:
        """Until the daemon answers and knows where it can be reached. Raises DemoFailed."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                raise DemoFailed(f"{self.name} ended while starting:\n{self.last_words()}")
            try:
                with self.client() as client:
                    self.addresses = tuple(client.ask("id").data["addresses"])
            except QueryError as error:
                if error.code not in ("daemon_not_running", "timeout"):
                    raise
            if self.addresses:
                return
            time.sleep(POLL_S)
        raise DemoFailed(f"{self.name} has no address after {START_TIMEOUT_S} s")

    @contextmanager
    def client(self) -> Iterator[QueryClient]:
        """A connection to the daemon's socket. Raises DemoFailed when the daemon has ended."""
        try:
            socket = data_paths(self.home).socket
            with QueryClient(socket, timeout_s=COMMAND_TIMEOUT_S) as client:
                yield client
        except QueryError as error:
            ended = None if self.process is None else self.process.poll()
            if ended is None:
                raise
            raise DemoFailed(
                f"{self.name} ended with {ended} ({error.message}):\n{self.last_words()}"
            ) from None

    def last_words(self) -> str:
        """The end of the daemon's log."""
        lines = self.log.read_text("utf-8", "replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-LOG_LINES_SHOWN:])

    def terminate(self) -> None:
        """Ask it to stop."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait_stopped(self) -> None:
        """Until it has; a daemon that does not stop in time is killed."""
        if self.process is None:
            return
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass(slots=True)
class Fleet:
    """The daemons of one network, in the order they joined; the first is everybody's bootstrap.

    settings: variables of all of them, on top of `SETTINGS`.
    """

    directory: Path
    network_id: str
    settings: Mapping[str, str] = field(default_factory=dict)
    daemons: list[Daemon] = field(default_factory=list)

    def join(self, names: Sequence[str]) -> list[Daemon]:
        """Make and start nodes, and wait until all of them answer."""
        settings = {**self.settings, "GRAPEVINE_NETWORK_NETWORK_ID": self.network_id}
        new = []
        for name in names:
            if self.daemons:
                self.daemons[0].wait_ready()
                settings["GRAPEVINE_NETWORK_BOOTSTRAP"] = self.daemons[0].addresses[0]
            daemon = Daemon(name, self.directory / name, dict(settings))
            daemon.command("init")
            self.daemons.append(daemon)  # before it starts: whoever interrupts this, it is ended
            daemon.start()
            new.append(daemon)
        for daemon in new:
            daemon.wait_ready()
        return new

    def stop(self) -> None:
        """End every daemon, together."""
        for daemon in self.daemons:
            daemon.terminate()
        for daemon in self.daemons:
            daemon.wait_stopped()


@contextmanager
def running(
    directory: Path, network_id: str, settings: Mapping[str, str] | None = None
) -> Iterator[Fleet]:
    """A fleet that is gone at the end, whatever happens."""
    fleet = Fleet(directory, network_id, settings or {})
    try:
        yield fleet
    finally:
        fleet.stop()


def at_once(
    daemons: Sequence[One], work: Callable[[One], Result], *, width: int = 4
) -> list[Result]:
    """`work` for each daemon, `width` at a time; results in the daemons' order."""
    with ThreadPoolExecutor(width) as pool:
        return list(pool.map(work, daemons))
