"""How much trust a region gets in which one attacker has many identities, and how that grows.

The honest graph stays as it is; random people in it are fooled, each vouches for one identity.
Measured is the region's part of all trust, as the ranking sees it, for people who trust a fooled
one. Others are hardly reached by a region at all.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.attacks.regions import Topology, inner_vouches
from trust.meritrank import trust_from
from trust.vouches import CompiledVouches

CLIQUE_DEGREE = 32
"""In a larger clique each identity vouches for the next so many: nobody's vouches are endless."""


@dataclass(frozen=True, slots=True)
class Honest:
    """People 0..n-1 and who vouches for whom."""

    n: int
    caster: np.ndarray
    target: np.ndarray

    @classmethod
    def last_fm(cls, folder: Path) -> Honest:
        """HetRec's friends: 1,892 people, 25,434 vouches, both ways."""
        with gzip.open(folder / "hetrec-lastfm-2k" / "user_friends.dat.gz", "rt") as lines:
            pairs = np.loadtxt(lines, skiprows=1, dtype=np.int64)[:, :2]
        names, rows = np.unique(pairs, return_inverse=True)
        return cls(names.size, *rows.reshape(pairs.shape).T)

    @classmethod
    def random(cls, n: int, degree: int, rng: np.random.Generator) -> Honest:
        """Everybody vouches for some, near ones mostly; both ways."""
        caster = np.repeat(np.arange(n), degree)
        step = np.ceil(rng.pareto(1.0, caster.size) + 1).astype(np.int64)
        pairs = np.stack([caster, (caster + step) % n])
        both = np.unique(np.concatenate([pairs, pairs[::-1]], axis=1), axis=1)
        return cls(n, *both[:, both[0] != both[1]])


def inner(topology: Topology, n: int):
    """(from, to) within a region of n."""
    if topology is Topology.CLIQUE and n > CLIQUE_DEGREE:
        rows = np.repeat(np.arange(n), CLIQUE_DEGREE)
        return rows, (rows + 1 + np.tile(np.arange(CLIQUE_DEGREE), n)) % n
    return inner_vouches(topology, n)


def masses(honest, topology, sizes, edges, config, *, owners, seed):
    """The region's mean mass for each number of identities; all else is equal between them."""
    rng = np.random.default_rng(seed)
    fooled = rng.choice(np.unique(honest.target), edges, replace=False)
    near = np.unique(honest.caster[np.isin(honest.target, fooled)])
    asked = rng.permutation(np.setdiff1d(near, fooled))[:owners].tolist()
    found = []
    for n in sizes:
        source, target = inner(topology, n)
        entered = honest.n + np.arange(edges) % n
        caster = np.concatenate([honest.caster, fooled, honest.n + source]).astype(np.int32)
        whom = np.concatenate([honest.target, entered, honest.n + target]).astype(np.int32)
        weight = np.ones(caster.size, np.float32)
        vouches = CompiledVouches.from_triples(honest.n + n, caster, whom, weight)
        found.append(np.mean([mass_of(vouches, o, honest.n, config, seed) for o in asked]))
    return found


def mass_of(vouches, owner, n_honest, config, seed):
    """The part of one owner's trust that lies beyond the honest."""
    trust = trust_from(vouches, owner, config, np.random.default_rng((seed, owner)))
    return trust.t[n_honest:].sum()


def slope(sizes, found, *, resamples=1000):
    """(slope, its upper 95 % bound) of log10 mass against log10 identities.

    found: one `masses` a seed. The mean over seeds is fitted, the bound is from resampled seeds.
    """
    found, rng = np.array(found), np.random.default_rng(0)
    x = np.log10(sizes)

    def fit(rows):
        return np.polyfit(x, np.log10(np.maximum(rows.mean(axis=0), 1e-9)), 1)[0]

    drawn = rng.integers(0, len(found), (resamples, len(found)))
    return fit(found), np.percentile([fit(found[rows]) for rows in drawn], 97.5)
