"""One peer and everything that its effects order: the shell of a simulated node.

`Host.handle` hands the peer one event and does what it wants done, completions included, before it
returns; only what crosses the network, and time itself, goes through the heap. A worker's jobs and
the store's writes take no virtual time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from random import Random
from typing import Any, Protocol, TypeAlias

from node.core import events as ev
from node.core.building import build
from node.core.config import PeerConfig
from node.core.events import Effect, Event
from node.core.peer import Peer
from protocol import events as gossip
from protocol.bundle import Verifier
from protocol.ids import AuthorKey, DeviceId
from protocol.signing import Signer, digest
from sim.virtual.heap import Heap
from sim.virtual.links import End, Uplink, Wires
from sim.virtual.shared import Blob
from sim.virtual.store import MemoryStore
from sim.virtual.trace import Trace

TICK_S = 0.25
"""Between two ticks of a peer that has something to do, as in the daemon."""

PERSON = "me"
"""The owner's name on every node."""


class Machine(Protocol):
    """What a host drives: a `Peer`, or an adversary around one."""

    def handle(self, event: Event, *, now: float) -> list[Effect]:
        """As `Peer.handle`."""
        ...


Wrap: TypeAlias = Callable[[Peer], Machine]
OnAnswer: TypeAlias = Callable[[ev.Answer | ev.Refuse], None]


class Watcher(Protocol):
    """Whoever looks on: checkers, the follower of news."""

    def after(self, host: Host, event: Event, effects: list[Effect]) -> None:
        """The host has handled this event, these effects have come of it and are done."""
        ...


@dataclass(slots=True)
class Shell:
    """What all hosts of a world share."""

    heap: Heap
    wires: Wires
    trace: Trace
    verify: Verifier
    dial: Callable[[Host, str], None]
    find_author: Callable[[Host, AuthorKey], None]
    provide: Callable[[Host, AuthorKey], None]
    watchers: list[Watcher]
    seed: int


class Host:
    """One node. It is there (`up`) or away; what it has stored outlives that."""

    def __init__(
        self,
        shell: Shell,
        number: int,
        config: PeerConfig,
        store: MemoryStore,
        *,
        name: str,
        place: str,
        secret: bytes,
        wrap: Wrap | None = None,
    ) -> None:
        """`place`: its address without the name. `secret`: the owner's seed, 32 bytes. `wrap`: what
        the adversary makes of the peer."""
        self.shell, self.number, self.config, self.store = shell, number, config, store
        self.name, self.wrap = name, wrap
        self.hostile = wrap is not None
        self.author = Signer(secret).public_key
        self.up = False
        self.lives = 0
        self.started = inf
        """When it first came, Unix seconds."""
        self.totals: dict[str, int] = {}
        """Gossip's counters of the lives before this one."""
        self.ends: dict[int, End] = {}
        """Our ends of the links that are open or about to be, by number."""
        self.uplink = Uplink(Random(f"{shell.seed}/frames/{number}"))
        self.served_bytes = 0
        """Of bundles given to partners."""
        self.peer: Peer
        self.machine: Machine
        self.place = place
        """Its address, without its name."""
        self._answers: dict[int, OnAnswer] = {}
        self._token = 0
        self._seeds = 0
        self._tick_at = inf
        self._ticked = -inf
        device = DeviceId(digest(b"device" + secret)[:8])
        store.write(ev.PutPerson(PERSON, self.author, secret, device), shell.heap.now)

    # ------------------------------------------------------------------------------------ life
    @property
    def now(self) -> float:
        """The virtual clock."""
        return self.shell.heap.now

    @property
    def peer_id(self) -> str:
        """As its transport proves it; adversaries may take another."""
        return self.peer.state.peer_id if self.lives else self.name

    @property
    def address(self) -> str:
        """Where it can be dialled."""
        return f"{self.place}/p2p/{self.peer_id}"

    def start(self) -> None:
        """From what the store holds. The one place where a peer is built and wrapped."""
        self.lives += 1
        self.started = min(self.started, self.now)
        self.peer = build(
            self.config,
            self.store.remembered(),
            rng=Random(f"{self.shell.seed}/peer/{self.number}/{self.lives}"),
            verify=self.shell.verify,
            new_seed=self._new_seed,
            now=self.now,
        )
        self.peer.state.peer_id = self.name
        self.machine = self.peer if self.wrap is None else self.wrap(self.peer)
        self.up = True
        self._tick_at, self._ticked = inf, -inf
        self.handle(ev.OwnAddresses(self.name, (f"{self.place}/p2p/{self.name}",)))

    def stop(self) -> None:
        """The process ends, without a word."""
        self.totals = self.counted()
        self.up = False
        self._tick_at = inf
        self._answers.clear()
        self.shell.wires.hang_up(self)

    def counted(self) -> dict[str, int]:
        """Gossip's counters of all its lives."""
        if not self.up:
            return self.totals
        now = self.peer.state.gossip.statistics().totals
        return {name: count + self.totals.get(name, 0) for name, count in now.items()}

    def _new_seed(self) -> bytes:
        self._seeds += 1
        return digest(f"{self.shell.seed}/new/{self.number}/{self._seeds}".encode())

    # --------------------------------------------------------------------------------- running
    def handle(self, event: Event) -> None:
        """Hand an event over, and perform all that comes of it."""
        if not self.up:
            return
        waiting, shell, now = deque((event,)), self.shell, self.now
        while waiting:
            event = waiting.popleft()
            shell.trace.note(now, self.number, event)
            effects = self.machine.handle(event, now=now)
            for effect in effects:
                self._perform(effect, waiting)
            for watcher in shell.watchers:
                watcher.after(self, event, effects)
        self._plan_tick()

    def ask(self, method: str, on_answer: OnAnswer | None = None, /, **params: Any) -> None:
        """Ask as the owner; the answer comes before this returns, for nothing takes time here."""
        self._token += 1
        if on_answer is not None:
            self._answers[self._token] = on_answer
        self.handle(ev.Asked(self._token, method, params, ev.OWNER))

    def answer(self, method: str, /, **params: Any) -> Mapping[str, Any]:
        """The data of the answer. RuntimeError when it is refused."""
        found: list[ev.Answer | ev.Refuse] = []
        self.ask(method, found.append, **params)
        match found:
            case [ev.Answer(data=data)]:
                return data
            case [ev.Refuse(message=message)]:
                raise RuntimeError(f"{self.name} refused {method}: {message}")
        raise RuntimeError(f"{self.name} has not answered {method}")

    def _perform(self, effect: Effect, waiting: deque[Event]) -> None:
        match effect:
            case gossip.Send(link=link, frame=frame):
                self.shell.wires.send(link, frame)
            case gossip.ReadBundles(token=token):
                read = self.store.read(effect)
                if token > 0 and not effect.headers_only:  # for a partner, not for the peer itself
                    self.served_bytes += sum(map(len, read))
                waiting.append(gossip.BundlesRead(token, read))
            case ev.StoreBundles():
                self.store.keep(effect, self.now)
            case gossip.Disconnect(link=link):
                self.shell.heap.at(self.now, self.shell.wires.close, link)
            case ev.Commit(token=token, writes=writes):
                for write in writes:
                    self.store.write(write, self.now)
                waiting.append(ev.Committed(token))
            case ev.Compute(token=token, job=job):
                waiting.append(ev.Computed(token, job()))
            case ev.FindInfo():
                waiting.append(self.store.find(effect))
            case ev.Answer(token=token) | ev.Refuse(token=token):
                self._on_answer(token, effect)
            case _ if not self.store.obey(effect):
                self._perform_rarely(effect)

    def _perform_rarely(self, effect: Effect) -> None:
        match effect:
            case ev.Dial(address=address):
                self.shell.dial(self, address)
            case ev.FindAuthor(author=author):
                self.shell.find_author(self, author)
            case ev.Provide(author=author):
                self.shell.provide(self, author)

    def _on_answer(self, token: int, answer: ev.Answer | ev.Refuse) -> None:
        told = repr(answer.data) if isinstance(answer, ev.Answer) else answer.message
        self.shell.trace.say(self.now, self.number, told)
        on_answer = self._answers.pop(token, None)
        if on_answer is not None:
            on_answer(answer)

    # ----------------------------------------------------------------------------------- ticks
    def _plan_tick(self) -> None:
        """The next tick, when the peer has something to do; adversaries tick all the time."""
        if not self.up:
            return
        now = self.now
        soonest = max(self._ticked + TICK_S, now)
        if self._tick_at <= soonest:
            return
        due = now if self.hostile else self.peer.next_tick(now=now)
        at = max(due, soonest)
        if at < self._tick_at:
            self._tick_at = at
            self.shell.heap.at(at, self._tick, at, self.lives)

    def _tick(self, at: float, life: int) -> None:
        if at != self._tick_at or life != self.lives:
            return  # an earlier one was planned meanwhile, or this is another life
        self._tick_at, self._ticked = inf, self.now
        self.handle(gossip.Tick())


def stored(host: Host) -> dict[bytes, Blob]:
    """Everything that a host has stored, by bundle id. O(bundles)."""
    return {
        blob.bundle.id: blob for feed in host.store.feeds.values() for blob in feed.blobs.values()
    }
