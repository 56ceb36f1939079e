"""How much one person trusts each author, as the ranking sees it.

`trust` computes it; it stands here so that the ranking need not know how.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Passing:
    """Whom the trust walks to each author pass: CSR over authors, (v, x, share in (0, 1]).

    Each trusted author passes herself with share 1. Small shares are left out.
    """

    ptr: I64
    author: I32
    share: F32

    @classmethod
    def themselves(cls, trusted: NDArray[np.bool_]) -> Passing:
        """Everybody depends on nobody but herself."""
        ptr = np.zeros(trusted.size + 1, np.int64)
        np.cumsum(trusted, out=ptr[1:])
        author = np.flatnonzero(trusted).astype(np.int32)
        return cls(ptr, author, np.ones(author.size, np.float32))

    def of(self, author: int) -> tuple[I32, F32]:
        """(x, share) of one author's walks."""
        window = slice(self.ptr[author], self.ptr[author + 1])
        return self.author[window], self.share[window]

    def prior(self, t: F32) -> F32:
        """prior[x] = share of all trust whose walks pass x, for every x. O(entries)."""
        rows = np.repeat(np.arange(t.size), np.diff(self.ptr))
        prior = np.bincount(self.author, weights=t[rows] * self.share, minlength=t.size)
        return prior.astype(np.float32)


@dataclass(frozen=True, slots=True)
class TrustVector:
    """One person's trust in every author row.

    t: float32[n_authors] >= 0, sum 1 (all 0 when nobody is trusted); t[owner] = 0.
    hits: int32[n_authors], walks that visited each author. walks: int32[walks, steps], -1 padded.
    unprotected: the owner trusts nobody, so everyone counts the same and no list is protected.
    epochs: of how many epochs t is the decayed sum.
    """

    owner: int
    t: F32
    hits: I32
    walks: I32
    passing: Passing
    prior: F32
    unprotected: bool = False
    epochs: int = 1

    @classmethod
    def everyone_equal(
        cls, n_authors: int, owner: int, *, without: frozenset[int] = frozenset()
    ) -> TrustVector:
        """The unprotected case: every author but the owner and those left out has the same t."""
        trusted = np.ones(n_authors, np.bool_)
        for row in (owner, *without):
            if 0 <= row < n_authors:
                trusted[row] = False
        t = trusted.astype(np.float32) / np.float32(max(int(trusted.sum()), 1))
        return cls(
            owner=owner,
            t=t,
            hits=np.zeros(n_authors, np.int32),
            walks=np.empty((0, 1), np.int32),
            passing=Passing.themselves(trusted),
            prior=t,
            unprotected=True,
        )

    @property
    def n_authors(self) -> int:
        return int(self.t.size)

    def effective_authors(self) -> float:
        """1 / sum t^2: how many equally trusted authors would be as concentrated. 0 if none."""
        # Over the trusted alone: rows of strangers would change the order in which it is summed up.
        squares = float(np.square(self.t[self.t > 0], dtype=np.float64).sum())
        return 1.0 / squares if squares > 0 else 0.0

    def resized(self, n_authors: int) -> TrustVector:
        """The same trust over a snapshot with more (untrusted) or fewer author rows.

        In the unprotected case the newcomers count like everybody else.
        """
        if n_authors == self.n_authors:
            return self
        if self.unprotected:
            left_out = frozenset(np.flatnonzero(self.t == 0).tolist()) - {self.owner}
            return TrustVector.everyone_equal(n_authors, self.owner, without=left_out)
        if n_authors < self.n_authors:
            raise ValueError(
                f"the snapshot has {n_authors} authors, the trust vector {self.n_authors}: "
                "take the snapshot after the walks, author rows only grow"
            )
        more = n_authors - self.n_authors
        ptr = np.concatenate([self.passing.ptr, np.full(more, self.passing.ptr[-1])])
        return replace(
            self,
            t=np.pad(self.t, (0, more)),
            hits=np.pad(self.hits, (0, more)),
            prior=np.pad(self.prior, (0, more)),
            passing=Passing(ptr, self.passing.author, self.passing.share),
        )
