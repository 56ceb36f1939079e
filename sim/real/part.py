"""Who plays which part of a run: everything follows from the scenario, the seed and a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from random import Random

from msgspec import Struct

from node.core.config import PeerConfig
from node.core.peer import Peer
from node.shell.network import NetworkConfig
from protocol.signing import digest
from sim.adversaries import (
    HostileFeeds,
    Stage,
    hostile_feeds,
    hostile_of,
    identity_signer,
)
from sim.adversaries.hostile import Hostile
from sim.cast.config import config_of
from sim.cast.people import keys_of, secret_of, secret_of_peer
from sim.population.drawing import population_of
from sim.population.people import Population
from sim.scenario.schema import Eclipse, Scenario
from sim.scenario.settings import node_config

LISTEN = "/ip4/127.0.0.1/tcp/0"

PENDING_PER_ADDRESS_MAX = 64
"""Everybody comes from one address here."""


class Part(Struct, frozen=True):
    """What a daemon is told before it starts. number: of a peer, the people first, by row; then the
    hostile, adversary by adversary, as in a virtual run."""

    scenario: Scenario
    seed: int
    number: int


@dataclass(frozen=True, slots=True, eq=False)
class Play:
    """A scenario and seed, worked out. said: what each adversary's identities say."""

    scenario: Scenario
    seed: int
    population: Population
    said: tuple[HostileFeeds, ...]

    @property
    def people(self) -> int:
        """How many peers are honest."""
        return self.population.n_people

    @property
    def peers(self) -> int:
        """All of them."""
        return self.people + sum(one.peers for one in self.scenario.adversary)

    def adversary_of(self, number: int) -> tuple[int, int] | None:
        """(which adversary, which of its peers), None for one of the people."""
        place = number - self.people
        if place < 0:
            return None
        for adversary, spec in enumerate(self.scenario.adversary):
            if place < spec.peers:
                return adversary, place
            place -= spec.peers
        raise ValueError(f"there is no peer {number}")

    def secret(self, number: int) -> bytes:
        """The owner's secret seed."""
        hostile = self.adversary_of(number)
        if hostile is None:
            return secret_of(self.seed, number)
        return secret_of_peer(self.seed, *hostile)

    def transport_secret(self, number: int) -> bytes:
        """That of her network process."""
        return digest(f"{self.seed}/transport/{number}".encode())

    def settings(self) -> PeerConfig:
        """What each peer is built with: as in a virtual run, but that addresses are private."""
        made = config_of(self.scenario, self.population)
        return replace(made, dial=replace(made.dial, private=True))

    def transport(self) -> NetworkConfig:
        """What each network process is: on loopback, and asking nobody outside."""
        made = node_config(self.scenario).transport
        if "transport.pending_per_address_max" not in self.scenario.peer:
            pending = max(made.pending_per_address_max, PENDING_PER_ADDRESS_MAX)
            made = replace(made, pending_per_address_max=pending)
        return replace(
            made,
            listen=(LISTEN,),
            bootstrap=(),
            mdns=False,
            autonat=False,
            relay_service=False,
            relay_client=False,
            dcutr=False,
        )

    def hostile(
        self, number: int, peer: Peer, start: float, addresses: Mapping[int, str]
    ) -> Hostile | None:
        """The adversary around this peer; None for one of the people. start: Unix seconds of the
        scenario's second 0; addresses: of all peers, by number."""
        which = self.adversary_of(number)
        if which is None:
            return None
        adversary, place = which
        spec, first = self.scenario.adversary[adversary], number - place
        stage = Stage(
            network=self.settings().network,
            start=start,
            feeds=self.said[adversary],
            signer=partial(identity_signer, self.seed, adversary),
            people=keys_of(self.seed, self.people),
            addresses=tuple(addresses[n] for n in range(first, first + spec.peers)),
            victim=addresses[0] if isinstance(spec, Eclipse) else "",
        )
        rng = Random(f"{self.seed}/hostile/{adversary}/{place}")
        return hostile_of(spec, peer, rng, number=place, stage=stage)


def play_of(scenario: Scenario, seed: int) -> Play:
    """Work it out. As slow as the population is to draw."""
    population = population_of(scenario.world, seed)
    said = hostile_feeds(scenario.adversary, population, seed)
    return Play(scenario, seed, population, said)
