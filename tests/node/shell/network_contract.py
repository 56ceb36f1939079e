"""Networks of both kinds for tests, and a watcher that waits for their events."""

import hashlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar

import trio

from node.shell.libp2p_network import Libp2pNetwork
from node.shell.memory_network import MemoryNetwork, MemorySwitch
from node.shell.network import (
    FrameIn,
    LinkClosed,
    LinkOpened,
    Network,
    NetworkConfig,
    NetworkEvent,
    NetworkUp,
)

QUIET = NetworkConfig(
    listen=("/ip4/127.0.0.1/tcp/0",),
    mdns=False,
    kademlia=False,
    autonat=False,
    relay_client=False,
    dcutr=False,
)
WITHIN_S = 60.0
"""Generous: the machine may be busy with other things."""

Wanted = TypeVar("Wanted", bound=NetworkEvent)


def seed(name: str) -> bytes:
    """A transport seed that is the same in every run."""
    return hashlib.sha256(name.encode()).digest()


async def eventually(
    holds: Callable[[], object], what: str = "", within_s: float = WITHIN_S
) -> None:
    """Look again and again until something holds of which nobody tells."""
    with trio.move_on_after(within_s):
        while not holds():
            await a_moment()
        return
    raise AssertionError(f"not within {within_s:g} s: {what}")


async def a_moment(seconds: float = 0.02) -> None:
    """The time between two looks at something of which nobody tells."""
    with trio.move_on_after(seconds):
        await trio.sleep_forever()


class Watcher:
    """Takes the events of one network, keeps them, and wakes who waits for one."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.events: list[NetworkEvent] = []
        self.taking = True
        """While False, events stay in the channel."""
        self._changed = trio.Event()

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            while not self.taking:
                await self._changed.wait()
            self.events.append(await self.network.events.receive())
            self._wake()

    def take(self, taking: bool) -> None:
        """Stop or go on; stopped, at most one more event is taken."""
        self.taking = taking
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    def of(self, kind: type[Wanted]) -> list[Wanted]:
        """The events of this type so far."""
        return [event for event in self.events if isinstance(event, kind)]

    async def until(
        self, holds: Callable[[], object], what: str = "", within_s: float = WITHIN_S
    ) -> None:
        """Wait until a condition on the events holds."""
        with trio.move_on_after(within_s):
            while not holds():
                await self._changed.wait()
            return
        seen = "\n".join(map(shorten, self.events[-30:]))
        raise AssertionError(f"not within {within_s:g} s: {what}\nlast events:\n{seen}")

    async def next(self, kind: type[Wanted], after: int = 0, within_s: float = WITHIN_S) -> Wanted:
        """The event of this type behind the first `after` ones."""
        await self.until(lambda: len(self.of(kind)) > after, f"{kind.__name__}", within_s)
        return self.of(kind)[after]

    @property
    def address(self) -> str:
        """Where the network listens, as it said last."""
        return self.of(NetworkUp)[-1].addresses[0]

    @property
    def peer_id(self) -> str:
        return self.of(NetworkUp)[-1].peer_id

    def frames(self, link: int) -> list[bytes]:
        """What has arrived on a link."""
        return [event.frame for event in self.of(FrameIn) if event.link == link]

    def open_links(self) -> list[LinkOpened]:
        """Opened and not closed."""
        closed = {event.link for event in self.of(LinkClosed)}
        return [event for event in self.of(LinkOpened) if event.link not in closed]

    def order_holds(self) -> bool:
        """Per link: opened once, frames between, closed once; no number used twice."""
        state: dict[int, str] = {}
        for event in self.events:
            match event:
                case LinkOpened(link=link):
                    if link in state:
                        return False
                    state[link] = "open"
                case FrameIn(link=link):
                    if state.get(link) != "open":
                        return False
                case LinkClosed(link=link):
                    if state.get(link) != "open":
                        return False
                    state[link] = "closed"
        return True


def shorten(event: NetworkEvent) -> str:
    """An event in one line, without the bytes of its frame."""
    if isinstance(event, FrameIn):
        return f"FrameIn({event.link}, {len(event.frame)} bytes)"
    return repr(event)


class World:
    """Makes watched networks of one kind that can reach each other."""

    def __init__(self, kind: str, nursery: trio.Nursery) -> None:
        self.kind = kind
        self._nursery = nursery
        self._switch = MemorySwitch()
        self._count = 0

    async def node(self, name: str = "", **settings: object) -> Watcher:
        """A network that is up."""
        watcher = await self.starting(name, **settings)
        await watcher.next(NetworkUp)
        return watcher

    async def starting(self, name: str = "", **settings: object) -> Watcher:
        """A network that was told to run."""
        self._count += 1
        config = replace(QUIET, **settings)  # type: ignore[arg-type]
        key = seed(name or f"node {self._count}")
        network: Network
        if self.kind == "memory":
            network = MemoryNetwork(config, key, self._switch)
        else:
            network = Libp2pNetwork(config, key)
        watcher = Watcher(network)
        await self._nursery.start(network.run)
        self._nursery.start_soon(watcher.watch)
        return watcher

    async def nodes(self, count: int, **settings: object) -> list[Watcher]:
        """Several at once; their processes start side by side."""
        watchers = [await self.starting(**settings) for _ in range(count)]
        for watcher in watchers:
            await watcher.next(NetworkUp)
        return watchers


def kill(network: Network) -> None:
    """The death of what does the work, without warning."""
    if isinstance(network, MemoryNetwork):
        network.kill()
    else:
        assert isinstance(network, Libp2pNetwork)
        assert network.process_id is not None
        os.kill(network.process_id, signal.SIGKILL)


async def link(one: Watcher, other: Watcher, protocol: str = "gossip") -> tuple[int, int]:
    """Dial from one to the other; the numbers of the link on both sides."""
    before, arrived = len(one.of(LinkOpened)), len(other.of(LinkOpened))
    await one.network.dial(other.address, protocol)  # type: ignore[arg-type]
    near = await one.next(LinkOpened, before)
    far = await other.next(LinkOpened, arrived)
    return near.link, far.link


@asynccontextmanager
async def world(kind: str) -> AsyncIterator[World]:
    """Networks that end with the block."""
    async with trio.open_nursery() as nursery:
        yield World(kind, nursery)
        nursery.cancel_scope.cancel()
