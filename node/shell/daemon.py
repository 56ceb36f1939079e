"""The daemon: one trio task owns the Peer, everything else hands it events and performs effects.

network child ──frames──► inbox ──► Peer ──► effects ──► links, store, worker, queries
Unix socket ───queries──►   ▲                                      │
                            └──────────── completions ◄────────────┘
"""

import gc
import logging
import os
import secrets
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any, Protocol, TypeAlias

import trio

from node.config import Config
from node.core import events as ev
from node.core.building import build
from node.core.checkpoint import Saved
from node.core.config import PeerConfig
from node.core.peer import Peer
from node.errors import NodeError
from node.identity import author_key, new_device, read_or_create_seed
from node.paths import DataPaths
from node.query.schema import QueryError
from node.shell import about_node
from node.shell import network as net
from node.shell.checkpointing import Checkpointing
from node.shell.clock import Clock
from node.shell.inbox import Inbox
from node.shell.links import Links
from node.shell.query_server import serve_queries
from node.shell.remembering import remembered
from node.shell.remote_queries import RemoteClient, RemoteServer
from node.shell.settings import network_config, peer_config
from node.shell.similar_file import SimilarFile
from node.shell.storage import Storage
from node.shell.worker import Worker
from node.store.rows import PersonRow
from node.store.store import Store
from protocol import events as gossip
from protocol.bundle import verify
from protocol.ids import AuthorKey
from protocol.signing import Signer
from ranking.checkpoint import CheckpointError
from ranking.warm_up import warm_up

log = logging.getLogger(__name__)

TICK_S = 0.25
"""How often the Peer is told that time has passed."""

STOP_S = 5.0
"""How long an orderly stop may take, the checkpoint aside."""

CHECKPOINT_S = 20.0
"""How long a stop may wait for a checkpoint: the next start is slow without it."""

ANSWER_S = 120.0
"""How long the Peer may take to answer: a bug must not keep the one who asked for ever."""


FILE_BYTES = 2
"""The largest file of the index of similar items, times the memory that the index may take."""


class Machine(Protocol):
    """What events are handed to: the Peer, or who stands around it."""

    def handle(self, event: ev.Event, *, now: float) -> list[ev.Effect]:
        """As `Peer.handle`."""
        ...


def main(
    config: Config,
    paths: DataPaths,
    make: "Make | None" = None,
    network_settings: net.NetworkConfig | None = None,
) -> None:
    """Run the daemon in the foreground until it is told to stop. Raises `NodeError`s.

    The caller has prepared the directory and holds its lock: it takes it before it imports this
    module, so that whoever asks meanwhile knows that a daemon is on its way. The simulator has
    another one made of the same parts, and sets what a user cannot set.
    """
    clock = Clock()
    seed = read_or_create_seed(paths.author_key)
    transport_seed = read_or_create_seed(paths.transport_key)
    with Store.open(paths.store) as store:
        if not store.persons():
            owner = PersonRow("me", author_key(seed), new_device())
            store.add_person(owner)
        network = _make_network(network_settings or network_config(config), transport_seed)
        daemon = (make or Daemon)(config, paths, store, seed, network, clock)
        try:
            trio.run(_until_signalled, daemon)
        except BaseExceptionGroup as group:
            raise _cause(group) from group


def _cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What is to be told to the user: that the store is damaged, say, not which tasks ended."""
    known = group.subgroup(NodeError)
    error: BaseException = known or group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _make_network(config: net.NetworkConfig, transport_seed: bytes) -> net.Network:
    # Imported here: tests of the daemon bring an in-memory network and need no child process.
    from node.shell.libp2p_network import Libp2pNetwork

    return Libp2pNetwork(config, transport_seed)


class Daemon:
    """Wires the parts together; `run` returns after `stop`."""

    def __init__(
        self,
        config: Config,
        paths: DataPaths,
        store: Store,
        owner_seed: bytes,
        network: net.Network,
        clock: Clock,
    ) -> None:
        self.config = config
        self.paths = paths
        self.network = network
        self.clock = clock
        self.started_at = clock.now()
        self.bugs = 0
        """Events on which the Peer has failed; each is in the log."""
        self._store = store
        self._owner_seed = owner_seed
        self._inbox = Inbox()
        self._storage = Storage(store, self._inbox, clock)
        self._checkpoints = Checkpointing(paths.checkpoint, store, self._storage)
        bytes_max = FILE_BYTES * self.settings().similar.bytes_max
        self._similar_file = SimilarFile(paths.similar, owner_seed, bytes_max)
        self._asked: dict[int, trio.MemorySendChannel[ev.Answer | ev.Refuse]] = {}
        self._next_query = 1
        self._ready = trio.Event()
        self._listening = trio.Event()
        self._stopping = trio.Event()
        self._addresses: tuple[str, ...] = ()
        self._server: RemoteServer | None = None
        self._client = RemoteClient(
            network, self._network_id, Signer(owner_seed), Random(secrets.randbits(64))
        )
        self._links: Links | None = None
        self._worker: Worker | None = None

    # ------------------------------------------------------------------------------- lifetime
    async def run(self, *, task_status: Any = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until `stop`; then write what is queued and leave.

        The socket listens at once: who asks before the graph is rebuilt waits for it.
        """
        async with trio.open_nursery() as nursery:
            await nursery.start(serve_queries, self.paths.socket, self.ask)
            await nursery.start(self.network.run)
            async with trio.open_nursery() as starting:
                starting.start_soon(trio.to_thread.run_sync, warm_up)
                peer = await trio.to_thread.run_sync(self._build)
            self._links = Links(self.network, nursery, self.config.gossip.upload_bytes_per_s)
            self._worker = Worker(nursery, self._inbox)
            self._server = self._remote_server(nursery)
            nursery.start_soon(_telling, self._storage.run)
            nursery.start_soon(_telling, self._own, self.around(peer))
            nursery.start_soon(_telling, self._listen)
            nursery.start_soon(_telling, self._tick)
            nursery.start_soon(_telling, self._checkpoints.run, peer)
            self._ready.set()
            log.info("ready: %s", self.paths.socket)
            task_status.started()
            await self._stopping.wait()
            log.info("stopping")
            with trio.move_on_after(CHECKPOINT_S):
                await self._checkpoints.finish(peer)
            with trio.move_on_after(STOP_S):
                await self._drain()
            nursery.cancel_scope.cancel()

    def settings(self) -> PeerConfig:
        """What the Peer is built with."""
        return peer_config(self.config)

    def around(self, peer: Peer) -> Machine:
        """What events are handed to in the Peer's place; called once, when it has been built."""
        return peer

    async def found(self, addresses: tuple[str, ...]) -> None:
        """The Peer hears of these addresses, as if the hash table had named them."""
        await self._inbox.arrive(ev.AddressesFound("kademlia", addresses))

    def stop(self) -> None:
        """Ask `run` to end."""
        self._stopping.set()

    async def _drain(self) -> None:
        """Let the store finish what has been asked of it."""
        self._storage.finish()
        await self._storage.finished.wait()

    @property
    def _network_id(self) -> bytes:
        return self.config.network.network_id.encode()

    def _remote_server(self, nursery: trio.Nursery) -> RemoteServer:
        assert self._links is not None
        return RemoteServer(
            self.ask,
            self._links,
            nursery,
            network_id=self._network_id,
            per_minute=self.config.query.remote_per_minute,
            rng=Random(secrets.randbits(64)),
        )

    def _build(self) -> Peer:
        """Restore the peer from its checkpoint and the store, or else from the store alone; on a
        thread, since a large one takes seconds."""
        saved = self._checkpoints.saved()
        if saved is not None:
            try:
                return self._built(saved)
            except CheckpointError as error:
                self._checkpoints.refused(error)
        return self._built(None)

    def _built(self, saved: Saved | None) -> Peer:
        known = remembered(self._store, self._owner_seed)
        allowed = tuple(AuthorKey(bytes.fromhex(key)) for key in self.config.query.allowed)
        return build(
            self.settings(),
            replace(known, allowed=known.allowed + allowed),
            rng=Random(secrets.randbits(64)),
            new_seed=lambda: secrets.token_bytes(32),
            verify=verify,
            now=self.clock.now(),
            saved=saved,
            similar_file=self._similar_file,
        )

    # ------------------------------------------------------------------------- events to peer
    async def _own(self, peer: Machine) -> None:
        """The one task that touches the Peer."""
        while True:
            event = await self._inbox.next()
            async with self._checkpoints.peer_rests:
                try:
                    effects = peer.handle(event, now=self.clock.now())
                except Exception:  # noqa: BLE001 - our own bug: whoever caused it loses the link
                    effects = self._contain(event)
                for effect in effects:
                    self._perform(effect)
            if isinstance(event, ev.OwnAddresses):
                self._listening.set()

    def _contain(self, event: ev.Event) -> list[ev.Effect]:
        """The Peer has failed on an event: say so everywhere, and go on without its cause."""
        self._count_bug(event)
        match event:
            case gossip.FrameReceived(link=link) | gossip.LinkUp(link=link):
                return [gossip.Disconnect(link, "an internal error")]
            case ev.Asked(token=token):
                return [ev.Refuse(token, "internal", "a bug: the daemon's log says more")]
        return []

    def _count_bug(self, event: object) -> None:
        self.bugs += 1
        log.critical("bug %d: failed on %s", self.bugs, type(event).__name__, exc_info=True)

    async def _tick(self) -> None:
        while True:
            await trio.sleep(TICK_S)
            self.clock.resync()
            await self._inbox.arrive(gossip.Tick())

    async def _listen(self) -> None:
        """Network events, in order. A bug of ours costs the link that it happened on."""
        assert self._links is not None
        async for event in self.network.events:
            try:
                await self._on_network(event)
            except Exception:  # noqa: BLE001 - our own bug: nobody else is to suffer
                self._count_bug(event)
                if isinstance(event, net.FrameIn | net.LinkOpened):
                    self._links.close(event.link, "an internal error")

    async def _on_network(self, event: net.NetworkEvent) -> None:
        assert self._links is not None
        assert self._server is not None
        if self._client.on_event(event):
            return
        match event:
            case net.FrameIn(link=link, frame=frame):
                if not self._server.frame(event):
                    await self._inbox.arrive(gossip.FrameReceived(link, frame))
            case net.LinkOpened():
                self._links.opened(event.link)
                await self._on_link(event)
            case net.LinkClosed(link=link):
                self._links.closed(link)
                if not self._server.closed(link):
                    await self._inbox.arrive(gossip.LinkDown(link))
            case net.DialFailed(address=address, reason=reason):
                log.debug("no link to %s: %s", address, reason)
                await self._inbox.arrive(ev.DialEnded(address))
            case net.PeerFound(source=source, addresses=addresses, key=key):
                author = AuthorKey(key) if key is not None else None
                await self._inbox.arrive(ev.AddressesFound(source, addresses, author))
            case _:
                await self._on_own_network(event)

    async def _on_link(self, event: net.LinkOpened) -> None:
        assert self._server is not None
        if event.protocol == "gossip":
            up = gossip.LinkUp(event.link, event.peer_id, event.outbound, event.address)
            await self._inbox.arrive(up)
        elif event.outbound:
            await self.network.close_link(event.link, "nobody waits for it any longer")
        elif self.config.query.remote:
            self._server.opened(event)
        else:
            await self.network.close_link(event.link, "remote queries are switched off")

    async def _on_own_network(self, event: net.NetworkEvent) -> None:
        """Our own network came up, went down, or learnt how others see it."""
        assert self._server is not None
        match event:
            case net.NetworkUp(peer_id=peer_id, addresses=addresses):
                log.info("listening: %s", ", ".join(addresses))
                self._addresses = addresses
                self._client.my_peer_id = peer_id
                self._server.my_peer_id = peer_id
                await self._inbox.arrive(ev.OwnAddresses(peer_id, addresses))
            case net.NetworkDown(reason=reason, retry_in_s=retry):
                log.warning("the network is down (%s), again in %.1f s", reason, retry)
                await self._inbox.arrive(ev.NetworkLost())
            case net.ReachabilityChanged(status=status, addresses=addresses):
                log.info("reachable by others: %s (addresses: %d)", status, len(addresses))
                seen = tuple(dict.fromkeys(addresses + self._addresses))
                await self._inbox.arrive(ev.OwnAddresses(self._client.my_peer_id, seen))

    # -------------------------------------------------------------------------------- effects
    def _perform(self, effect: ev.Effect) -> None:
        assert self._links is not None
        assert self._worker is not None
        match effect:
            case gossip.Send(link=link, frame=frame):
                self._links.send(link, frame)
            case gossip.Disconnect(link=link, reason=reason):
                self._links.close(link, reason)
            case ev.Answer(token=token) | ev.Refuse(token=token):
                channel = self._asked.pop(token, None)
                if channel is not None:
                    channel.send_nowait(effect)
            case ev.Compute():
                self._worker.submit(effect)
            case ev.Dial(address=address):
                self._order(self.network.dial, address)
            case ev.FindAuthor(author=author):
                self._order(self.network.find, author)
            case ev.Provide(author=author):
                self._order(self.network.provide, author)
            case _:
                self._storage.submit(effect)

    def _order(self, order: Callable[[Any], Awaitable[None]], argument: Any) -> None:
        assert self._worker is not None
        self._worker.nursery.start_soon(order, argument)

    # -------------------------------------------------------------------------------- queries
    async def ask(
        self, method: str, params: Mapping[str, Any], caller: ev.Caller = ev.OWNER
    ) -> about_node.Answered:
        """Ask the daemon or the Peer in it; waits while the node starts. Raises `QueryError`."""
        if caller.owner and method == "stop":
            self.stop()
            return {"stopping": True, "pid": os.getpid()}, ()
        await self._ready.wait()
        if method in ("id", "netcheck", "remote"):  # of little use before the network is up
            with trio.move_on_after(about_node.NETWORK_START_S):
                await self._listening.wait()
        if caller.owner:
            match method:
                case "netcheck":
                    return await about_node.netcheck(self.network)
                case "backup_create":
                    return await about_node.backup_create(self._storage, params, self._owner_seed)
                case "remote":
                    return await about_node.remote(self._client, params)
        data, warnings = await self._ask_peer(method, params, caller)
        if caller.owner and method == "status":
            store_bytes = await self._storage.call(lambda store: store.bytes_on_disk())
            uptime_s = self.clock.now() - self.started_at
            bugs = self.bugs + self._storage.bugs
            data |= about_node.process_status(
                self.network, uptime_s, store_bytes, self._storage.failures, bugs
            )
            data["checkpoint"] = self._checkpoints.told
            data["similar"] = self._similar_file.told
            data["faults"] += about_node.process_faults(data)
            warnings += tuple(data["faults"])
        return data, warnings

    async def _ask_peer(
        self, method: str, params: Mapping[str, Any], caller: ev.Caller
    ) -> about_node.Answered:
        token = self._next_query
        self._next_query += 1
        send, receive = trio.open_memory_channel[ev.Answer | ev.Refuse](1)
        self._asked[token] = send
        answer: ev.Answer | ev.Refuse = ev.Refuse(token, "timeout", f"no answer to {method[:64]}")
        try:
            self._inbox.ask(ev.Asked(token, method, params, caller))
            with trio.move_on_after(ANSWER_S):
                answer = await receive.receive()
        finally:
            self._asked.pop(token, None)
        if isinstance(answer, ev.Refuse):
            raise QueryError(answer.code, answer.message, answer.hint)
        return dict(answer.data), answer.warnings


Make: TypeAlias = Callable[[Config, DataPaths, Store, bytes, net.Network, Clock], Daemon]
"""The class itself, or what makes one of its kind."""


async def _telling(task: Callable[..., Awaitable[None]], *arguments: Any) -> None:
    """Run a task whose failure ends the daemon; the log has it before anything is torn down."""
    try:
        await task(*arguments)
    except Exception:
        log.critical("a bug of ours ends the daemon", exc_info=True)
        raise


async def _until_signalled(daemon: Daemon) -> None:
    """SIGTERM and SIGINT stop in order; a second one ends at once."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:

        async def watch() -> None:
            async for number in signals:
                daemon.stop()
                signal.signal(number, signal.SIG_DFL)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch)
            async with trio.open_nursery() as serving:
                # What is imported and restored stays: looking for garbage in it costs a fifth of
                # the start now, and would stop the event loop for 200 ms at a time later.
                gc.disable()
                try:
                    await serving.start(daemon.run)
                    gc.freeze()
                finally:
                    gc.enable()
            nursery.cancel_scope.cancel()
