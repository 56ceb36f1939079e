"""What walk scores lose: distrust, connectivity (beta), epochs (gamma), and the cap. All pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ranking.kernels_walks import penalties
from ranking.trust_vector import Passing
from trust.config import ConnectivityDecay, TrustConfig
from trust.vouches import CompiledVouches

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]


def negative_mass(vouches: CompiledVouches, mass: F64, owner: int) -> F64:
    """What each author loses to other people's distrust, in the unit of `mass`.

    A caster takes away at most as much as she herself has, spread over those she distrusts by
    magnitude; so bad-mouthing is as Sybil-limited as praise. The owner's own distrust is not here:
    it already kept the walks out (`meritrank.admission_of`). For the published form see
    `walk_penalty`. O(negative vouches).
    """
    degree = np.diff(vouches.against_ptr)
    caster = np.repeat(np.arange(vouches.n_authors), degree)
    total = np.bincount(caster, weights=vouches.against_weight, minlength=vouches.n_authors)
    spread = mass / np.maximum(total, 1.0)
    spread[owner] = 0.0
    cast = spread[caster] * vouches.against_weight
    lost: F64 = np.bincount(vouches.against, cast, vouches.n_authors).astype(np.float64)
    return lost


def walk_penalty(vouches: CompiledVouches, walks: I32, owner: int) -> F64:
    """What MeritRank's services take from each author for the owner's distrust, per walk.

    A walk that comes by somebody distrusted costs her, and everybody before her on it, the
    magnitude; whoever stands before several loses the sum. Nobody else's distrust counts, and an
    author may lose more than she has. O(walks * steps).
    """
    against = np.zeros(vouches.n_authors)
    rows, magnitude = vouches.distrusted_by(owner)
    against[rows] = magnitude
    lost: F64 = penalties(walks, against) / np.float64(walks.shape[0])
    return lost


def largest_share(passing: Passing, n_authors: int) -> F64:
    """For each author, the largest share of her walks that passes one *other* person."""
    rows = np.repeat(np.arange(n_authors), np.diff(passing.ptr))
    others = rows != passing.author
    largest = np.zeros(n_authors)
    np.maximum.at(largest, rows[others], passing.share[others])
    return largest


def largest_excess(passing: Passing, mass: F64) -> F64:
    """As `largest_share`, beyond the share of all trust that passes that person.

    A friend through whom most of one's trust comes anyway is no evidence of a bottleneck.
    """
    total = mass.sum()
    if total <= 0:
        return np.zeros(mass.size)
    rows = np.repeat(np.arange(mass.size), np.diff(passing.ptr))
    prior = passing.prior((mass / total).astype(np.float32)).astype(np.float64)
    room = 1.0 - prior[passing.author]
    others = (rows != passing.author) & (room > 1e-6)
    beyond = (passing.share[others] - prior[passing.author[others]]) / room[others]
    largest = np.zeros(mass.size)
    np.maximum.at(largest, rows[others], beyond)
    return largest


def decayed_by_connectivity(passing: Passing, mass: F64, config: TrustConfig) -> F64:
    """The masses after beta, see `ConnectivityDecay`; `mass` must have sum 1.

    As published, Web3Recommend leaves what it takes missing. MeritRank scales the others by
    1 / (1 - what was taken), which keeps the sum at 1 for beta = 1 only. Here a walk counts once,
    at the first visit; Web3Recommend's own count of returns is with the simulator.
    """
    form = config.connectivity
    if form is ConnectivityDecay.NONE:
        return mass
    if form is ConnectivityDecay.EXCESS:
        lost = config.beta * largest_excess(passing, mass) ** config.beta_power
        kept: F64 = mass * (1.0 - lost)
        return kept
    share = largest_share(passing, mass.size)
    if form is ConnectivityDecay.WEB3RECOMMEND:
        return np.where(share > config.beta_threshold, (1.0 - config.beta) * mass, mass)
    cut = share >= config.beta_threshold
    kept = np.where(cut, (1.0 - config.beta) * share * mass, mass)
    taken = mass.sum() - kept.sum()
    return np.where(cut, kept, kept / (1.0 - taken)) if taken < 1 else kept


def accumulate_epochs(earlier: F64, current: F64, gamma: float, epochs: int = 1) -> F64:
    """MeritRank's epoch decay: total <- (1 - gamma) * total + current, scaled to sum 1.

    `current` and `earlier` have sum 1; `earlier` stands for the total of so many epochs, whose sum
    is 1 + (1 - gamma) + ... Rows that came since the earlier epochs count 0 there.
    """
    weight = float(((1.0 - gamma) ** np.arange(1, epochs + 1)).sum())
    total = np.pad(weight * earlier, (0, current.size - earlier.size)) + current
    return total / total.sum() if total.sum() > 0 else total


def capped(mass: F64, cap: float, slack: float) -> F64:
    """Scale to sum 1 with nobody above the cap (water-filling): min(level * mass, c), sum 1.

    c = max(cap, slack / n) for n authors with mass > 0. The plain cap cannot be met by fewer than
    1 / cap authors: three friends at .003 each would leave 99 % of the trust unassigned, and
    normalising that would make them equal whatever the owner said. So nobody gets more than
    `slack` times the even share then. What is cut from the heavy ones goes to the others in
    proportion to their mass. O(n log n).
    """
    rows = np.flatnonzero(mass > 0)
    result = np.zeros(mass.size)
    if rows.size == 0:
        return result
    limit = max(cap, slack / rows.size)
    order = rows[np.argsort(-mass[rows], kind="stable")]
    heavy_first = mass[order]
    below = np.cumsum(heavy_first[::-1])[::-1]
    # With the k heaviest at the limit the rest share 1 - k * limit; the first k that fits is it.
    level = (1.0 - limit * np.arange(rows.size)) / below
    fits = np.flatnonzero(level * heavy_first <= limit * (1 + 1e-12))
    scale = level[fits[0]] if fits.size else np.inf
    result[order] = np.minimum(scale * heavy_first, limit)
    result /= result.sum()
    return result
