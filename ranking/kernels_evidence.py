"""Compiled kernel of the evidence rule: on whom does an item's score depend? Arrays in and out."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ranking.kernels_salsa import Reach, power

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

TIE = 1e-6
"""Excesses closer than this are one; then the person nearer the owner (more passing) is named."""


@njit(nogil=True, cache=True)
def _rank_dependence(touched: I32, n: int, share: F64, prior: F32, best: F32, who: I32) -> None:
    """Write the largest excesses, best first, into `best` and `who`; clears `share`."""
    keep = best.shape[0]
    for k in range(n):
        x = touched[k]
        excess = (share[x] - prior[x]) / (1.0 - prior[x]) if prior[x] < 1.0 - TIE else 0.0
        share[x] = 0.0
        if excess <= 0.0:
            continue
        at = keep
        while at > 0 and (
            who[at - 1] < 0
            or excess > best[at - 1] + TIE
            or (excess > best[at - 1] - TIE and prior[x] > prior[who[at - 1]])
        ):
            at -= 1
        if at < keep:
            for m in range(keep - 1, at, -1):
                best[m] = best[m - 1]
                who[m] = who[m - 1]
            best[at] = excess
            who[at] = x


@njit(nogil=True, cache=True)
def dependence(
    found: tuple[I64, I32, F32],
    reach: Reach,
    taste: F32,
    gain: F32,
    exponent: float,
    passing: tuple[I64, I32, F32, F32],
    walks: tuple[NDArray[np.bool_], int, int],
) -> tuple[F32, I32, F32]:
    """(excess[items, keep], person[items, keep], variance[items]); persons -1 where fewer.

    `found` are the items' reached listeners, from `reached_listeners`. share(i, x) = part of s(i)
    whose trust walks pass x, x itself included; excess = (share - prior) / (1 - prior). `passing`
    is (ptr, x, share, prior); `walks` is (sampled[j], walkers per item, keep). `variance` is that
    of the concave sum before the item's own factor, by the delta method over the sampled items j
    from the scatter of their walkers; an upper bound, since strata scatter less than free draws,
    but 0 where an item has one walker.
    Cost: for each item, (paths to it) + (its reached listeners * their passing entries).
    """
    ptr, who, affinity = found
    pass_ptr, pass_author, pass_share, prior = passing
    sampled, per_item, keep = walks
    n_items = ptr.shape[0] - 1
    excess = np.zeros((n_items, keep), np.float32)
    person = np.full((n_items, keep), -1, np.int32)
    variance = np.zeros(n_items, np.float32)
    mass = np.zeros(gain.shape[0], np.float64)
    square = np.zeros(gain.shape[0], np.float64)
    share = np.zeros(prior.shape[0], np.float64)
    touched = np.empty(prior.shape[0], np.int32)
    for c in range(n_items):
        mass[:] = 0.0
        square[:] = 0.0
        for e in range(ptr[c], ptr[c + 1]):
            step = affinity[e] / taste[reach.author[who[e]]]
            for h in range(reach.ptr[who[e]], reach.ptr[who[e] + 1]):
                mass[reach.hop[h]] += reach.p[h] * step
                square[reach.hop[h]] += reach.p[h] * step * step
        total = 0.0
        for j in range(gain.shape[0]):
            if mass[j] > 0.0:
                term = gain[j] * power(mass[j], exponent)
                slope = exponent * term / mass[j]
                if sampled[j]:
                    spread = max(square[j] - mass[j] * mass[j], 0.0)
                    variance[c] += slope * slope * spread / max(per_item - 1, 1)
                total += term
                mass[j] = term / mass[j]
        n = 0
        for e in range(ptr[c], ptr[c + 1]):
            v = reach.author[who[e]]
            part = 0.0
            for h in range(reach.ptr[who[e]], reach.ptr[who[e] + 1]):
                part += reach.p[h] * mass[reach.hop[h]]
            part *= affinity[e] / taste[v] / total
            for h in range(pass_ptr[v], pass_ptr[v + 1]):
                x = pass_author[h]
                if share[x] == 0.0:
                    touched[n] = x
                    n += 1
                share[x] += part * pass_share[h]
        _rank_dependence(touched, n, share, prior, excess[c], person[c])
    return excess, person, variance


@njit(nogil=True, cache=True)
def budgeted(
    listed: tuple[I32, I32, F32],
    taken: tuple[I32, I32, F32],
    dependent: float,
    n: int,
    budget: I32,
) -> I32:
    """Rows of the first n items, in order, none of them in `taken`, such that nobody x carries more
    than budget[x] items, those in `taken` included.

    Both are (item, person[:, keep], excess[:, keep]); a person carries an item when her excess is
    above `dependent`. O(rows * keep + people in `budget`).
    """
    item, person, excess = listed
    shown, shown_person, shown_excess = taken
    carried = np.zeros(budget.shape[0], np.int32)
    for k in range(shown.shape[0]):
        for m in range(shown_person.shape[1]):
            if shown_excess[k, m] > dependent:
                carried[shown_person[k, m]] += 1
    chosen = np.empty(n, np.int32)
    out = 0
    for k in range(item.shape[0]):
        if out == n:
            break
        fits = True
        for m in range(shown.shape[0]):
            fits = fits and shown[m] != item[k]
        for m in range(person.shape[1]):
            if excess[k, m] > dependent and carried[person[k, m]] >= budget[person[k, m]]:
                fits = False
        if not fits:
            continue
        for m in range(person.shape[1]):
            if excess[k, m] > dependent:
                carried[person[k, m]] += 1
        chosen[out] = k
        out += 1
    return chosen[:out]
