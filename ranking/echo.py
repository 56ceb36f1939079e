"""The echo: what the walk would say two steps later, where taste has become fashion.

    S3(i)   = share of the walk that is at i after owner -> j -> v -> i (no concavity)
    S5(i)   = share of it at i after two more steps, i -> u -> i'
    echo(i) = S5(i) / S3(i)

An item that is still as likely two steps on is everybody's, not hers. Taking it off is the second
term of the series of the ridge regression on co-occurrence, (I + P / w)^-1 P = P - P^2 / w + ...:
without any training it does what item-to-item regressions are trained for. Both are walks from the
owner over trusted people, so strangers cannot move an echo either.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ranking.config import Method, RankConfig
from ranking.kernels_echo import end_of_step, hand_on, two_steps
from ranking.view import TrustView

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]


ECHO_LEAST = 0.01
"""What the loudest echo leaves of a score: such an item comes last, and can still be found where
there is little else."""


WALKERS_SHARE = 4
"""The echo has a fourth of the walkers: it is taken off at `echo` times its value, so its error
counts for less. 600 keep .995 of a list's score mass at five million edges."""


@dataclass(frozen=True, slots=True, eq=False)
class EchoWalk:
    """How the two steps are done: over everybody trusted, or by walkers whose last step is exact.

    author: rows of all trusted authors with taste when exact, else None. shift, draws: random
    numbers in [0, 1), one draw for each walker, when not.
    """

    author: I32 | None
    shift: float = 0.0
    draws: F64 = field(default_factory=lambda: np.empty(0, np.float64))

    @classmethod
    def of(cls, view: TrustView, config: RankConfig, rng: np.random.Generator) -> EchoWalk:
        """Exact while the edges of everybody trusted, gone over twice, are within the budget.
        O(n_authors)."""
        trusted = np.flatnonzero((view.trust.t > 0) & (view.taste > 0)).astype(np.int32)
        edges = int(np.diff(view.snapshot.author_ptr)[trusted].sum())
        few = config.method is Method.AUTO and 2 * edges <= config.edges_max
        if few or config.method is Method.EXACT:
            return cls(trusted)
        return cls(None, rng.random(), rng.random(max(1, config.walks // WALKERS_SHARE)))

    def two_steps(self, view: TrustView, taste: F32, first: F32) -> tuple[F32, F32 | None]:
        """(where the walk is two steps after `first`, up to a factor; its variance, or None when
        exact), float32[n_items] each. Walkers count as independent, which is a little too many."""
        likes, t = view.snapshot.author_side, view.trust.t
        if self.author is not None:
            return two_steps(likes, view.mass, taste, first, self.author, t), None
        at = end_of_step(view.listeners, view.mass, t, first, self.shift, self.draws)
        after, squares = hand_on(likes, taste, at, first.size)
        return after, np.maximum(squares - after * after / np.float32(at.size), 0)


def echo(view: TrustView, taste: F32, first: F32, walk: EchoWalk) -> tuple[F32, F32 | None]:
    """(echo(i) >= 0 of every item, its standard error), float32[n_items] each.

    0 where `first` (S3, of any sum) is 0; no error when exact. taste: what v's affinities are
    divided by when she hands on. O(edges of the authors passed), and by walkers also O(listeners of
    the items they start at).
    """
    second, variance = walk.two_steps(view, taste, first)
    before, after = first.sum(dtype=np.float64), second.sum(dtype=np.float64)
    scale = np.zeros(first.size, np.float32)
    if after > 0:
        reached = first > 0
        scale[reached] = np.float32(before / after) / first[reached]
    return second * scale, None if variance is None else np.sqrt(variance) * scale
