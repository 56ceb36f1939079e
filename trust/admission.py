"""Whose feeds are held: verdicts on authors, from trust, with a small share for strangers.

Vouched authors first, then the highest trust, then a few on probation, so that a newcomer can be
met at all and a flood of them gets no more than that share.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ranking.trust_vector import TrustVector

F32 = NDArray[np.float32]
I8 = NDArray[np.int8]
I32 = NDArray[np.int32]


class Standing(IntEnum):
    """Why an author's feeds are held or not; the larger, the later they are given up."""

    REFUSED = 0
    """Blocked by the owner or caught equivocating: never held."""
    STRANGER = 1
    """Not followed now; heads may be heard."""
    PROBATION = 2
    TRUSTED = 3
    VOUCHED = 4
    OWN = 5


@dataclass(frozen=True, slots=True)
class AdmissionConfig:
    """How many authors are followed."""

    followed_max: int = 4_096
    """Own and vouched authors always count among them, and are held even beyond it (each of at
    most 256 people of a node vouches for at most 256)."""
    probation_share: float = 0.05
    """Part of `followed_max` for strangers; it is not lent to trusted authors, nor the reverse."""

    def __post_init__(self) -> None:
        if self.followed_max < 1 or not 0 <= self.probation_share < 1:
            raise ValueError("need followed_max >= 1 and probation_share in [0, 1)")


@dataclass(frozen=True, slots=True, eq=False)
class Admission:
    """Verdicts on author rows.

    standing: int8[n_authors] of `Standing`. priority: float32[n_authors], what `set_priority` of
    the graph takes: inf for own and vouched, else t, 0 for strangers, -1 for the refused.
    """

    standing: I8
    priority: F32

    def followed(self) -> I32:
        """Rows to follow, best first."""
        rows = np.flatnonzero(self.standing >= Standing.PROBATION)
        order = np.lexsort((rows, -self.priority[rows], -self.standing[rows]))
        return rows[order].astype(np.int32)


def _best(rows: I32, value: F32, n: int) -> I32:
    order = np.lexsort((rows, -value[rows]))
    return rows[order[: max(n, 0)]]


def admit(
    trust: list[TrustVector],
    own: I32,
    vouched: I32,
    refused: I32,
    config: AdmissionConfig,
    rng: np.random.Generator,
) -> Admission:
    """Verdicts for a node whose people are `own` and vouch for `vouched`, from their trust.

    An author counts with the most trust any of them has in her; an unprotected vector, in which
    everybody counts, admits nobody. Who is on probation is drawn anew at each call, so that
    everybody's turn comes. A refusal outweighs a vouch, never one's own people.
    O(people * n_authors).
    """
    if not trust:
        raise ValueError("a node has at least one person, and each a trust vector")
    n_authors = max(vector.n_authors for vector in trust)
    t = np.zeros(n_authors, np.float32)
    for vector in trust:
        if not vector.unprotected:
            np.maximum(t[: vector.n_authors], vector.t, out=t[: vector.n_authors])
    standing = np.full(n_authors, Standing.STRANGER, np.int8)
    standing[vouched] = Standing.VOUCHED
    standing[refused] = Standing.REFUSED
    standing[own] = Standing.OWN
    probation = int(config.followed_max * config.probation_share)
    kept = int((standing >= Standing.VOUCHED).sum())
    strangers = np.flatnonzero(standing == Standing.STRANGER).astype(np.int32)
    known = strangers[t[strangers] > 0]
    standing[_best(known, t, config.followed_max - probation - kept)] = Standing.TRUSTED
    unknown = strangers[t[strangers] == 0]
    standing[rng.permutation(unknown)[:probation]] = Standing.PROBATION
    priority = np.where(standing >= Standing.VOUCHED, np.float32(np.inf), t)
    priority[standing == Standing.REFUSED] = -1.0
    return Admission(standing, priority.astype(np.float32))
