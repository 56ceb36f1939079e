"""The vouches as the published walks want them: rows with running sums of their weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.methods.kernels_published_walks import cumulative
from sim.methods.method import I32
from trust.vouches import CompiledVouches

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class TrustGraph:
    """CSR over casters: target, |weight|, running sums of it, and which vouches are positive."""

    ptr: I64
    target: I32
    weight: F32
    total: F64
    positive: Bool

    @classmethod
    def of(cls, ptr: I64, target: I32, weight: F32, positive: Bool | None = None) -> TrustGraph:
        """From CSR; all positive unless told. O(vouches)."""
        if positive is None:
            positive = np.ones(target.size, np.bool_)
        return cls(ptr, target, weight, cumulative(ptr, weight), positive)

    @classmethod
    def praise(cls, vouches: CompiledVouches) -> TrustGraph:
        """The positive vouches alone."""
        return cls.of(vouches.ptr, vouches.target, vouches.weight)

    @classmethod
    def signed(cls, vouches: CompiledVouches) -> TrustGraph:
        """Positive and negative vouches."""
        people = np.arange(vouches.n_authors)
        caster = np.concatenate(
            [
                np.repeat(people, np.diff(vouches.ptr)),
                np.repeat(people, np.diff(vouches.against_ptr)),
            ]
        )
        order = np.argsort(caster, kind="stable")
        target = np.concatenate([vouches.target, vouches.against])[order]
        weight = np.concatenate([vouches.weight, vouches.against_weight])[order]
        return cls.of(
            vouches.ptr + vouches.against_ptr, target, weight, order < vouches.target.size
        )

    def with_edges(self, caster: int, target: I32, weight: F32) -> TrustGraph:
        """A copy in which the caster has these positive edges after her own. O(vouches)."""
        at = int(self.ptr[caster + 1])
        ptr = self.ptr.copy()
        ptr[caster + 1 :] += target.size
        return TrustGraph.of(
            ptr,
            np.concatenate([self.target[:at], target, self.target[at:]]),
            np.concatenate([self.weight[:at], weight, self.weight[at:]]),
            np.concatenate(
                [self.positive[:at], np.ones(target.size, np.bool_), self.positive[at:]]
            ),
        )

    def of_caster(self, caster: int) -> I32:
        """Whom she vouches for or against."""
        return self.target[self.ptr[caster] : self.ptr[caster + 1]]

    @property
    def arrays(self) -> tuple[I64, I32, F64, Bool]:
        """For `kernels_published_walks.trust_walks`."""
        return self.ptr, self.target, self.total, self.positive
