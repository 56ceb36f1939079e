"""The measures of the published systems, so that their tables can be set beside ours.

Web3Recommend: reputation gain, ranking significance, relevance (RBO). MeritRank: Sybil gain, loss
of information.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

I32 = NDArray[np.int32]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

PERSISTENCE = 0.9
"""p of RBO: how likely a reader goes on to the next place."""


def reputation_gain(score: F64, fake: Bool) -> F64:
    """Web3Recommend's reputation gain: the share of each list's score mass that is on fakes.

    score: float64[lists, places], 0 where a list has ended; fake: bool of the same shape.
    float64[lists], 0 for a list without any score.
    """
    whole = score.sum(axis=1)
    on_fakes = np.where(fake, score, 0.0).sum(axis=1)
    share: F64 = np.divide(on_fakes, whole, out=np.zeros_like(whole), where=whole > 0)
    return share


def fake_mass(score: F64, fake: Bool) -> F64:
    """Reputation gain as Web3Recommend's tables have it: the scores of fakes, whatever is left of
    all scores. What its decay takes it gives to nobody, so there the gain is 1 - beta times that
    without; the share of what is left may hardly change. Comparable within one method only.

    Shapes as in `reputation_gain`. float64[lists].
    """
    mass: F64 = np.where(fake, score, 0.0).sum(axis=1)
    return mass


def ranking_significance(fake: Bool) -> F64:
    """Web3Recommend's ranking significance: sum over fakes in the list of k - 1 - place, the best
    place being 0. float64[lists], from 0 to k (k - 1) / 2."""
    worth = np.arange(fake.shape[1] - 1, -1, -1, dtype=np.float64)
    total: F64 = fake.astype(np.float64) @ worth
    return total


def rbo(one: I32, other: I32, p: float = PERSISTENCE) -> F64:
    """Rank-biased overlap, extrapolated (Webber et al. 2010), as Web3Recommend takes it.

        (1 - p) / p * sum over depths d of p^d |A_d and B_d| / d   +   p^k |A_k and B_k| / k

    one, other: int32[lists, k], -1 where a list has ended. float64[lists] in [0, 1]; 1 for equal
    lists of full length, and for two that are empty. O(lists * k^2).
    """
    k = one.shape[1]
    same: Bool = (one[:, :, None] == other[:, None, :]) & (one[:, :, None] >= 0)
    deeper = np.maximum(np.arange(k)[:, None], np.arange(k)[None, :])
    counts = np.zeros((one.shape[0], k))
    np.add.at(counts.T, deeper.ravel(), same.reshape(one.shape[0], -1).T)
    depth = np.arange(1, k + 1)
    agreement = counts.cumsum(axis=1) / depth
    made: F64 = (1 - p) / p * (agreement * p**depth).sum(axis=1) + p**k * agreement[:, -1]
    both_empty = (one < 0).all(axis=1) & (other < 0).all(axis=1)
    overlap: F64 = np.where(both_empty, 1.0, made)
    return overlap


def sybil_gain(reputation: F64, attackers: I32, sybils: I32) -> float:
    """MeritRank's Sybil gain: reputation of the Sybils over that of the attackers who made them,
    summed over all who were asked. NaN where the attackers have none.

    reputation: float64[asked, authors]; attackers: whom honest people vouch for; sybils: the rest.
    """
    own = float(reputation[:, attackers].sum())
    return float(reputation[:, sybils].sum()) / own if own > 0 else float("nan")


def information_loss(reputation: F64, truth: F64) -> float:
    """MeritRank's loss of information: by how much of itself a reputation deviates from the true
    one, mean over all authors whom the truth knows, of all who were asked. NaN where it knows none.

    reputation, truth: float64[asked, authors].
    """
    known = truth > 0
    if not known.any():
        return float("nan")
    return float((np.abs(reputation - truth)[known] / truth[known]).mean())
