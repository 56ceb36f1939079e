"""Queries between nodes, both ends of `/grapevine/query/1.0.0` (SPEC.md, "Queries").

Both send Hello; the one who dialled then proves its author keys as in gossip, and asks. Who may ask
what is the Peer's decision; here is the conversation, and what it may cost.
"""

import contextlib
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, Protocol

import trio

from node.core.events import Caller
from node.query.schema import (
    QueryError,
    Request,
    Result,
    decode_request,
    decode_response,
    encode_error,
    encode_request,
)
from node.shell.network import (
    DialFailed,
    FrameIn,
    LinkClosed,
    LinkOpened,
    Network,
    NetworkEvent,
)
from node.shell.query_server import answer
from protocol.buckets import TokenBucket
from protocol.errors import ProtocolError
from protocol.messages import Hello, Message, Proofs, Refused, decode_frame, encode_frame
from protocol.session import HelloSigner, Session

ANSWERS_MAX = 4
"""Questions of one link answered at the same time; further ones are refused as busy."""

ASKERS_MAX = 1_024
"""Peers whose rate is remembered; the longest silent is forgotten."""

ASK_S = 20.0
"""How long another node may take, dialling included."""


class Ask(Protocol):
    """The daemon's own door for queries."""

    async def __call__(
        self, method: str, params: Mapping[str, Any], caller: Caller
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Answer, or raise QueryError."""
        ...


class Outgoing(Protocol):
    """Where frames go: `node.shell.links.Links`."""

    def send(self, link: int, frame: bytes) -> None:
        """Queue a frame."""
        ...

    def close(self, link: int, reason: str) -> None:
        """Close the link when its queue is out."""
        ...


@dataclass(slots=True)
class _Asker:
    """One accepted query link."""

    peer_id: str
    session: Session
    answering: int = 0


class RemoteServer:
    """Answers accepted query links. `per_minute`: questions of one peer."""

    def __init__(
        self,
        ask: Ask,
        links: Outgoing,
        nursery: trio.Nursery,
        *,
        network_id: bytes,
        per_minute: int,
        rng: Random,
    ) -> None:
        self._ask = ask
        self._links = links
        self._nursery = nursery
        self._network_id = network_id
        self._per_minute = per_minute
        self._rng = rng
        self._askers: dict[int, _Asker] = {}
        self._rates: OrderedDict[str, TokenBucket] = OrderedDict()
        self.my_peer_id = ""

    def opened(self, event: LinkOpened) -> None:
        """Somebody wants to ask."""
        session = Session(self._network_id, self.my_peer_id, event.peer_id, self._rng)
        self._askers[event.link] = _Asker(event.peer_id, session)
        self._links.send(event.link, encode_frame(session.hello()))

    def closed(self, link: int) -> bool:
        """The link has gone; False when it was none of ours."""
        return self._askers.pop(link, None) is not None

    def frame(self, event: FrameIn) -> bool:
        """Hello, then proofs, then questions; False when the link is none of ours."""
        asker = self._askers.get(event.link)
        if asker is None:
            return False
        try:
            if not asker.session.open:
                self._greet(event.link, asker, decode_frame(event.frame))
            elif not asker.session.authors and (proofs := _proofs(event.frame)) is not None:
                self._check(asker, proofs)
            else:
                self._start(event.link, asker, decode_request(event.frame))
        except (ProtocolError, QueryError) as error:
            self._links.close(event.link, f"not a query: {error}")
        return True

    def _greet(self, link: int, asker: _Asker, message: Message) -> None:
        if not isinstance(message, Hello):
            raise QueryError("usage", "something before Hello")
        reason = asker.session.refusal(message)
        if reason is None:
            asker.session.accept(message)
            return
        self._links.send(link, encode_frame(Refused(reason)))
        self._links.close(link, reason)

    def _check(self, asker: _Asker, proofs: Proofs) -> None:
        for proof in proofs.proofs[:1]:  # a node asks for one person; each proof costs 80 us
            if not asker.session.check(proof):
                raise QueryError("not_allowed", "a forged author")
            asker.session.authors[proof.author] = None  # type: ignore[index]

    def _start(self, link: int, asker: _Asker, request: Request) -> None:
        rate = self._rates.pop(asker.peer_id, None)
        if rate is None:
            rate = TokenBucket(
                self._per_minute / 60, float(self._per_minute), now=trio.current_time()
            )
        self._rates[asker.peer_id] = rate
        if len(self._rates) > ASKERS_MAX:
            self._rates.popitem(last=False)
        if asker.answering >= ANSWERS_MAX or not rate.take(1, now=trio.current_time()):
            busy = QueryError("busy", "too many queries", "try again in a minute")
            self._links.send(link, encode_error(request.id, busy))
            return
        asker.answering += 1
        self._nursery.start_soon(self._answer, link, asker, request)

    async def _answer(self, link: int, asker: _Asker, request: Request) -> None:
        caller = Caller(False, tuple(asker.session.authors))
        payload = await answer(request, partial(self._ask, caller=caller))
        asker.answering -= 1
        self._links.send(link, payload)


def _proofs(frame: bytes) -> Proofs | None:
    """The frame as proofs; None when it is something else, which may be a question."""
    try:
        message = decode_frame(frame)
    except ProtocolError:
        return None
    return message if isinstance(message, Proofs) else None


@dataclass(eq=False, slots=True)
class _Question:
    """One question on its way: events of its dial and its link arrive here."""

    address: str
    events: trio.MemorySendChannel[NetworkEvent]
    link: int | None = None


@dataclass(slots=True)
class RemoteClient:
    """Asks other nodes: a link for each question. Feed it the network's events."""

    network: Network
    network_id: bytes
    signer: HelloSigner
    rng: Random
    my_peer_id: str = ""
    _dialling: dict[str, deque[_Question]] = field(default_factory=dict)
    _linked: dict[int, _Question] = field(default_factory=dict)

    def on_event(self, event: NetworkEvent) -> bool:
        """Take an event that belongs to a question of ours; False when it does not."""
        match event:
            case LinkOpened(protocol="query", outbound=True):
                question = self._next(event.address)
                if question is None:  # given up while it was dialled: the link is to be closed
                    return False
                question.link = event.link
                self._linked[event.link] = question
            case DialFailed(protocol="query"):
                question = self._next(event.address)
                if question is None:
                    return True
            case FrameIn(link=link) if link in self._linked:
                question = self._linked[link]
            case LinkClosed(link=link) if link in self._linked:
                question = self._linked.pop(link)
            case _:
                return False
        with contextlib.suppress(trio.WouldBlock):  # more frames than a conversation has
            question.events.send_nowait(event)
        return True

    def _next(self, address: str) -> _Question | None:
        waiting = self._dialling.get(address)
        if not waiting:
            return None
        question = waiting.popleft()
        if not waiting:
            del self._dialling[address]
        return question

    async def ask(self, address: str, query: str, params: Mapping[str, Any]) -> Result:
        """Dial, prove who asks, ask, and hang up. Raises QueryError."""
        if "/p2p/" not in address:
            raise QueryError(
                "usage",
                f"{address[:80]!r} is not an address of a node",
                "it ends in /p2p/ and a peer id, as in the output of: grapevine id",
            )
        send, receive = trio.open_memory_channel[NetworkEvent](8)
        question = _Question(address, send)
        self._dialling.setdefault(address, deque()).append(question)
        try:
            with trio.move_on_after(ASK_S):
                await self.network.dial(address, "query")
                return await self._converse(receive, query, params)
            raise QueryError("timeout", f"no answer from {address} in {ASK_S:.0f} s")
        except ProtocolError as error:
            raise QueryError("version", f"the node does not speak our protocol: {error}") from None
        finally:
            self._forget(question)
            if question.link is not None:
                with trio.CancelScope(shield=True):
                    await self.network.close_link(question.link, "answered")

    def _forget(self, question: _Question) -> None:
        waiting = self._dialling.get(question.address)
        if waiting is not None and question in waiting:
            waiting.remove(question)
            if not waiting:
                del self._dialling[question.address]

    async def _converse(
        self,
        events: trio.MemoryReceiveChannel[NetworkEvent],
        query: str,
        params: Mapping[str, Any],
    ) -> Result:
        opened = await events.receive()
        if not isinstance(opened, LinkOpened):
            reason = opened.reason if isinstance(opened, DialFailed | LinkClosed) else "no link"
            raise QueryError("unreachable", f"the node cannot be reached: {reason}")
        session = Session(self.network_id, self.my_peer_id, opened.peer_id, self.rng)
        await self.network.send(opened.link, encode_frame(session.hello()))
        message = decode_frame(await _frame(events))
        if isinstance(message, Refused):
            raise QueryError("version", f"the node refused: {message.reason}")
        if not isinstance(message, Hello):
            raise QueryError("version", "the node does not speak our protocol")
        if (refusal := session.refusal(message)) is not None:
            raise QueryError("version", f"the node does not speak our protocol: {refusal}")
        session.accept(message)
        for proofs in session.prove([self.signer]):
            await self.network.send(opened.link, encode_frame(proofs))
        request = encode_request(Request(1, query, dict(params)))
        await self.network.send(opened.link, request)
        return decode_response(await _frame(events))[1]


async def _frame(events: trio.MemoryReceiveChannel[NetworkEvent]) -> bytes:
    event = await events.receive()
    if isinstance(event, FrameIn):
        return event.frame
    reason = event.reason if isinstance(event, LinkClosed) else "the conversation broke off"
    raise QueryError("unreachable", f"the node hung up: {reason}")
