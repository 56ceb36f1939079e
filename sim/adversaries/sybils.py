"""Peers that speak for regions of identities: valid feeds, gossiped as any others."""

from __future__ import annotations

from node.core.events import Asked, Effect, Event, OwnAddresses
from protocol.bundle import Bundle
from protocol.claims import Claim, Vouch
from protocol.ids import Lane
from protocol.limits import VOUCHES_LIVE_MAX
from protocol.session import AUTHORS_PER_LINK_MAX
from sim.adversaries.hostile import Role, Wrapped
from sim.adversaries.stage import Identity, likes, names


class Sybils(Wrapped):
    """Speaks for every peers-th identity of `stage.feeds`, and proves as many as a link may have.

    Until `until_s` the identities like honest items only, where that is set (camouflage).
    """

    def __init__(self, role: Role, *, until_s: float = 0.0) -> None:
        super().__init__(role)
        self._until = self.stage.start + until_s
        self._masked = until_s > role.from_s
        rows = self.stage.feeds.of_peer(self.number)
        self._identities = [(row, self.identity(row)) for row in rows]

    def handle(self, event: Event, *, now: float) -> list[Effect]:
        """As `Peer.handle`. Whoever is hosted is proved anew when the peer inside changes that."""
        effects = super().handle(event, now=now)
        if self.hostile and isinstance(event, OwnAddresses | Asked):
            self._prove()
        return effects

    def begin(self, now: float) -> list[Effect]:
        """All feeds, at once: honest likes and fakes in one stream, vouches in another."""
        self._prove()
        said: list[Bundle] = []
        for row, identity in self._identities:
            said += self._vouches(row, identity, now)
            said += identity.says(likes(names(self._liked(row)), now), Lane.TASTE, now=now)
        return self.publish(said, now)

    def speak(self, now: float) -> list[Effect]:
        """The masks fall, once."""
        if not self._masked or now < self._until:
            return []
        self._masked = False
        said: list[Bundle] = []
        for row, identity in self._identities:
            fakes = self.stage.feeds.fakes[row].tolist()
            said += identity.says(likes(names(fakes), now), Lane.TASTE, now=now)
        return self.publish(said, now)

    def _liked(self, row: int) -> list[int]:
        feeds = self.stage.feeds
        fakes = [] if self._masked else feeds.fakes[row].tolist()
        return [*feeds.liked[row].tolist(), *fakes]

    def _vouches(self, row: int, identity: Identity, now: float) -> list[Bundle]:
        """More than a receiver counts are not said."""
        stage = self.stage
        claims: list[Claim] = []
        for other in stage.feeds.vouches_of(row):
            claims.append(Vouch(stage.signer(other).public_key, 100))
        for person in stage.feeds.against(row):
            claims.append(Vouch(stage.people[person], -100))
        return identity.says(claims[:VOUCHES_LIVE_MAX], Lane.VOUCHES, now=now)

    def _prove(self) -> None:
        persons = self.peer.state.persons
        own = [person.signer for person in persons if person.policy.any]
        hers = [identity.signer for _, identity in self._identities]
        self.speak_for([*own, *hers][:AUTHORS_PER_LINK_MAX])
