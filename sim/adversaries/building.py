"""From a scenario's adversary to the peers that play it."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from types import MappingProxyType

from node.core.peer import Peer
from sim.adversaries import feeds, frames, histories
from sim.adversaries.eclipse import Eclipser
from sim.adversaries.hostile import Hostile, Wrapped
from sim.adversaries.stage import Stage
from sim.adversaries.sybils import Sybils
from sim.scenario.schema import Eclipse, Followers, Speaking, Sybil
from sim.scenario.schema import Hostile as Spec

SPEAKING: Mapping[str, type[Wrapped]] = MappingProxyType(
    {
        "equivocate": histories.Equivocator,
        "fork": histories.Forker,
        "flood": histories.Flooder,
        "replay": frames.Replayer,
        "spoof": frames.Spoofer,
        "garbage": frames.Garbage,
        "slow": frames.SlowReader,
        "whitewash": frames.Whitewasher,
        "future": feeds.Futurist,
        "past": feeds.Backdater,
        "flap": feeds.Flapper,
        "clicks": feeds.Clicker,
        "slander": feeds.Slanderer,
        "promote": feeds.Promoter,
        "sell": feeds.Seller,
        "hijack": feeds.Hijacker,
        "clone": feeds.Cloner,
        "camouflage": feeds.Camouflaged,
    }
)
"""What `Speaking.how` may be, and who does it."""


def hostile_of(spec: Spec, peer: Peer, rng: Random, *, number: int, stage: Stage) -> Hostile:
    """Peer `number` of 0..spec.peers-1 of an adversary, around a real one. O(its identities).

    Drive it in the place of the peer. ValueError for a `how` that is none.
    """
    match spec:
        case Sybil(from_s=from_s, until_s=until_s):
            return Sybils(peer, rng, stage, number, from_s=from_s, until_s=until_s)
        case Followers(from_s=from_s):
            return Sybils(peer, rng, stage, number, from_s=from_s)
        case Eclipse(from_s=from_s, fillers=fillers):
            return Eclipser(peer, rng, stage, number, from_s=from_s, fillers=fillers)
        case Speaking(how="camouflage", from_s=from_s, rate_per_s=rate):
            return feeds.Camouflaged(peer, rng, stage, number, turn_s=from_s, rate_per_s=rate)
        case Speaking(how=how, from_s=from_s, rate_per_s=rate):
            if how not in SPEAKING:
                raise ValueError(f"no adversary does {how!r}")
            return SPEAKING[how](peer, rng, stage, number, from_s=from_s, rate_per_s=rate)
