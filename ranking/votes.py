"""Votes of walks: what trust weighs in a search, where few have clicked and anybody may claim to.

Each of the owner's walks over vouches has one vote: it is cast by the first person on it who has
clicked for the term. Identities behind an attack edge share the walks that cross it, whatever they
are and however they vouch for each other, while t(v), where walks end, collects 1 / alpha times as
many of them in a region that lets none out again.

    rho(v)    = N(v) n_eff / L      walks whose vote v casts, against a typical person's
    weight(v) = min(rho(v) / cap, 1)

N(v) walks of the owner's; L steps they took until their vote was cast; n_eff how many equally
trusted people would be as concentrated as t. Somebody typical is met N = L / n_eff times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ranking.trust_vector import TrustVector

Bool = NDArray[np.bool_]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]


def votes_cast(walks: I32, able: Bool) -> tuple[I64, int]:
    """(int64[authors] N, L): the votes of everybody who is `able` to cast one.

    walks: int32[walks, steps], from the owner, who does not vote, -1 after the end. O(cells), about
    1 ns each.
    """
    met = able[walks[:, 1:]] & (walks[:, 1:] >= 0)
    first = met.argmax(axis=1)
    cast = met[np.arange(met.shape[0]), first]
    who = walks[np.flatnonzero(cast), 1 + first[cast]]
    steps = np.where(cast, first + 1, (walks[:, 1:] >= 0).sum(axis=1))
    return np.bincount(who, minlength=able.size), int(steps.sum())


def vote_weights(walks: I32, able: Bool, n_effective: float, cap: float, votes_min: int) -> F64:
    """float64[authors] in [0, 1]; 0 for whoever casts fewer than `votes_min` votes, which is noise.

    cap > 0: part of a typical person's votes from which on a click counts fully.
    """
    votes, steps = votes_cast(walks, able)
    votes[votes < votes_min] = 0
    weights: F64 = np.minimum(votes * (n_effective / (cap * max(steps, 1))), 1.0)
    return weights


def trusted_voices(trust: TrustVector, power: float) -> F64:
    """float64[authors] in [0, 1]: what each author's likes weigh in what is popular: 1 from a
    typical person's trust on, far less below, so that trust shared out over identities is worth
    less. (t n_eff) ** power."""
    typical = trust.t.astype(np.float64) * trust.effective_authors()
    voices: F64 = np.minimum(typical, 1.0) ** power
    return voices
