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

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranking.config import Method, RankConfig
from ranking.kernels_echo import two_steps
from ranking.view import TrustView

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]


ECHO_LEAST = 0.01
"""What the loudest echo leaves of a score: such an item comes last, and can still be found where
there is little else."""


@dataclass(frozen=True, slots=True, eq=False)
class EchoAuthors:
    """Whom the echo passes: distinct author rows and what each weighs.

    weight: t(v), or where they were drawn t(v) over the expected number of times v is drawn.
    """

    author: I32
    weight: F32

    @classmethod
    def of(cls, view: TrustView, config: RankConfig, rng: np.random.Generator) -> EchoAuthors:
        """Everybody trusted while their edges, gone over twice, are within the budget, else
        `config.walks` of them.

        Those are drawn in equal strata (a systematic sample) in proportion to t(v) times v's taste,
        which is where a long walk would be. O(n_authors).
        """
        trusted = np.flatnonzero((view.trust.t > 0) & (view.taste > 0)).astype(np.int32)
        t = view.trust.t[trusted]
        edges = int(np.diff(view.snapshot.author_ptr)[trusted].sum())
        few = config.method is Method.AUTO and 2 * edges <= config.edges_max
        if few or config.method is Method.EXACT or not trusted.size:
            return cls(trusted, t)
        expected = t.astype(np.float64) * view.taste[trusted]
        expected *= config.walks / expected.sum()
        upto = np.floor(np.cumsum(expected) + rng.random())
        times = np.diff(upto, prepend=0.0)
        drawn = times > 0
        weight = t[drawn] * times[drawn] / expected[drawn]
        return cls(trusted[drawn], weight.astype(np.float32))


def echo(view: TrustView, taste: F32, first: F32, authors: EchoAuthors) -> F32:
    """echo(i) >= 0 of every item, 0 where `first` (S3, of any sum) is 0. float32[n_items].

    taste: what v's affinities are divided by when she hands on. O(edges of the authors).
    """
    likes = view.snapshot.author_side
    second: F32 = two_steps(likes, view.mass, taste, first, authors.author, authors.weight)
    before, after = first.sum(dtype=np.float64), second.sum(dtype=np.float64)
    if after <= 0:
        return second
    reached = first > 0
    made = np.zeros(first.size, np.float32)
    made[reached] = second[reached] / first[reached] * np.float32(before / after)
    return made
