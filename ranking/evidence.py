"""The evidence rule: each item needs evidence that does not hang on one person.

    share(i, x)  = part of s(i) whose trust walks pass x (x herself included)
    excess(i, x) = (share - prior(x)) / (1 - prior(x)),  prior(x) = share of all trust that passes x
    score(i)     = s(i) * (1 - .9999 * max_x excess(i, x)^4)

and as the guarantee a budget: a list of 20 holds at most two items resting on the same person, and
where it would be short only one of somebody whom little trust passes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ranking.config import RankConfig
from ranking.kernels_evidence import budgeted, dependence
from ranking.salsa import ItemScores

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Items with their final scores. Row k: item[k], score[k] <= s, its standard error[k], and
    the people it depends on, worst first: person[k, :] (-1 padded) with excess[k, :]."""

    item: I32
    score: F32
    error: F32
    excess: F32
    person: I32

    def ordered(self) -> Judged:
        """By score, best first; equal scores by item row."""
        return self.take(np.lexsort((self.item, -self.score)))

    def take(self, rows: NDArray[np.integer]) -> Judged:
        """These rows, in this order."""
        return Judged(
            self.item[rows],
            self.score[rows],
            self.error[rows],
            self.excess[rows],
            self.person[rows],
        )

    def joined(self, other: Judged) -> Judged:
        """These items, then the others."""
        return Judged(
            np.concatenate([self.item, other.item]),
            np.concatenate([self.score, other.score]),
            np.concatenate([self.error, other.error]),
            np.concatenate([self.excess, other.excess]),
            np.concatenate([self.person, other.person]),
        )


def judge(scores: ItemScores, items: I32) -> Judged:
    """Apply the evidence rule to distinct items. For its cost see `kernels_evidence`."""
    config, passing = scores.config, scores.trust.passing
    excess, person, variance = dependence(
        scores.listeners(items),
        scores.reach,
        scores.taste,
        scores.gain,
        config.exponent,
        (passing.ptr, passing.author, passing.share, scores.trust.prior),
        (scores.sampled, scores.per_item, config.people_kept),
    )
    kept = 1.0 - config.excess_weight * excess[:, 0].astype(np.float64) ** config.excess_power
    of_hops = np.sqrt(variance) * scores.factor(items)
    of_echo = scores.score[items] * scores.factor_error(items)
    error = np.hypot(of_hops, of_echo) * kept
    score = (scores.score[items] * kept).astype(np.float32)
    return Judged(items, score, error.astype(np.float32), excess, person)


def within_budget(
    judged: Judged,
    n: int,
    config: RankConfig,
    *,
    taken: Judged | None = None,
    prior: F32 | None = None,
) -> I32:
    """Rows of the first n items, in order, of which no person carries more than her budget.

    The budget is `dependents_max` for every 20 places begun. prior: of every author, for a list
    that this leaves short: her part of the places by her part of all trust, rounded, is the budget
    there if that is less, but never 0. taken: items that have places of the list already, beside
    these n; they count, and none is chosen again. O(rows * people kept + authors).
    """
    if taken is None:
        taken = judged.take(np.empty(0, np.int32))
    places = n + taken.item.size
    most = config.dependents_max * -(-places // 20)
    if prior is None:
        highest = max(int(part.person.max(initial=-1)) for part in (judged, taken))
        budget = np.full(highest + 1, most, np.int32)
    else:
        budget = np.clip(np.rint(places * prior), 1, most).astype(np.int32)
    columns = [(part.item, part.person, part.excess) for part in (judged, taken)]
    rows: I32 = budgeted(columns[0], columns[1], np.float32(config.dependent_excess), n, budget)
    return rows


@dataclass(slots=True)
class Bench:
    """Candidates by s(i), judged a step at a time: the rule only lowers scores, so whoever is
    still waiting cannot beat `ceiling`."""

    scores: ItemScores
    waiting: I32
    judged: Judged = field(init=False)
    _next: int = 0
    _size: int = 0

    def __post_init__(self) -> None:
        self.judged = judge(self.scores, np.empty(0, np.int32))
        self._size = self.scores.config.candidates_step

    @classmethod
    def of(cls, scores: ItemScores, excluded: I32) -> Bench:
        """The best `candidates_max` items by s(i) that are not excluded."""
        s = scores.score.copy()
        s[excluded[excluded < s.size]] = 0.0
        found = np.flatnonzero(s > 0)
        limit = scores.config.candidates_max
        if found.size > limit:
            found = found[np.argpartition(-s[found], limit)[:limit]]
        order = np.lexsort((found, -s[found]))
        return cls(scores, found[order].astype(np.int32))

    @property
    def ceiling(self) -> float:
        """What the best of those waiting could get at most; 0 when nobody waits."""
        if self._next >= self.waiting.size:
            return 0.0
        return float(self.scores.score[self.waiting[self._next]])

    def step(self) -> None:
        """Judge the next `candidates_step` candidates, and twice as many each time after."""
        upto = self._next + self._size
        self._size *= 2
        more = judge(self.scores, self.waiting[self._next : upto])
        self._next = upto
        self.judged = self.judged.joined(more).ordered()

    def best(self, n: int, *, taken: Judged | None = None) -> I32:
        """Rows in `judged` of the best n within the budget; judges no more than needed.

        taken: items with a place of their own in the list (see `within_budget`).
        """
        while True:
            rows = within_budget(self.judged, n, self.scores.config, taken=taken)
            full = rows.size == n and (n == 0 or self.judged.score[rows[-1]] >= self.ceiling)
            if full:
                return rows
            if self.ceiling == 0.0:
                break
            self.step()
        if rows.size == n:
            return rows
        prior = self.scores.trust.prior
        return within_budget(self.judged, n, self.scores.config, taken=taken, prior=prior)

    def listed(self, n: int, *, taken: Judged | None = None) -> Judged:
        """The best n within the budget, see `best`."""
        rows = self.best(n, taken=taken)
        return self.judged.take(rows)

    def rank_of(self, score: float) -> int | None:
        """1 + the candidates with a higher score; None when that is beyond `candidates_max`."""
        while self.ceiling > score:
            self.step()
        if self._next >= self.waiting.size == self.scores.config.candidates_max:
            lowest = float(self.scores.score[self.waiting[-1]])
            if score < lowest:
                return None
        return int((self.judged.score > score).sum()) + 1
