"""Who vouches for whom: a signed, bounded graph over author rows.

Weights are percent, -100..100, as on the wire. Vouches arrive one claim at a time and are read
all at once by the walks, so they are kept per caster and compiled into CSR when they changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ranking.kernels_walks import alias_tables
from trust.config import VouchConfig

I8 = NDArray[np.int8]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]

CASTER_BYTES = 400
"""What a caster costs beside her vouches: a dict slot and two numpy headers, measured."""


@dataclass(frozen=True, slots=True)
class CompiledVouches:
    """CSR of the positive vouches with alias tables, and of the negative ones. Immutable.

    Weights are in (0, 1]; `against_weight` holds the magnitude of the negative ones.
    """

    n_authors: int
    ptr: I64
    target: I32
    weight: F32
    threshold: F32
    other: I32
    against_ptr: I64
    against: I32
    against_weight: F32

    def out(self, caster: int) -> tuple[I32, F32]:
        """(targets, weights) of one caster's positive vouches."""
        window = slice(self.ptr[caster], self.ptr[caster + 1])
        return self.target[window], self.weight[window]

    def distrusted_by(self, caster: int) -> tuple[I32, F32]:
        """(targets, magnitudes) of one caster's negative vouches."""
        window = slice(self.against_ptr[caster], self.against_ptr[caster + 1])
        return self.against[window], self.against_weight[window]


def _csr(n_authors: int, caster: I32, target: I32, weight: F32) -> tuple[I64, I32, F32]:
    """CSR from triples already sorted by caster."""
    ptr = np.zeros(n_authors + 1, np.int64)
    np.cumsum(np.bincount(caster, minlength=n_authors), out=ptr[1:])
    return ptr, target, weight


@dataclass(slots=True)
class VouchGraph:
    """The live vouches of every caster. Casters in `protected` (the node's own people) are never
    refused and never dropped."""

    config: VouchConfig = field(default_factory=VouchConfig)
    _cast: dict[int, tuple[I32, I8]] = field(default_factory=dict)
    _protected: set[int] = field(default_factory=set)
    _size: int = 0
    _compiled: CompiledVouches | None = None

    def __len__(self) -> int:
        """Live vouches."""
        return self._size

    @property
    def nbytes(self) -> int:
        """Bytes held, without the compiled form."""
        return 5 * self._size + CASTER_BYTES * len(self._cast)

    def protect(self, caster: int) -> None:
        """Never refuse or drop this caster's vouches."""
        self._protected.add(caster)

    def put(self, caster: int, target: int, weight: int) -> bool:
        """Set one vouch; weight 0 withdraws it. Returns whether it stands as asked.

        A vouch for oneself is void. O(vouches of the caster).
        """
        if not -100 <= weight <= 100:
            raise ValueError(f"vouch weight must be in -100..100, not {weight}")
        if caster < 0 or target < 0:
            raise ValueError(f"author rows are not negative: {caster}, {target}")
        if caster == target:
            return False
        targets, weights = self.of(caster)
        at = np.flatnonzero(targets == target)
        if weight == 0:
            return self._replace(caster, np.delete(targets, at), np.delete(weights, at))
        if at.size:
            weights = weights.copy()
            weights[at[0]] = weight
            return self._replace(caster, targets, weights)
        if targets.size >= self.config.vouches_per_author_max:
            weakest = int(np.argmin(np.abs(weights.astype(np.int16))))
            targets, weights = np.delete(targets, weakest), np.delete(weights, weakest)
        elif self._size >= self.config.vouches_max and caster not in self._protected:
            return False
        targets = np.append(targets, np.int32(target))
        return self._replace(caster, targets, np.append(weights, np.int8(weight)))

    def of(self, caster: int) -> tuple[I32, I8]:
        """(targets, weights in percent) of one caster, in the order they were cast."""
        empty = np.empty(0, np.int32), np.empty(0, np.int8)
        return self._cast.get(caster, empty)

    def drop_author(self, author: int) -> None:
        """Forget what this author cast; what others cast about her stays theirs."""
        self._replace(author, np.empty(0, np.int32), np.empty(0, np.int8))

    def forget_rows(self, gone: NDArray[np.bool_]) -> None:
        """Forget the vouches that these rows cast and those cast about them. O(vouches)."""
        for caster, (targets, weights) in list(self._cast.items()):
            if gone[caster]:
                self.drop_author(caster)
            elif gone[targets].any():
                self._replace(caster, targets[~gone[targets]], weights[~gone[targets]])

    def drop_untrusted(self, trusted: NDArray[np.bool_]) -> int:
        """Make room: forget casters neither trusted nor protected; returns vouches freed."""
        before = self._size
        for caster in list(self._cast):
            known = caster < trusted.size and bool(trusted[caster])
            if not known and caster not in self._protected:
                self.drop_author(caster)
        return before - self._size

    def _replace(self, caster: int, targets: I32, weights: I8) -> bool:
        self._size += targets.size - self.of(caster)[0].size
        if targets.size:
            self._cast[caster] = (targets, weights)
        else:
            self._cast.pop(caster, None)
        self._compiled = None
        return True

    def compiled(self, n_authors: int, order: NDArray[np.uint64] | None = None) -> CompiledVouches:
        """The CSR form over `n_authors` rows; kept until a vouch changes. O(vouches log vouches).

        A caster's targets ascend by `order[target]`, by default by row.
        """
        if self._compiled is not None and self._compiled.n_authors == n_authors:
            return self._compiled
        casters = sorted(c for c in self._cast if c < n_authors)
        sizes = [self._cast[c][0].size for c in casters]
        caster = np.repeat(np.array(casters, np.int32), sizes)
        none32, none8 = [np.empty(0, np.int32)], [np.empty(0, np.int8)]
        target = np.concatenate([self._cast[c][0] for c in casters] or none32)
        percent = np.concatenate([self._cast[c][1] for c in casters] or none8)
        sort = np.lexsort((target, target if order is None else order[target], caster))
        target, percent = target[sort], percent[sort]
        weight = percent.astype(np.float32) / np.float32(100)
        known = target < n_authors
        up, down = known & (percent > 0), known & (percent < 0)
        ptr, to, strength = _csr(n_authors, caster[up], target[up], weight[up])
        threshold, other = alias_tables(ptr, strength)
        against = _csr(n_authors, caster[down], target[down], -weight[down])
        self._compiled = CompiledVouches(n_authors, ptr, to, strength, threshold, other, *against)
        return self._compiled
