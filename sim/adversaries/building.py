"""From a scenario's adversary to the peers that play it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from types import MappingProxyType

from node.core.peer import Peer
from sim.adversaries import feeds, frames, histories
from sim.adversaries.eclipse import Eclipser
from sim.adversaries.hostile import Hostile, Role, Wrapped
from sim.adversaries.stage import Stage
from sim.adversaries.sybils import Sybils
from sim.scenario.schema import Eclipse, Followers, Speaking, Sybil
from sim.scenario.schema import Hostile as Spec

SPEAKING: Mapping[str, type[Wrapped]] = MappingProxyType(
    {
        "equivocate": histories.Equivocator,
        "fork": histories.Forker,
        "flood": histories.Flooder,
        "talk": histories.Talker,
        "replay": frames.Replayer,
        "spoof": frames.Spoofer,
        "garbage": frames.Garbage,
        "slow": frames.SlowReader,
        "whitewash": frames.Whitewasher,
        "future": feeds.Futurist,
        "past": feeds.Backdater,
        "flap": feeds.Flapper,
        "clicks": feeds.Clicker,
        "click-push": feeds.ClickPusher,
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
    role = Role(peer, rng, stage, number, spec.from_s)
    match spec:
        case Sybil(until_s=until_s):
            return Sybils(role, until_s=until_s)
        case Followers():
            return Sybils(role)
        case Eclipse(fillers=fillers):
            return Eclipser(role, fillers=fillers)
        case Speaking(how=how, rate_per_s=rate):
            if how not in SPEAKING:
                raise ValueError(f"no adversary does {how!r}")
            return SPEAKING[how](replace(role, rate_per_s=rate))
