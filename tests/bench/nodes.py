"""Real daemons on loopback, each in a scratch directory, started by the command a user types."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from node.id_string import format_id
from protocol.ids import AuthorKey
from sim.demo.fleet import GRAPEVINE, Daemon
from tests.bench.seeding import NETWORK

ROOT = Path(__file__).resolve().parent.parent.parent

LOOPBACK = {
    "GRAPEVINE_NETWORK_NETWORK_ID": NETWORK,
    "GRAPEVINE_NETWORK_LISTEN": "/ip4/127.0.0.1/tcp/0",
    "GRAPEVINE_NETWORK_DIAL_PRIVATE_ADDRESSES": "true",
    "GRAPEVINE_NETWORK_INBOUND_PER_ADDRESS_MAX": "64",
    "GRAPEVINE_NETWORK_MDNS": "false",
    "GRAPEVINE_NETWORK_KADEMLIA": "false",
    "GRAPEVINE_NETWORK_AUTONAT": "false",
    "GRAPEVINE_NETWORK_RELAY": "false",
    "GRAPEVINE_NETWORK_DCUTR": "false",
    "GRAPEVINE_NODE_LOG_LEVEL": "warning",
}
"""Nothing that could meet a node of somebody else's; all the rest is as a user has it."""


class BenchFailed(Exception):
    """A benchmark could not be carried out; the text says what did not happen."""


@dataclass(slots=True)
class Node(Daemon):
    """A daemon for measuring. `run` is what starts it."""

    run: tuple[str, ...] = (str(GRAPEVINE), "daemon")

    def environment(self) -> dict[str, str]:
        """This process's environment without settings of any other node."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GRAPEVINE_")}
        return {**kept, **LOOPBACK, **self.settings, "GRAPEVINE_HOME": str(self.home)}

    def start(self) -> None:
        """Start the daemon; it answers a little later."""
        self.addresses = ()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.run,
                env=self.environment(),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> None:
        """End it in order."""
        self.terminate()
        self.wait_stopped()

    def ask(self, query: str, **params: Any) -> dict[str, Any]:
        """One query on a connection of its own."""
        with self.client() as client:
            return client.ask(query, **params).data

    @property
    def pids(self) -> tuple[int, int]:
        """The daemon and its network process."""
        assert self.process is not None
        pid = self.process.pid
        threads = Path(f"/proc/{pid}/task").iterdir()
        children = [c for t in threads for c in (t / "children").read_text("ascii").split()]
        if len(children) != 1:
            raise BenchFailed(f"{self.name} has {len(children)} child processes, not one")
        return pid, int(children[0])

    def trust(self, authors: Sequence[AuthorKey]) -> None:
        """Vouch for authors, and wait until gossip follows them all."""
        before = self.ask("status")["gossip"]["followed"]
        with self.client() as client:
            for author in authors:
                client.ask("trust", peer=author.hex(), weight=1.0)
        until(
            lambda: self.ask("status")["gossip"]["followed"] >= before + len(authors),
            f"{self.name} follows {len(authors)} authors",
        )

    def befriend(self, other: "Node") -> None:
        """Vouch for the other's owner by her id string, so that this node dials hers."""
        author = AuthorKey(bytes.fromhex(other.ask("id")["author"]))
        self.ask("trust", peer=format_id(author, other.addresses), weight=1.0)


def made(home: Path, **settings: str) -> Node:
    """An initialised node; `settings` as GRAPEVINE_* variables without the prefix."""
    node = Node(home.name, home, {f"GRAPEVINE_{k.upper()}": v for k, v in settings.items()})
    node.command("init")
    return node


@contextmanager
def running(*nodes: Node) -> Iterator[None]:
    """These nodes, answering; gone at the end, whatever happens."""
    try:
        for node in nodes:
            node.start()
        for node in nodes:
            node.wait_ready()
        yield
    finally:
        for node in nodes:
            node.terminate()
        for node in nodes:
            node.wait_stopped()


def until(
    reached: Callable[[], bool], what: str, *, timeout_s: float = 60.0, every_s: float = 0.1
) -> None:
    """Look again and again; `BenchFailed` when it does not come true in time."""
    deadline = time.monotonic() + timeout_s
    while not reached():
        if time.monotonic() > deadline:
            raise BenchFailed(f"not within {timeout_s:g} s: {what}")
        time.sleep(every_s)
