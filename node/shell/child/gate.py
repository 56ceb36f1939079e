"""Who may start a handshake: the bookkeeping of inbound connections before they have a peer id.

An open socket costs its opener nothing, so silent ones are expected. When a cap is reached, the
oldest pending connection of the busiest address makes room for the new one: whoever means it has
finished the handshake long before, whoever is silent loses the place. Refusing newcomers instead
would let a few hundred silent sockets lock everybody out.
"""

from collections import OrderedDict
from collections.abc import Callable

import trio


class Ticket:
    """One inbound connection. Cancelling `scope` ends its handshake and closes its socket."""

    __slots__ = ("address", "scope")

    def __init__(self, address: str) -> None:
        self.address = address
        self.scope = trio.CancelScope()


class AcceptGate:
    """Caps on pending inbound connections, in all and per IP address, and on finished ones.

    `room` is asked before a connection is let in or past its handshake: whether one more
    authenticated connection may exist (it may close an idle one to make room).
    """

    def __init__(
        self, *, pending_max: int, pending_per_address_max: int, room: Callable[[], bool]
    ) -> None:
        self._pending_max = pending_max
        self._per_address_max = pending_per_address_max
        self._room = room
        self._pending: dict[str, OrderedDict[Ticket, None]] = {}
        self._count = 0
        self.refused = 0
        """Connections turned away or pushed out so far."""

    @property
    def pending(self) -> int:
        """Inbound connections in their handshake; at most `pending_max`."""
        return self._count

    def admit(self, address: str) -> Ticket | None:
        """Let a new connection start its handshake, or None when there is no room after it."""
        if not self._room():
            self.refused += 1
            return None
        if len(self._pending.get(address, ())) >= self._per_address_max:
            self._push_out(address)
        elif self._count >= self._pending_max:
            self._push_out(max(self._pending, key=lambda a: len(self._pending[a])))
        ticket = Ticket(address)
        self._pending.setdefault(address, OrderedDict())[ticket] = None
        self._count += 1
        return ticket

    def settle(self, ticket: Ticket) -> bool:
        """The handshake is done; False when the connection must go after all."""
        self.leave(ticket)
        if self._room():
            return True
        self.refused += 1
        return False

    def leave(self, ticket: Ticket) -> None:
        """The connection is no longer pending. Harmless when it was not."""
        group = self._pending.get(ticket.address)
        if group is None or ticket not in group:
            return
        del group[ticket]
        self._count -= 1
        if not group:
            del self._pending[ticket.address]

    def _push_out(self, address: str) -> None:
        oldest = next(iter(self._pending[address]))
        self.leave(oldest)
        oldest.scope.cancel()
        self.refused += 1
