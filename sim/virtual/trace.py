"""A digest of everything that was handed to a peer, in its order.

Two runs with the same digest have had the same events at the same times, frames byte for byte. It
depends neither on how Python hashes (`PYTHONHASHSEED`) nor on the machine's clock.
"""

from __future__ import annotations

from hashlib import blake2b
from struct import Struct

from node.core import events as ev
from node.core.events import Event
from protocol import events as gossip

_HEAD = Struct("<dIq")
_KINDS = {
    kind: bytes((number,))
    for number, kind in enumerate(
        (
            gossip.FrameReceived,
            gossip.Tick,
            gossip.LinkUp,
            gossip.LinkDown,
            gossip.BundlesRead,
            gossip.Published,
            ev.Asked,
            ev.Committed,
            ev.CommitFailed,
            ev.Computed,
            ev.ComputeFailed,
            ev.InfoFound,
            ev.OwnAddresses,
            ev.NetworkLost,
            ev.AddressesFound,
            ev.DialEnded,
        )
    )
}


class Trace:
    """About 1 µs an event and 1 µs a kilobyte."""

    def __init__(self) -> None:
        self._digest = blake2b(digest_size=32)
        self.events = 0

    def note(self, now: float, host: int, event: Event) -> None:
        """This peer was handed this event."""
        self.events += 1
        update = self._digest.update
        update(_KINDS[type(event)])
        match event:
            case gossip.FrameReceived(link=link, frame=frame):
                update(_HEAD.pack(now, host, link))
                update(frame)
            case gossip.LinkUp(link=link, peer_id=peer_id):
                update(_HEAD.pack(now, host, link))
                update(peer_id.encode())
            case gossip.LinkDown(link=number) | gossip.BundlesRead(token=number):
                update(_HEAD.pack(now, host, number))
                if isinstance(event, gossip.BundlesRead):
                    for wire in event.bundles:
                        update(wire)
            case ev.Asked(token=token, method=method, params=params):
                update(_HEAD.pack(now, host, token))
                update(f"{method}{params}".encode())
            case ev.Committed(token=token) | ev.Computed(token=token) | ev.InfoFound(token=token):
                update(_HEAD.pack(now, host, token))
            case _:
                update(_HEAD.pack(now, host, 0))

    def say(self, now: float, host: int, answer: str) -> None:
        """This peer has answered this."""
        self._digest.update(_HEAD.pack(now, host, len(answer)))
        self._digest.update(answer.encode())

    def hexdigest(self) -> str:
        """64 characters."""
        return self._digest.hexdigest()
