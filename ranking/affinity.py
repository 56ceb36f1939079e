"""Affinities in one byte each: a logarithmic scale, so that every size keeps the same precision.

Code c in 1..255 stands for 2 ** ((c - 255) / 15), from 1 down to 2^-16.9; code 0 for none. A weight
of one percent decayed to a thousandth is 2^-16.6. Rounding to the next code changes an affinity by
at most 2.4 %, equal affinities stay equal, and 1 stays exactly 1. A factor common to all, such as
the decay of another day, is a factor of the 256 entries of the table.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

CODES = 256
HIGHEST = CODES - 1
"""Code of affinity 1."""

PER_OCTAVE = 15
"""Codes for each halving."""


class Side(NamedTuple):
    """One direction of a snapshot, as kernels take it: row r has the neighbours
    `row[ptr[r]:ptr[r+1]]`, and `affinity[code[e]]` is that of edge e."""

    ptr: NDArray[np.int64]
    row: NDArray[np.int32]
    code: U8
    affinity: F32

    @property
    def nbytes(self) -> int:
        """Memory of the arrays but for the table."""
        return self.ptr.nbytes + self.row.nbytes + self.code.nbytes


def levels(affinity: NDArray[np.floating]) -> F32:
    """Where affinities > 0 are on the scale of codes, before rounding."""
    exact: F32 = (HIGHEST + PER_OCTAVE * np.log2(affinity, dtype=np.float64)).astype(np.float32)
    return exact


def encoded(affinity: NDArray[np.floating]) -> U8:
    """Codes of affinities in (0, 1]; what is smaller than the lowest code gets that one."""
    if affinity.size and not (affinity.min() > 0 and affinity.max() <= 1.0 + 1e-6):
        bad = affinity[~((affinity > 0) & (affinity <= 1.0 + 1e-6))][0]
        raise ValueError(f"affinities must be in (0, 1], not {bad}: divide by the largest")
    return np.clip(np.rint(levels(affinity)), 1, HIGHEST).astype(np.uint8)


def table(factor: float = 1.0) -> F32:
    """float32[256]: the affinity of every code, times a factor."""
    codes = np.arange(CODES)
    values = factor * np.exp2((codes - HIGHEST) / PER_OCTAVE)
    values[0] = 0.0
    return values.astype(np.float32)


def ages_max(half_life_days: float | None) -> int:
    """Age in days from which on an affinity stays at a thousandth."""
    return 0 if half_life_days is None else int(np.ceil(half_life_days * 10))


def decay_levels(half_life_days: float | None) -> tuple[F32, F32]:
    """Where a weight of 0..100 percent is on the scale of codes (0 has no place), and what each age
    in days adds, down to a thousandth."""
    of_weight = np.concatenate(([np.float32(0)], levels(np.arange(1, 101) / 100)))
    if half_life_days is None:
        return of_weight, np.zeros(1, np.float32)
    ages = np.arange(ages_max(half_life_days) + 1)
    return of_weight, (-PER_OCTAVE * np.minimum(ages / half_life_days, 10)).astype(np.float32)
