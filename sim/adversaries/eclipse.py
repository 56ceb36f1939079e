"""Peers that want to be everything that one joining peer ever sees."""

from __future__ import annotations

from node.core.dialing import peer_of
from node.core.events import Dial, Effect
from protocol.limits import ADDRESSES_MAX
from protocol.messages import Data, Message, Part, Peers, Push
from sim.adversaries.hostile import Role, Wrapped


class Eclipser(Wrapped):
    """Dials the victim until it is linked, tells her of its like and of invented peers only, offers
    her everything that it hears of, and brings nothing of it; what she says it passes on to nobody.
    """

    def __init__(self, role: Role, *, fillers: int = 256) -> None:
        super().__init__(role)
        self._victim = peer_of(self.stage.victim)
        self._fillers = tuple(filler(n) for n in range(fillers))

    def speak(self, now: float) -> list[Effect]:
        """Another dial, while there is no link."""
        ups = (*self.links.values(), *self._greeting.values())
        if self._victim is None or any(up.peer_id == self._victim for up in ups):
            return []
        return [Dial(self.stage.victim)]

    def tell(self, link: int, message: Message, now: float) -> Message | None:
        """To the victim: heads as they are, no body, no news, and nobody's address but ours."""
        if not self._to_victim(link):
            return self._without_her(message)
        match message:
            case Push():
                return None
            case Data(parts=parts):
                return Data([Part(part.want, [], part.done) for part in parts if part.done])
            case Peers(answer=answer):
                others = (*self.stage.addresses, *self._fillers)
                chosen = self.rng.sample(others, min(len(others), ADDRESSES_MAX - 1))
                own = self.peer.state.own_addresses[:1]
                return Peers(list(dict.fromkeys((*own, *chosen))), answer)
        return message

    def _without_her(self, message: Message) -> Message:
        """Nobody else learns where she is."""
        if not isinstance(message, Peers):
            return message
        others = [a for a in message.addresses if peer_of(a) != self._victim]
        return Peers(others, message.answer)

    def hear(self, link: int, message: Message, now: float) -> Message | None:
        """Her news end here, and so does what others want to know of her."""
        if self._to_victim(link) and isinstance(message, Push | Data):
            return None
        return message

    def _to_victim(self, link: int) -> bool:
        up = self.links.get(link)
        return up is not None and up.peer_id == self._victim


def filler(number: int) -> str:
    """The address of a peer that is not there, each in a /16 of its own, for 20,000 of them."""
    high, low = divmod(number, 250)
    return f"/ip4/{21 + high}.{low}.7.7/tcp/4001/p2p/filler-{number}"
