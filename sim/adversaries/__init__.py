"""Hostile peers: real ones inside, with their ears and mouths edited, who know the defence."""

from sim.adversaries.building import SPEAKING, hostile_of
from sim.adversaries.hostile import Hostile
from sim.adversaries.regions import HostileFeeds, hostile_feeds, identity_key, identity_signer
from sim.adversaries.stage import Stage

__all__ = [
    "SPEAKING",
    "Hostile",
    "HostileFeeds",
    "Stage",
    "hostile_feeds",
    "hostile_of",
    "identity_key",
    "identity_signer",
]
