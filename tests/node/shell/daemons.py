"""Whole daemons in one trio loop, on real stores, joined by an in-memory switch."""

import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import trio

from node.config import Config, GossipSection, NetworkSection
from node.core.peer import Peer
from node.id_string import format_id
from node.identity import author_key, new_device, read_or_create_seed
from node.paths import DataPaths, data_paths, prepare
from node.shell.clock import Clock
from node.shell.daemon import Daemon
from node.shell.memory_network import MemoryNetwork, MemorySwitch
from node.shell.network import NetworkConfig
from node.store.rows import PersonRow
from node.store.store import Store
from protocol.ids import AuthorKey

CONFIG = Config(
    gossip=GossipSection(round_s=0.1), network=NetworkSection(dial_private_addresses=True)
)
"""Short rounds: nobody wants to wait for them here."""

WITHIN_S = 60.0
"""Generous: the machine may be busy with other things."""


class Watched(Daemon):
    """A daemon whose Peer a test can look at, or break."""

    peer: Peer

    def _build(self) -> Peer:
        self.peer = super()._build()
        return self.peer


@dataclass
class Node:
    """One directory, and the daemon that runs in it when it does."""

    paths: DataPaths
    switch: MemorySwitch
    config: Config = CONFIG
    network_config: NetworkConfig = NetworkConfig()  # noqa: RUF009 - frozen
    kind: type[Watched] = Watched
    network_kind: type[MemoryNetwork] = MemoryNetwork
    daemon: Watched = field(init=False)
    network: MemoryNetwork = field(init=False)
    store: Store = field(init=False)
    seed: bytes = field(init=False)
    stopped: trio.Event = field(init=False)

    @property
    def name(self) -> str:
        return self.paths.root.name

    @property
    def author(self) -> AuthorKey:
        return author_key(self.seed)

    @property
    def id(self) -> str:
        """What a friend is given."""
        return format_id(self.author, (self.network.address,))

    async def start(self, nursery: trio.Nursery) -> None:
        """Open what is on disk and run until `stop`; returns when it answers."""
        self.open()
        self.stopped = trio.Event()
        await nursery.start(self._run)

    def open(self) -> None:
        prepare(self.paths)
        self.seed = read_or_create_seed(self.paths.author_key)
        self.store = Store.open(self.paths.store)
        if not self.store.persons():
            self.store.add_person(PersonRow("me", self.author, new_device()))
        transport = hashlib.sha256(self.name.encode()).digest()
        self.network = self.network_kind(self.network_config, transport, self.switch, self.name)
        own = (self.config, self.paths, self.store, self.seed)
        self.daemon = self.kind(*own, self.network, Clock())

    async def _run(self, *, task_status: Any = trio.TASK_STATUS_IGNORED) -> None:
        try:
            with self.store:
                await self.daemon.run(task_status=task_status)
        finally:
            self.stopped.set()

    async def stop(self) -> None:
        """In order, as after `grapevine stop`."""
        self.daemon.stop()
        with trio.fail_after(WITHIN_S):
            await self.stopped.wait()

    async def ask(self, method: str, /, **params: Any) -> dict[str, Any]:
        """The answer's data, as the owner gets it."""
        with trio.fail_after(WITHIN_S):
            data, _ = await self.daemon.ask(method, params)
        return data

    async def until(
        self, method: str, holds: Callable[[dict[str, Any]], object], /, **params: Any
    ) -> dict[str, Any]:
        """Ask again and again until the answer is as wanted; the last one."""

        async def look() -> dict[str, Any] | None:
            data = await self.ask(method, **params)
            return data if holds(data) else None

        return await eventually(look, f"{self.name}: {method}")

    async def friend_of(self, other: "Node") -> None:
        """Trust the other and wait for a link to it."""
        await self.ask("trust", peer=other.id, weight=1)
        await self.until("peers", lambda data: data["links"])


async def eventually(
    look: Callable[[], Awaitable[Any]], what: str, within_s: float = WITHIN_S
) -> Any:
    """What the look gives once it gives something: for what nobody tells of."""
    with trio.move_on_after(within_s):
        while not (found := await look()):
            with trio.move_on_after(0.02):
                await trio.sleep_forever()
        return found
    raise AssertionError(f"not within {within_s:g} s: {what}")


@contextmanager
def directory() -> Iterator[Path]:
    """A place for nodes whose path is short enough for a Unix socket; pytest's own is not."""
    top = Path(tempfile.mkdtemp(prefix="gv-shell-"))
    try:
        yield top
    finally:
        shutil.rmtree(top)


@dataclass
class World:
    """Nodes that can reach each other."""

    root: Path
    nursery: trio.Nursery
    switch: MemorySwitch = field(default_factory=MemorySwitch)

    async def node(self, name: str, config: Config = CONFIG, **network: Any) -> Node:
        """A new node that runs."""
        paths = data_paths(self.root / name, environ={})
        node = Node(paths, self.switch, config, replace(NetworkConfig(), **network))
        await node.start(self.nursery)
        return node

    async def again(self, node: Node) -> Node:
        """The same directory in a new life."""
        await node.start(self.nursery)
        return node


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    """Nodes that are gone at the end of the block."""
    with directory() as root:
        async with trio.open_nursery() as nursery:
            yield World(root, nursery)
            nursery.cancel_scope.cancel()
