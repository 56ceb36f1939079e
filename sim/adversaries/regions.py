"""What the identities of hostile peers claim: one meaning for every fidelity.

Pure: from the scenario's tables, the honest people and a random stream to arrays. A region here is
what `sim.attacks` draws for the same cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocol.ids import AuthorKey
from protocol.signing import Signer, digest
from sim.attacks.attacked import said
from sim.attacks.regions import (
    Attack,
    Entrance,
    Strategy,
    Topology,
    all_inner_vouches,
    inner_vouches,
)
from sim.attacks.regions import entries_of as entries_of_edges
from sim.population.people import Population
from sim.scenario.schema import Eclipse, Followers, Hostile, Speaking, Sybil

I32 = NDArray[np.int32]

PROMOTED = 20
"""Fakes that the identities of `Speaking` push, where what they do is pushing."""


@dataclass(frozen=True, slots=True, eq=False)
class HostileFeeds:
    """What one adversary's identities 0..n-1 say, and who is fooled by them.

    liked[i]: honest item rows that identity i claims to like; fakes[i]: the item rows from
    `first_fake` on that she pushes; both ascending, disjoint, liked fully. (source, target):
    vouches among identities. (caster, slandered): identity against honest person. (fooled,
    entered): the attack edges, honest person to identity. peers: identities are shared out among
    so many.
    """

    liked: tuple[I32, ...]
    fakes: tuple[I32, ...]
    source: I32
    target: I32
    caster: I32
    slandered: I32
    fooled: I32
    entered: I32
    first_fake: int
    n_fakes: int
    peers: int = 1

    @property
    def identities(self) -> int:
        """How many identities there are."""
        return len(self.liked)

    def of_peer(self, number: int) -> range:
        """The identities that hostile peer `number` of 0..peers-1 speaks for: every peers-th."""
        return range(number, self.identities, self.peers)

    def vouches_of(self, identity: int) -> list[int]:
        """The identities that this one vouches for. O(vouches)."""
        found: list[int] = self.target[self.source == identity].tolist()
        return found

    def against(self, identity: int) -> list[int]:
        """The honest people whom this identity distrusts in public. O(slander)."""
        found: list[int] = self.slandered[self.caster == identity].tolist()
        return found


def hostile_feeds(
    adversaries: Sequence[Hostile], population: Population, seed: int
) -> tuple[HostileFeeds, ...]:
    """One for each adversary of a scenario, in order; fakes of different ones are different items.

    Each draws from a stream of its own, so that one more changes no other.
    """
    first = population.train.n_items
    found: list[HostileFeeds] = []
    for number, spec in enumerate(adversaries):
        rng = np.random.default_rng((seed, 0xAD5E, number))
        found.append(feeds_of(spec, population, rng, first_fake=first))
        first += found[-1].n_fakes
    return tuple(found)


def feeds_of(
    spec: Hostile, population: Population, rng: np.random.Generator, *, first_fake: int
) -> HostileFeeds:
    """What the identities of one adversary say. O(people + claims)."""
    match spec:
        case Sybil():
            return feeds_of_regions(spec, population, rng, first_fake=first_fake)
        case Followers():
            return feeds_of_followers(spec, population, rng, first_fake=first_fake)
        case Speaking():
            return feeds_of_speaking(spec, population, rng, first_fake=first_fake)
        case Eclipse():
            return _empty(spec.peers, first_fake)


def plan_of(spec: Sybil) -> Attack:
    """The cell of the attack grid that the table describes. ValueError for unknown names."""
    return Attack(
        edges=spec.edges,
        identities=spec.identities,
        entries=spec.entries,
        topology=Topology(spec.topology),
        strategy=Strategy(spec.strategy),
        shared=spec.shared,
        fakes=spec.fakes,
        entrance=Entrance(spec.entrance),
        slander=spec.slander,
        profile=spec.profile,
    )


def feeds_of_regions(
    spec: Sybil, population: Population, rng: np.random.Generator, *, first_fake: int
) -> HostileFeeds:
    """Sybil regions: what `sim.attacks` draws for the same cell with the same stream."""
    plan = plan_of(spec)
    told = said(population.world, plan, rng)
    own = np.arange(plan.fakes, dtype=np.int32) + np.int32(first_fake)
    shift = 0 if plan.shared else plan.fakes
    region = np.arange(plan.regions * plan.identities) // plan.identities
    source, target = all_inner_vouches(plan)
    pairs = np.unique(np.stack([told.slanderer, told.slandered], axis=1), axis=0)
    return HostileFeeds(
        liked=tuple(np.sort(mask).astype(np.int32) for mask in told.masks),
        fakes=tuple(own + np.int32(shift * number) for number in region.tolist()),
        source=source,
        target=target,
        caster=pairs[:, 0],
        slandered=pairs[:, 1],
        fooled=told.fooled,
        entered=entries_of_edges(plan),
        first_fake=first_fake,
        n_fakes=plan.fakes if plan.shared else plan.fakes * plan.regions,
        peers=max(spec.peers, 1),
    )


def feeds_of_followers(
    spec: Followers, population: Population, rng: np.random.Generator, *, first_fake: int
) -> HostileFeeds:
    """Attackers with honest followers, and identities behind each in a star or a line.

    Every attacker has fakes of her own, which all of hers push. With `clone` each of her
    identities, she included, copies one of her followers, in turn.
    """
    each, followers = 1 + spec.sybils, min(spec.followers, population.n_people)
    shape = Topology.CHAIN if spec.linear else Topology.STAR
    source, target = inner_vouches(shape, each)
    heads = np.arange(spec.attackers, dtype=np.int32) * np.int32(each)
    fooled = [rng.choice(population.n_people, followers, replace=False) for _ in heads]
    snapshot = population.world.snapshot
    liked: list[I32] = []
    fakes: list[I32] = []
    for attacker, fans in enumerate(fooled):
        own = first_fake + attacker * spec.fakes + np.arange(spec.fakes, dtype=np.int32)
        for identity in range(each):
            copied = snapshot.liked(int(fans[identity % followers])) if spec.clone else _none()
            liked.append(np.sort(copied).astype(np.int32))
            fakes.append(own.astype(np.int32))
    return HostileFeeds(
        liked=tuple(liked),
        fakes=tuple(fakes),
        source=(source[None, :] + heads[:, None]).ravel().astype(np.int32),
        target=(target[None, :] + heads[:, None]).ravel().astype(np.int32),
        caster=_none(),
        slandered=_none(),
        fooled=np.concatenate(fooled).astype(np.int32),
        entered=np.repeat(heads, followers).astype(np.int32),
        first_fake=first_fake,
        n_fakes=spec.attackers * spec.fakes,
        peers=max(spec.peers, 1),
    )


def feeds_of_speaking(
    spec: Speaking, population: Population, rng: np.random.Generator, *, first_fake: int
) -> HostileFeeds:
    """One identity for each peer, with `vouched` honest people who vouch for her.

    What she says depends on what she does, so nothing is liked here; `PROMOTED` fakes are theirs.
    """
    vouched = min(spec.vouched, population.n_people)
    fooled = [rng.choice(population.n_people, vouched, replace=False) for _ in range(spec.peers)]
    fakes = (first_fake + np.arange(PROMOTED, dtype=np.int32)).astype(np.int32)
    return HostileFeeds(
        liked=(_none(),) * spec.peers,
        fakes=(fakes,) * spec.peers,
        source=_none(),
        target=_none(),
        caster=_none(),
        slandered=_none(),
        fooled=np.concatenate([*fooled, _none()]).astype(np.int32),
        entered=np.repeat(np.arange(spec.peers, dtype=np.int32), vouched),
        first_fake=first_fake,
        n_fakes=PROMOTED,
        peers=max(spec.peers, 1),
    )


def identity_signer(seed: int, adversary: int, identity: int) -> Signer:
    """The key of an identity of the run's adversary `adversary`: the same in every fidelity."""
    return Signer(digest(f"{seed}/hostile/{adversary}/{identity}".encode()))


def identity_key(seed: int, adversary: int, identity: int) -> AuthorKey:
    """The public half of `identity_signer`: whom the fooled vouch for."""
    return identity_signer(seed, adversary, identity).public_key


def _none() -> I32:
    return np.empty(0, np.int32)


def _empty(peers: int, first_fake: int) -> HostileFeeds:
    """Peers that say nothing in feeds."""
    none = _none()
    return HostileFeeds(
        (), (), none, none, none, none, none, none, first_fake, 0, peers=max(peers, 1)
    )
